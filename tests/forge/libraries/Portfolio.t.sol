// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Cluster} from "../../../contracts/interfaces/IPriceOracle.sol";
import {Asset} from "../../../contracts/interfaces/IRulebook.sol";
import {Portfolio} from "../../../contracts/libraries/Portfolio.sol";
import {Base} from "../Base.sol";

/// Roundings, floors and drift, each against the inequality it promises.
contract PortfolioTest is Base {
    using Portfolio for Portfolio.Book;

    function _decimals(uint8 pick) private pure returns (uint8) {
        return [2, 6, 8, 18, 24][pick % 5];
    }

    function testFuzz_values_round_down_and_up_by_less_than_one_unit(uint128 amount, uint128 price, uint8 pick)
        public
        pure
    {
        uint8 decimals = _decimals(pick);
        uint256 exact = uint256(amount) * price;
        uint256 down = Portfolio.valueDown(amount, price, decimals);
        uint256 up = Portfolio.valueUp(amount, price, decimals);
        le(down * 10 ** decimals, exact, "down is not above");
        ge(up * 10 ** decimals, exact, "up is not below");
        le(up - down, 1, "and they are neighbours");
        eq(up == down ? 1 : 0, exact % 10 ** decimals == 0 ? 1 : 0, "equal only where nothing is lost");
    }

    function testFuzz_an_amount_for_a_value_never_costs_more_than_it(uint128 value, uint128 price, uint8 pick)
        public
        pure
    {
        uint8 decimals = _decimals(pick);
        uint256 paid = bound(price, 1, type(uint128).max);
        uint256 amount = Portfolio.amountDown(value, paid, decimals);
        if (amount > type(uint128).max) return;
        le(Portfolio.valueUp(amount, paid, decimals), value, "rounded up it still fits");
        gt((amount + 1) * paid, uint256(value) * 10 ** decimals, "one unit more would not");
    }

    /// got >= floor implies got x low(out) >= spent x high(in) x (1 - slip), in exact arithmetic.
    function testFuzz_the_floor_implies_the_inequality(uint96 amount, uint96 high, uint96 low, uint16 slip, uint8 pick)
        public
        pure
    {
        (uint8 decimalsIn, uint8 decimalsOut) = (_decimals(pick), _decimals(pick / 5));
        uint256 slipBps = bound(slip, 1, 200);
        Cluster memory priceIn = Cluster({mid: 1, low: 1, high: uint128(bound(high, 1, 1e24))});
        Cluster memory priceOut = Cluster({mid: 2, low: uint128(bound(low, 1, 1e24)), high: type(uint128).max});
        uint256 sold = bound(amount, 0, 1e24);
        uint256 floor = Portfolio.floorUp(sold, priceIn, decimalsIn, priceOut, decimalsOut, slipBps);
        ge(
            floor * priceOut.low * 10_000 * 10 ** decimalsIn,
            sold * priceIn.high * (10_000 - slipBps) * 10 ** decimalsOut,
            "the floor inequality"
        );
    }

    function test_the_floor_is_the_fair_price_less_the_slip() public pure {
        Cluster memory eth = Cluster({mid: 2000e18, low: 1990e18, high: 2010e18});
        Cluster memory dollar = Cluster({mid: 1e18, low: 0.995e18, high: 1.005e18});
        eq(Portfolio.floorUp(1e18, eth, 18, dollar, 6, 100), 1_999_899_498, "2010 x 0.99 / 0.995, up");
        eq(Portfolio.floorUp(1, eth, 18, dollar, 6, 100), 1, "a crumb costs a unit: up");
    }

    function test_a_price_is_usable_only_inside_the_sanity_band_whole() public pure {
        Asset memory asset;
        (asset.priceLow, asset.priceHigh) = (10, 20);
        yes(Portfolio.usable(Cluster({mid: 15, low: 10, high: 20}), asset), "both ends count");
        no(Portfolio.usable(Cluster({mid: 15, low: 9, high: 20}), asset), "low below");
        no(Portfolio.usable(Cluster({mid: 15, low: 10, high: 21}), asset), "high above");
        no(Portfolio.usable(Cluster({mid: 0, low: 10, high: 20}), asset), "no price");
        no(Portfolio.usable(Cluster({mid: type(uint128).max, low: 15, high: type(uint128).max}), asset), "the extreme");
    }

    function _book(uint256[3] memory values, uint256[3] memory targets)
        private
        pure
        returns (Portfolio.Book memory book)
    {
        book.counted = new bool[](3);
        book.values = new uint256[](3);
        book.targets = new uint256[](3);
        for (uint256 i; i < 3; ++i) {
            book.counted[i] = targets[i] != 0 || values[i] != 0;
            (book.values[i], book.targets[i]) = (values[i], targets[i]);
            book.nav += values[i];
            book.targetSum += targets[i];
        }
    }

    function test_drift_is_half_the_distance_and_ignores_the_uncounted() public pure {
        Portfolio.Book memory book = _book([uint256(600e18), 400e18, 0], [uint256(5000), 5000, 0]);
        eq(book.driftUp(book.values, book.nav), 1e17, "10 % over, 10 % under");
        book = _book([uint256(1000e18), 0, 0], [uint256(0), 2500, 2500]);
        eq(book.driftUp(book.values, book.nav), 1e18, "all of it is in the wrong place");
        eq(book.driftUp(book.values, 0), 0, "nothing is nowhere");
    }

    function test_goals_are_renormalised_over_counted_assets() public pure {
        Portfolio.Book memory book = _book([uint256(900e18), 0, 0], [uint256(2000), 1000, 0]);
        eq(book.goal(0, book.nav), 600e18, "two thirds");
        eq(book.goal(1, 100), 33, "down");
    }

    function testFuzz_drift_stays_within_the_whole_and_is_zero_only_on_target(uint96 a, uint96 b, uint96 c, uint16 t)
        public
        pure
    {
        uint256 first = bound(t, 1, 9999);
        Portfolio.Book memory book = _book([uint256(a), b, c], [first, 10_000 - first, 0]);
        if (book.nav == 0) return;
        uint256 drift = book.driftUp(book.values, book.nav);
        le(drift, 1e18 + 1e18 / book.nav + 1, "at most 100 %, but for a unit of each goal");
        if (c != 0) gt(drift, 0, "what has no target is drift");
    }
}
