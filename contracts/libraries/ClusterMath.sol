// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Cluster, SourceKind, Verdict, Voice} from "../interfaces/IPriceOracle.sol";

/// @title The cluster: which voices make the price
/// @dev The largest set of OK voices that lie within the spread, counts two or more and holds a push feed; of several as
/// large, the one with more push feeds; if that does not decide, none. "Within": (high - low) * 10000 <= spread * low.
/// Sorted by price a largest set has no gap, for a voice between two of its members could be added: so only runs of the
/// sorted voices are compared.
library ClusterMath {
    uint256 private constant BPS = 10_000;

    /// @dev The best run found so far: voices `from`..`from + size - 1` in the order of price; `tied`: another is as good.
    struct Best {
        uint256 from;
        uint256 size;
        uint256 push;
        bool tied;
    }

    /// @notice Whether two prices lie within `spreadBps / divisor` of each other.
    function within(uint256 low, uint256 high, uint256 spreadBps, uint256 divisor) internal pure returns (bool) {
        return (high - low) * BPS * divisor <= spreadBps * low;
    }

    /// @notice The cluster of two voices already known to be within the spread.
    function pair(uint128 a, uint128 b) internal pure returns (Cluster memory) {
        (uint128 low, uint128 high) = a <= b ? (a, b) : (b, a);
        return Cluster({mid: low + (high - low) / 2, low: low, high: high});
    }

    /// @notice Forms the cluster of `voices` and marks its members; all 0 where there is none.
    function form(Voice[] memory voices, uint256 spreadBps) internal pure returns (Cluster memory cluster) {
        Voice[] memory sorted = _okByPrice(voices);
        Best memory best = _largestRun(sorted, spreadBps);
        if (best.size == 0 || best.tied) return cluster;
        for (uint256 i = best.from; i < best.from + best.size; ++i) {
            sorted[i].inCluster = true; // the same Voice in memory as in `voices`
        }
        cluster.low = sorted[best.from].price;
        cluster.high = sorted[best.from + best.size - 1].price;
        uint128 lower = sorted[best.from + (best.size - 1) / 2].price;
        uint128 upper = sorted[best.from + best.size / 2].price;
        cluster.mid = lower + (upper - lower) / 2; // odd count: both are the same voice
    }

    function _okByPrice(Voice[] memory voices) private pure returns (Voice[] memory sorted) {
        sorted = new Voice[](voices.length);
        uint256 count;
        for (uint256 i; i < voices.length; ++i) {
            if (voices[i].verdict != Verdict.OK) continue;
            uint256 at = count++;
            for (; at > 0 && sorted[at - 1].price > voices[i].price; --at) {
                sorted[at] = sorted[at - 1];
            }
            sorted[at] = voices[i];
        }
        // `count` is at most the length the array was made with, so this only shortens it
        assembly ("memory-safe") {
            mstore(sorted, count)
        }
    }

    function _largestRun(Voice[] memory sorted, uint256 spreadBps) private pure returns (Best memory best) {
        for (uint256 from; from < sorted.length; ++from) {
            uint256 push;
            for (uint256 to = from; to < sorted.length; ++to) {
                if (!within(sorted[from].price, sorted[to].price, spreadBps, 1)) break;
                if (sorted[to].kind == SourceKind.PUSH) ++push;
                uint256 size = to - from + 1;
                if (size < 2 || push == 0 || size < best.size || (size == best.size && push < best.push)) continue;
                bool tied = size == best.size && push == best.push;
                best = Best({from: from, size: size, push: push, tied: tied});
            }
        }
    }
}
