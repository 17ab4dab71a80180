// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IAggregatorV3} from "../interfaces/venues/IAggregatorV3.sol";

/// @notice An AggregatorV3 that answers what the test tells it to.
contract MockFeed is IAggregatorV3 {
    uint8 public decimals;
    int256 private _answer;
    uint256 private _startedAt;
    uint256 private _updatedAt;
    uint80 private _roundId = 1;

    constructor(uint8 decimals_, int256 answer_) {
        decimals = decimals_;
        _answer = answer_;
        _startedAt = block.timestamp;
        _updatedAt = block.timestamp;
    }

    function setDecimals(uint8 decimals_) external {
        decimals = decimals_;
    }

    function setRound(int256 answer_, uint256 startedAt_, uint256 updatedAt_) external {
        (_answer, _startedAt, _updatedAt) = (answer_, startedAt_, updatedAt_);
    }

    /// @notice Above the 64th bit stands the phase, as Chainlink's proxies have it.
    function setRoundId(uint80 roundId_) external {
        _roundId = roundId_;
    }

    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        return (_roundId, _answer, _startedAt, _updatedAt, _roundId);
    }
}
