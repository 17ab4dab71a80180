// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Feed, SourceKind} from "../interfaces/IPriceOracle.sol";

/// @title The oracle's seats as one table of words: a token, then its four seats, each one word; the first empty one ends them
/// @dev A share's first seat is its rate's source, the word after it the share's underlying.
library Seats {
    /// @notice Voices on one token, at most.
    uint256 internal constant MOST = 4;
    uint256 private constant ROW = MOST + 1;
    uint256 private constant KIND = 160;
    uint256 private constant ALONE = 168;
    uint256 private constant DECIMALS = 176;
    uint256 private constant MAX_AGE = 184;
    uint256 private constant PHASE = 216;

    /// @return The table for so many tokens, empty.
    function table(uint256 tokens) internal pure returns (uint256[] memory) {
        return new uint256[](tokens * ROW);
    }

    /// @return first where in the table the token's first seat is; 0 for a token that is not in it
    function find(uint256[] memory seats, address token) internal pure returns (uint256 first) {
        if (token == address(0)) return 0;
        uint256 length = seats.length;
        // safe additions: a table fits the code of a contract
        unchecked {
            for (uint256 row; row < length; row += ROW) {
                if (seats[row] == uint160(token)) return row + 1;
            }
        }
    }

    /// @notice Enters a token in the row of that number. @return first where its first seat is
    function enter(uint256[] memory seats, uint256 row, address token) internal pure returns (uint256 first) {
        seats[row * ROW] = uint160(token);
        return row * ROW + 1;
    }

    /// @return The seat of a source that is asked by `latest`.
    function ofSource(address source, SourceKind kind) internal pure returns (uint256) {
        return uint160(source) | uint256(kind) << KIND;
    }

    /// @return The seat of a push source whose feed is read in its stead.
    function ofFeed(Feed memory feed) internal pure returns (uint256) {
        return uint160(feed.at) | uint256(SourceKind.PUSH) << KIND | uint256(1) << ALONE | uint256(feed.decimals)
            << DECIMALS | uint256(feed.maxAge) << MAX_AGE | uint256(feed.phase) << PHASE;
    }

    /// @return Whether the feed is read in the source's stead.
    function isFeed(uint256 seat) internal pure returns (bool) {
        return (seat >> ALONE) & 1 == 1;
    }

    function feedOf(uint256 seat) internal pure returns (Feed memory) {
        // casting is safe: each cuts its own part out of the word
        // forge-lint: disable-next-line(unsafe-typecast)
        return Feed(at(seat), uint8(seat >> DECIMALS), uint32(seat >> MAX_AGE), uint16(seat >> PHASE));
    }

    /// @return Who is asked.
    function at(uint256 seat) internal pure returns (address) {
        // casting is safe: it cuts its own part out of the word
        // forge-lint: disable-next-line(unsafe-typecast)
        return address(uint160(seat));
    }

    function kindOf(uint256 seat) internal pure returns (SourceKind) {
        // casting is safe: one byte, written above
        // forge-lint: disable-next-line(unsafe-typecast)
        return SourceKind(uint8(seat >> KIND));
    }

    /// @return taken how many seats are, of the token whose first seat is at `first`
    function count(uint256[] memory seats, uint256 first) internal pure returns (uint256 taken) {
        while (taken < MOST && seats[first + taken] != 0) ++taken;
    }
}
