// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Change} from "../../contracts/libraries/LimitCheck.sol";
import {IRulebook, Limits, Mandate} from "../../contracts/interfaces/IRulebook.sol";
import {Ceilings} from "../../contracts/libraries/Ceilings.sol";
import {AnyRulebook} from "./AnyRulebook.sol";
import {BookSlots as Slots} from "./Slots.sol";

/// Invariant 13: without an elapsed entry of the queue limits only tighten, and never pass the constants.
contract LimitsTest is AnyRulebook {
    uint256 private constant GUARDIAN = 2;

    // ------------------------------------------------------------------------------------------------ at once

    /// `tighten` asks the clerk about the limits there are and those given, as a tightening: where just that is refused, it
    /// fails. What the clerk refuses: Bounds.t.sol.
    function check_13_tighten_asks_whether_it_is_tighter(address caller, Limits calldata given) public {
        clerk.refuse(keccak256(abi.encode(book().limits(), given, Change.TIGHTER)));
        vm.prank(caller);
        (bool done,) = BOOK.call(abi.encodeCall(IRulebook.tighten, (given)));
        assert(!done);
    }

    function check_13_tighten_sets_what_it_was_given(address caller, Limits calldata given) public {
        address owner = book().owner();
        bool guarded = uint8(_grantOf(caller)) == GUARDIAN;
        vm.prank(caller);
        (bool done,) = BOOK.call(abi.encodeCall(IRulebook.tighten, (given)));
        if (!done) return;
        assert(caller == owner || guarded);
        assert(keccak256(abi.encode(book().limits())) == keccak256(abi.encode(given)));
    }

    // ------------------------------------------------------------------------------------------------ mandates

    /// So does the queue, about any change.
    function check_13_the_queue_asks_about_limits(Limits calldata given) public {
        clerk.refuse(keccak256(abi.encode(book().limits(), given, Change.ANY)));
        vm.prank(BOOK);
        (bool done,) = BOOK.call(abi.encodeCall(IRulebook.setLimits, (given)));
        assert(!done);
    }

    function check_13_the_queue_sets_what_it_was_given(Limits calldata given) public {
        vm.prank(BOOK);
        (bool done,) = BOOK.call(abi.encodeCall(IRulebook.setLimits, (given)));
        if (!done) return;
        assert(keccak256(abi.encode(book().limits())) == keccak256(abi.encode(given)));
    }

    function check_13_no_mandate_passes_its_constant(Mandate calldata mandate, uint40 time) public {
        vm.warp(time);
        vm.prank(BOOK);
        (bool done,) = BOOK.call(abi.encodeCall(IRulebook.appointKeeper, (mandate)));
        if (!done) return;
        uint256 expires = uint40(_grantOf(mandate.keeper) >> 8);
        assert(expires > time && expires <= time + Ceilings.MANDATE);
    }

    // ------------------------------------------------------------------------------------------------ the queue

    function check_13_what_is_executed_is_ripe_and_not_dead(address caller, address payout, uint40 time) public {
        vm.warp(time);
        bytes memory data = abi.encodeCall(IRulebook.setPayout, (payout));
        uint256 ripeAt = uint40(_at(uint256(keccak256(abi.encode(keccak256(data), Slots._entries)))));
        address owner = book().owner();
        vm.prank(caller);
        (bool done,) = BOOK.call(abi.encodeCall(IRulebook.execute, (data)));
        if (!done) return;
        assert(caller == owner);
        assert(ripeAt != 0 && ripeAt <= time && time < ripeAt + Ceilings.RIPE_FOR);
        assert(uint40(_at(uint256(keccak256(abi.encode(keccak256(data), Slots._entries))))) == 0);
    }

    function check_13_a_change_waits_the_delay(address caller, address payout, uint40 time) public {
        vm.assume(time < 2 ** 39);
        vm.warp(time);
        uint256 delay = book().limits().delay;
        bytes memory data = abi.encodeCall(IRulebook.setPayout, (payout));
        address was = book().payout();
        vm.prank(caller);
        (bool done,) = BOOK.call(abi.encodeCall(IRulebook.queue, (data)));
        if (!done) return;
        uint256 ripeAt = uint40(_at(uint256(keccak256(abi.encode(keccak256(data), Slots._entries)))));
        assert(ripeAt == time + delay);
        assert(book().payout() == was);
    }

    function check_13_nobody_but_the_queue_makes_its_changes(address caller) public {
        vm.assume(caller != BOOK);
        bytes memory data = svm.createCalldata("Rulebook");
        bytes4 asked = bytes4(data);
        // each of these is proved by itself, in this file and in the two about roles and versions
        vm.assume(
            asked != IRulebook.tighten.selector && asked != IRulebook.queue.selector
                && asked != IRulebook.execute.selector && asked != IRulebook.cancel.selector
                && asked != IRulebook.cancelAll.selector && asked != IRulebook.freeze.selector
                && asked != IRulebook.unfreeze.selector && asked != IRulebook.setRouteEnabled.selector
                && asked != IRulebook.setClaimEnabled.selector && asked != book().revokeKeeper.selector
                && asked != book().revokeGuardian.selector && asked != book().transferOwnership.selector
                && asked != book().acceptOwnership.selector
        );
        vm.prank(caller);
        (bool done,) = BOOK.call(data);
        assert(!done);
    }
}
