// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {CodeBlob} from "../../../contracts/libraries/CodeBlob.sol";
import {Base} from "../Base.sol";

/// Bytes in, the same bytes out; what holds them does nothing else.
contract CodeBlobTest is Base {
    function answer(address blob, uint256 from, uint256 count) external view returns (bytes32) {
        CodeBlob.answer(blob, from, count);
    }

    function write(bytes memory data) external returns (address) {
        return CodeBlob.write(data);
    }

    function testFuzz_what_is_written_is_answered(bytes memory data, uint256 from, uint256 count) public {
        address blob = CodeBlob.write(data);
        eq(CodeBlob.lengthOf(blob), data.length, "length");
        from = bound(from, 0, data.length);
        count = bound(count, 0, data.length - from);
        (bool told, bytes memory got) = address(this).staticcall(abi.encodeCall(this.answer, (blob, from, count)));
        yes(told, "refused");
        bytes memory wanted = new bytes(count);
        for (uint256 i; i < count; ++i) {
            wanted[i] = data[from + i];
        }
        eq(got, wanted, "the part asked for");
    }

    function testFuzz_words_come_back_and_memory_after_them_is_free(uint256[] memory words) public {
        address blob = CodeBlob.write(abi.encodePacked(words));
        uint256[] memory got = CodeBlob.words(blob);
        uint256[] memory next = new uint256[](3);
        next[0] = type(uint256).max;
        eq(abi.encode(got), abi.encode(words), "words");
    }

    function test_it_does_nothing_when_called_whatever_it_holds() public {
        address blob = CodeBlob.write(hex"fe5b600056ef");
        (bool ok, bytes memory got) = blob.call{gas: 3_000}("");
        yes(ok, "it ran");
        eq(got.length, 0, "it spoke");
    }

    /// A 64th of the gas stays with the writer: enough to say that nothing was written.
    function test_what_there_was_no_gas_to_write_is_refused() public {
        bytes memory most = new bytes(24_575);
        vm.expectRevert(abi.encodeWithSelector(CodeBlob.BlobRefused.selector, uint256(24_575)));
        this.write{gas: 4_000_000}(most);
        this.write{gas: 6_000_000}(most);
    }

    function test_the_largest_is_held_whole_and_a_byte_more_refused() public {
        bytes memory most = new bytes(24_575);
        most[24_574] = 0xab;
        address blob = CodeBlob.write(most);
        eq(CodeBlob.lengthOf(blob), 24_575, "whole");
        eq(uint8(blob.code[24_575]), 0xab, "its last byte");
        vm.expectRevert(abi.encodeWithSelector(CodeBlob.BlobRefused.selector, 24_576));
        this.write(new bytes(24_576));
    }
}
