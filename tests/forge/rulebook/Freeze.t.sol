// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IVaultCore} from "../../../contracts/interfaces/IKeeperVault.sol";
import {IRulebook, IRulebookReads} from "../../../contracts/interfaces/IRulebook.sol";
import {Governed} from "./Governed.sol";

/// Frozen, switched off, and back: by whom, when, and how far a guardian may go.
contract FreezeTest is Governed {
    function _lastExit(uint8 asset) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IRulebook.LastExit.selector, asset);
    }

    function _unfreeze(uint8 asset) private {
        vm.prank(owner);
        _book().unfreeze(asset);
    }

    function _off(address who, uint16 route) private {
        _switch(who, route, false);
    }

    // ------------------------------------------------------------------------------------------------ freezing

    function test_owner_and_guardian_freeze_at_once_and_the_owner_unfreezes_an_hour_later() public {
        uint256 before = vm.snapshotState();
        address[2] memory who = [owner, guardian];
        for (uint256 i; i < 2; ++i) {
            vm.expectEmit(address(rulebook));
            emit IRulebook.AssetFrozen(GRAIN, who[i]);
            _freeze(who[i], GRAIN);
            yes(rulebook.assets()[GRAIN].frozen, "frozen");
            eq(rulebook.configVersion(), 2, "version");
            uint256 readyAt = _now() + 1 hours;
            vm.warp(readyAt - 1);
            vm.prank(owner);
            vm.expectRevert(abi.encodeWithSelector(IVaultCore.TooSoon.selector, readyAt));
            _book().unfreeze(GRAIN);
            vm.warp(readyAt);
            vm.expectEmit(address(rulebook));
            emit IRulebook.AssetUnfrozen(GRAIN);
            _unfreeze(GRAIN);
            no(rulebook.assets()[GRAIN].frozen, "thawed");
            eq(rulebook.configVersion(), 3, "version");
            vm.revertToState(before);
        }
    }

    function test_freezing_again_does_not_restart_the_hour() public {
        _freeze(guardian, GRAIN);
        _pass(59 minutes);
        vm.prank(second);
        vm.expectRevert(abi.encodeWithSelector(IVaultCore.NoChange.selector));
        _book().freeze(GRAIN);
        _pass(1 minutes);
        _unfreeze(GRAIN);
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(IVaultCore.NoChange.selector));
        _book().unfreeze(GRAIN);
    }

    function test_a_frozen_asset_whose_feeds_died_stops_nobody() public {
        oracle.setMute(address(tokens[GRAIN]), true);
        _freeze(guardian, GRAIN);
        _rebalance(WETH_USDC, 10e18);
        _halt();
        vm.prank(guardian);
        vault.flatten();
        eq(_held(WETH), 0, "sold");
        gt(_held(GRAIN), 0, "stays");
        vm.prank(owner);
        vault.withdraw(address(tokens[GRAIN]), type(uint256).max);
    }

    /// Every asset at risk may be frozen: a bad feed is answered at once.
    function test_a_guardian_may_freeze_all_that_is_not_safe() public {
        _freeze(guardian, WETH);
        _freeze(guardian, WBTC);
        _freeze(guardian, GRAIN);
        _halt();
        vm.prank(guardian);
        vault.flatten();
    }

    function test_a_guardian_leaves_one_safe_asset_that_is_a_refuge_now() public {
        _freeze(guardian, USDC); // DAI is left
        vm.prank(guardian);
        vm.expectRevert(abi.encodeWithSelector(IVaultCore.NoSafeAsset.selector));
        _book().freeze(DAI);
        _freeze(owner, DAI); // the owner may
    }

    function test_a_refuge_that_lost_its_peg_does_not_count() public {
        oracle.set(address(tokens[DAI]), 0.9e18);
        vm.prank(guardian);
        vm.expectRevert(abi.encodeWithSelector(IVaultCore.NoSafeAsset.selector));
        _book().freeze(USDC);
        oracle.set(address(tokens[DAI]), 1e18);
        oracle.set(address(tokens[USDC]), 0.88e18);
        _freeze(guardian, USDC);
    }

    function test_a_guardian_leaves_each_asset_a_way_into_the_refuge_that_stays() public {
        _off(owner, GRAIN_DAI);
        vm.prank(guardian);
        vm.expectRevert(_lastExit(GRAIN));
        _book().freeze(USDC);
        _freeze(guardian, GRAIN); // what is frozen needs none
        _freeze(guardian, USDC);
    }

    function test_unfreezing_waits_for_ways_out() public {
        _freeze(owner, USDC);
        _off(owner, GRAIN_USDC);
        _pass(1 hours);
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(IRulebookReads.NoExit.selector, GRAIN));
        _book().unfreeze(USDC);
        _switch(owner, GRAIN_USDC, true);
        _unfreeze(USDC);
    }

    function test_no_guardian_unfreezes_or_switches_on() public {
        _freeze(owner, GRAIN);
        _off(owner, WETH_DAI);
        vm.prank(owner);
        _book().setClaimEnabled(0, false);
        _pass(1 hours);
        bytes memory why = abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, guardian);
        vm.startPrank(guardian);
        vm.expectRevert(why);
        _book().unfreeze(GRAIN);
        vm.expectRevert(why);
        _book().setRouteEnabled(WETH_DAI, true);
        vm.expectRevert(why);
        _book().setClaimEnabled(0, true);
    }

    // ------------------------------------------------------------------------------------------------ routes

    function test_a_route_goes_off_at_once_and_on_an_hour_later() public {
        vm.expectEmit(address(rulebook));
        emit IRulebook.RouteEnabled(USDC_WETH, false, guardian);
        _off(guardian, USDC_WETH);
        eq(rulebook.configVersion(), 2, "version");
        no(rulebook.route(USDC_WETH).enabled, "off");
        vm.prank(guardian);
        vm.expectRevert(abi.encodeWithSelector(IVaultCore.NoChange.selector));
        _book().setRouteEnabled(USDC_WETH, false);
        uint256 readyAt = _now() + 1 hours;
        vm.warp(readyAt - 1);
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(IVaultCore.TooSoon.selector, readyAt));
        _book().setRouteEnabled(USDC_WETH, true);
        vm.warp(readyAt);
        _switch(owner, USDC_WETH, true);
        yes(rulebook.route(USDC_WETH).enabled, "on");
        eq(rulebook.configVersion(), 3, "version");
    }

    function test_what_was_registered_off_is_switched_on_without_waiting() public {
        _switch(owner, WETH_USDC_OFF, true);
        yes(rulebook.route(WETH_USDC_OFF).enabled, "on");
    }

    function test_a_guardian_leaves_one_way_into_each_safe_asset() public {
        vm.prank(guardian);
        vm.expectRevert(_lastExit(GRAIN));
        _book().setRouteEnabled(GRAIN_USDC, false);
        vm.prank(guardian);
        vm.expectRevert(_lastExit(GRAIN)); // the second refuge may be the one that is needed
        _book().setRouteEnabled(GRAIN_DAI, false);
        _off(guardian, WETH_USDC); // there is a spare
        vm.prank(guardian);
        vm.expectRevert(_lastExit(WETH));
        _book().setRouteEnabled(WETH_USDC_SPARE, false);
        _off(guardian, USDC_GRAIN); // no way out
        _off(guardian, WETH_WBTC); // nor this
        _off(guardian, REWARD_USDC); // nor this
        _off(owner, GRAIN_USDC); // the owner may
    }

    // ------------------------------------------------------------------------------------------------ claims

    function test_a_claim_goes_off_at_once_and_on_an_hour_later() public {
        vm.expectEmit(address(rulebook));
        emit IRulebook.ClaimEnabled(0, false, guardian);
        vm.prank(guardian);
        _book().setClaimEnabled(0, false);
        eq(rulebook.configVersion(), 2, "version");
        no(rulebook.claim(0).enabled, "off");
        _harvestRefused(_order(REWARD_USDC, 1), abi.encodeWithSelector(IVaultCore.ClaimDisabled.selector, 0));
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(IVaultCore.TooSoon.selector, _now() + 1 hours));
        _book().setClaimEnabled(0, true);
        _pass(1 hours);
        vm.prank(owner);
        _book().setClaimEnabled(0, true);
        yes(rulebook.claim(0).enabled, "on");
    }
}
