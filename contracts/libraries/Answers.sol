// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Claim, Quote, Route, Rules, Step} from "../interfaces/IRulebook.sol";

/// @title A trusted contract's answers, taken as they stand
/// @dev An encoded struct lies in memory as Solidity itself would hold it, but for its offsets, which count from the start of
/// the struct where Solidity wants pointers. So an answer is copied once and its offsets are made pointers, in place: no word
/// is checked or moved again, which costs a third of the gas and of the code of decoding.
/// @dev Warning: nothing is checked. Only for the vault's own rulebook, whose answers the compiler encoded from these very
/// types; a test holds each of these functions against `abi.decode`.
library Answers {
    /// @dev Bytes: where in Rules the offset of the assets stands (behind version, oracle and the 18 limits), and the shares; one
    /// asset; where in Route and Claim the offset of the data stands; one step.
    uint256 private constant RULES_ASSETS = 0x280;
    uint256 private constant RULES_SHARES = 0x2a0;
    uint256 private constant ASSET_SIZE = 0x140;
    uint256 private constant ROUTE_DATA = 0xe0;
    uint256 private constant CLAIM_DATA = 0x80;
    uint256 private constant STEP_SIZE = 0xe0;

    /// @notice Asks, and fails as the one asked does.
    /// @return at where the answer begins, in memory
    function ask(address who, bytes memory question) internal view returns (uint256 at) {
        assembly ("memory-safe") {
            let done := staticcall(gas(), who, add(question, 0x20), mload(question), 0, 0)
            at := mload(0x40)
            returndatacopy(at, 0, returndatasize())
            if iszero(done) { revert(at, returndatasize()) }
            mstore(0x40, and(add(add(at, returndatasize()), 0x1f), not(0x1f)))
        }
    }

    // each struct stands behind one word, the offset at which it begins

    function toRules(uint256 at) internal pure returns (Rules memory rules) {
        (uint256 toAssets, uint256 toShares, uint256 size) = (RULES_ASSETS, RULES_SHARES, ASSET_SIZE);
        assembly ("memory-safe") {
            at := add(at, 0x20)
            let assets := add(at, mload(add(at, toAssets)))
            let count := mload(assets)
            let list := mload(0x40)
            mstore(list, count)
            let end := add(list, 0x20)
            for { let asset := add(assets, 0x20) } count { count := sub(count, 1) } {
                mstore(end, asset)
                end := add(end, 0x20)
                asset := add(asset, size)
            }
            mstore(0x40, end)
            mstore(rules, mload(at))
            mstore(add(rules, 0x20), mload(add(at, 0x20)))
            mstore(add(rules, 0x40), add(at, 0x40)) // limits
            mstore(add(rules, 0x60), list)
            mstore(add(rules, 0x80), mload(add(at, toShares)))
        }
    }

    function toRoute(uint256 at) internal pure returns (Route memory way) {
        uint256 toData = ROUTE_DATA;
        assembly ("memory-safe") {
            at := add(at, 0x20)
            way := at
            let data := add(at, toData)
            mstore(data, add(at, mload(data)))
        }
    }

    function toQuote(uint256 at) internal pure returns (Quote memory quote) {
        uint256 toData = ROUTE_DATA;
        assembly ("memory-safe") {
            at := add(at, 0x20)
            quote := at
            let way := add(at, mload(at))
            mstore(at, way)
            let data := add(way, toData)
            mstore(data, add(way, mload(data)))
        }
    }

    function toClaim(uint256 at) internal pure returns (Claim memory claim) {
        uint256 toData = CLAIM_DATA;
        assembly ("memory-safe") {
            at := add(at, 0x20)
            claim := at
            let data := add(at, toData)
            mstore(data, add(at, mload(data)))
        }
    }

    /// @notice An exit plan: the refuge, and the steps.
    function toPlan(uint256 at) internal pure returns (uint8 refuge, Step[] memory steps) {
        uint256 size = STEP_SIZE;
        assembly ("memory-safe") {
            refuge := mload(at)
            let step := add(at, mload(add(at, 0x20)))
            steps := mload(0x40)
            let count := mload(step)
            mstore(steps, count)
            let end := add(steps, 0x20)
            step := add(step, 0x20)
            for {} count { count := sub(count, 1) } {
                mstore(end, step)
                end := add(end, 0x20)
                step := add(step, size)
            }
            mstore(0x40, end)
        }
    }
}
