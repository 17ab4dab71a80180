// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {ISwapRouter02} from "../interfaces/venues/ISwapRouter02.sol";
import {MockToken} from "./MockToken.sol";

/// @notice A router that pays 2 for 1 in tokens it mints, and can be told to take or give less than it should.
contract MockRouter02 is ISwapRouter02 {
    using SafeERC20 for IERC20;

    uint256 public takeBps = 10_000;
    uint256 public giveBps = 10_000;
    bytes public lastPath;
    uint24 public lastFee;

    mapping(bytes32 hop => address) private _pools;

    /// @notice It is its own factory.
    function factory() external view returns (address) {
        return address(this);
    }

    function setPool(address one, address other, uint24 fee, address pool) external {
        _pools[keccak256(abi.encode(one, other, fee))] = pool;
        _pools[keccak256(abi.encode(other, one, fee))] = pool;
    }

    function getPool(address one, address other, uint24 fee) external view returns (address) {
        return _pools[keccak256(abi.encode(one, other, fee))];
    }

    function setBps(uint256 takeBps_, uint256 giveBps_) external {
        (takeBps, giveBps) = (takeBps_, giveBps_);
    }

    function exactInputSingle(ExactInputSingleParams calldata params) external payable returns (uint256) {
        lastFee = params.fee;
        return _fill(params.tokenIn, params.tokenOut, params.recipient, params.amountIn);
    }

    function exactInput(ExactInputParams calldata params) external payable returns (uint256) {
        lastPath = params.path;
        address tokenIn = address(bytes20(params.path[:20]));
        address tokenOut = address(bytes20(params.path[params.path.length - 20:]));
        return _fill(tokenIn, tokenOut, params.recipient, params.amountIn);
    }

    function _fill(address tokenIn, address tokenOut, address recipient, uint256 amountIn)
        private
        returns (uint256 out)
    {
        IERC20(tokenIn).safeTransferFrom(msg.sender, address(this), amountIn * takeBps / 10_000);
        out = 2 * amountIn * giveBps / 10_000;
        MockToken(tokenOut).mint(recipient, out);
    }
}
