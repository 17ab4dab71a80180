// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Cluster, SourceKind, Verdict, Voice} from "../../../contracts/interfaces/IPriceOracle.sol";
import {ClusterMath} from "../../../contracts/libraries/ClusterMath.sol";
import {Base} from "../Base.sol";

contract ClusterMathTest is Base {
    uint256 private constant SPREAD = 100; // bps

    function test_no_voices_make_no_price() public pure {
        _same(ClusterMath.form(new Voice[](0), SPREAD), 0, 0, 0);
    }

    function test_one_voice_makes_no_price() public pure {
        Voice[] memory voices = new Voice[](1);
        voices[0] = _push(100);
        _same(ClusterMath.form(voices, SPREAD), 0, 0, 0);
        require(!voices[0].inCluster, "alone");
    }

    function test_twaps_alone_make_no_price() public pure {
        Voice[] memory voices = _four(_twap(100), _twap(100), _twap(100), _push(110));
        _same(ClusterMath.form(voices, SPREAD), 0, 0, 0);
        _members(voices, 0);
    }

    function test_two_push_feeds_beyond_the_spread_make_no_price() public pure {
        Voice[] memory voices = new Voice[](2);
        (voices[0], voices[1]) = (_push(10_000), _push(10_101));
        _same(ClusterMath.form(voices, SPREAD), 0, 0, 0);
    }

    function test_a_voice_that_is_not_ok_is_not_counted() public pure {
        Voice[] memory voices = new Voice[](2);
        (voices[0], voices[1]) = (_push(100), _push(100));
        for (uint8 verdict = 1; verdict <= uint8(type(Verdict).max); ++verdict) {
            voices[1].verdict = Verdict(verdict);
            _same(ClusterMath.form(voices, SPREAD), 0, 0, 0);
        }
    }

    function test_two_pairs_with_as_many_push_feeds_make_no_price() public pure {
        Voice[] memory voices = _four(_push(100), _twap(100), _push(110), _twap(110));
        _same(ClusterMath.form(voices, SPREAD), 0, 0, 0);
        _members(voices, 0);
    }

    function test_overlapping_pairs_with_as_many_push_feeds_make_no_price() public pure {
        Voice[] memory voices = new Voice[](3);
        (voices[0], voices[1], voices[2]) = (_push(10_000), _push(10_090), _push(10_180));
        _same(ClusterMath.form(voices, SPREAD), 0, 0, 0);
    }

    function test_of_two_pairs_the_one_with_more_push_feeds_wins() public pure {
        Voice[] memory voices = _four(_push(110), _push(110), _push(100), _twap(100));
        _same(ClusterMath.form(voices, SPREAD), 110, 110, 110);
        _members(voices, 3); // bits 0 and 1
    }

    function test_the_spread_itself_is_still_within() public pure {
        Voice[] memory voices = new Voice[](2);
        (voices[0], voices[1]) = (_push(10_100), _push(10_000));
        _same(ClusterMath.form(voices, SPREAD), 10_050, 10_000, 10_100);
    }

    function test_a_lying_minority_is_dropped_and_named() public pure {
        Voice[] memory voices = new Voice[](3);
        (voices[0], voices[1], voices[2]) = (_push(1), _push(10_000), _twap(10_001));
        _same(ClusterMath.form(voices, SPREAD), 10_000, 10_000, 10_001); // mean 10000.5 rounded down
        _members(voices, 6); // bits 1 and 2
    }

    function test_the_median_of_three_is_the_middle_one_and_of_four_the_mean_of_the_middle_two() public pure {
        Voice[] memory voices = _four(_push(10_050), _push(10_010), _twap(10_000), _push(20_000));
        _same(ClusterMath.form(voices, SPREAD), 10_010, 10_000, 10_050);
        voices = _four(_push(10_050), _push(10_010), _twap(10_000), _push(10_031));
        _same(ClusterMath.form(voices, SPREAD), 10_020, 10_000, 10_050);
    }

    function test_the_widest_prices_do_not_overflow() public pure {
        uint128 most = type(uint128).max;
        Voice[] memory voices = _four(_push(most), _push(most), _push(most), _push(most));
        _same(ClusterMath.form(voices, SPREAD), most, most, most);
    }

    /// Against every subset: the rule read literally.
    function test_fuzz_the_cluster_is_the_one_that_trying_every_subset_finds(uint256 seed) public pure {
        Voice[] memory voices = _random(seed);
        (uint256 mask, uint256 count) = _bruteForce(voices);
        Cluster memory got = ClusterMath.form(voices, SPREAD);
        if (count != 1) {
            _same(got, 0, 0, 0);
            _members(voices, 0);
            return;
        }
        _members(voices, mask);
        (uint128 low, uint128 high) = (type(uint128).max, 0);
        for (uint256 i; i < voices.length; ++i) {
            if (mask >> i & 1 == 0) continue;
            if (voices[i].price < low) low = voices[i].price;
            if (voices[i].price > high) high = voices[i].price;
        }
        require(got.low == low && got.high == high, "ends");
        require(_splits(voices, mask, got.mid), "median");
    }

    /// Half the members at or below the median rounded up, half at or above it.
    function _splits(Voice[] memory voices, uint256 mask, uint128 mid) private pure returns (bool) {
        (uint256 size, uint256 below, uint256 above) = (0, 0, 0);
        for (uint256 i; i < voices.length; ++i) {
            if (mask >> i & 1 == 0) continue;
            ++size;
            if (voices[i].price <= mid + 1) ++below;
            if (voices[i].price >= mid) ++above;
        }
        return 2 * below >= size && 2 * above >= size;
    }

    /// @return best the winning subset as a bit mask; count: how many are as good (1 = a winner, 0 or more = none)
    function _bruteForce(Voice[] memory voices) private pure returns (uint256 best, uint256 count) {
        uint256 bestScore;
        for (uint256 mask = 1; mask < 2 ** voices.length; ++mask) {
            (bool fits, uint256 size, uint256 push) = _rate(voices, mask);
            if (!fits || size < 2 || push == 0) continue;
            uint256 score = size * 10 + push;
            if (score > bestScore) (best, bestScore, count) = (mask, score, 1);
            else if (score == bestScore) ++count;
        }
    }

    function _rate(Voice[] memory voices, uint256 mask) private pure returns (bool, uint256 size, uint256 push) {
        for (uint256 i; i < voices.length; ++i) {
            if (mask >> i & 1 == 0) continue;
            if (voices[i].verdict != Verdict.OK) return (false, 0, 0);
            ++size;
            if (voices[i].kind == SourceKind.PUSH) ++push;
            for (uint256 j; j < voices.length; ++j) {
                if (mask >> j & 1 == 0 || voices[j].price > voices[i].price) continue;
                uint256 gap = uint256(voices[i].price) - voices[j].price;
                if (gap * 10_000 > SPREAD * voices[j].price) return (false, 0, 0);
            }
        }
        return (true, size, push);
    }

    function _random(uint256 seed) private pure returns (Voice[] memory voices) {
        voices = new Voice[](seed % 5);
        for (uint256 i; i < voices.length; ++i) {
            uint256 dice = uint256(keccak256(abi.encode(seed, i)));
            // steps of a third of the spread, so that ties and edges are common
            voices[i].price = uint128(30_000 + (dice % 10) * 100);
            voices[i].kind = (dice >> 32) % 5 < 3 ? SourceKind.PUSH : SourceKind.TWAP;
            voices[i].verdict = (dice >> 64) % 8 == 0 ? Verdict.STALE : Verdict.OK;
        }
    }

    function _members(Voice[] memory voices, uint256 mask) private pure {
        for (uint256 i; i < voices.length; ++i) {
            require(voices[i].inCluster == (mask >> i & 1 == 1), "member");
        }
    }

    function _same(Cluster memory got, uint256 mid, uint256 low, uint256 high) private pure {
        eq(got.mid, mid, "mid");
        eq(got.low, low, "low");
        eq(got.high, high, "high");
    }

    function _push(uint128 price) private pure returns (Voice memory voice) {
        (voice.price, voice.kind) = (price, SourceKind.PUSH);
    }

    function _twap(uint128 price) private pure returns (Voice memory voice) {
        (voice.price, voice.kind) = (price, SourceKind.TWAP);
    }

    function _four(Voice memory a, Voice memory b, Voice memory c, Voice memory d)
        private
        pure
        returns (Voice[] memory voices)
    {
        voices = new Voice[](4);
        (voices[0], voices[1], voices[2], voices[3]) = (a, b, c, d);
    }
}
