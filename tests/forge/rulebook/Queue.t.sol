// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IVaultCore, Terms} from "../../../contracts/interfaces/IKeeperVault.sol";
import {Claim, IRulebook, IRulebookReads, Limits, Mandate} from "../../../contracts/interfaces/IRulebook.sol";
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

    function _refusedQueue(bytes memory given) private {
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(IRulebook.NotCanonical.selector));
        _book().queue(given);
    }

    function test_garbage_behind_a_right_selector_cannot_be_queued() public {
        _refusedQueue(abi.encodePacked(IRulebook.setLimits.selector, uint256(1)));
        _refusedQueue(abi.encodePacked(IRulebook.addRoute.selector, uint256(32)));
        _refusedQueue(abi.encodePacked(IRulebook.setPayout.selector));
    }

    /// Every function that is for the queue, by a call that means something.
    function _changes() private view returns (bytes[12] memory calls) {
        Claim memory claim = rulebook.claim(0);
        calls[0] = abi.encodeCall(IRulebook.setLimits, (_limits()));
        calls[1] = abi.encodeCall(IRulebook.setOracle, (address(oracle)));
        calls[2] = abi.encodeCall(IRulebook.setPayout, (stranger));
        calls[3] = abi.encodeCall(IRulebook.appointKeeper, (Mandate(stranger, _soon(1 days))));
        calls[4] = abi.encodeCall(IRulebook.appointGuardian, (stranger));
        calls[5] = abi.encodeCall(IRulebook.listAsset, (rulebook.assets()[WETH]));
        calls[6] = abi.encodeCall(IRulebook.setAssetRange, (WETH, 0, 9000));
        calls[7] = abi.encodeCall(IRulebook.setPriceBand, (WETH, 400e18, 9000e18));
        calls[8] = abi.encodeCall(IRulebook.setAssetSafety, (DAI, 3, 100));
        calls[9] = abi.encodeCall(IRulebook.setDust, (WETH, 1e12));
        calls[10] = abi.encodeCall(IRulebook.addRoute, (_route(WBTC, GRAIN)));
        calls[11] = abi.encodeCall(IRulebook.addClaim, (claim));
    }

    /// A change has one id: whoever held the owner's key could otherwise queue one a thousand times.
    function testFuzz_each_change_can_be_queued_in_one_encoding_only(bytes calldata tail) public {
        bytes[12] memory calls = _changes();
        vm.assume(tail.length > 0);
        for (uint256 i; i < calls.length; ++i) {
            bytes memory call_ = calls[i];
            _refusedQueue(bytes.concat(call_, tail));
            eq(_queue(call_), keccak256(call_), "its id");
            _refusedQueue(bytes.concat(call_, tail)); // nor beside it
        }
    }

    function test_offsets_padding_and_dirty_words_make_no_second_call() public {
        bytes memory call_ = abi.encodeCall(IRulebook.addClaim, (rulebook.claim(0)));
        bytes memory dirty = bytes.concat(call_);
        dirty[dirty.length - 1] = 0x01; // in the padding of `data`, whose length is 4
        _refusedQueue(dirty);
        bytes memory moved = bytes.concat(bytes4(call_), bytes32(uint256(64)), bytes32(0));
        for (uint256 i = 36; i < call_.length; ++i) {
            moved = bytes.concat(moved, call_[i]);
        }
        _refusedQueue(moved); // the same claim, one word further back
        bytes memory wide = bytes.concat(abi.encodeCall(IRulebook.setDust, (WETH, 1e12)));
        wide[5] = 0x01; // above the eight bits of an index
        _refusedQueue(wide);
    }

    // ------------------------------------------------------------------------------------------------ how many wait

    function _payTo(uint256 i) private pure returns (bytes memory) {
        return abi.encodeCall(IRulebook.setPayout, (address(uint160(0xBEEF00 + i))));
    }

    function _fill(uint256 count) private {
        for (uint256 i; i < count; ++i) {
            _queue(_payTo(i));
        }
    }

    function test_no_more_than_32_wait_and_the_dead_make_room() public {
        _fill(31);
        _pass(1 days);
        _queue(_payTo(31));
        bytes memory more = abi.encodeWithSelector(IRulebookReads.TooMany.selector, bytes32("pending"), 33, 32);
        vm.prank(owner);
        vm.expectRevert(more);
        _book().queue(_payTo(32));
        _pass(DELAY + DEATH - 1 days - 1);
        vm.prank(owner);
        vm.expectRevert(more); // alive in their last second
        _book().queue(_payTo(32));
        _pass(1);
        eq(_book().pendingIds().length, 32, "dead, and not yet gone");
        _queue(_payTo(32));
        eq(_book().pendingIds().length, 2, "the one of the second day, and this one");
        eq(_book().pending(keccak256(_payTo(0))).ripeAt, 0, "gone");
        gt(_book().pending(keccak256(_payTo(31))).ripeAt, 0, "alive");
    }

    function test_a_guardian_vetoes_all_in_one_call_but_guardians() public {
        bytes memory first = abi.encodeCall(IRulebook.appointGuardian, (stranger));
        bytes memory last = abi.encodeCall(IRulebook.appointGuardian, (heir));
        _queue(first);
        _fill(30);
        _queue(last);
        vm.prank(second);
        eq(_book().cancelAll(), 30, "so many");
        eq(_book().pendingIds().length, 2, "guardians are the owner's to appoint");
        gt(_book().pending(keccak256(first)).ripeAt, 0, "first");
        gt(_book().pending(keccak256(last)).ripeAt, 0, "last");
        _pass(DELAY);
        for (uint256 i; i < 30; ++i) {
            vm.prank(owner);
            vm.expectRevert(abi.encodeWithSelector(IRulebook.NotQueued.selector, keccak256(_payTo(i))));
            _book().execute(_payTo(i));
        }
        _execute(last);
        vm.prank(owner);
        eq(_book().cancelAll(), 1, "the owner cancels these too");
        eq(_book().pendingIds().length, 0, "none");
        eq(rulebook.configVersion(), 2, "a veto changes no parameter");
    }

    /// The list of ids is what has an entry, whatever was queued, made, vetoed and left to die in whatever order.
    function testFuzz_the_list_of_ids_is_what_waits(uint8[48] calldata deeds) public {
        for (uint256 k; k < deeds.length; ++k) {
            bytes memory change = _payTo(deeds[k] % 8);
            uint256 deed = (deeds[k] / 8) % 8;
            vm.startPrank(owner);
            if (deed < 4) {
                try _book().queue(change) {} catch {}
            } else if (deed < 5) {
                try _book().cancel(keccak256(change)) {} catch {}
            } else if (deed < 6) {
                try _book().execute(change) {} catch {}
            } else {
                _pass(deed == 6 ? DELAY : DEATH / 2);
            }
            vm.stopPrank();
            _checkList();
        }
    }

    function _checkList() private view {
        bytes32[] memory ids = _book().pendingIds();
        uint256 waiting;
        for (uint256 i; i < 8; ++i) {
            bytes32 id = keccak256(_payTo(i));
            if (_book().pending(id).ripeAt == 0) continue;
            ++waiting;
            bool listed;
            for (uint256 j; j < ids.length; ++j) {
                listed = listed || ids[j] == id;
            }
            yes(listed, "an entry that is in no list");
        }
        eq(ids.length, waiting, "each once");
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
