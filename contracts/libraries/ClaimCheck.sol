// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC4626} from "@openzeppelin/contracts/interfaces/IERC4626.sol";
import {Asset} from "../interfaces/IRulebook.sol";

/// @title What a reward claim may not be
/// @dev Only what can be seen cheaply from outside: a selector, and ERC-4626's `asset()`.
library ClaimCheck {
    /// @dev For one `asset()`: WETH9 answers what it does not know with a deposit, which burns all that a static call is given.
    uint256 private constant ASK_GAS = 100_000;

    /// @notice Whether a call with this selector hands out the caller's tokens, or the right to them.
    function handsOut(bytes4 selector) internal pure returns (bool) {
        return selector == 0x095ea7b3 // approve(address,uint256)
            || selector == 0x39509351 // increaseAllowance(address,uint256)
            || selector == 0xd73dd623 // increaseApproval(address,uint256)
            || selector == 0xd505accf // permit(address,address,uint256,uint256,uint8,bytes32,bytes32)
            || selector == 0x8fcbaf0c // permit of DAI
            || selector == 0x87517c45 // approve of Permit2
            || selector == 0xa22cb465 // setApprovalForAll(address,bool)
            || selector == 0xcae9ca51 // approveAndCall(address,uint256,bytes)
            || selector == 0xa9059cbb // transfer(address,uint256)
            || selector == 0x23b872dd // transferFrom(address,address,uint256)
            || selector == 0x4000aea0; // transferAndCall(address,uint256,bytes)
    }

    /// @notice Whether the reward is a listed share, what a listed share stands on, or a share of a listed token.
    function isPrincipal(address reward, Asset[] memory assets) internal view returns (bool) {
        address under = underlying(reward);
        for (uint256 i; i < assets.length; ++i) {
            address token = assets[i].token;
            if (under == token || underlying(token) == reward) return true;
            if (under != address(0) && token == reward) return true;
        }
        return false;
    }

    /// @notice The asset of an ERC-4626 share; 0 where there is no such answer.
    function underlying(address share) internal view returns (address) {
        (bool answered, bytes memory word) = share.staticcall{gas: ASK_GAS}(abi.encodeCall(IERC4626.asset, ()));
        return answered && word.length == 32 ? address(uint160(abi.decode(word, (uint256)))) : address(0);
    }
}
