// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IVaultCore, Terms} from "../../../contracts/interfaces/IKeeperVault.sol";
import {IRulebook, IRulebookReads, Limits, Mandate} from "../../../contracts/interfaces/IRulebook.sol";
import {Governed} from "./Governed.sol";

/// A change waits in public, ripens, is made once, and dies; and may be vetoed until then.
contract QueueTest is Governed {
    bytes private data = abi.encodeCall(IRulebook.setPayout, (address(0xBEEF)));

    // ------------------------------------------------------------------------------------------------ the way through

    function test_a_change_is_made_by_the_very_call_after_the_delay_and_raises_the_version() public {
        vm.expectEmit(address(rulebook));
        emit IRulebook.Queued(keccak256(data), data, _soon(DELAY), _soon(DELAY + DEATH));
        eq(_queue(data), keccak256(data), "id");
        eq(_book().pending(keccak256(data)).ripeAt, _now() + DELAY, "ripe at");
        eq(_book().pending(keccak256(data)).deadAt, _now() + DELAY + DEATH, "dead at");
        eq(rulebook.configVersion(), 1, "nothing changed yet");
        _pass(DELAY);
        vm.expectEmit(address(rulebook));
        emit IRulebook.Executed(keccak256(data), data);
        _execute(data);
        eq(rulebook.payout(), address(0xBEEF), "payout");
        eq(rulebook.configVersion(), 2, "version");
        eq(_book().pending(keccak256(data)).ripeAt, 0, "gone");
        eq(_book().pending(keccak256(data)).deadAt, 0, "gone");
    }

    function test_not_before_it_is_ripe_nor_once_it_is_dead() public {
        _queue(data);
        uint256 ripeAt = _now() + DELAY;
        vm.warp(ripeAt - 1);
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(IRulebook.NotRipe.selector, keccak256(data), ripeAt));
        _book().execute(data);
        vm.warp(ripeAt + DEATH);
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(IRulebook.Expired.selector, keccak256(data), ripeAt + DEATH));
        _book().execute(data);
        vm.warp(ripeAt + DEATH - 1);
        _execute(data);
        eq(rulebook.payout(), address(0xBEEF), "in its last second");
    }

    function test_once_made_it_is_used_up() public {
        _enact(data);
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(IRulebook.NotQueued.selector, keccak256(data)));
        _book().execute(data);
    }

    function test_one_like_it_is_refused_while_it_is_pending_and_not_once_it_is_dead() public {
        _queue(data);
        uint256 deadAt = _now() + DELAY + DEATH;
        vm.warp(deadAt - 1);
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(IRulebook.AlreadyQueued.selector, keccak256(data)));
        _book().queue(data);
        vm.warp(deadAt);
        _queue(data);
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(IRulebook.NotRipe.selector, keccak256(data), deadAt + DELAY));
        _book().execute(data); // a second wait, not the first one's rest
    }

    function test_the_delay_is_that_of_the_day_it_was_queued() public {
        Limits memory limits = _limits();
        limits.delay = 7 days;
        bytes memory longer = abi.encodeCall(IRulebook.setLimits, (limits));
        _queue(longer);
        _pass(1 days);
        _queue(data);
        _pass(1 days);
        _execute(longer);
        _pass(1 days);
        _execute(data); // two days after it was queued
        bytes memory other = abi.encodeCall(IRulebook.setPayout, (payout));
        _queue(other);
        eq(_book().pending(keccak256(other)).ripeAt, _now() + 7 days, "from now on seven");
    }

    function test_a_refused_change_says_why_and_stays() public {
        bytes memory nothing = abi.encodeCall(IRulebook.setPayout, (address(0)));
        _queue(nothing);
        _pass(DELAY);
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(IRulebookReads.ZeroAddress.selector, bytes32("payout")));
        _book().execute(nothing);
        eq(_book().pending(keccak256(nothing)).ripeAt, _now(), "still there");
        eq(rulebook.configVersion(), 1, "version");
    }

    // ------------------------------------------------------------------------------------------------ what may be queued

    function test_only_calls_that_are_for_the_queue() public {
        bytes[8] memory others = [
            abi.encodeCall(IRulebook.tighten, (_limits())),
            abi.encodeCall(IRulebook.freeze, (WETH)),
            abi.encodeCall(IRulebook.unfreeze, (WETH)),
            abi.encodeCall(IRulebook.execute, (data)),
            abi.encodeCall(IRulebookReads.transferOwnership, (stranger)),
            abi.encodeCall(IRulebookReads.revokeGuardian, (guardian)),
            bytes("abc"),
            bytes("")
        ];
        for (uint256 i; i < others.length; ++i) {
            vm.prank(owner);
            // the first four bytes are the selector, zeros where there are fewer
            // forge-lint: disable-next-line(unsafe-typecast)
            vm.expectRevert(abi.encodeWithSelector(IRulebook.NotQueueable.selector, bytes4(others[i])));
            _book().queue(others[i]);
        }
    }

    function test_garbage_behind_a_right_selector_is_refused_when_it_is_made() public {
        bytes memory short = abi.encodePacked(IRulebook.setLimits.selector, uint256(1));
        _queue(short);
        _pass(DELAY);
        vm.prank(owner);
        vm.expectRevert();
        _book().execute(short);
        eq(rulebook.configVersion(), 1, "nothing changed");
    }

    function test_nobody_calls_what_is_for_the_queue_not_even_the_owner() public {
        address[4] memory callers = [owner, guardian, keeper, address(vault)];
        bytes memory limits = abi.encodeCall(IRulebook.setLimits, (_limits()));
        for (uint256 i; i < callers.length; ++i) {
            vm.startPrank(callers[i]);
            vm.expectRevert(abi.encodeWithSelector(IRulebook.OnlyQueue.selector));
            _book().setPayout(stranger);
            (bool done, bytes memory why) = address(rulebook).call(limits);
            no(done, "done");
            eq(why, abi.encodeWithSelector(IRulebook.OnlyQueue.selector), "why");
            vm.stopPrank();
        }
    }

    // ------------------------------------------------------------------------------------------------ veto

    function test_owner_and_guardian_cancel() public {
        uint256 before = vm.snapshotState();
        address[2] memory who = [owner, second];
        for (uint256 i; i < 2; ++i) {
            _queue(data);
            _pass(DELAY); // ripe: still time
            vm.expectEmit(address(rulebook));
            emit IRulebook.Cancelled(keccak256(data), who[i]);
            vm.prank(who[i]);
            _book().cancel(keccak256(data));
            vm.prank(owner);
            vm.expectRevert(abi.encodeWithSelector(IRulebook.NotQueued.selector, keccak256(data)));
            _book().execute(data);
            eq(rulebook.configVersion(), 1, "a veto changes no parameter");
            vm.revertToState(before);
        }
    }

    function test_nothing_to_cancel() public {
        vm.prank(guardian);
        vm.expectRevert(abi.encodeWithSelector(IRulebook.NotQueued.selector, keccak256(data)));
        _book().cancel(keccak256(data));
    }

    /// A guardian that is to be replaced cannot keep its place.
    function test_a_guardian_cannot_cancel_the_appointment_of_a_guardian_but_the_owner_can() public {
        bytes memory appointment = abi.encodeCall(IRulebook.appointGuardian, (stranger));
        _queue(appointment);
        vm.prank(guardian);
        vm.expectRevert(abi.encodeWithSelector(IRulebook.VetoRefused.selector, keccak256(appointment)));
        _book().cancel(keccak256(appointment));
        vm.prank(owner);
        _book().cancel(keccak256(appointment));
        bytes memory mandate = abi.encodeCall(IRulebook.appointKeeper, (Mandate(stranger, _soon(30 days))));
        _queue(mandate);
        vm.prank(guardian);
        _book().cancel(keccak256(mandate)); // a keeper's it can
    }

    function test_a_revoked_guardian_vetoes_nothing() public {
        _queue(data);
        vm.prank(owner);
        rulebook.revokeGuardian(guardian);
        vm.prank(guardian);
        vm.expectRevert(abi.encodeWithSelector(IVaultCore.NoRole.selector, guardian));
        _book().cancel(keccak256(data));
    }

    // ------------------------------------------------------------------------------------------------ in flight

    function test_a_change_kills_what_the_keeper_decided_before_it() public {
        _queue(data);
        _pass(DELAY);
        Terms memory terms = _terms();
        _execute(data);
        vm.prank(keeper);
        vm.expectRevert(abi.encodeWithSelector(IVaultCore.ConfigMoved.selector, 1, 2));
        vault.rebalance(_order(WETH_USDC, 10e18), terms);
    }

    function test_an_heir_inherits_the_queue() public {
        _queue(data);
        vm.prank(owner);
        rulebook.transferOwnership(heir);
        vm.prank(heir);
        rulebook.acceptOwnership();
        _pass(DELAY);
        vm.prank(heir);
        _book().execute(data);
        eq(rulebook.payout(), address(0xBEEF), "payout");
    }
}
