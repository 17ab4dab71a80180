// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IPriceSource, SourceKind, Verdict} from "../interfaces/IPriceOracle.sol";

/// @notice A voice that says what the test tells it to, and counts nothing.
contract MockSource is IPriceSource {
    address public immutable token;
    SourceKind public kind;
    uint128 private _price;
    uint40 private _updatedAt;
    Verdict private _verdict;
    uint256 private _burn;

    constructor(address token_, SourceKind kind_, uint128 price_) {
        token = token_;
        kind = kind_;
        _price = price_;
        _updatedAt = uint40(block.timestamp);
    }

    function setPrice(uint128 price_) external {
        _price = price_;
    }

    function setVerdict(Verdict verdict_) external {
        _verdict = verdict_;
    }

    function setUpdatedAt(uint40 updatedAt_) external {
        _updatedAt = updatedAt_;
    }

    /// @notice From now on each answer costs about so much gas.
    function setBurn(uint256 gas_) external {
        _burn = gas_;
    }

    function latest() external view virtual returns (uint128, uint40, Verdict) {
        uint256 enough = gasleft() - _burn;
        while (gasleft() > enough) {}
        return (_price, _updatedAt, _verdict);
    }
}
