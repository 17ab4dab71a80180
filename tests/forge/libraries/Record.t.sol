// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Compact} from "../../../contracts/libraries/Compact.sol";
import {Record} from "../../../contracts/libraries/Record.sol";
import {Base} from "../Base.sol";

/// What is on record is never above what was seen, and not far below it.
contract RecordTest is Base {
    function testFuzz_a_packed_amount_is_rounded_down_by_less_than_one_part_in_2_to_the_tail(
        uint128 amount,
        uint8 width,
        uint8 pick
    ) public pure {
        uint256 tail = pick % 2 == 0 ? 9 : 25;
        uint256 small = uint256(amount) >> (width % 128); // every size alike
        uint256 code = Compact.packDown(small, tail);
        uint256 opened = Compact.open(code, tail);
        le(opened, small, "never above");
        if (small > 1) gt(opened << tail, (small << tail) - small, "less than a part below");
        gt(uint256(1) << (7 + tail), code, "in its bits");
    }

    function testFuzz_a_greater_amount_packs_no_lower(uint128 a, uint128 b) public pure {
        (uint256 low, uint256 high) = a < b ? (a, b) : (b, a);
        le(Compact.packDown(low, 9), Compact.packDown(high, 9), "codes in order");
    }

    function test_the_ends() public pure {
        eq(Compact.packDown(0, 9), 0, "nothing");
        eq(Compact.packDown(1, 9), 0, "one unit");
        eq(Compact.open(Compact.packDown(2, 9), 9), 2, "two");
        eq(Compact.open(Compact.packDown(1023, 9), 9), 1023, "exact below 1024");
        eq(Compact.open(Compact.packDown(1025, 9), 9), 1024, "cut above");
        eq(Compact.packDown(type(uint256).max, 9), type(uint16).max, "no more than fits");
        eq(Compact.packDown(type(uint256).max, 25), type(uint32).max, "no more than fits");
    }

    function testFuzz_each_balance_has_its_own_place(uint128[16] memory held) public pure {
        uint256 word;
        for (uint256 i; i < 16; ++i) {
            word |= Record.balance(i, held[i]);
        }
        for (uint256 i; i < 16; ++i) {
            uint256 told = Record.balanceOf(word, i);
            le(told, held[i], "never above");
            if (held[i] > 1) gt(told * 512, uint256(held[i]) * 511, "nor far below");
        }
    }

    /// The first eight shares have a place, whichever assets they are; the others, and what is no share, have none.
    function testFuzz_each_rate_has_its_own_place(uint16 shares, uint96 rate) public pure {
        uint256 word;
        uint256 place;
        uint256 from = bound(rate, 1e9, type(uint96).max);
        for (uint256 i; i < 16; ++i) {
            if ((shares >> i) & 1 == 1) word |= Record.rate(place++, from + i * 1e8);
        }
        place = 0;
        for (uint256 i; i < 16; ++i) {
            uint256 told = Record.rateOf(word, shares, i);
            if ((shares >> i) & 1 == 0 || place++ > 7) {
                eq(told, 0, "none");
                continue;
            }
            le(told, from + i * 1e8, "never above");
            gt(told + (from + i * 1e8) / 33e6 + 1, from + i * 1e8, "nor far below");
        }
    }
}
