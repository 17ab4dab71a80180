// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IAdapter} from "../interfaces/IAdapter.sol";
import {IPeriphery, IUniswapV3Factory} from "../interfaces/venues/IUniswapV3Factory.sol";

/// @title The pools and the fee of a packed Uniswap V3 path
library PathProbe {
    uint256 private constant ADDRESS_SIZE = 20;
    uint256 private constant HOP_SIZE = 3 + ADDRESS_SIZE;

    /// @notice Walks a path whose length was checked, through the pools of the router's own factory.
    /// @return feePips sum of the hops' fees, millionths
    /// @return pools in order; reverts with VenueMismatch where the factory has none
    function walk(address router, bytes calldata path) internal view returns (uint256 feePips, address[] memory pools) {
        IUniswapV3Factory factory = IUniswapV3Factory(IPeriphery(router).factory());
        pools = new address[]((path.length - ADDRESS_SIZE) / HOP_SIZE);
        for (uint256 hop; hop < pools.length; ++hop) {
            bytes calldata here = path[hop * HOP_SIZE:];
            uint24 fee = uint24(bytes3(here[ADDRESS_SIZE:]));
            feePips += fee;
            // safe cast: takes the 20 bytes it wants
            // forge-lint: disable-next-line(unsafe-typecast)
            pools[hop] = factory.getPool(address(bytes20(here)), address(bytes20(here[HOP_SIZE:])), fee);
            if (pools[hop] == address(0)) revert IAdapter.VenueMismatch(router);
        }
    }
}
