// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @notice One swap through a venue.
/// @param amountIn the most to draw, units of tokenIn
/// @param minOut the least to deliver for all of `amountIn`, units of tokenOut
/// @param partialFill true: sell only as much as fills at minOut/amountIn or better; false: all of it or revert
/// @param venue, data the route's, fixed by the owner
struct Swap {
    address tokenIn;
    address tokenOut;
    uint256 amountIn;
    uint256 minOut;
    bool partialFill;
    address venue;
    bytes data;
}

/// @title A stateless door to one kind of venue: token A in, token B out
/// @dev Called by any vault; the caller is payer and receiver. It draws the payment with `IPayer(msg.sender).pay`, to itself
/// or to the venue, keeps nothing, leaves no allowance, and authenticates whoever calls it back.
interface IAdapter {
    error PathMismatch();
    error BelowMin(uint256 out, uint256 minOut);
    error CallerRefused(address caller);
    error VenueMismatch(address venue);
    error PartialFillUnsupported();
    error NotFilled(uint256 filled, uint256 amountIn);

    /// @return out units of tokenOut delivered to the caller
    function swap(Swap calldata order) external returns (uint256 out);
    /// @notice What registration asks of a route: reverts where this venue does not trade these tokens by this data.
    /// @return feePips what the venue keeps of a trade, millionths; over several pools the sum, which is at least the whole
    /// @return pools whose price a trade moves, in order; none for a share
    function probe(address tokenIn, address tokenOut, address venue, bytes calldata data)
        external
        view
        returns (uint256 feePips, address[] memory pools);
}
