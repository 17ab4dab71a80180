// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IDerivedSource, SourceKind, Verdict} from "../interfaces/IPriceOracle.sol";

/// @notice A rate that says what the test tells it to, or lets another source misbehave in its place.
contract MockRate is IDerivedSource {
    SourceKind public constant kind = SourceKind.DERIVED;
    address public immutable token;
    address public immutable underlying;
    uint128 private _rate;
    Verdict private _verdict;
    address private _mischief;

    constructor(address token_, address underlying_, uint128 rate_) {
        (token, underlying, _rate) = (token_, underlying_, rate_);
    }

    function setPrice(uint128 rate_) external {
        _rate = rate_;
    }

    function setVerdict(Verdict verdict_) external {
        _verdict = verdict_;
    }

    /// @notice From now on whatever `source` answers or does is what this answers or does.
    function setMischief(address source) external {
        _mischief = source;
    }

    function latest() external view returns (uint128, uint40, Verdict) {
        if (_mischief == address(0)) return (_rate, uint40(block.timestamp), _verdict);
        (bool ok, bytes memory data) = _mischief.staticcall(msg.data);
        assembly ("memory-safe") {
            if ok { return(add(data, 0x20), mload(data)) }
            revert(add(data, 0x20), mload(data))
        }
    }
}
