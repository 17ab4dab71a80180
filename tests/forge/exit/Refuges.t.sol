// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IVaultCore, Mode} from "../../../contracts/interfaces/IKeeperVault.sol";
import {Verdict} from "../../../contracts/interfaces/IPriceOracle.sol";
import {Deed} from "../../../contracts/mocks/PricedAdapter.sol";
import {Vm} from "../Base.sol";
import {Street} from "./Street.sol";

/// Where to flee: the next refuge by rank where the first has left its peg or lost its feeds; and with no refuge at all, or with
/// everything else dead at once, withdraw.
contract RefugesTest is Street {
    function _peg(uint8 i, uint128 price) private {
        feeds[i][0].setPrice(price);
        feeds[i][1].setPrice(price);
    }

    function _fleesInto(uint8 refuge, uint8 other) private {
        uint256 before = _has(other);
        vm.recordLogs();
        vm.prank(guardian);
        vault.flatten{gas: BLOCK_GAS}();
        (uint256 sold, uint256 failed,) = _said();
        eq(sold, _bit(WETH) | _bit(WBTC) | _bit(GRAIN) | _bit(RICE) | _bit(TIN), "all five");
        eq(failed, 0, "none failed");
        gt(_worth(refuge), 900_000e18, "into this refuge");
        eq(_has(other), before, "the other safe asset is not touched");
    }

    function test_off_its_peg_the_next_refuge_by_rank_is_taken() public {
        uint128[4] memory off = [uint128(0.9e18), 0.979e18, 1.021e18, 1.2e18];
        uint256 before = vm.snapshotState();
        for (uint256 i; i < 4; ++i) {
            _peg(USDC, off[i]);
            _fleesInto(DAI, USDC);
            vm.revertToState(before);
        }
        _peg(USDC, 0.98e18); // the band's edge is inside
        vm.recordLogs();
        vm.prank(guardian);
        vault.flatten{gas: BLOCK_GAS}();
        eq(_refugeTold(), USDC, "still the first");
    }

    function _refugeTold() private returns (uint256 told) {
        told = type(uint256).max;
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] == IVaultCore.Flattened.selector) told = uint256(logs[i].topics[2]);
        }
    }

    function test_a_refuge_without_a_price_is_passed_over_however_its_feeds_fail() public {
        uint256 before = vm.snapshotState();
        for (uint256 way; way < 4; ++way) {
            for (uint256 f; f < 2; ++f) {
                if (way == 0) feeds[USDC][f].setVerdict(Verdict.STALE);
                if (way == 1) vm.etch(address(feeds[USDC][f]), hex"5f5ffd");
                if (way == 2) vm.etch(address(feeds[USDC][f]), hex"fe");
            }
            if (way == 3) feeds[USDC][0].setPrice(0.95e18);
            _fleesInto(DAI, USDC);
            vm.revertToState(before);
        }
    }

    function test_without_a_refuge_flatten_says_so_kill_halts_all_the_same_and_withdraw_works() public {
        _peg(USDC, 0.9e18);
        _peg(DAI, 1.1e18);
        vm.prank(guardian);
        vm.expectRevert(IVaultCore.NoSafeAsset.selector);
        vault.flatten{gas: BLOCK_GAS}();
        _activate();
        vm.expectEmit(address(vault));
        emit IVaultCore.FlattenFailed(guardian, abi.encodeWithSelector(IVaultCore.NoSafeAsset.selector));
        vm.prank(guardian);
        vault.kill{gas: BLOCK_GAS}("no refuge");
        yes(vault.state().mode == Mode.HALTED, "halted");
        _everythingOut();
    }

    function test_with_every_oracle_and_adapter_reverting_or_burning_all_gas_withdraw_takes_everything() public {
        uint256 before = vm.snapshotState();
        for (uint256 burning; burning < 2; ++burning) {
            _activate();
            bytes memory code = burning == 1 ? bytes(hex"fe") : bytes(hex"5f5ffd");
            for (uint256 k; k < LEGS; ++k) {
                doors[k].setDeed(burning == 1 ? Deed.BURNS_GAS : Deed.REVERTS, 0);
            }
            vm.etch(address(median), code);
            vm.prank(guardian);
            vault.kill{gas: BLOCK_GAS}("all dead");
            yes(vault.state().mode == Mode.HALTED, "halted");
            gt(_has(WETH), 0, "nothing could be sold");
            _everythingOut();
            vm.revertToState(before);
        }
    }

    function _activate() private {
        _pass(1 hours);
        _unhalt();
    }

    function _everythingOut() private {
        for (uint8 i; i < ALL; ++i) {
            uint256 held = _has(i);
            vm.prank(owner);
            vault.withdraw{gas: 300_000}(address(coins[i]), type(uint256).max);
            eq(coins[i].balanceOf(payout), held, "all of it");
        }
    }

    function _bit(uint8 asset) private pure returns (uint256) {
        return uint256(1) << asset;
    }
}
