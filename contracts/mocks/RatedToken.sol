// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {OddToken} from "./OddToken.sol";

/// @title An odd token that is listed as a share, with a rate that is told to it: tests only
contract RatedToken is OddToken {
    address public asset;
    /// @dev what 1e27 units are worth, in the asset's units
    uint256 public rate = 1e27;

    constructor(string memory symbol_, uint8 decimals_, address asset_) OddToken(symbol_, decimals_) {
        asset = asset_;
    }

    function setRate(uint256 rate_) external {
        rate = rate_;
    }

    function convertToAssets(uint256 shares) external view returns (uint256) {
        return shares * rate / 1e27;
    }
}
