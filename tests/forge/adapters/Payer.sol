// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {IAdapter, Swap} from "../../../contracts/interfaces/IAdapter.sol";
import {IPayer} from "../../../contracts/interfaces/IKeeperVault.sol";

/// A vault reduced to its `pay`: only the adapter of the swap in flight, only to it or the venue, never more than agreed.
contract Payer is IPayer {
    using SafeERC20 for IERC20;

    error Refused(address caller, address to, uint256 amount);

    address private _adapter;
    address private _venue;
    address private _token;
    uint256 private _left;

    function swap(IAdapter adapter, Swap calldata order) external returns (uint256 out) {
        (_adapter, _venue, _token, _left) = (address(adapter), order.venue, order.tokenIn, order.amountIn);
        out = adapter.swap(order);
        _adapter = address(0);
    }

    function pay(address to, uint256 amount) external {
        bool fair = msg.sender == _adapter && (to == _adapter || to == _venue) && amount <= _left;
        if (!fair) revert Refused(msg.sender, to, amount);
        _left -= amount;
        IERC20(_token).safeTransfer(to, amount);
    }
}
