// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @notice What is called on a Uniswap V3 pool.
interface IUniswapV3Pool {
    function token0() external view returns (address);
    function token1() external view returns (address);
    /// @return sqrtPriceX96 square root of token1 raw units per token0 raw unit, 96 fractional bits
    /// @return tick the current tick
    /// @return observationIndex newest observation
    /// @return observationCardinality observations kept
    /// @return observationCardinalityNext observations that will be kept once the ring has grown
    function slot0()
        external
        view
        returns (
            uint160 sqrtPriceX96,
            int24 tick,
            uint16 observationIndex,
            uint16 observationCardinality,
            uint16 observationCardinalityNext,
            uint8 feeProtocol,
            bool unlocked
        );
    /// @notice Cumulative tick and seconds per liquidity (128 fractional bits) so many seconds ago; reverts "OLD" when
    /// the pool's history does not reach back so far.
    function observe(uint32[] calldata secondsAgos)
        external
        view
        returns (int56[] memory tickCumulatives, uint160[] memory secondsPerLiquidityCumulativeX128s);
    /// @param amountSpecified positive: exact input, raw units
    /// @return amount0 what the pool received of token0 (negative: paid out), raw units
    /// @return amount1 the same for token1
    function swap(
        address recipient,
        bool zeroForOne,
        int256 amountSpecified,
        uint160 sqrtPriceLimitX96,
        bytes calldata data
    ) external returns (int256 amount0, int256 amount1);
}
