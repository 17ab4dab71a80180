// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IRulebook, IRulebookReads, Limits} from "../../contracts/interfaces/IRulebook.sol";
import {AnyRulebook} from "./AnyRulebook.sol";
import {BookSlots as Slots} from "./Slots.sol";

/// Invariant 14 in the rulebook: what somebody who is not the owner can bring about.
contract RolesTest is AnyRulebook {
    function check_14_only_the_owner_queues_and_executes(address caller, bytes4 selector, uint256 argument) public {
        vm.assume(caller != book().owner());
        bytes memory data = abi.encodePacked(selector, argument);
        _refused(caller, abi.encodeCall(IRulebook.queue, (data)));
        _refused(caller, abi.encodeCall(IRulebook.execute, (data)));
    }

    function check_14_only_the_owner_unfreezes_hands_over_and_dismisses_guardians(address caller, uint8 i, address who)
        public
    {
        vm.assume(caller != book().owner());
        _refused(caller, abi.encodeCall(IRulebook.unfreeze, (i)));
        _refused(caller, abi.encodeCall(IRulebookReads.transferOwnership, (who)));
        _refused(caller, abi.encodeCall(IRulebookReads.revokeGuardian, (who)));
        _refused(caller, abi.encodeCall(IRulebook.setRouteEnabled, (i, true)));
        _refused(caller, abi.encodeCall(IRulebook.setClaimEnabled, (i, true)));
    }

    function check_14_who_has_no_role_narrows_nothing(address caller, uint8 i, address who, Limits calldata given)
        public
    {
        vm.assume(caller != book().owner() && uint8(_grantOf(caller)) != 2);
        _refused(caller, abi.encodeCall(IRulebook.freeze, (i)));
        _refused(caller, abi.encodeCall(IRulebook.setRouteEnabled, (i, false)));
        _refused(caller, abi.encodeCall(IRulebook.setClaimEnabled, (i, false)));
        _refused(caller, abi.encodeCall(IRulebook.tighten, (given)));
        _refused(caller, abi.encodeCall(IRulebookReads.revokeKeeper, (who)));
        _refused(caller, abi.encodeCall(IRulebook.cancel, (bytes32(uint256(i)))));
        _refused(caller, abi.encodeCall(IRulebook.cancelAll, ()));
    }

    function _refused(address caller, bytes memory data) private {
        vm.prank(caller);
        (bool done,) = BOOK.call(data);
        assert(!done);
    }
}
