// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IAdapter} from "../../../contracts/interfaces/IAdapter.sol";
import {IVaultCore, Mode, State} from "../../../contracts/interfaces/IKeeperVault.sol";
import {IRulebook, Setup} from "../../../contracts/interfaces/IRulebook.sol";
import {Balance, OddToken} from "../../../contracts/mocks/OddToken.sol";
import {Deed} from "../../../contracts/mocks/PricedAdapter.sol";
import {IInside, World} from "./World.sol";

/// Halt, and the kill switch leg by leg.
contract ExitTest is World {
    uint16 private constant NO_ROUTE = type(uint16).max;

    function _flatten() private {
        vm.prank(guardian);
        vault.flatten();
    }

    function _legSold(uint8 i, uint16 route, uint256 sold, uint256 bought) private {
        vm.expectEmit(address(vault));
        emit IVaultCore.LegSold(i, route, sold, bought, bought * (BPS - SLIP) / BPS);
    }

    function _legFailed(uint8 i, uint16 route, bytes memory why) private {
        vm.expectEmit(address(vault));
        emit IVaultCore.LegFailed(i, route, why);
    }

    // ------------------------------------------------------------------------------------------------ halt

    function test_halt_reverts_for_who_has_no_role() public {
        vm.warp(START + 1 hours);
        address[4] memory others = [stranger, payout, lapsing, heir];
        for (uint256 i; i < others.length; ++i) {
            vm.prank(others[i]);
            vm.expectRevert(abi.encodeWithSelector(IVaultCore.NoRole.selector, others[i]));
            vault.halt("no");
        }
    }

    function test_halt_stops_the_vault_for_keeper_guardian_and_owner() public {
        address[3] memory who = [keeper, guardian, owner];
        uint256 before = vm.snapshotState();
        for (uint256 i; i < who.length; ++i) {
            vm.expectEmit(address(vault));
            emit IVaultCore.Halted(who[i], "because", START);
            vm.prank(who[i]);
            vault.halt("because");
            yes(vault.state().mode == Mode.HALTED, "halted");
            vm.revertToState(before);
        }
    }

    function test_halt_again_leaves_the_first_halts_clock() public {
        _halt();
        vm.warp(START + 1000);
        vm.expectEmit(address(vault));
        emit IVaultCore.Halted(keeper, "again", START);
        vm.prank(keeper);
        vault.halt("again");
        State memory state = vault.state();
        eq(state.haltedAt, START, "the first halt");
    }

    function test_halt_works_with_oracle_adapter_and_tokens_dead() public {
        oracle.setBurnsGas(true);
        adapter.setDeed(Deed.BURNS_GAS, 0);
        for (uint8 i; i < 5; ++i) {
            tokens[i].setTelling(Balance.BURNS_GAS);
        }
        vm.prank(keeper);
        vault.halt{gas: 60_000}("crisis");
        yes(vault.state().mode == Mode.HALTED, "halted, within 60,000 gas");
    }

    // ------------------------------------------------------------------------------------------------ refusals

    function test_flatten_reverts_when_active() public {
        vm.startPrank(guardian);
        vm.expectRevert(abi.encodeWithSelector(IVaultCore.NotHalted.selector));
        vault.flatten();
        vm.expectRevert(abi.encodeWithSelector(IVaultCore.NotHalted.selector));
        vault.flatten(_list(WETH));
    }

    function test_flatten_reverts_for_who_has_no_role() public {
        _halt();
        vm.startPrank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IVaultCore.NoRole.selector, stranger));
        vault.flatten();
        vm.expectRevert(abi.encodeWithSelector(IVaultCore.NoRole.selector, stranger));
        vault.flatten(_list(WETH));
    }

    function test_flatten_reverts_for_the_keeper_where_it_is_switched_off() public {
        Setup memory setup = _setup();
        setup.limits.keeperMayFlatten = false;
        this.deploy(setup, _targets());
        _fill();
        _halt();
        vm.prank(keeper);
        vm.expectRevert(abi.encodeWithSelector(IVaultCore.FlattenSwitchedOff.selector));
        vault.flatten();
        _flatten();
        eq(_held(WETH), 0, "the guardian may");
    }

    function test_flatten_reverts_for_an_asset_that_does_not_exist() public {
        _halt();
        vm.prank(guardian);
        vm.expectRevert(abi.encodeWithSelector(IVaultCore.UnknownAsset.selector, uint8(5)));
        vault.flatten(_list(5));
    }

    function test_flatten_reverts_when_no_safe_asset_is_near_a_dollar() public {
        _halt();
        oracle.set(address(tokens[USDC]), 0.88e18);
        oracle.set(address(tokens[DAI]), 0);
        vm.prank(guardian);
        vm.expectRevert(abi.encodeWithSelector(IVaultCore.NoSafeAsset.selector));
        vault.flatten();
    }

    function test_leg_and_sweep_revert_for_everybody() public {
        _halt();
        address[4] memory all = [owner, guardian, keeper, stranger];
        for (uint256 i; i < all.length; ++i) {
            vm.startPrank(all[i]);
            vm.expectRevert(abi.encodeWithSelector(IVaultCore.OnlySelf.selector));
            IInside(address(vault)).leg(WETH_USDC, address(tokens[WETH]), 1e18, false, true);
            vm.expectRevert(abi.encodeWithSelector(IVaultCore.OnlySelf.selector));
            IInside(address(vault)).sweep(all[i]);
            vm.stopPrank();
        }
    }

    // ------------------------------------------------------------------------------------------------ it sells

    function test_flatten_sells_all_that_is_not_safe_into_the_first_refuge() public {
        _halt();
        _legSold(WETH, WETH_USDC, 300e18, 600_000e6);
        _legSold(WBTC, WBTC_USDC, 4e8, 200_000e6);
        _legSold(GRAIN, GRAIN_USDC, 5_000_000e24, 50_000e6);
        vm.expectEmit(address(vault));
        emit IVaultCore.Flattened(guardian, USDC, 3, 0);
        _flatten();
        eq(_held(USDC), 1_000_000e6, "everything is USDC");
    }

    function test_flatten_may_be_pressed_by_keeper_and_owner() public {
        _halt();
        uint256 before = vm.snapshotState();
        address[2] memory who = [keeper, owner];
        for (uint256 i; i < 2; ++i) {
            vm.prank(who[i]);
            vault.flatten();
            eq(_held(USDC), 1_000_000e6, "sold");
            vm.revertToState(before);
        }
    }

    function test_flatten_of_named_assets_sells_those_alone() public {
        _halt();
        vm.prank(guardian);
        vault.flatten(_list(WBTC));
        eq(_held(WBTC), 0, "named");
        eq(_held(WETH), 300e18, "not named");
    }

    function test_flatten_never_sells_a_safe_asset_a_frozen_one_or_dust() public {
        Setup memory setup = _setup();
        setup.assets[GRAIN].frozen = true;
        this.deploy(setup, _targets());
        _fill();
        tokens[DAI].mint(address(vault), 100e18);
        tokens[WBTC].burn(address(vault), 4e8 - 1e4); // dust is 0.0001
        _halt();
        vm.expectEmit(address(vault));
        emit IVaultCore.Flattened(guardian, USDC, 1, 0);
        _flatten();
        eq(_held(GRAIN), 5_000_000e24, "frozen");
        eq(_held(DAI), 100e18, "safe");
        eq(_held(WBTC), 1e4, "dust");
    }

    function test_flatten_takes_the_second_refuge_when_the_first_left_its_band_or_has_no_price() public {
        _halt();
        uint256 before = vm.snapshotState();
        uint128[3] memory prices = [uint128(0.98e18 - 1), 1.02e18 + 1, 0];
        for (uint256 i; i < prices.length; ++i) {
            oracle.set(address(tokens[USDC]), prices[i]);
            vm.expectEmit(address(vault));
            emit IVaultCore.Flattened(guardian, DAI, 3, 0);
            _flatten();
            eq(_held(DAI), 850_000e18, "sold into the second");
            vm.revertToState(before);
        }
        oracle.setMute(address(tokens[USDC]), true);
        _flatten();
        eq(_held(DAI), 850_000e18, "the oracle fails for the first");
        vm.revertToState(before);
        oracle.set(address(tokens[USDC]), 0.98e18);
        _flatten();
        eq(_held(DAI), 0, "the band's edge is inside");
    }

    function test_flatten_passes_over_a_frozen_refuge() public {
        Setup memory setup = _setup();
        setup.assets[USDC].frozen = true;
        this.deploy(setup, _targets());
        _fill();
        _halt();
        _flatten();
        eq(_held(DAI), 850_000e18, "the second");
    }

    function test_flatten_tries_the_next_route_where_one_fails() public {
        adapter.setDeed(Deed.REVERTS, 0);
        _halt();
        _legSold(WETH, WETH_USDC_SPARE, 300e18, 600_000e6);
        _legFailed(WBTC, WBTC_USDC, abi.encodeWithSelector(IAdapter.NotFilled.selector, 0, 0));
        _flatten();
        eq(_held(WETH), 0, "through the spare adapter");
    }

    function test_flatten_keeps_the_routes_floor() public {
        adapter.setSkim(SLIP + 1);
        _halt();
        bytes memory why = abi.encodeWithSelector(IVaultCore.BelowFloor.selector, WBTC_USDC, 198_780e6, 198_800e6);
        _legFailed(WBTC, WBTC_USDC, why);
        _flatten();
        eq(_held(WBTC), 4e8, "stays");
        adapter.setSkim(SLIP);
        _flatten();
        eq(_held(WBTC), 0, "sold at the floor, by a second call");
    }

    function test_flatten_says_when_an_asset_has_no_way_into_the_refuge() public {
        vm.prank(owner);
        IRulebook(address(rulebook)).setRouteEnabled(GRAIN_DAI, false); // a guardian could not
        _halt();
        oracle.set(address(tokens[USDC]), 0.9e18); // DAI is the refuge
        _legFailed(GRAIN, NO_ROUTE, "");
        _flatten();
        eq(_held(WETH), 0, "the others are sold");
    }
}
