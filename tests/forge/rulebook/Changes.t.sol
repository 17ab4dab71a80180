// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IVaultCore} from "../../../contracts/interfaces/IKeeperVault.sol";
import {Asset, Claim, IRulebook, IRulebookReads, Limits, Route} from "../../../contracts/interfaces/IRulebook.sol";
import {MockShare} from "../../../contracts/mocks/MockShare.sol";
import {OddToken} from "../../../contracts/mocks/OddToken.sol";
import {SteeredOracle} from "../../../contracts/mocks/SteeredOracle.sol";
import {Governed} from "./Governed.sol";

/// What the queue can change: each change, what it does to a vault at work, and what is refused.
contract ChangesTest is Governed {
    bytes4 private _noExit = IRulebookReads.NoExit.selector;
    bytes private same = abi.encodeWithSelector(IVaultCore.NoChange.selector);

    function _noCode(address who) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IRulebookReads.NoCode.selector, who);
    }

    // ------------------------------------------------------------------------------------------------ limits

    function test_limits_widen_through_the_queue_up_to_the_ceilings() public {
        Limits memory limits = _limits();
        (limits.turnoverDayBps, limits.lossDayBps) = (6000, 30);
        _enact(abi.encodeCall(IRulebook.setLimits, (limits)));
        eq(abi.encode(rulebook.limits()), abi.encode(limits), "as given");
        eq(vault.headroom().turnoverDay, 0.3e18, "the vault reads them at once");
        _enactRefused(abi.encodeCall(IRulebook.setLimits, (limits)), same);
        limits.turnoverDayBps = 6001;
        _enactRefused(abi.encodeCall(IRulebook.setLimits, (limits)), _above("turnoverDayBps", 6001, 6000));
        limits = _limits();
        limits.emergencyBps = SLIP - 1;
        _enactRefused(abi.encodeCall(IRulebook.setLimits, (limits)), _below("emergencyBps", SLIP - 1, SLIP));
    }

    /// A bucket fuller than a lowered budget lets nothing more through, and nothing less than nothing.
    function test_a_budget_lowered_below_what_is_used_leaves_nothing() public {
        _rebalance(_order(WETH_USDC, 50e18)); // 10 % of NAV
        Limits memory limits = _limits();
        (limits.turnoverDayBps, limits.lossDayBps) = (1500, 8);
        _tighten(limits);
        eq(vault.headroom().turnoverDay, 0, "7.5 % fit at once, 10 % were traded");
        _pass(300);
        _refused(
            WETH_USDC, 10e18, abi.encodeWithSelector(IVaultCore.NothingToDo.selector, WETH_USDC, 0, _nav() * 5 / BPS)
        );
        _pass(1 days);
        eq(vault.headroom().turnoverDay, 0.075e18, "a day later all of the new budget");
    }

    function test_tightening_in_a_halt_and_during_probation() public {
        _halt();
        Limits memory limits = _limits();
        (limits.turnoverDayBps, limits.lossDayBps, limits.keeperMayFlatten) = (1500, 8, false);
        _tighten(limits);
        vm.prank(keeper);
        vm.expectRevert(abi.encodeWithSelector(IVaultCore.FlattenSwitchedOff.selector));
        vault.flatten();
        _pass(1 hours);
        _unhalt();
        eq(vault.headroom().turnoverDay, 0, "probation");
        (limits.turnoverDayBps, limits.lossDayBps) = (1400, 7);
        _tighten(limits);
        eq(vault.headroom().turnoverDay, 0, "no way around it");
    }

    // ------------------------------------------------------------------------------------------------ oracle

    function _other() private returns (SteeredOracle other) {
        other = new SteeredOracle();
        for (uint8 i; i < 5; ++i) {
            other.set(address(tokens[i]), oracle.priceOf(address(tokens[i])));
        }
        other.set(address(link), 20e18);
    }

    function _moved(uint8 i, uint256 found) private view returns (bytes memory) {
        uint256 was = oracle.priceOf(address(tokens[i]));
        return abi.encodeWithSelector(IRulebook.PriceMoved.selector, address(tokens[i]), was, found);
    }

    function test_a_new_oracle_stands_within_two_percent_of_the_old_one() public {
        SteeredOracle other = _other();
        bytes memory data = abi.encodeCall(IRulebook.setOracle, (address(other)));
        other.set(address(tokens[WETH]), 2040e18 + 1);
        _enactRefused(data, _moved(WETH, 2040e18 + 1));
        other.set(address(tokens[WETH]), 1960e18 - 1);
        _enactRefused(data, _moved(WETH, 1960e18 - 1));
        other.set(address(tokens[WETH]), 1960e18);
        other.set(address(tokens[GRAIN]), 0);
        _enactRefused(data, _moved(GRAIN, 0)); // what the old one prices, the new one prices
        other.set(address(tokens[GRAIN]), 0.0098e18);
        _enact(data);
        eq(rulebook.oracle(), address(other), "asked from now on");
        _rebalance(WETH_USDC, 10e18);
        _enactRefused(data, same);
        _enactRefused(abi.encodeCall(IRulebook.setOracle, (stranger)), _noCode(stranger));
    }

    /// What is claimed is sold by the oracle's price too.
    function test_a_new_oracle_stands_near_the_old_one_on_rewards_whose_claim_is_on() public {
        SteeredOracle other = _other();
        bytes memory data = abi.encodeCall(IRulebook.setOracle, (address(other)));
        other.set(address(link), 20.4e18 + 1);
        bytes4 moved = IRulebook.PriceMoved.selector;
        _enactRefused(data, abi.encodeWithSelector(moved, address(link), 20e18, 20.4e18 + 1));
        other.set(address(link), 0);
        _enactRefused(data, abi.encodeWithSelector(moved, address(link), 20e18, 0));
        vm.prank(guardian);
        _book().setClaimEnabled(0, false);
        _enact(data);
    }

    function test_where_the_old_one_has_no_price_the_new_one_is_not_held_to_it() public {
        SteeredOracle other = _other();
        oracle.setMute(address(tokens[GRAIN]), true);
        other.set(address(tokens[GRAIN]), 0.05e18);
        oracle.set(address(tokens[WBTC]), 9000e18); // left its band: no price
        _enact(abi.encodeCall(IRulebook.setOracle, (address(other))));
    }

    function test_where_the_old_one_is_wrong_the_asset_is_frozen_first() public {
        SteeredOracle other = _other();
        other.set(address(tokens[GRAIN]), 0.001e18);
        bytes memory data = abi.encodeCall(IRulebook.setOracle, (address(other)));
        _enactRefused(data, _moved(GRAIN, 0.001e18));
        _freeze(guardian, GRAIN);
        _enact(data);
    }

    // ------------------------------------------------------------------------------------------------ assets

    function _fresh() private returns (Asset memory asset) {
        OddToken token = new OddToken("FRESH", 8);
        oracle.set(address(token), 5e18);
        asset = rulebook.assets()[WBTC];
        (asset.token, asset.frozen, asset.priceLow, asset.priceHigh) = (address(token), true, 1e18, 25e18);
    }

    function test_an_asset_is_listed_frozen_gets_its_routes_and_comes_to_life() public {
        Asset memory asset = _fresh();
        uint64 epoch = vault.state().epoch;
        _enact(abi.encodeCall(IRulebook.listAsset, (asset)));
        eq(abi.encode(rulebook.assets()[5]), abi.encode(asset), "as given");
        uint16[] memory targets = vault.state().targetsBps;
        eq(targets.length, 6, "one more");
        eq(targets[5], 0, "its target");
        for (uint256 i; i < 5; ++i) {
            eq(targets[i], _targets()[i], "the others stand");
        }
        eq(vault.state().epoch, epoch, "epoch");
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(IRulebookReads.NoExit.selector, 5));
        _book().unfreeze(5); // no hour to wait, but a way out to have
        _enact(abi.encodeCall(IRulebook.addRoute, (_route(5, USDC))));
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(IRulebookReads.NoExit.selector, 5));
        _book().unfreeze(5); // nor would it have one if USDC left its peg
        _enact(abi.encodeCall(IRulebook.addRoute, (_route(5, DAI))));
        _enact(abi.encodeCall(IRulebook.addRoute, (_route(WETH, 5))));
        vm.prank(owner);
        _book().unfreeze(5);
        (targets[WETH], targets[5]) = (targets[WETH] - 400, 400);
        vm.prank(owner);
        vault.setTargets(targets);
        _rebalance(uint16(rulebook.routes().length - 1), 100e18);
        gt(IERC20(asset.token).balanceOf(address(vault)), 0, "bought");
        _halt();
        vm.prank(guardian);
        vault.flatten();
        eq(IERC20(asset.token).balanceOf(address(vault)), 0, "and sold");
    }

    function test_listing_checks_what_construction_checks() public {
        Asset memory asset = _fresh();
        bytes memory twice = abi.encodeCall(IRulebook.listAsset, (rulebook.assets()[WETH]));
        _enactRefused(twice, abi.encodeWithSelector(IRulebookReads.TokenListedTwice.selector, address(tokens[WETH])));
        asset.decimals = 18;
        _enactRefused(
            abi.encodeCall(IRulebook.listAsset, (asset)),
            abi.encodeWithSelector(IRulebookReads.DecimalsDiffer.selector, asset.token, uint8(18), uint8(8))
        );
        (asset.decimals, asset.frozen) = (8, false);
        _enactRefused(
            abi.encodeCall(IRulebook.listAsset, (asset)), abi.encodeWithSelector(IRulebookReads.NoExit.selector, 5)
        );
        (asset.frozen, asset.minBps) = (true, 1);
        _enactRefused(abi.encodeCall(IRulebook.listAsset, (asset)), _above("minBps", 1, 0));
        (asset.minBps, asset.priceLow) = (0, 5e18 + 1);
        _enactRefused(abi.encodeCall(IRulebook.listAsset, (asset)), _above("priceLow", 5e18 + 1, 5e18));
        (asset.priceLow, asset.priceHigh) = (1e18, 5e18 - 1);
        _enactRefused(abi.encodeCall(IRulebook.listAsset, (asset)), _below("priceHigh", 5e18 - 1, 5e18));
        (asset.priceHigh, asset.token) = (25e18, stranger);
        _enactRefused(abi.encodeCall(IRulebook.listAsset, (asset)), _noCode(stranger));
    }

    /// A refuge that nothing leads into may not become the first: flatten would go there.
    /// Whatever its rank: each asset has a way into it first.
    function test_a_refuge_is_listed_frozen_and_comes_to_life_with_a_way_from_each_asset() public {
        Asset memory asset = rulebook.assets()[DAI];
        (asset.token, asset.safeRank) = (address(new OddToken("LAST", 18)), 3);
        _enactRefused(abi.encodeCall(IRulebook.listAsset, (asset)), abi.encodeWithSelector(_noExit, WETH));
        asset.frozen = true;
        _enact(abi.encodeCall(IRulebook.listAsset, (asset)));
        for (uint8 from = WETH; from <= GRAIN; ++from) {
            if (from == USDC) continue; // safe itself
            vm.prank(owner);
            vm.expectRevert(abi.encodeWithSelector(_noExit, from));
            _book().unfreeze(5);
            _enact(abi.encodeCall(IRulebook.addRoute, (_route(from, 5))));
        }
        vm.prank(owner);
        _book().unfreeze(5);
    }

    function test_no_more_than_sixteen_assets() public {
        for (uint256 i = 5; i < 17; ++i) {
            bytes memory data = abi.encodeCall(IRulebook.listAsset, (_fresh()));
            if (i < 16) {
                _enact(data);
            } else {
                _enactRefused(data, abi.encodeWithSelector(IRulebookReads.TooMany.selector, bytes32("assets"), 17, 16));
            }
        }
        eq(vault.state().targetsBps.length, 16, "sixteen targets in one word");
        uint16[] memory targets = vault.state().targetsBps;
        (targets[WETH], targets[15]) = (targets[WETH] - 100, 100);
        vm.prank(owner);
        vault.setTargets(targets);
        eq(vault.state().targetsBps[15], 100, "the last of them");
    }

    /// What a claim pays may not become principal behind its back.
    function test_an_asset_that_stands_on_a_reward_is_refused_while_its_claim_is_on() public {
        MockShare share = new MockShare(IERC20(address(link)), 0);
        Asset memory asset = _fresh();
        (asset.token, asset.decimals) = (address(share), share.decimals());
        bytes memory data = abi.encodeCall(IRulebook.listAsset, (asset));
        bytes memory why = abi.encodeWithSelector(IRulebookReads.ClaimMalformed.selector, 0);
        _enactRefused(data, why);
        vm.prank(guardian);
        _book().setClaimEnabled(0, false);
        _enact(data);
        vm.prank(owner);
        vm.expectRevert(why);
        _book().setClaimEnabled(0, true);
    }

    function test_a_range_moves_around_the_target_of_now() public {
        _enact(abi.encodeCall(IRulebook.setAssetRange, (WETH, 4000, 4500)));
        eq(rulebook.assets()[WETH].minBps, 4000, "min");
        eq(rulebook.assets()[WETH].maxBps, 4500, "max");
        _enactRefused(abi.encodeCall(IRulebook.setAssetRange, (WETH, 4000, 4500)), same);
        _enactRefused(
            abi.encodeCall(IRulebook.setAssetRange, (WETH, 4001, 5000)),
            abi.encodeWithSelector(IVaultCore.TargetOutOfRange.selector, WETH, 4000, 4001, 5000)
        );
        _enactRefused(
            abi.encodeCall(IRulebook.setAssetRange, (WETH, 0, 3999)),
            abi.encodeWithSelector(IVaultCore.TargetOutOfRange.selector, WETH, 4000, 0, 3999)
        );
        _enactRefused(abi.encodeCall(IRulebook.setAssetRange, (WETH, 0, 10_001)), _above("maxBps", 10_001, 10_000));
        _retargetRefused(
            _shifted(100), abi.encodeWithSelector(IVaultCore.TargetOutOfRange.selector, WETH, 3900, 4000, 4500)
        );
    }

    function test_a_band_moves_around_the_price_of_now() public {
        oracle.set(address(tokens[WETH]), 12_000e18); // left its band
        _refused(WETH_USDC, 1e18, abi.encodeWithSelector(IVaultCore.PriceMissing.selector, WETH));
        _enactRefused(
            abi.encodeCall(IRulebook.setPriceBand, (WETH, 500e18, 11_999e18)), _below("priceHigh", 11_999e18, 12_000e18)
        );
        _enact(abi.encodeCall(IRulebook.setPriceBand, (WETH, 3000e18, 48_000e18)));
        eq(rulebook.assets()[WETH].priceHigh, 48_000e18, "high");
        _rebalance(WETH_USDC, 100e18);
        _enactRefused(abi.encodeCall(IRulebook.setPriceBand, (WETH, 3000e18, 48_000e18)), same);
        _enactRefused(
            abi.encodeCall(IRulebook.setPriceBand, (USDC, 0.5e18, 0.99e18)), _below("priceHigh", 0.99e18, 1e18)
        );
    }

    // ------------------------------------------------------------------------------------------------ routes and claims

    function test_a_route_is_added_and_held_to_limits_and_ceilings() public {
        Route memory way = _route(WBTC, GRAIN);
        _enact(abi.encodeCall(IRulebook.addRoute, (way)));
        eq(abi.encode(rulebook.route(14)), abi.encode(way), "as given");
        way.slipBps = 201;
        _enactRefused(abi.encodeCall(IRulebook.addRoute, (way)), _above("slipBps", 201, 200));
        way = _route(5, USDC);
        _enactRefused(
            abi.encodeCall(IRulebook.addRoute, (way)),
            abi.encodeWithSelector(IRulebookReads.RouteMalformed.selector, 15)
        );
        way = _route(WETH, USDC);
        way.venue = stranger;
        _enactRefused(abi.encodeCall(IRulebook.addRoute, (way)), _noCode(stranger));
        Limits memory limits = _limits();
        limits.emergencyBps = SLIP;
        _enact(abi.encodeCall(IRulebook.setLimits, (limits)));
        way = _route(WETH, USDC);
        way.slipBps = SLIP + 1; // wider than the emergency: a flatten's discount would run backwards
        _enactRefused(abi.encodeCall(IRulebook.addRoute, (way)), _below("emergencyBps", SLIP, SLIP + 1));
    }

    function test_no_more_than_sixty_four_routes_and_sixteen_claims() public {
        Route memory way = _route(WBTC, GRAIN);
        for (uint256 i = 14; i < 64; ++i) {
            way.data = abi.encode(i); // else it is the same change
            _enact(abi.encodeCall(IRulebook.addRoute, (way)));
        }
        way.data = "";
        _enactRefused(
            abi.encodeCall(IRulebook.addRoute, (way)),
            abi.encodeWithSelector(IRulebookReads.TooMany.selector, bytes32("routes"), 65, 64)
        );
        Claim memory more = rulebook.claim(0);
        for (uint256 i = 1; i < 16; ++i) {
            more.data = abi.encodePacked(bytes4(0x11223344), i);
            _enact(abi.encodeCall(IRulebook.addClaim, (more)));
        }
        more.data = hex"11223344";
        _enactRefused(
            abi.encodeCall(IRulebook.addClaim, (more)),
            abi.encodeWithSelector(IRulebookReads.TooMany.selector, bytes32("claims"), 17, 16)
        );
    }

    function test_a_claim_is_added_and_held_to_what_construction_holds_it_to() public {
        Claim memory added = rulebook.claim(0);
        added.dailyCap = 1e18;
        _enact(abi.encodeCall(IRulebook.addClaim, (added)));
        eq(abi.encode(rulebook.claim(1)), abi.encode(added), "as given");
        bytes memory why = abi.encodeWithSelector(IRulebookReads.ClaimMalformed.selector, 2);
        added.data = abi.encodeCall(IERC20.transfer, (stranger, 1));
        _enactRefused(abi.encodeCall(IRulebook.addClaim, (added)), why);
        added.data = hex"11223344";
        added.target = address(vault);
        _enactRefused(abi.encodeCall(IRulebook.addClaim, (added)), why);
        added.target = address(rulebook);
        _enactRefused(abi.encodeCall(IRulebook.addClaim, (added)), why);
    }
}
