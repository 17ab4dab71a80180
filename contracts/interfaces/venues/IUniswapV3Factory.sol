// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @notice What is called on Uniswap V3's factory.
interface IUniswapV3Factory {
    /// @return The pool of two tokens, in either order, at a fee in millionths; 0 where there is none.
    function getPool(address one, address other, uint24 fee) external view returns (address);
}

/// @notice What a router says of itself.
interface IPeriphery {
    function factory() external view returns (address);
}
