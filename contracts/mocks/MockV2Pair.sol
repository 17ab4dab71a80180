// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {IUniswapV2Pair} from "../interfaces/venues/IUniswapV2Pair.sol";

/// @notice A constant product with a V2 pair's manners: paid beforehand, 0.30 % of it kept, not one unit given more.
contract MockV2Pair is IUniswapV2Pair {
    using SafeERC20 for IERC20;

    error NothingAsked();
    error ProductFell();

    IERC20 public token0;
    IERC20 public token1;
    uint112 private _reserve0;
    uint112 private _reserve1;

    function open(address a, address b) external {
        (token0, token1) = a < b ? (IERC20(a), IERC20(b)) : (IERC20(b), IERC20(a));
    }

    /// @notice Takes what it holds for its reserves.
    function sync() public {
        // casting is safe enough for a mock: tests mint less than 2^112
        // forge-lint: disable-next-line(unsafe-typecast)
        (_reserve0, _reserve1) = (uint112(token0.balanceOf(address(this))), uint112(token1.balanceOf(address(this))));
    }

    function getReserves() external view returns (uint112, uint112, uint32) {
        return (_reserve0, _reserve1, 0);
    }

    function swap(uint256 amount0Out, uint256 amount1Out, address to, bytes calldata) external {
        if (amount0Out == 0 && amount1Out == 0) revert NothingAsked();
        if (amount0Out > 0) token0.safeTransfer(to, amount0Out);
        if (amount1Out > 0) token1.safeTransfer(to, amount1Out);
        uint256 net0 = _net(token0, _reserve0, amount0Out);
        uint256 net1 = _net(token1, _reserve1, amount1Out);
        if (net0 * net1 < uint256(_reserve0) * _reserve1 * 1_000_000) revert ProductFell();
        sync();
    }

    /// @return What it holds in thousandths, three of each thousand paid in left out.
    function _net(IERC20 token, uint256 reserve, uint256 out) private view returns (uint256) {
        uint256 held = token.balanceOf(address(this));
        uint256 paid = held > reserve - out ? held - (reserve - out) : 0;
        return held * 1_000 - paid * 3;
    }
}
