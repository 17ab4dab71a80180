// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Limits} from "../../../contracts/interfaces/IRulebook.sol";
import {Bucket, Levels} from "../../../contracts/libraries/Bucket.sol";
import {Base} from "../Base.sol";

/// The budgets of any window, held against every window of a random history.
contract BucketTest is Base {
    using Bucket for Levels;

    uint256 private constant CHARGES = 40;

    struct Charge {
        uint256 at;
        uint256 loss;
        uint256 turnover;
    }

    Limits private limits;

    function setUp() public {
        limits.lossDayBps = 15;
        limits.lossMonthBps = 75;
        limits.turnoverDayBps = 3000;
        limits.turnoverMonthBps = 20_000;
    }

    function test_capacity_is_half_of_what_is_published() public pure {
        eq(Bucket.capacity(3000), 15e16, "30 % published: 15 % at once");
        eq(Bucket.capacity(1), 5e13, "half a basis point");
    }

    function test_leaks_half_of_what_is_published_a_window_rounded_down() public pure {
        eq(Bucket.leaked(15e16, 3000, 1 days, 12 hours), 75e15, "half a day, half the bucket");
        eq(Bucket.leaked(10, 3000, 1 days, 0), 10, "no time, no leak");
        eq(Bucket.leaked(5e13, 1, 30 days, 1), 5e13 - uint256(5e13) / 30 days, "down: less leaks, more stays");
        eq(Bucket.leaked(15e16, 3000, 1 days, 1 days), 0, "empty after a window");
        eq(Bucket.leaked(1e15, 3000, 1 days, 23 hours), 0, "never below nothing");
    }

    function test_what_is_left_never_goes_below_nothing() public pure {
        eq(Bucket.left(0, 3000), 15e16, "empty bucket");
        eq(Bucket.left(15e16, 3000), 0, "full bucket");
        eq(Bucket.left(16e16, 3000), 0, "fuller than its capacity");
    }

    function test_the_tighter_window_decides() public view {
        Levels memory levels = Levels({lossDay: 0, lossMonth: 37e14, turnoverDay: 14e16, turnoverMonth: 0});
        eq(levels.lossLeft(limits), 375e13 - 37e14, "the month's loss");
        eq(levels.turnoverLeft(limits), 1e16, "the day's turnover");
    }

    /// Any charges that fit, at any times: every window of 24 h and of 30 d sums to at most the published figures.
    function testFuzz_every_window_stays_within_the_published_figures(uint256 seed) public view {
        Charge[] memory charges = new Charge[](CHARGES);
        Levels memory levels;
        uint256 at = 1;
        for (uint256 i; i < CHARGES; ++i) {
            uint256 dice = uint256(keccak256(abi.encode(seed, i)));
            uint256 pause = _pause(dice);
            at += pause;
            levels = levels.settled(limits, pause);
            charges[i] = Charge({
                at: at,
                loss: _part(levels.lossLeft(limits), dice >> 64),
                turnover: _part(levels.turnoverLeft(limits), dice >> 128)
            });
            levels.lossDay += SafeCast.toUint64(charges[i].loss);
            levels.lossMonth += SafeCast.toUint64(charges[i].loss);
            levels.turnoverDay += SafeCast.toUint64(charges[i].turnover);
            levels.turnoverMonth += SafeCast.toUint64(charges[i].turnover);
        }
        _checkWindows(charges, 1 days, 15e14, 3e17);
        _checkWindows(charges, 30 days, 75e14, 2e18);
    }

    /// Hours and days, the edges of the windows, and nothing at all.
    function _pause(uint256 dice) private pure returns (uint256) {
        if (dice % 8 == 0) return 0;
        if (dice % 8 == 1) return 1 days;
        if (dice % 8 == 2) return 1 days - 1;
        if (dice % 8 == 3) return (dice >> 32) % 10 days;
        return (dice >> 32) % 8 hours;
    }

    /// All of it as often as some of it: a thief takes all.
    function _part(uint256 left, uint256 dice) private pure returns (uint256) {
        return dice % 2 == 0 ? left : (dice >> 8) % (left + 1);
    }

    function _checkWindows(Charge[] memory charges, uint256 window, uint256 loss, uint256 turnover) private pure {
        for (uint256 first; first < charges.length; ++first) {
            uint256 sumLoss;
            uint256 sumTurnover;
            for (uint256 i = first; i < charges.length && charges[i].at <= charges[first].at + window; ++i) {
                sumLoss += charges[i].loss;
                sumTurnover += charges[i].turnover;
            }
            le(sumLoss, loss, "loss in a window");
            le(sumTurnover, turnover, "turnover in a window");
        }
    }

    /// The bound is no looser than it must be: full, wait a window, full again.
    function test_a_thief_gets_all_of_the_published_figure_and_no_more() public view {
        Levels memory levels;
        uint256 first = levels.turnoverLeft(limits);
        levels.turnoverDay = SafeCast.toUint64(first);
        levels = levels.settled(limits, 1 days);
        eq(first + levels.turnoverLeft(limits), 3e17, "30 % within a window whose both ends count");
    }

    /// The vulnerable twin: a counter of calendar days, as a rate limit keyed by `timestamp % period` has it.
    struct DayCounter {
        uint256 day;
        uint256 used;
    }

    function _takeAll(DayCounter memory counter, uint256 at) private pure returns (uint256 taken) {
        if (at / 1 days != counter.day) (counter.day, counter.used) = (at / 1 days, 0);
        taken = 3e17 - counter.used;
        counter.used += taken;
    }

    function test_the_same_thief_takes_twice_the_figure_from_a_counter_of_days() public view {
        DayCounter memory counter;
        Levels memory levels;
        uint256 ofCounter = _takeAll(counter, 1 days - 1) + _takeAll(counter, 1 days);
        uint256 ofBucket = levels.turnoverLeft(limits);
        levels.turnoverDay = SafeCast.toUint64(ofBucket);
        ofBucket += levels.settled(limits, 1).turnoverLeft(limits);
        eq(ofCounter, 6e17, "the twin: 60 % within a second");
        le(ofBucket, 3e17, "the bucket: at most 30 %");
    }
}
