// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IVaultCore} from "../../../contracts/interfaces/IKeeperVault.sol";
import {IPriceOracle, SourceKind, Verdict} from "../../../contracts/interfaces/IPriceOracle.sol";
import {World} from "./World.sol";

/// What a flatten may cost: the route's slip at first, more with each public minute, and a floor that no low feed lowers.
contract OpeningClockTest is World {
    uint256 private constant EMERGENCY = 500;

    function setUp() public override {
        super.setUp();
        _halt();
    }

    function _flattenBy(address who) private {
        vm.prank(who);
        vault.flatten(_list(WBTC));
    }

    /// At this skim nothing sells; one bps below, it does: the floor is exactly here.
    function _floorIs(address who, uint256 bps) private {
        uint256 before = vm.snapshotState();
        adapter.setSkim(bps + 1);
        _flattenBy(who);
        eq(_held(WBTC), 4e8, string.concat("sold at a discount of ", vm.toString(bps + 1)));
        adapter.setSkim(bps);
        _flattenBy(who);
        eq(_held(WBTC), 0, string.concat("not sold at a discount of ", vm.toString(bps)));
        vm.revertToState(before);
    }

    // ------------------------------------------------------------------------------------------------ the clock

    function test_the_discount_opens_over_an_hour_from_the_first_flatten() public {
        vm.warp(START + 1 days); // a long halt opens nothing
        address[2] memory who = [guardian, owner];
        for (uint256 i; i < 2; ++i) {
            _floorIs(who[i], SLIP);
        }
        adapter.setSkim(BPS / 10);
        _flattenBy(guardian); // in vain; now everybody can see
        for (uint256 i; i < 2; ++i) {
            vm.warp(START + 1 days);
            _floorIs(who[i], SLIP);
            vm.warp(START + 1 days + 15 minutes);
            _floorIs(who[i], SLIP + (EMERGENCY - SLIP) / 4);
            vm.warp(START + 1 days + 30 minutes);
            _floorIs(who[i], SLIP + (EMERGENCY - SLIP) / 2);
            vm.warp(START + 1 days + 60 minutes);
            _floorIs(who[i], EMERGENCY);
            vm.warp(START + 3 days);
            _floorIs(who[i], EMERGENCY);
        }
    }

    function test_flattening_again_does_not_restart_the_clock() public {
        adapter.setSkim(BPS / 10);
        _flattenBy(guardian);
        vm.warp(START + 59 minutes);
        _flattenBy(owner);
        vm.warp(START + 60 minutes);
        _floorIs(guardian, EMERGENCY);
    }

    function test_the_keepers_flatten_neither_starts_the_clock_nor_gains_by_it() public {
        adapter.setSkim(BPS / 10);
        _flattenBy(keeper);
        vm.warp(START + 1 hours);
        _floorIs(guardian, SLIP);
        _flattenBy(guardian);
        vm.warp(START + 3 hours);
        _floorIs(keeper, SLIP);
    }

    function test_the_next_halt_begins_anew() public {
        adapter.setSkim(BPS / 10);
        _flattenBy(guardian);
        vm.warp(START + 2 hours);
        _unhalt();
        _halt();
        _floorIs(guardian, SLIP);
    }

    // ------------------------------------------------------------------------------------------------ single voices

    /// No cluster on WBTC: four voices, in any order, with their verdicts.
    function _voices(uint128[4] memory prices, SourceKind[4] memory kinds, Verdict[4] memory verdicts) private {
        uint128[] memory p = new uint128[](4);
        SourceKind[] memory k = new SourceKind[](4);
        Verdict[] memory v = new Verdict[](4);
        for (uint256 i; i < 4; ++i) {
            (p[i], k[i], v[i]) = (prices[i], kinds[i], verdicts[i]);
        }
        oracle.setVoices(address(tokens[WBTC]), p, k, v);
        adapter.setFair(address(tokens[WBTC]), 50_000e18);
    }

    function _push(uint128 a, uint128 b) private {
        SourceKind push = SourceKind.PUSH;
        _voices([a, b, 0, 0], [push, push, push, push], [Verdict.OK, Verdict.OK, Verdict.STALE, Verdict.ERROR]);
    }

    /// A guardian's key and one feed that is stuck low, but not yet old: the highest voice makes the floor.
    function test_one_low_feed_cannot_help_a_guardian() public {
        _push(50_000e18, 20_000e18);
        _floorIs(guardian, SLIP);
        _push(20_000e18, 50_000e18);
        _floorIs(owner, SLIP);
    }

    function test_a_lone_fresh_push_feed_is_enough_for_guardian_and_owner_and_not_for_a_keeper() public {
        _push(50_000e18, 0);
        _floorIs(guardian, SLIP);
        _floorIs(owner, SLIP);
        vm.expectEmit(address(vault));
        emit IVaultCore.LegFailed(WBTC, WBTC_USDC, abi.encodeWithSelector(IVaultCore.PriceMissing.selector, WBTC));
        _flattenBy(keeper);
        eq(_held(WBTC), 4e8, "stays");
    }

    function test_neither_a_twap_nor_a_stale_feed_nor_one_outside_the_band_makes_a_floor() public {
        SourceKind push = SourceKind.PUSH;
        SourceKind[4] memory kinds = [SourceKind.TWAP, push, push, SourceKind.DERIVED];
        Verdict[4] memory verdicts = [Verdict.OK, Verdict.STALE, Verdict.OK, Verdict.OK];
        _voices([uint128(50_000e18), 50_000e18, 300_001e18, 50_000e18], kinds, verdicts);
        vm.expectEmit(address(vault));
        emit IVaultCore.LegFailed(WBTC, WBTC_USDC, abi.encodeWithSelector(IVaultCore.PriceMissing.selector, WBTC));
        _flattenBy(guardian);
        eq(_held(WBTC), 4e8, "stays for withdraw");
    }

    function test_an_oracle_that_does_not_tell_its_voices_makes_no_floor() public {
        _push(50_000e18, 0);
        vm.mockCallRevert(address(oracle), abi.encodeWithSelector(IPriceOracle.voices.selector), "");
        vm.expectEmit(address(vault));
        emit IVaultCore.LegFailed(WBTC, WBTC_USDC, abi.encodeWithSelector(IVaultCore.PriceMissing.selector, WBTC));
        _flattenBy(guardian);
        eq(_held(WBTC), 4e8, "stays for withdraw");
    }

    /// A feed that is wrong upwards delays, it does not rob.
    function test_one_high_feed_holds_the_asset_back() public {
        _push(50_000e18, 60_000e18);
        adapter.setSkim(0);
        _flattenBy(guardian);
        eq(_held(WBTC), 4e8, "stays");
    }
}
