// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @notice What is read of a feed that speaks AggregatorV3: Chainlink and whatever imitates it.
interface IAggregatorV3 {
    function decimals() external view returns (uint8);
    /// @return roundId unused here
    /// @return answer price, or 0 up and 1 down for an L2 sequencer feed
    /// @return startedAt unix seconds; for a sequencer feed, of the last change of status
    /// @return updatedAt unix seconds
    /// @return answeredInRound unused here; deprecated by its maker
    function latestRoundData()
        external
        view
        returns (uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound);
}
