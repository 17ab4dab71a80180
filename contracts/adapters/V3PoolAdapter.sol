// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IAdapter, Swap} from "../interfaces/IAdapter.sol";
import {IPayer} from "../interfaces/IKeeperVault.sol";
import {IUniswapV3Pool} from "../interfaces/venues/IUniswapV3Pool.sol";

/// @title Trades with one Uniswap V3 pool directly
/// @dev Venue: the pool. Data: abi.encode(uint24 fee). Never holds a token: inside the pool's callback the caller of `swap`
/// pays the pool itself. A pool is authenticated by its CREATE2 address, in `swap` and again in the callback.
contract V3PoolAdapter is IAdapter {
    using SafeCast for uint256;

    /// @dev What the callback needs; it travels through the pool and back.
    struct Fill {
        address payer;
        address tokenIn;
        address tokenOut;
        uint24 fee;
    }

    // ---------------------------------------------------------------------------------------------- constants

    /// @dev Uniswap V3's bounds on a pool's square root price, 96 fractional bits: those of ticks -887272 and 887272.
    uint160 private constant MIN_SQRT_PRICE = 4295128739;
    uint160 private constant MAX_SQRT_PRICE = 1461446703485210103287273052203988822378723970342;
    /// @dev Fees are in millionths.
    uint256 private constant FEE_UNIT = 1_000_000;

    // --------------------------------------------------------------------------------------------- immutables

    /// @notice The factory whose pools are venues.
    address public immutable factory;
    /// @notice Hash of the creation code of its pools.
    bytes32 public immutable poolInitCodeHash;

    constructor(address factory_, bytes32 poolInitCodeHash_) {
        factory = factory_;
        poolInitCodeHash = poolInitCodeHash_;
    }

    // --------------------------------------------------------------------------------------------------- swap

    /// @inheritdoc IAdapter
    /// @dev A partial fill stops where the pool's marginal price, fee included, falls to minOut / amountIn, so all that
    /// filled was at that price or better.
    function swap(Swap calldata order) external returns (uint256 out) {
        uint24 fee = abi.decode(order.data, (uint24));
        if (_pool(order.tokenIn, order.tokenOut, fee) != order.venue) revert VenueMismatch(order.venue);
        uint256 filled;
        (filled, out) = _trade(order, fee);
        if (!order.partialFill && filled != order.amountIn) revert NotFilled(filled, order.amountIn);
        uint256 least = order.minOut;
        if (filled != order.amountIn) least = Math.mulDiv(least, filled, order.amountIn, Math.Rounding.Ceil);
        if (out < least) revert BelowMin(out, least);
    }

    /// @inheritdoc IAdapter
    function probe(address tokenIn, address tokenOut, address venue, bytes calldata data)
        external
        view
        returns (uint256 feePips, address[] memory pools)
    {
        uint24 fee = abi.decode(data, (uint24));
        if (_pool(tokenIn, tokenOut, fee) != venue) revert VenueMismatch(venue);
        pools = new address[](1);
        pools[0] = venue;
        return (fee, pools);
    }

    /// @return filled raw units of tokenIn the pool took
    /// @return out raw units of tokenOut it sent to the caller
    function _trade(Swap calldata order, uint24 fee) private returns (uint256 filled, uint256 out) {
        bool zeroForOne = order.tokenIn < order.tokenOut;
        IUniswapV3Pool pool = IUniswapV3Pool(order.venue);
        bytes memory data =
            abi.encode(Fill({payer: msg.sender, tokenIn: order.tokenIn, tokenOut: order.tokenOut, fee: fee}));
        (int256 amount0, int256 amount1) =
            pool.swap(msg.sender, zeroForOne, order.amountIn.toInt256(), _limit(order, fee, zeroForOne), data);
        // casting is safe: an exact input gives the pool 0 or more of one token and takes 0 or more of the other
        // forge-lint: disable-next-line(unsafe-typecast)
        return zeroForOne ? (uint256(amount0), uint256(-amount1)) : (uint256(amount1), uint256(-amount0));
    }

    /// @notice The pool's call for its payment. Anyone else is refused; nothing here can pay but the caller of `swap`,
    /// which only the pool's own swap, begun by this adapter, carries in `data`.
    function uniswapV3SwapCallback(int256 amount0Delta, int256 amount1Delta, bytes calldata data) external {
        Fill memory fill = abi.decode(data, (Fill));
        if (_pool(fill.tokenIn, fill.tokenOut, fill.fee) != msg.sender) revert CallerRefused(msg.sender);
        int256 owed = fill.tokenIn < fill.tokenOut ? amount0Delta : amount1Delta;
        // casting is safe: the pool asks for 0 or more of the token it is given; a negative would ask for 2^255 and fail
        // forge-lint: disable-next-line(unsafe-typecast)
        IPayer(fill.payer).pay(msg.sender, uint256(owed));
    }

    // -------------------------------------------------------------------------------------------------- pools

    /// @return The CREATE2 address of the factory's pool for the two tokens and the fee.
    function _pool(address a, address b, uint24 fee) private view returns (address) {
        (address token0, address token1) = a < b ? (a, b) : (b, a);
        bytes32 salt = keccak256(abi.encode(token0, token1, fee));
        return address(uint160(uint256(keccak256(abi.encodePacked(hex"ff", factory, salt, poolInitCodeHash)))));
    }

    // ------------------------------------------------------------------------------------------------- limits

    /// @return Square root price, 96 fractional bits, at which the pool stops: the extreme for a whole fill.
    function _limit(Swap calldata order, uint24 fee, bool zeroForOne) private pure returns (uint160) {
        uint256 extreme = zeroForOne ? MIN_SQRT_PRICE + 1 : MAX_SQRT_PRICE - 1;
        uint256 limit = extreme;
        if (order.partialFill && order.minOut > 0) {
            // before the fee, so many units in buy so many out at the worst price accepted
            uint256 netIn = order.amountIn * (FEE_UNIT - fee);
            uint256 wanted = order.minOut * FEE_UNIT;
            // the pool's price is token1 per token0; rounded towards the side that fills less
            limit = zeroForOne
                ? Math.max(_sqrtX96(wanted, netIn, Math.Rounding.Ceil), extreme)
                : Math.min(_sqrtX96(netIn, wanted, Math.Rounding.Floor), extreme);
        }
        return limit.toUint160();
    }

    /// @return sqrt(numerator / denominator), 96 fractional bits; a ratio from 2^64 on with 64 bits of it exact
    function _sqrtX96(uint256 numerator, uint256 denominator, Math.Rounding rounding) private pure returns (uint256) {
        if (numerator >> 64 < denominator) {
            return Math.sqrt(Math.mulDiv(numerator, 1 << 192, denominator, rounding), rounding);
        }
        return Math.sqrt(Math.mulDiv(numerator, 1 << 128, denominator, rounding), rounding) << 32;
    }
}
