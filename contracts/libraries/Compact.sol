// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Amounts in a few bits, rounded down
/// @dev Seven bits say where the highest bit of the amount stands, `tail` bits are those that follow it, the rest is cut. So
/// what is opened is never above what was packed, and less than one part in 2^tail below it. 0 and 1 pack as 0; what passes
/// 128 bits as the most that fits them.
library Compact {
    /// @return code below 2^(7 + tail)
    function packDown(uint256 amount, uint256 tail) internal pure returns (uint256 code) {
        if (amount < 2) return 0;
        if (amount > type(uint128).max) amount = type(uint128).max;
        uint256 highest = Math.log2(amount);
        uint256 cut = highest > tail ? amount >> (highest - tail) : amount << (tail - highest);
        return (highest << tail) + cut - (uint256(1) << tail); // the highest bit itself is known
    }

    /// @notice The amount that was packed, rounded down.
    function open(uint256 code, uint256 tail) internal pure returns (uint256) {
        if (code == 0) return 0;
        uint256 highest = code >> tail;
        uint256 cut = code - (highest << tail) + (uint256(1) << tail);
        return highest > tail ? cut << (highest - tail) : cut >> (tail - highest);
    }
}
