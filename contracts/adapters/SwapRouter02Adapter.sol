// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {IAdapter, Swap} from "../interfaces/IAdapter.sol";
import {IPayer} from "../interfaces/IKeeperVault.sol";
import {ISwapRouter02} from "../interfaces/venues/ISwapRouter02.sol";
import {PathProbe} from "../libraries/PathProbe.sol";

/// @title Trades through Uniswap's SwapRouter02, V3 pools, one hop or more
/// @dev Venue: the router. Data: the packed V3 path, token (20 bytes), then fee (3) and token (20) for each hop.
/// Holds tokens only inside one call: drawn from the caller, taken by the router whole or the call reverts.
/// @dev Warning: it is *not* checked that the venue is Uniswap's router; the caller's rulebook vouches for it.
contract SwapRouter02Adapter is IAdapter {
    using SafeERC20 for IERC20;

    uint256 private constant ADDRESS_SIZE = 20;
    uint256 private constant FEE_SIZE = 3;
    uint256 private constant HOP_SIZE = FEE_SIZE + ADDRESS_SIZE;

    /// @inheritdoc IAdapter
    function swap(Swap calldata order) external returns (uint256 out) {
        if (order.partialFill) revert PartialFillUnsupported();
        uint256 hops = _checkPath(order.tokenIn, order.tokenOut, order.data);
        IERC20 tokenIn = IERC20(order.tokenIn);
        IPayer(msg.sender).pay(address(this), order.amountIn);
        tokenIn.forceApprove(order.venue, order.amountIn);
        out = hops == 1 ? _single(order) : _multi(order);
        if (out < order.minOut) revert BelowMin(out, order.minOut);
        uint256 left = tokenIn.allowance(address(this), order.venue);
        if (left != 0) revert NotFilled(order.amountIn - left, order.amountIn);
    }

    /// @inheritdoc IAdapter
    /// @dev The pools are those of the router's own factory.
    function probe(address tokenIn, address tokenOut, address venue, bytes calldata data)
        external
        view
        returns (uint256 feePips, address[] memory pools)
    {
        _checkPath(tokenIn, tokenOut, data);
        return PathProbe.walk(venue, data);
    }

    function _single(Swap calldata order) private returns (uint256) {
        ISwapRouter02 router = ISwapRouter02(order.venue);
        ISwapRouter02.ExactInputSingleParams memory params = ISwapRouter02.ExactInputSingleParams({
            tokenIn: order.tokenIn,
            tokenOut: order.tokenOut,
            fee: uint24(bytes3(order.data[ADDRESS_SIZE:ADDRESS_SIZE + FEE_SIZE])),
            recipient: msg.sender,
            amountIn: order.amountIn,
            amountOutMinimum: order.minOut,
            sqrtPriceLimitX96: 0
        });
        return router.exactInputSingle(params);
    }

    function _multi(Swap calldata order) private returns (uint256) {
        ISwapRouter02 router = ISwapRouter02(order.venue);
        ISwapRouter02.ExactInputParams memory params = ISwapRouter02.ExactInputParams({
            path: order.data, recipient: msg.sender, amountIn: order.amountIn, amountOutMinimum: order.minOut
        });
        return router.exactInput(params);
    }

    /// @return hops pools on the path
    function _checkPath(address tokenIn, address tokenOut, bytes calldata path) private pure returns (uint256 hops) {
        uint256 size = path.length;
        if (size < ADDRESS_SIZE + HOP_SIZE || (size - ADDRESS_SIZE) % HOP_SIZE != 0) revert PathMismatch();
        address first = address(bytes20(path[:ADDRESS_SIZE]));
        address last = address(bytes20(path[size - ADDRESS_SIZE:]));
        if (first != tokenIn || last != tokenOut) revert PathMismatch();
        return (size - ADDRESS_SIZE) / HOP_SIZE;
    }
}
