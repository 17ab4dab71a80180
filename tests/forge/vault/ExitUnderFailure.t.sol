// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IPriceOracle} from "../../../contracts/interfaces/IPriceOracle.sol";
import {IVaultCore} from "../../../contracts/interfaces/IKeeperVault.sol";
import {Route, Setup} from "../../../contracts/interfaces/IRulebook.sol";
import {Balance} from "../../../contracts/mocks/OddToken.sol";
import {Deed, PricedAdapter} from "../../../contracts/mocks/PricedAdapter.sol";
import {Vm} from "../Base.sol";
import {World} from "./World.sol";

/// Flatten while parts are failing: every healthy leg is sold, whatever fails beside it and whatever gas the caller gives.
contract ExitUnderFailureTest is World {
    PricedAdapter private ofWeth;
    PricedAdapter private ofWbtc;
    PricedAdapter private ofGrain;

    /// One adapter an asset, so that each leg can fail alone.
    function _setup() internal view override returns (Setup memory setup) {
        setup = super._setup();
        for (uint256 r; r < setup.routes.length; ++r) {
            Route memory way = setup.routes[r];
            if (way.assetIn == WETH) way.adapter = address(ofWeth);
            if (way.assetIn == WBTC) way.adapter = address(ofWbtc);
            if (way.assetIn == GRAIN) way.adapter = address(ofGrain);
        }
    }

    function _prepare() internal override {
        ofWeth = new PricedAdapter(oracle);
        ofWbtc = new PricedAdapter(oracle);
        ofGrain = new PricedAdapter(oracle);
    }

    function setUp() public override {
        super.setUp();
        _halt();
    }

    /// 0 healthy, then every way a leg knows to fail.
    uint256 private constant WAYS = 12;

    function _fail(uint8 i, PricedAdapter its, uint256 way) private {
        if (way == 1) oracle.set(address(tokens[i]), 0);
        if (way == 2) oracle.setMute(address(tokens[i]), true);
        if (way == 3) its.setDeed(Deed.REVERTS, 0);
        if (way == 4) its.setDeed(Deed.BURNS_GAS, 0);
        if (way == 5) its.setDeed(Deed.SCREAMS, 100_000);
        if (way == 6) its.setSkim(SLIP + 1);
        if (way == 7) tokens[i].setPaused(true);
        if (way == 8) tokens[i].setTelling(Balance.REVERTS);
        if (way == 9) tokens[i].setTelling(Balance.BURNS_GAS);
        if (way == 10) tokens[i].setTelling(Balance.ANSWERS_NOTHING);
        if (way == 11) vm.etch(address(tokens[i]), "");
    }

    /// Whatever subset fails, in whatever way: the healthy legs are sold, and the call does not revert.
    function testFuzz_flatten_sells_every_healthy_leg_whatever_subset_fails(uint256 a, uint256 b, uint256 c) public {
        uint256[3] memory ways = [bound(a, 0, WAYS - 1), bound(b, 0, WAYS - 1), bound(c, 0, WAYS - 1)];
        _flattenWith(ways);
    }

    function test_flatten_survives_each_way_of_failing_on_each_leg() public {
        uint256 before = vm.snapshotState();
        for (uint256 way = 1; way < WAYS; ++way) {
            for (uint256 k; k < 3; ++k) {
                uint256[3] memory ways;
                ways[k] = way;
                _flattenWith(ways);
                vm.revertToState(before);
            }
        }
    }

    function _flattenWith(uint256[3] memory ways) private {
        _fail(WETH, ofWeth, ways[0]);
        _fail(WBTC, ofWbtc, ways[1]);
        _fail(GRAIN, ofGrain, ways[2]);
        uint256 expected = 150_000e6;
        if (ways[0] == 0) expected += 600_000e6;
        if (ways[1] == 0) expected += 200_000e6;
        if (ways[2] == 0) expected += 50_000e6;
        vm.prank(guardian);
        vault.flatten{gas: 20_000_000}();
        eq(_held(USDC), expected, "every healthy leg, and no other");
    }

    /// Any gas at all: flatten reverts whole, or each healthy leg is sold. A caller cannot make a leg fail.
    function testFuzz_no_gas_a_caller_gives_makes_a_healthy_leg_fail(uint256 gas) public {
        vm.prank(guardian);
        try vault.flatten{gas: bound(gas, 20_000, 4_000_000)}() {
            eq(_held(USDC), 1_000_000e6, "all or nothing");
        } catch (bytes memory) {
            eq(_held(USDC), 150_000e6, "nothing");
        }
    }

    function test_flatten_reverts_with_too_little_gas_and_says_how_much_it_wants() public {
        vm.startPrank(guardian);
        vm.expectPartialRevert(IPriceOracle.GasStarved.selector);
        vault.flatten{gas: 1_600_000}();
        vm.expectPartialRevert(IPriceOracle.GasStarved.selector); // while the refuge is chosen
        vault.flatten{gas: 1_000_000}();
        vault.flatten{gas: 4_000_000}();
        eq(_held(USDC), 1_000_000e6, "with enough it sells");
    }

    function test_a_stale_feed_of_one_asset_stops_one_leg() public {
        oracle.set(address(tokens[WETH]), 0);
        vm.expectEmit(address(vault));
        emit IVaultCore.LegFailed(WETH, WETH_USDC_SPARE, abi.encodeWithSelector(IVaultCore.PriceMissing.selector, WETH));
        vm.expectEmit(address(vault));
        emit IVaultCore.Flattened(guardian, USDC, 2, 1);
        vm.prank(guardian);
        vault.flatten();
        eq(_held(USDC), 400_000e6, "the other two are sold");
    }

    /// Half a megabyte of reason, five sizes on each of three routes: copied whole it would cost more than a transaction may have.
    function test_a_leg_that_fails_at_length_costs_the_others_nothing_and_its_reason_is_cut_to_a_kilobyte() public {
        ofWeth.setDeed(Deed.SCREAMS, 500_000);
        ofGrain.setDeed(Deed.SCREAMS, 500_000);
        vm.recordLogs();
        vm.prank(guardian);
        vault.flatten{gas: 30_000_000}();
        eq(_held(USDC), 350_000e6, "WBTC is sold");
        uint256 failed;
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] != IVaultCore.LegFailed.selector) continue;
            eq(abi.decode(logs[i].data, (bytes)).length, 1024, "cut");
            ++failed;
        }
        eq(failed, 2, "and both say so");
    }

    /// Very cheap tokens of 24 decimals can be more than a payment's 128 bits hold: flatten sells what fits, and again.
    function test_more_than_128_bits_of_a_token_are_sold_in_two_goes() public {
        uint256 most = type(uint128).max;
        tokens[GRAIN].mint(address(vault), most);
        uint256 held = _held(GRAIN);
        vm.startPrank(guardian);
        vault.flatten(_list(GRAIN));
        eq(_held(GRAIN), held - most, "all that fits");
        vault.flatten(_list(GRAIN));
        eq(_held(GRAIN), 0, "and the rest");
    }

    /// Too slow for the question that is asked of every token, and yet sound: the leg asks without haste, and sells it whole.
    function test_a_token_that_tells_its_balance_slowly_is_sold() public {
        tokens[GRAIN].setTelling(Balance.SLOWLY);
        vm.expectEmit(address(vault));
        emit IVaultCore.Flattened(guardian, USDC, 3, 0);
        vm.prank(guardian);
        vault.flatten();
        eq(_held(GRAIN), 0, "all of it");
    }

    function test_an_adapter_may_not_draw_after_its_leg_failed() public {
        ofWeth.setDeed(Deed.GIVES_NOTHING, 0);
        vm.prank(guardian);
        vault.flatten(_list(WETH));
        eq(_held(WETH), 300e18, "nothing left");
        vm.prank(address(ofWeth));
        vm.expectRevert(abi.encodeWithSelector(IVaultCore.NothingPending.selector));
        vault.pay(address(ofWeth), 1);
    }
}
