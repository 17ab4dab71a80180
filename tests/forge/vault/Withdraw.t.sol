// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IVaultCore} from "../../../contracts/interfaces/IKeeperVault.sol";
import {Answer, Balance, OddToken} from "../../../contracts/mocks/OddToken.sol";
import {Deed} from "../../../contracts/mocks/PricedAdapter.sol";
import {World} from "./World.sol";

/// The owner's way out, which nothing else may close.
contract WithdrawTest is World {
    function _withdraw(uint8 i, uint256 amount) private {
        vm.prank(owner);
        vault.withdraw(address(tokens[i]), amount);
    }

    function _refusedWithdraw(uint8 i, uint256 amount, bytes memory why) private {
        vm.prank(owner);
        vm.expectRevert(why);
        vault.withdraw(address(tokens[i]), amount);
    }

    function test_withdraw_reverts_for_everyone_but_the_owner() public {
        address[5] memory others = [keeper, guardian, stranger, payout, heir];
        for (uint256 i; i < others.length; ++i) {
            vm.prank(others[i]);
            vm.expectRevert(abi.encodeWithSelector(IVaultCore.NotOwner.selector, others[i]));
            vault.withdraw(address(tokens[WETH]), 1);
        }
    }

    function test_withdraw_reverts_for_nothing() public {
        _refusedWithdraw(WETH, 0, abi.encodeWithSelector(IVaultCore.ZeroAmount.selector));
        _refusedWithdraw(DAI, type(uint256).max, abi.encodeWithSelector(IVaultCore.ZeroAmount.selector));
    }

    function test_withdraw_reverts_when_the_token_moves_nothing() public {
        tokens[WETH].setAnswer(Answer.LIES);
        _refusedWithdraw(WETH, 1e18, abi.encodeWithSelector(IVaultCore.WithdrawFailed.selector, tokens[WETH], 0, 1e18));
    }

    function test_withdraw_reverts_when_there_is_less() public {
        _refusedWithdraw(
            WETH, 301e18, abi.encodeWithSelector(IVaultCore.WithdrawFailed.selector, tokens[WETH], 0, 301e18)
        );
    }

    function test_withdraw_reverts_on_an_address_without_code() public {
        vm.prank(owner);
        vm.expectRevert();
        vault.withdraw(stranger, 1);
    }

    function test_withdraw_sends_to_payout_and_says_so() public {
        vm.expectEmit(address(vault));
        emit IVaultCore.Withdrawn(address(tokens[WETH]), payout, 1e18);
        _withdraw(WETH, 1e18);
        eq(tokens[WETH].balanceOf(payout), 1e18, "payout has it");
    }

    function test_withdraw_takes_all_with_the_largest_number() public {
        _withdraw(WETH, type(uint256).max);
        eq(_held(WETH), 0, "nothing stays");
        eq(tokens[WETH].balanceOf(payout), 300e18, "payout has all");
    }

    function test_withdraw_takes_a_token_nobody_listed() public {
        OddToken found = new OddToken("FOUND", 2);
        found.mint(address(vault), 7);
        vm.prank(owner);
        vault.withdraw(address(found), 7);
        eq(found.balanceOf(payout), 7, "rescued");
    }

    function test_withdraw_lets_tokens_go_that_answer_false_nothing_or_take_a_fee() public {
        tokens[WETH].setAnswer(Answer.FALSE);
        tokens[WBTC].setAnswer(Answer.NOTHING);
        tokens[USDC].setFee(100);
        _withdraw(WETH, 1e18);
        _withdraw(WBTC, 1e8);
        _withdraw(USDC, 1000e6);
        eq(tokens[WETH].balanceOf(payout), 1e18, "false");
        eq(tokens[WBTC].balanceOf(payout), 1e8, "nothing");
        eq(tokens[USDC].balanceOf(payout), 990e6, "fee");
    }

    /// Oracle, adapters and every other token dead in each way they know; in both modes.
    function testFuzz_withdraw_succeeds_whatever_else_is_dead(uint256 way, bool halted, uint8 which) public {
        uint8 i = uint8(bound(which, 0, 3));
        if (halted) _halt();
        if (way % 2 == 0) {
            oracle.setBurnsGas(true);
        } else {
            for (uint8 j; j < 5; ++j) {
                oracle.setMute(address(tokens[j]), true);
            }
        }
        adapter.setDeed(way % 3 == 0 ? Deed.REVERTS : way % 3 == 1 ? Deed.BURNS_GAS : Deed.SCREAMS, 1000);
        for (uint8 j; j < 5; ++j) {
            if (j == i) continue;
            tokens[j].setTelling(Balance(1 + (way >> (8 * j)) % 3));
            tokens[j].setPaused(true);
        }
        uint256 held = _held(i);
        _withdraw(i, type(uint256).max);
        eq(tokens[i].balanceOf(payout), held, "out");
    }
}
