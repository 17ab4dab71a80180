// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IAdapter, Swap} from "../interfaces/IAdapter.sol";
import {IPayer} from "../interfaces/IKeeperVault.sol";
import {IUniswapV2Pair} from "../interfaces/venues/IUniswapV2Pair.sol";

/// @title Trades with one Uniswap V2 pair directly
/// @dev Venue: the pair. Data: none. Never holds a token: the caller pays the pair, and the pair pays the caller. A pair is
/// authenticated by its CREATE2 address. All or nothing: a pair has no price limit to stop at.
contract UniswapV2Adapter is IAdapter {
    // ---------------------------------------------------------------------------------------------- constants

    /// @dev Every pair keeps 0.30 % of what is paid in, in whole thousandths: 1000 in count as 997.
    uint256 private constant FEE_KEPT = 997;
    uint256 private constant FEE_UNIT = 1_000;
    /// @dev The same in millionths.
    uint256 private constant FEE_PIPS = (FEE_UNIT - FEE_KEPT) * 1_000_000 / FEE_UNIT;

    // --------------------------------------------------------------------------------------------- immutables

    /// @notice The factory whose pairs are venues.
    address public immutable factory;
    /// @notice Hash of the creation code of its pairs.
    bytes32 public immutable pairInitCodeHash;

    constructor(address factory_, bytes32 pairInitCodeHash_) {
        factory = factory_;
        pairInitCodeHash = pairInitCodeHash_;
    }

    // --------------------------------------------------------------------------------------------------- swap

    /// @inheritdoc IAdapter
    /// @dev What was donated to the pair before is not counted as paid: it stays the pair's.
    function swap(Swap calldata order) external returns (uint256 out) {
        if (order.partialFill) revert PartialFillUnsupported();
        if (order.data.length != 0) revert PathMismatch();
        if (_pair(order.tokenIn, order.tokenOut) != order.venue) revert VenueMismatch(order.venue);
        bool zeroForOne = order.tokenIn < order.tokenOut;
        out = _amountOutDown(order, zeroForOne);
        if (out < order.minOut) revert BelowMin(out, order.minOut);
        IPayer(msg.sender).pay(order.venue, order.amountIn);
        (uint256 out0, uint256 out1) = zeroForOne ? (uint256(0), out) : (out, uint256(0));
        IUniswapV2Pair(order.venue).swap(out0, out1, msg.sender, "");
    }

    /// @inheritdoc IAdapter
    function probe(address tokenIn, address tokenOut, address venue, bytes calldata data)
        external
        view
        returns (uint256 feePips, address[] memory pools)
    {
        if (data.length != 0) revert PathMismatch();
        if (_pair(tokenIn, tokenOut) != venue) revert VenueMismatch(venue);
        pools = new address[](1);
        pools[0] = venue;
        return (FEE_PIPS, pools);
    }

    /// @return The most the pair gives for the whole amount: after the fee the product of its reserves may not fall.
    /// @dev An amount from 2^134 on would overflow and revert; a pair holds less than 2^112 of a token.
    function _amountOutDown(Swap calldata order, bool zeroForOne) private view returns (uint256) {
        (uint256 reserveIn, uint256 reserveOut,) = IUniswapV2Pair(order.venue).getReserves();
        if (!zeroForOne) (reserveIn, reserveOut) = (reserveOut, reserveIn);
        uint256 net = order.amountIn * FEE_KEPT;
        return net * reserveOut / (reserveIn * FEE_UNIT + net);
    }

    // -------------------------------------------------------------------------------------------------- pairs

    /// @return The CREATE2 address of the factory's pair of the two tokens.
    function _pair(address a, address b) private view returns (address) {
        (address token0, address token1) = a < b ? (a, b) : (b, a);
        bytes32 salt = keccak256(abi.encodePacked(token0, token1));
        return address(uint160(uint256(keccak256(abi.encodePacked(hex"ff", factory, salt, pairInitCodeHash)))));
    }
}
