// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

interface ISwapCallback {
    function uniswapV3SwapCallback(int256 amount0Delta, int256 amount1Delta, bytes calldata data) external;
}

/// @notice Ways in which a pool can cheat whoever swaps with it.
enum PoolTrick {
    NONE,
    ASKS_MORE, // asks for one unit more than was offered
    SENDS_LESS, // sends and reports half of what the curve gives
    ASKS_TWICE // calls back a second time
}

/// @notice One position over all prices, with a V3 pool's manners: fee on the way in, price limit, pay in the callback.
contract MockV3Pool {
    using SafeCast for *;
    using SafeERC20 for IERC20;

    uint256 private constant Q96 = 1 << 96;
    uint256 private constant FEE_UNIT = 1_000_000;

    address public token0;
    address public token1;
    uint24 public fee;
    uint256 public sqrtPrice;
    uint256 public liquidity;
    PoolTrick public trick;

    error PriceLimit();
    error Unpaid(uint256 got, uint256 owed);

    function open(address a, address b, uint24 fee_, uint256 sqrtPriceX96, uint256 liquidity_) external {
        (token0, token1) = a < b ? (a, b) : (b, a);
        (fee, sqrtPrice, liquidity) = (fee_, sqrtPriceX96, liquidity_);
    }

    function setTrick(PoolTrick trick_) external {
        trick = trick_;
    }

    function swap(address recipient, bool zeroForOne, int256 specified, uint160 limit, bytes calldata data)
        external
        returns (int256 amount0, int256 amount1)
    {
        if (zeroForOne ? limit >= sqrtPrice : limit <= sqrtPrice) revert PriceLimit();
        (uint256 owed, uint256 out) = _move(zeroForOne, specified.toUint256(), limit);
        if (trick == PoolTrick.ASKS_MORE) ++owed;
        if (trick == PoolTrick.SENDS_LESS) out /= 2;
        (address tokenIn, address tokenOut) = zeroForOne ? (token0, token1) : (token1, token0);
        IERC20(tokenOut).safeTransfer(recipient, out);
        (amount0, amount1) = zeroForOne ? (owed.toInt256(), -out.toInt256()) : (-out.toInt256(), owed.toInt256());
        uint256 before = IERC20(tokenIn).balanceOf(address(this));
        ISwapCallback(msg.sender).uniswapV3SwapCallback(amount0, amount1, data);
        if (trick == PoolTrick.ASKS_TWICE) ISwapCallback(msg.sender).uniswapV3SwapCallback(amount0, amount1, data);
        uint256 got = IERC20(tokenIn).balanceOf(address(this)) - before;
        if (got < owed) revert Unpaid(got, owed);
    }

    /// Rounds in the pool's favour: what it takes up, what it gives down.
    function _move(bool zeroForOne, uint256 amountIn, uint256 limit) private returns (uint256 owed, uint256 out) {
        uint256 net = Math.mulDiv(amountIn, FEE_UNIT - fee, FEE_UNIT);
        uint256 next = _next(zeroForOne, net);
        bool stopped = zeroForOne ? next < limit : next > limit;
        uint256 from = sqrtPrice;
        sqrtPrice = stopped ? limit : next;
        (uint256 low, uint256 high) = zeroForOne ? (sqrtPrice, from) : (from, sqrtPrice);
        uint256 amount0Up = Math.mulDiv(liquidity << 96, high - low, high, Math.Rounding.Ceil);
        uint256 amount1Up = Math.mulDiv(liquidity, high - low, Q96, Math.Rounding.Ceil);
        out =
            zeroForOne ? Math.mulDiv(liquidity, high - low, Q96) : Math.mulDiv(liquidity << 96, high - low, high) / low;
        owed = zeroForOne ? Math.ceilDiv(amount0Up, low) : amount1Up;
        owed = stopped ? Math.mulDiv(owed, FEE_UNIT, FEE_UNIT - fee, Math.Rounding.Ceil) : amountIn;
    }

    function _next(bool zeroForOne, uint256 net) private view returns (uint256) {
        if (!zeroForOne) return sqrtPrice + Math.mulDiv(net, Q96, liquidity);
        uint256 grown = (liquidity << 96) + net * sqrtPrice;
        return Math.mulDiv(liquidity << 96, sqrtPrice, grown, Math.Rounding.Ceil);
    }
}
