// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {TickPrice} from "../../../contracts/libraries/TickPrice.sol";
import {Base} from "../Base.sol";

/// Expected values, in Python with 120 digits: int(Decimal("1.0001")**tick * Decimal(10)**(tokenDecimals - quoteDecimals) * q)
contract TickPriceTest is Base {
    function power(int256 n) external pure returns (uint256, uint256) {
        return TickPrice.power(n);
    }

    function test_a_tick_beyond_uniswaps_is_refused() public {
        vm.expectRevert(abi.encodeWithSelector(TickPrice.TickOutOfRange.selector, int256(887_273)));
        this.power(887_273);
    }

    function test_the_price_of_equal_decimals_at_and_beside_tick_0() public pure {
        _is(0, 18, 18, 1e18, 1e18);
        _is(1, 18, 18, 1e18, 1000100000000000000);
        _is(-1, 18, 18, 1e18, 999900009999000099);
        _is(-60000, 24, 24, 1e18, 2479495864288162);
    }

    function test_eighteen_decimals_against_six() public pure {
        _is(-201234, 18, 6, 1e18, 1823708271287539977242);
        _is(201234, 6, 18, 2000e18, 1096666627819809072);
        _is(-196000, 18, 6, 0.9999e18, 3077586748380564550360);
        _is(-414486, 18, 6, 1e18, 1000003965749);
    }

    function test_eight_decimals_against_eighteen_and_six() public pure {
        _is(258123, 8, 18, 2011e18, 32582999085023655843445);
        _is(-258123, 18, 8, 64000e18, 3950035405401250790995);
        _is(57000, 8, 6, 1e18, 29878224157082074325019);
    }

    function test_twenty_four_and_two_decimals() public pure {
        _is(-345405, 24, 6, 1e18, 1000003304789780500232);
        _is(345405, 6, 24, 123456789012345678, 123456381014959);
        _is(138162, 6, 24, 1e30, 999998678087145849);
        _is(276324, 2, 18, 1e18, 99999735617603);
    }

    function test_the_far_ticks() public pure {
        _is(443636, 6, 6, 1e9, 18446050711097703529776342895);
        _is(-443636, 6, 6, 1e32, 5421214631044);
        _is(-887272, 24, 6, 3e27, 8816870);
        _is(700000, 2, 24, 1e12, 250665060951483195525);
        _is(524288, 18, 18, 1000, 58667844441422969901301586);
        _is(-524288, 18, 18, 1e38, 1704511235278896);
    }

    function test_fuzz_one_tick_more_is_one_basis_point_more(uint256 seed) public pure {
        int256 tick = int256(bound(seed, 0, 800_000)) - 400_000;
        uint256 price = TickPrice.usd(tick, 1e18, 1e18, 1e38);
        uint256 next = TickPrice.usd(tick + 1, 1e18, 1e18, 1e38);
        // next = price * 1.0001, each rounded down by less than 1 and exact to 36 digits
        near(price * 10_001, next * 10_000, 20_000 + price / 1e32, "one basis point");
    }

    function test_fuzz_a_tick_and_its_negative_are_inverse(uint256 seed) public pure {
        int256 tick = int256(bound(seed, 0, 400_000));
        uint256 up = TickPrice.usd(tick, 1e18, 1e18, 1e18); // 1e18 * 1.0001^tick
        uint256 down = TickPrice.usd(-tick, 1e18, 1e18, 1e36); // 1e36 / 1.0001^tick
        le(up * down, 1e54, "both round down");
        le(1e54, (up + 1) * (down + 1), "by less than 1");
    }

    function _is(int256 tick, uint256 tokenDecimals, uint256 quoteDecimals, uint256 quotePrice, uint256 expected)
        private
        pure
    {
        eq(TickPrice.usd(tick, 10 ** tokenDecimals, 10 ** quoteDecimals, quotePrice), expected, "usd");
    }
}
