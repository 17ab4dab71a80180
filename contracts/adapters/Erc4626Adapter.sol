// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC4626} from "@openzeppelin/contracts/interfaces/IERC4626.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IAdapter, Swap} from "../interfaces/IAdapter.sol";
import {IPayer} from "../interfaces/IKeeperVault.sol";

/// @title Deposits into and redeems from an ERC-4626 vault
/// @dev Venue: the share. Data: none. Buying the share is a deposit of its asset, selling it a redemption. Holds tokens only
/// inside one call: what it drew is deposited or redeemed whole, or the call reverts. What the share says it gave is not
/// believed: the caller's balance is measured.
/// @dev Warning: it is *not* checked that the venue is an honest ERC-4626 vault; the caller's rulebook vouches for it.
contract Erc4626Adapter is IAdapter {
    using SafeERC20 for IERC20;

    // --------------------------------------------------------------------------------------------------- swap

    /// @inheritdoc IAdapter
    /// @dev A deposit is whole even where a part would do. A partial redemption draws what `maxRedeem` allows the caller now,
    /// and delivers at least minOut in proportion.
    function swap(Swap calldata order) external returns (uint256 out) {
        bool deposits = _checkVenue(order.tokenIn, order.tokenOut, order.venue, order.data);
        uint256 amount = deposits ? order.amountIn : _redeemable(order);
        uint256 held = IERC20(order.tokenOut).balanceOf(msg.sender);
        if (deposits) _deposit(order);
        else _redeem(order, amount);
        out = IERC20(order.tokenOut).balanceOf(msg.sender) - held;
        uint256 least = deposits ? order.minOut : Math.mulDiv(order.minOut, amount, order.amountIn, Math.Rounding.Ceil);
        if (out < least) revert BelowMin(out, least);
    }

    /// @inheritdoc IAdapter
    /// @dev A share's own fee is not known here; the vault finds it in what it gets.
    function probe(address tokenIn, address tokenOut, address venue, bytes calldata data)
        external
        view
        returns (uint256 feePips, address[] memory pools)
    {
        _checkVenue(tokenIn, tokenOut, venue, data);
        return (0, new address[](0));
    }

    /// @return deposits whether it buys the share; else it redeems
    function _checkVenue(address tokenIn, address tokenOut, address venue, bytes calldata data)
        private
        view
        returns (bool deposits)
    {
        if (data.length != 0) revert PathMismatch();
        deposits = venue == tokenOut;
        if (!deposits && venue != tokenIn) revert VenueMismatch(venue);
        if (IERC4626(venue).asset() != (deposits ? tokenIn : tokenOut)) revert PathMismatch();
    }

    /// @return amount shares to redeem: all, or for a partial fill what the share lets go of
    function _redeemable(Swap calldata order) private view returns (uint256 amount) {
        amount = order.amountIn;
        if (order.partialFill) amount = Math.min(amount, IERC4626(order.venue).maxRedeem(msg.sender));
        if (amount == 0) revert NotFilled(0, order.amountIn);
    }

    function _deposit(Swap calldata order) private {
        IERC20 asset = IERC20(order.tokenIn);
        IPayer(msg.sender).pay(address(this), order.amountIn);
        asset.forceApprove(order.venue, order.amountIn);
        IERC4626(order.venue).deposit(order.amountIn, msg.sender);
        uint256 left = asset.allowance(address(this), order.venue);
        if (left != 0) revert NotFilled(order.amountIn - left, order.amountIn);
    }

    /// @dev The adapter redeems its own shares, drawn a moment ago, so nobody needs an allowance.
    function _redeem(Swap calldata order, uint256 amount) private {
        IERC4626 share = IERC4626(order.venue);
        uint256 before = share.balanceOf(address(this));
        IPayer(msg.sender).pay(address(this), amount);
        share.redeem(amount, msg.sender, address(this));
        uint256 kept = share.balanceOf(address(this));
        if (kept > before) revert NotFilled(amount - Math.min(kept - before, amount), amount);
    }
}
