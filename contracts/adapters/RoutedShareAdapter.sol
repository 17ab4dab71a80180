// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC4626} from "@openzeppelin/contracts/interfaces/IERC4626.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IAdapter, Swap} from "../interfaces/IAdapter.sol";
import {IPayer} from "../interfaces/IKeeperVault.sol";
import {ISwapRouter02} from "../interfaces/venues/ISwapRouter02.sol";
import {PathProbe} from "../libraries/PathProbe.sol";

/// @title Trades any token for an ERC-4626 share, and back, in one swap
/// @dev Venue: Uniswap's SwapRouter02. Data: the packed V3 path between the other token and the share's asset. Buying the
/// share is a trade into its asset and a deposit of all of it; selling it a redemption and a trade of all it brought. Without
/// it a portfolio on target in the asset could not move between the share and anything else: the asset's own target would be
/// crossed in between. Holds tokens only inside one call; what share and router say they gave is not believed.
/// @dev Warning: it is *not* checked that the venue is Uniswap's router, nor that the share is an honest ERC-4626 vault; the
/// caller's rulebook vouches for both.
contract RoutedShareAdapter is IAdapter {
    using SafeERC20 for IERC20;

    uint256 private constant ADDRESS_SIZE = 20;
    uint256 private constant HOP_SIZE = 3 + ADDRESS_SIZE;

    // --------------------------------------------------------------------------------------------------- swap

    /// @inheritdoc IAdapter
    /// @dev The least is held against the end alone: neither half of the way has one of its own.
    function swap(Swap calldata order) external returns (uint256 out) {
        if (order.partialFill) revert PartialFillUnsupported();
        (address first, address last) = _ends(order.data);
        uint256 held = IERC20(order.tokenOut).balanceOf(msg.sender);
        if (first == order.tokenIn) _enter(order, last);
        else _leave(order, first, last);
        out = IERC20(order.tokenOut).balanceOf(msg.sender) - held;
        if (out < order.minOut) revert BelowMin(out, order.minOut);
    }

    /// @inheritdoc IAdapter
    /// @dev The pools are those of the router's own factory. A share's own fee is not known.
    function probe(address tokenIn, address tokenOut, address venue, bytes calldata data)
        external
        view
        returns (uint256 feePips, address[] memory pools)
    {
        (address first, address last) = _ends(data);
        bool fits = first == tokenIn ? IERC4626(tokenOut).asset() == last : IERC4626(tokenIn).asset() == first;
        if (!fits || (first != tokenIn && last != tokenOut)) revert PathMismatch();
        return PathProbe.walk(venue, data);
    }

    function _enter(Swap calldata order, address asset) private {
        if (IERC4626(order.tokenOut).asset() != asset) revert PathMismatch();
        uint256 before = IERC20(asset).balanceOf(address(this));
        IPayer(msg.sender).pay(address(this), order.amountIn);
        _route(order, order.tokenIn, order.amountIn, address(this));
        uint256 got = IERC20(asset).balanceOf(address(this)) - before;
        IERC20(asset).forceApprove(order.tokenOut, got);
        IERC4626(order.tokenOut).deposit(got, msg.sender);
        _requireSpent(asset, order.tokenOut, got);
    }

    function _leave(Swap calldata order, address asset, address last) private {
        IERC4626 share = IERC4626(order.tokenIn);
        if (last != order.tokenOut || share.asset() != asset) revert PathMismatch();
        uint256 shares = share.balanceOf(address(this));
        uint256 before = IERC20(asset).balanceOf(address(this));
        IPayer(msg.sender).pay(address(this), order.amountIn);
        // the adapter redeems its own shares, drawn a moment ago, so nobody needs an allowance
        share.redeem(order.amountIn, address(this), address(this));
        uint256 kept = share.balanceOf(address(this));
        if (kept > shares) {
            revert NotFilled(order.amountIn - Math.min(kept - shares, order.amountIn), order.amountIn);
        }
        _route(order, asset, IERC20(asset).balanceOf(address(this)) - before, msg.sender);
    }

    /// @dev All of `amount` by the route's path, or the call reverts.
    function _route(Swap calldata order, address token, uint256 amount, address to) private {
        IERC20(token).forceApprove(order.venue, amount);
        ISwapRouter02(order.venue)
            .exactInput(
                ISwapRouter02.ExactInputParams({path: order.data, recipient: to, amountIn: amount, amountOutMinimum: 0})
            );
        _requireSpent(token, order.venue, amount);
    }

    function _requireSpent(address token, address spender, uint256 amount) private view {
        uint256 left = IERC20(token).allowance(address(this), spender);
        if (left != 0) revert NotFilled(amount - left, amount);
    }

    /// @dev The tokens at a packed path's two ends.
    function _ends(bytes calldata path) private pure returns (address first, address last) {
        if (path.length < ADDRESS_SIZE + HOP_SIZE || (path.length - ADDRESS_SIZE) % HOP_SIZE != 0) {
            revert PathMismatch();
        }
        first = address(bytes20(path[:ADDRESS_SIZE]));
        last = address(bytes20(path[path.length - ADDRESS_SIZE:]));
    }
}
