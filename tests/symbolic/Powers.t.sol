// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IVaultCore, Mode} from "../../contracts/interfaces/IKeeperVault.sol";
import {Role} from "../../contracts/interfaces/IRulebook.sol";
import {AnyVault} from "./AnyVault.sol";

/// Invariants 14 and 15 in the vault: what each role can call. No payment is open: `pay` is an adapter's, during its swap.
contract PowersTest is AnyVault {
    bytes4 private constant FLATTEN = bytes4(keccak256("flatten()"));
    bytes4 private constant FLATTEN_SOME = bytes4(keccak256("flatten(uint8[])"));

    /// A keeper whose mandate has ended is one: its role is NONE.
    function check_15_without_a_role_nothing_is_possible(address caller) public {
        vm.assume(_roleOf(caller) == Role.NONE);
        bytes memory data = _anything(caller);
        vm.assume(bytes4(data) != vault().trip.selector); // anyone's, on proof
        _refused(caller, data);
    }

    function check_14_a_guardian_halts_and_flattens_and_no_more(address caller) public {
        vm.assume(_roleOf(caller) == Role.GUARDIAN);
        bytes memory data = _anything(caller);
        bytes4 asked = bytes4(data);
        vm.assume(asked != vault().halt.selector && asked != vault().kill.selector && asked != vault().trip.selector);
        vm.assume(asked != FLATTEN && asked != FLATTEN_SOME);
        _refused(caller, data);
    }

    function check_15_a_keeper_does_nothing_of_the_owners(address caller) public {
        vm.assume(_roleOf(caller) == Role.KEEPER);
        bytes memory data = _anything(caller);
        bytes4 asked = bytes4(data);
        vm.assume(asked != vault().rebalance.selector && asked != vault().retarget.selector);
        vm.assume(asked != vault().harvest.selector && asked != vault().halt.selector);
        vm.assume(asked != FLATTEN && asked != FLATTEN_SOME && asked != vault().trip.selector);
        _refused(caller, data);
    }

    function check_14_a_halt_changes_the_mode_and_its_clock_alone(address caller, bytes32 reason) public {
        uint256[7] memory was = _words();
        vm.prank(caller);
        (bool done,) = VAULT.call(abi.encodeCall(IVaultCore.halt, (reason)));
        if (!done) return;
        uint256[7] memory words = _words();
        uint256 others = (words[1] ^ was[1]) | (words[2] ^ was[2]) | (words[3] ^ was[3]) | (words[4] ^ was[4]);
        others |= (words[5] ^ was[5]) | (words[6] ^ was[6]);
        assert(others == 0);
        assert(uint8(words[0]) == uint8(Mode.HALTED));
        uint256 mask = ~(uint256(0xff) | uint256(0xffffffffff) << 192);
        assert(words[0] & mask == was[0] & mask);
        assert(_roleOf(caller) != Role.NONE);
    }

    function check_14_only_the_owner_unhalts_and_after_an_hour(address caller, uint40 time) public {
        vm.warp(time);
        uint256 word = _words()[0];
        vm.prank(caller);
        (bool done,) = VAULT.call(abi.encodeCall(IVaultCore.unhalt, ()));
        if (!done) return;
        assert(_roleOf(caller) == Role.OWNER);
        assert(uint8(word) == uint8(Mode.HALTED));
        assert(time >= uint40(word >> 192) + 1 hours);
        assert(uint64(_words()[0] >> 8) == uint64(word >> 8) + 1);
    }

    /// Any state-changing call, between actions.
    function _anything(address caller) private view returns (bytes memory) {
        vm.assume(caller != VAULT);
        vm.assume(uint128(_words()[1] >> 40) == 0); // no payment open
        return svm.createCalldata("KeeperVault");
    }

    function _refused(address caller, bytes memory data) private {
        vm.prank(caller);
        (bool done,) = VAULT.call(data);
        assert(!done);
    }
}
