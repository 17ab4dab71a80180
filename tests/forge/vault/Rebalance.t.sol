// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Headroom, IVaultCore, Order, Report, State, Terms} from "../../../contracts/interfaces/IKeeperVault.sol";
import {Cluster} from "../../../contracts/interfaces/IPriceOracle.sol";
import {Setup} from "../../../contracts/interfaces/IRulebook.sol";
import {Deed} from "../../../contracts/mocks/PricedAdapter.sol";
import {Answer} from "../../../contracts/mocks/OddToken.sol";
import {World} from "./World.sol";

/// What a rebalance does when it is let through: sizes, books, events, and whose money a donation is.
contract RebalanceTest is World {
    function test_rebalance_sells_what_was_asked_and_reports_it() public {
        adapter.setSkim(10);
        Terms memory terms = _terms();
        Report memory expected = Report({
            navBefore: NAV,
            navAfter: NAV - 20e18,
            driftBefore: 2e17,
            driftAfter: _driftAfter(),
            turnover: 2e16,
            loss: 2e13
        });
        vm.expectEmit(address(vault));
        emit IVaultCore.Traded(
            WETH_USDC, address(tokens[WETH]), address(tokens[USDC]), 10e18, 19_980e6, 20_000e6 * (BPS - SLIP) / BPS
        );
        vm.expectEmit(address(vault));
        emit IVaultCore.Rebalanced(2, terms.decisionId, keeper, expected, 75e13 - 2e13, 15e16 - 2e16);
        vm.prank(keeper);
        Report memory report = vault.rebalance(_order(WETH_USDC, 10e18), terms);
        eq(abi.encode(report), abi.encode(expected), "the report returned is the report emitted");
        eq(_held(WETH), 290e18, "WETH");
        eq(_held(USDC), 169_980e6, "USDC");
    }

    /// ½Σ|w − t| after 10 WETH became 19,980 USDC, rounded up once per goal and once at the end.
    function _driftAfter() private pure returns (uint64) {
        uint256 nav = NAV - 20e18;
        uint256 sum = (580_000e18 - nav * 4000 / BPS) + (nav * 2500 / BPS - 200_000e18)
            + (nav * 3000 / BPS - 169_980e18) + (50_000e18 - nav * 500 / BPS);
        return uint64((sum * ONE + 2 * nav - 1) / (2 * nav));
    }

    function test_rebalance_moves_epoch_clock_and_budgets() public {
        adapter.setSkim(10);
        _rebalance(WETH_USDC, 10e18);
        State memory state = vault.state();
        eq(state.epoch, 2, "epoch");
        eq(state.rebalancedAt, START, "rebalancedAt");
        no(state.locked, "unlocked again");
        Headroom memory room = vault.headroom();
        eq(room.turnoverDay, 15e16 - 2e16, "turnover, 24 h");
        eq(room.turnoverMonth, 1e18 - 2e16, "turnover, 30 d");
        eq(room.lossDay, 75e13 - 2e13, "loss, 24 h");
        eq(room.lossMonth, 375e13 - 2e13, "loss, 30 d");
        vm.warp(START + 12 hours);
        eq(vault.headroom().turnoverDay, 15e16, "2 % leaks within 12 hours of 24 at half of 30 %");
    }

    function test_rebalance_rounds_turnover_and_loss_up() public {
        adapter.setSkim(10);
        tokens[USDC].mint(address(vault), 1);
        uint256 nav = NAV + 1e12; // so that nothing divides evenly
        Report memory report = _rebalance(WETH_USDC, 10e18);
        eq(report.turnover, (20_000e18 * ONE + nav - 1) / nav, "turnover");
        eq(report.loss, (20e18 * ONE + nav - 1) / nav, "loss");
        gt(report.turnover * nav, 20_000e18 * ONE, "and it did round");
    }

    function test_rebalance_clamps_to_the_largest_trade() public {
        Report memory report = _rebalance(WETH_USDC, type(uint128).max);
        eq(_held(WETH), 250e18, "10 % of NAV is 50 WETH");
        eq(report.turnover, 1e17, "turnover");
    }

    function test_rebalance_clamps_to_the_turnover_left() public {
        _rebalance(WETH_USDC, type(uint128).max);
        vm.warp(START + 300);
        uint256 left = vault.headroom().turnoverDay;
        Order[] memory orders = new Order[](2);
        orders[0] = Order({route: WETH_USDC, maxIn: 25e18, minOut: 0}); // 5 % of NAV
        orders[1] = Order({route: WETH_WBTC, maxIn: 25e18, minOut: 0}); // as much again: some 0.05 % is left
        Report memory report = _rebalance(orders);
        le(report.turnover, left, "no more than what was left");
        ge(report.turnover + 1e6, left, "and all of it but rounding");
        eq(vault.headroom().turnoverDay, left - report.turnover, "charged as reported");
    }

    function test_rebalance_clamps_to_the_underweight_of_what_it_buys() public {
        Report memory report = _rebalance(WETH_WBTC, type(uint128).max);
        eq(report.turnover, 5e16, "WBTC lacks 5 % of NAV");
        eq(_held(WBTC), 5e8, "and now lacks nothing");
    }

    function test_rebalance_clamps_to_the_overweight_of_what_it_sells() public {
        oracle.set(address(tokens[WETH]), 900e18); // 270,000 of 670,000 where 268,000 is the goal
        _rebalance(WETH_USDC, type(uint128).max);
        near(_worth(WETH), 268_000e18, 1e18, "sold down to the goal");
        ge(_worth(WETH), 268_000e18, "never below it");
    }

    function test_rebalance_does_several_orders_on_one_price_vector() public {
        Order[] memory orders = new Order[](2);
        orders[0] = Order({route: WETH_USDC, maxIn: type(uint128).max, minOut: 0});
        orders[1] = Order({route: WETH_WBTC, maxIn: type(uint128).max, minOut: 0});
        Report memory report = _rebalance(orders);
        eq(report.turnover, 15e16, "10 % and 5 % of NAV: all the turnover of now");
        eq(report.driftAfter, 5e16, "20 % less 15 %");
    }

    function test_rebalance_pays_the_venue_when_the_adapter_says_so() public {
        adapter.setToVenue(true);
        _rebalance(WETH_USDC, 10e18);
        eq(tokens[WETH].balanceOf(address(venue)), 10e18, "the venue has it");
    }

    function test_rebalance_hands_the_adapter_the_owners_route_and_nothing_of_the_keepers() public {
        _rebalance(WETH_USDC, 10e18);
        (
            address tokenIn,
            address tokenOut,
            uint256 amountIn,
            uint256 minOut,
            bool partialFill,
            address to,
            bytes memory data
        ) = adapter.last();
        eq(tokenIn, address(tokens[WETH]), "token in");
        eq(tokenOut, address(tokens[USDC]), "token out");
        eq(amountIn, 10e18, "amount");
        eq(minOut, 20_000e6 * (BPS - SLIP) / BPS, "floor");
        no(partialFill, "all or nothing");
        eq(to, address(venue), "venue");
        eq(data, abi.encode(WETH, USDC), "data");
    }

    function test_rebalance_works_with_a_token_that_answers_nothing() public {
        tokens[WETH].setAnswer(Answer.NOTHING);
        _rebalance(WETH_USDC, 10e18);
        eq(_held(WETH), 290e18, "sold");
    }

    function test_rebalance_skips_a_dead_feed_of_an_asset_nobody_counts() public {
        oracle.set(address(tokens[DAI]), 0);
        _rebalance(WETH_USDC, 10e18);
    }

    function test_rebalance_renormalises_targets_over_counted_assets() public {
        Setup memory setup = _setup();
        setup.assets[GRAIN].frozen = true;
        this.deploy(setup, _targets());
        _fill();
        _rebalance(WETH_WBTC, type(uint128).max);
        // 950,000 counted; WBTC's goal 25/95 of it is 250,000
        eq(_worth(WBTC), 250_000e18, "the frozen asset has no weight and no value");
    }

    // ------------------------------------------------------------------------------------------------ donations

    function test_a_donation_of_dust_to_an_asset_without_a_price_stops_nothing() public {
        oracle.set(address(tokens[DAI]), 0);
        tokens[DAI].mint(address(vault), 1e14);
        _rebalance(WETH_USDC, 10e18);
    }

    function test_a_donation_above_dust_arms_the_assets_feed() public {
        oracle.set(address(tokens[DAI]), 0);
        tokens[DAI].mint(address(vault), 1e14 + 1);
        _refused(WETH_USDC, 10e18, abi.encodeWithSelector(IVaultCore.PriceMissing.selector, DAI));
    }

    function test_a_donation_within_a_swap_refills_no_budget_and_counts_as_no_output() public {
        adapter.setSkim(SLIP);
        adapter.setDeed(Deed.DONATES_OTHER, 1000e6);
        adapter.setOther(address(tokens[USDC]));
        Report memory report = _rebalance(WETH_USDC, 10e18);
        eq(report.loss, 12e13, "0.6 % of 2 % of NAV is lost, whatever came beside it");
        eq(report.navAfter, NAV - 120e18, "the gift is not in the books of this action");
    }

    function test_a_donation_within_a_swap_does_not_make_up_for_a_bad_price() public {
        adapter.setDeed(Deed.GIVES_NOTHING, 0);
        tokens[WETH].setCallback(address(tokens[USDC]), abi.encodeCall(tokens[USDC].mint, (address(vault), 19_000e6)));
        uint256 floor = 20_000e6 * (BPS - SLIP) / BPS;
        _refused(WETH_USDC, 10e18, abi.encodeWithSelector(IVaultCore.BelowFloor.selector, WETH_USDC, 19_000e6, floor));
    }

    function test_a_gain_gives_no_budget_back() public {
        adapter.setSkim(30);
        _rebalance(WETH_USDC, 10e18);
        uint256 left = vault.headroom().lossDay;
        vm.warp(START + 300);
        adapter.setSkim(0);
        adapter.setDeed(Deed.DONATES_OTHER, 5000e6);
        adapter.setOther(address(tokens[USDC]));
        _rebalance(WETH_USDC, 10e18);
        near(vault.headroom().lossDay, left, uint256(75e13) * 300 / 1 days + 1, "only time refills it");
    }

    // ------------------------------------------------------------------------------------------------ properties

    /// Whatever the prices, the holdings and the order: an order that is let through leaves, by value sent and at the NAV
    /// before, its seller at or above and its buyer at or below the goal; the floor holds; drift falls.
    function testFuzz_no_order_crosses_a_target_and_every_trade_is_at_or_above_its_floor(
        uint256 seed,
        uint128 maxIn,
        uint256 skim
    ) public {
        uint16 route = uint16(bound(seed, 0, 7));
        adapter.setSkim(bound(skim, 0, SLIP + 20));
        for (uint8 i; i < 4; ++i) {
            uint256 price = oracle.priceOf(address(tokens[i]));
            uint256 moved = price * bound(uint256(keccak256(abi.encode(seed, i))), 60, 160) / 100;
            if (i == USDC) moved = price * bound(uint256(keccak256(abi.encode(seed, i))), 90, 110) / 100;
            oracle.setCluster(address(tokens[i]), _around(SafeCast.toUint128(moved)));
        }
        _checkOne(route, maxIn);
    }

    /// A tenth of a per cent either way.
    function _around(uint128 mid) private pure returns (Cluster memory) {
        return Cluster({mid: mid, low: mid * 999 / 1000, high: mid * 1001 / 1000});
    }

    struct Was {
        uint256 nav;
        uint256 valueIn;
        uint256 valueOut;
        uint256 heldIn;
        uint256 heldOut;
    }

    function _checkOne(uint16 route, uint128 maxIn) private {
        (uint8 i, uint8 o) = abi.decode(rulebook.route(route).data, (uint8, uint8));
        Was memory was = Was(_nav(), _worth(i), _worth(o), _held(i), _held(o));
        Terms memory terms = _terms();
        vm.prank(keeper);
        try vault.rebalance(_order(route, maxIn), terms) returns (Report memory report) {
            _checkTargets(i, o, was);
            _checkFloor(i, o, was.heldIn - _held(i), _held(o) - was.heldOut);
            lt(report.driftAfter, report.driftBefore, "drift fell");
            le(report.turnover, 1e17, "at most a largest trade");
            le(report.loss, 75e13, "at most what the budget held");
        } catch (bytes memory why) {
            // nothing else may be in the way of an order that is fair
            // the first four bytes of an error are its selector
            // forge-lint: disable-next-line(unsafe-typecast)
            bytes4 error = bytes4(why);
            yes(
                error == IVaultCore.NothingToDo.selector || error == IVaultCore.BelowFloor.selector
                    || error == IVaultCore.NoProgress.selector || error == IVaultCore.LossBudget.selector
                    || error == IVaultCore.DriftTooSmall.selector,
                "a refusal with a reason"
            );
        }
    }

    function _checkTargets(uint8 i, uint8 o, Was memory was) private view {
        uint16[] memory targets = _targets();
        uint256 sent = (was.heldIn - _held(i)) * oracle.priceOf(address(tokens[i])) / 10 ** tokens[i].decimals();
        ge(was.valueIn - sent, was.nav * targets[i] / BPS, "what is sold stays at or above its goal");
        le(was.valueOut + sent, was.nav * targets[o] / BPS, "what is bought stays at or below its goal");
    }

    /// got · low(out) ≥ spent · high(in) · (1 − slip), without a rounding in the vault's favour.
    function _checkFloor(uint8 i, uint8 o, uint256 spent, uint256 got) private view {
        uint256 high = uint256(oracle.priceOf(address(tokens[i]))) * 1001 / 1000;
        uint256 low = uint256(oracle.priceOf(address(tokens[o]))) * 999 / 1000;
        uint256 left = got * low * BPS * 10 ** tokens[i].decimals();
        uint256 right = spent * high * (BPS - SLIP) * 10 ** tokens[o].decimals();
        ge(left, right, "the floor inequality");
    }
}
