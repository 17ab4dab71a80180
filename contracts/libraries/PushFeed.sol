// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Feed, Verdict} from "../interfaces/IPriceOracle.sol";
import {IAggregatorV3} from "../interfaces/venues/IAggregatorV3.sol";

/// @title Reads an AggregatorV3 and judges its answer; never reverts for what the feed does
library PushFeed {
    uint8 private constant PRICE_DECIMALS = 18;
    /// @dev Chainlink's proxies put the number of the aggregator behind them above the aggregator's own round.
    uint256 private constant PHASE_SHIFT = 64;
    uint256 private constant ROUND_SIZE = 160;

    /// @param gasCap the most that all calls together may use; the caller of this sees to it that there is so much
    /// @return price USD per whole token, 18 decimals, rounded down; 0 for an answer that is not positive or beyond 128 bits
    /// @return updatedAt unix seconds, at most 40 bits
    /// @return verdict ERROR, with zeros, where the feed reverts, burns its gas or answers garbage
    function read(Feed memory feed, uint256 gasCap)
        internal
        view
        returns (uint128 price, uint40 updatedAt, Verdict verdict)
    {
        uint256 before = gasleft();
        (bool answered, uint256 round, int256 answer, uint256 stamped) = _round(feed.at, gasCap);
        if (!answered) return (0, 0, Verdict.ERROR);
        price = _scaled(answer, feed.decimals);
        // casting is safe: compared in the same expression
        // forge-lint: disable-next-line(unsafe-typecast)
        updatedAt = stamped > type(uint40).max ? type(uint40).max : uint40(stamped);
        uint256 phase = round >> PHASE_SHIFT;
        if (phase == 0 || phase != feed.phase) {
            uint256 used = before - gasleft();
            uint256 decimals = _decimals(feed.at, used < gasCap ? gasCap - used : 0);
            if (decimals > type(uint8).max) return (0, 0, Verdict.ERROR);
            if (decimals != feed.decimals) return (price, updatedAt, Verdict.DECIMALS_CHANGED);
        }
        if (price == 0) return (0, updatedAt, Verdict.NOT_POSITIVE);
        if (stamped > block.timestamp) return (price, updatedAt, Verdict.FUTURE);
        // safe subtraction: compared in the line above
        unchecked {
            if (block.timestamp - stamped > feed.maxAge) verdict = Verdict.STALE;
        }
    }

    /// @dev At most 160 bytes are copied, whatever the feed returns, beyond the free memory pointer, and read at once.
    function _round(address feed, uint256 gasCap)
        private
        view
        returns (bool answered, uint256 round, int256 answer, uint256 stamped)
    {
        uint256 selector = uint32(IAggregatorV3.latestRoundData.selector);
        uint256 size = ROUND_SIZE;
        assembly ("memory-safe") {
            let out := mload(0x40)
            mstore(0x00, shl(224, selector))
            answered := staticcall(gasCap, feed, 0x00, 0x04, out, size)
            answered := and(answered, iszero(lt(returndatasize(), size)))
            round := mload(out)
            answer := mload(add(out, 0x20))
            stamped := mload(add(out, 0x60))
        }
        if (round > type(uint80).max) answered = false;
    }

    /// @return decimals beyond 255 where the feed has no answer
    function _decimals(address feed, uint256 gasCap) private view returns (uint256 decimals) {
        uint256 selector = uint32(IAggregatorV3.decimals.selector);
        assembly ("memory-safe") {
            mstore(0x00, shl(224, selector))
            let answered := staticcall(gasCap, feed, 0x00, 0x04, 0x00, 0x20)
            decimals := mload(0x00)
            if iszero(and(answered, gt(returndatasize(), 0x1f))) { decimals := not(0) }
        }
    }

    /// @return USD, 18 decimals, rounded down; 0 for what is not positive or beyond 128 bits
    function _scaled(int256 answer, uint8 decimals) private pure returns (uint128) {
        if (answer <= 0) return 0;
        // casting is safe: answer is above 0
        // forge-lint: disable-next-line(unsafe-typecast)
        uint256 raw = uint256(answer);
        // safe arithmetic: decimals are at most 36, and a raw of at most 2^128 times 10^18 is below 2^188
        unchecked {
            if (decimals > PRICE_DECIMALS) {
                raw /= 10 ** uint256(decimals - PRICE_DECIMALS);
            } else {
                if (raw > type(uint128).max) return 0;
                raw *= 10 ** uint256(PRICE_DECIMALS - decimals);
            }
        }
        // casting is safe: compared in the same expression
        // forge-lint: disable-next-line(unsafe-typecast)
        return raw > type(uint128).max ? 0 : uint128(raw);
    }
}
