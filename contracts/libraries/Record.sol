// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Compact} from "./Compact.sol";

/// @title Balances and rates on record, a word of each
/// @dev Balances: 16 bits an asset, by its index, rounded down by less than 1 in 512. Rates: 32 bits a share, the first eight of
/// the listed ones in their order, rounded down by less than 1 in 33 million. 0 = nothing on record.
library Record {
    uint256 private constant BALANCE_BITS = 16;
    uint256 private constant BALANCE_TAIL = 9;
    uint256 private constant RATE_BITS = 32;
    uint256 private constant RATE_TAIL = 25;

    /// @notice A balance in its place.
    function balance(uint256 asset, uint256 held) internal pure returns (uint256) {
        return Compact.packDown(held, BALANCE_TAIL) << (asset * BALANCE_BITS);
    }

    /// @notice A rate in its place; the ninth and later shift out of the word.
    function rate(uint256 place, uint256 found) internal pure returns (uint256) {
        return Compact.packDown(found, RATE_TAIL) << (place * RATE_BITS);
    }

    /// @notice Token units, rounded down.
    function balanceOf(uint256 balances, uint256 asset) internal pure returns (uint256) {
        return Compact.open((balances >> (asset * BALANCE_BITS)) & type(uint16).max, BALANCE_TAIL);
    }

    /// @notice A share's rate, rounded down; 0 for what is no share. @param shares a bit an asset
    function rateOf(uint256 rates, uint256 shares, uint256 asset) internal pure returns (uint256) {
        if ((shares >> asset) & 1 == 0) return 0;
        uint256 place;
        for (uint256 i; i < asset; ++i) {
            place += (shares >> i) & 1;
        }
        return Compact.open((rates >> (place * RATE_BITS)) & type(uint32).max, RATE_TAIL);
    }
}
