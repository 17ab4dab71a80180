// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IAdapter} from "../../../contracts/interfaces/IAdapter.sol";
import {IVaultCore} from "../../../contracts/interfaces/IKeeperVault.sol";
import {Balance} from "../../../contracts/mocks/OddToken.sol";
import {Deed} from "../../../contracts/mocks/PricedAdapter.sol";
import {Vm} from "../Base.sol";
import {World} from "./World.sol";

/// A venue too thin for the whole: what fills is sold, the rest waits. And what a keeper may sell: each balance once.
contract ExitInPartsTest is World {
    function setUp() public override {
        super.setUp();
        _halt();
    }

    function _flatten(address who, uint8 asset) private {
        vm.prank(who);
        vault.flatten(_list(asset));
    }

    // ------------------------------------------------------------------------------------------------ thin venues

    function test_what_fits_is_sold_in_part_and_the_rest_through_the_next_route() public {
        adapter.setDepth(120e18, false);
        vm.expectEmit(address(vault));
        emit IVaultCore.LegSold(WETH, WETH_USDC, 120e18, 240_000e6, 240_000e6 * (BPS - SLIP) / BPS);
        vm.expectEmit(address(vault));
        emit IVaultCore.LegSold(WETH, WETH_USDC_SPARE, 180e18, 360_000e6, 360_000e6 * (BPS - SLIP) / BPS);
        vm.expectEmit(address(vault));
        emit IVaultCore.Flattened(guardian, USDC, 1, 0);
        _flatten(guardian, WETH);
        eq(_held(WETH), 0, "all of it");
    }

    function test_the_rest_stays_and_a_later_call_goes_on() public {
        adapter.setDepth(1e8, false);
        vm.expectEmit(address(vault));
        emit IVaultCore.LegFailed(WBTC, WBTC_USDC, abi.encodeWithSelector(IAdapter.NotFilled.selector, 1e8, 4e8));
        vm.expectEmit(address(vault));
        emit IVaultCore.Flattened(guardian, USDC, 0, 1);
        _flatten(guardian, WBTC);
        eq(_held(WBTC), 3e8, "one of four");
        adapter.setDepth(5e8, false);
        _flatten(guardian, WBTC);
        eq(_held(WBTC), 0, "and the rest");
    }

    function test_an_adapter_that_sells_all_or_nothing_is_offered_halves() public {
        uint256[4] memory depths = [uint256(2e8), 1e8, 5e7, 5e7 - 1];
        uint256[4] memory sold = [uint256(2e8), 1e8, 5e7, 0];
        uint256 before = vm.snapshotState();
        for (uint256 i; i < 4; ++i) {
            adapter.setDepth(depths[i], true);
            _flatten(guardian, WBTC);
            eq(4e8 - _held(WBTC), sold[i], "a half, a quarter, an eighth, nothing");
            vm.revertToState(before);
        }
    }

    /// The floor of a part is that part of the floor.
    function test_a_part_keeps_the_floor() public {
        adapter.setDepth(120e18, false);
        spare.setDeed(Deed.REVERTS, 0);
        adapter.setSkim(SLIP + 1);
        _flatten(guardian, WETH);
        eq(_held(WETH), 300e18, "below the floor");
        adapter.setSkim(SLIP);
        _flatten(guardian, WETH);
        eq(_held(WETH), 180e18, "at the floor");
    }

    /// A thief's venue that takes nothing and says it filled in part has sold nothing.
    function test_a_part_of_nothing_is_no_sale() public {
        adapter.setDepth(0, false);
        vm.recordLogs();
        _flatten(guardian, WBTC);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i; i < logs.length; ++i) {
            no(logs[i].topics[0] == IVaultCore.LegSold.selector, "sold nothing, and said it sold");
        }
        eq(_held(WBTC), 4e8, "stays");
    }

    // ------------------------------------------------------------------------------------------------ gas

    /// A leg that burns its gas is not tried at smaller sizes: it would burn that too.
    function test_a_leg_that_burns_its_gas_burns_it_once_a_route() public {
        adapter.setDeed(Deed.BURNS_GAS, 0);
        uint256 before = gasleft();
        _flatten(guardian, WBTC);
        lt(before - gasleft(), 2_000_000, "one leg's gas");
        eq(_held(WBTC), 4e8, "stays");
    }

    // ------------------------------------------------------------------------------------------------ a keeper's once

    function test_a_keeper_sells_what_was_held_when_it_first_flattened_and_no_more() public {
        _flatten(keeper, WBTC);
        eq(_held(WBTC), 0, "sold");
        tokens[WBTC].mint(address(vault), 3e8);
        vm.expectEmit(address(vault));
        emit IVaultCore.LegFailed(WBTC, type(uint16).max, "");
        _flatten(keeper, WBTC);
        eq(_held(WBTC), 3e8, "not what came later");
        vm.prank(keeper);
        vault.flatten();
        eq(_held(WBTC), 3e8, "not by its other name either");
        eq(_held(WETH), 0, "other assets have their own once");
        _flatten(guardian, WBTC);
        eq(_held(WBTC), 0, "a guardian may");
    }

    function test_a_keeper_may_retry_a_remainder_and_no_more() public {
        adapter.setDepth(1e8, false);
        _flatten(keeper, WBTC);
        eq(_held(WBTC), 3e8, "one of four");
        tokens[WBTC].mint(address(vault), 5e8);
        adapter.setDepth(100e8, false);
        _flatten(keeper, WBTC);
        eq(_held(WBTC), 5e8, "the remaining three");
    }

    function test_a_keepers_attempt_that_sold_nothing_is_a_remainder_whole() public {
        adapter.setSkim(SLIP + 1);
        _flatten(keeper, WBTC);
        adapter.setSkim(0);
        _flatten(keeper, WBTC);
        eq(_held(WBTC), 0, "sold by the second call");
    }

    function test_the_owners_unhalt_gives_a_keeper_its_once_again() public {
        _flatten(keeper, WBTC);
        tokens[WBTC].mint(address(vault), 3e8);
        vm.warp(START + 1 hours);
        _unhalt();
        _halt();
        _flatten(keeper, WBTC);
        eq(_held(WBTC), 0, "sold");
    }

    /// Of a token that does not tell its balance within 100,000 gas nobody could say when it was sold.
    function test_a_keeper_sells_nothing_of_a_token_that_does_not_answer() public {
        tokens[WBTC].setTelling(Balance.REVERTS);
        vm.expectEmit(address(vault));
        emit IVaultCore.LegFailed(WBTC, type(uint16).max, "");
        _flatten(keeper, WBTC);
        tokens[WBTC].setTelling(Balance.TELLS);
        eq(_held(WBTC), 4e8, "stays");
        _flatten(keeper, WBTC);
        eq(_held(WBTC), 0, "and nothing is used up by it");
    }
}
