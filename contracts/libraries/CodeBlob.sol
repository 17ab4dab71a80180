// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title Bytes kept as the code of a contract: written once, read whole
/// @dev Reading costs one cold account and three gas a word, where storage costs 2,100 a word; writing costs 200 gas a byte.
/// The first byte of the code is STOP, so that it does nothing when called and is not refused as EIP-3541 refuses 0xef;
/// EIP-170 lets 24,575 bytes follow. Nothing in it can destroy it.
library CodeBlob {
    error BlobRefused(uint256 size);

    /// @dev PUSH2 (the size), DUP1, PUSH1 10, RETURNDATASIZE, CODECOPY, RETURNDATASIZE, RETURN: return all that follows these
    /// ten bytes. RETURNDATASIZE is 0 there.
    bytes1 private constant HEAD = hex"61";
    bytes7 private constant TAIL = hex"80600a3d393df3";
    bytes1 private constant STOP = hex"00";
    uint256 private constant LARGEST = 24_575;

    /// @return blob the contract whose code, after its first byte, is `data`
    function write(bytes memory data) internal returns (address blob) {
        if (data.length > LARGEST) revert BlobRefused(data.length);
        // safe cast: at most 24,576
        bytes memory creation = abi.encodePacked(HEAD, uint16(data.length + 1), TAIL, STOP, data);
        assembly ("memory-safe") {
            blob := create(0, add(creation, 0x20), mload(creation))
        }
        if (blob == address(0)) revert BlobRefused(data.length);
    }

    /// @notice How many bytes `blob` holds.
    function lengthOf(address blob) internal view returns (uint256) {
        return blob.code.length - 1;
    }

    /// @notice Ends the call with so many bytes of `blob`, from that byte on, as its answer.
    function answer(address blob, uint256 from, uint256 count) internal view {
        assembly ("memory-safe") {
            let out := mload(0x40)
            extcodecopy(blob, out, add(from, 1), count)
            return(out, count)
        }
    }

    /// @notice What `blob` holds, as words; a last part of a word is left out.
    function words(address blob) internal view returns (uint256[] memory table) {
        assembly ("memory-safe") {
            table := mload(0x40)
            let count := shr(5, sub(extcodesize(blob), 1))
            let size := shl(5, count)
            mstore(table, count)
            extcodecopy(blob, add(table, 0x20), 1, size)
            mstore(0x40, add(add(table, 0x20), size))
        }
    }
}
