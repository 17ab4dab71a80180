// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @notice What is called on a Uniswap V2 pair. Who calls `swap` has paid already; the pair checks by its own balances.
interface IUniswapV2Pair {
    /// @return reserve0 raw units of the lower token as of the last trade
    /// @return reserve1 the same of the higher one
    /// @return blockTimestampLast seconds, 32 bits of them
    function getReserves() external view returns (uint112 reserve0, uint112 reserve1, uint32 blockTimestampLast);
    /// @param data empty: no callback
    function swap(uint256 amount0Out, uint256 amount1Out, address to, bytes calldata data) external;
}
