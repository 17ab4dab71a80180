// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IPayer, IVaultCore, Order, Report, Terms} from "../../../contracts/interfaces/IKeeperVault.sol";
import {IRulebookReads, Setup} from "../../../contracts/interfaces/IRulebook.sol";
import {Deed} from "../../../contracts/mocks/PricedAdapter.sol";
import {IInside, World} from "./World.sol";

/// An adapter is a stranger with a drawer: what it may draw, what its word is worth, and whom it may call.
contract AdaptersTest is World {
    // ------------------------------------------------------------------------------------------------ pay

    function test_pay_reverts_when_nothing_is_pending() public {
        address[4] memory callers = [address(adapter), address(venue), keeper, owner];
        for (uint256 i; i < callers.length; ++i) {
            vm.prank(callers[i]);
            vm.expectRevert(abi.encodeWithSelector(IVaultCore.NothingPending.selector));
            vault.pay(callers[i], 1);
        }
    }

    function test_pay_reverts_after_the_swap_it_was_for() public {
        _rebalance(WETH_USDC, 10e18);
        vm.prank(address(adapter));
        vm.expectRevert(abi.encodeWithSelector(IVaultCore.NothingPending.selector));
        vault.pay(address(adapter), 1);
    }

    /// An adapter may be generous now to keep a claim on the rest for later: the door is closed behind each swap.
    function test_pay_reverts_for_what_the_adapter_left_undrawn_after_its_swap() public {
        adapter.setDeed(Deed.DRAWS_HALF, 0);
        _rebalance(WETH_USDC, 10e18);
        eq(_held(WETH), 295e18, "half was drawn");
        vm.prank(address(adapter));
        vm.expectRevert(abi.encodeWithSelector(IVaultCore.NothingPending.selector));
        vault.pay(address(adapter), 1);
    }

    function _termsNow() private pure returns (Terms memory) {
        return Terms({epoch: 1, configVersion: 1, deadline: START, decisionId: 0});
    }

    function test_pay_reverts_to_whom_the_route_does_not_name() public {
        adapter.setDeed(Deed.PAYS_ELSEWHERE, 0);
        adapter.setCall(stranger, "");
        _refused(WETH_USDC, 10e18, abi.encodeWithSelector(IVaultCore.PayeeRefused.selector, stranger));
    }

    function test_pay_reverts_beyond_the_amount_at_once_or_in_all() public {
        adapter.setDeed(Deed.DRAWS_MORE, 0);
        _refused(WETH_USDC, 10e18, abi.encodeWithSelector(IVaultCore.PaymentTooLarge.selector, 10e18 + 1, 10e18));
        adapter.setDeed(Deed.DRAWS_TWICE, 0); // after the whole amount nothing is pending any more
        _refused(WETH_USDC, 10e18, abi.encodeWithSelector(IVaultCore.NothingPending.selector));
    }

    function test_pay_reverts_for_another_adapter_and_for_the_venue_during_a_swap() public {
        adapter.setDeed(Deed.CALLS, 0);
        address vault_ = address(vault);
        bytes memory pay = abi.encodeCall(IPayer.pay, (address(spare), 1));
        adapter.setCall(address(spare), abi.encodeWithSignature("callAs(address,bytes)", vault_, pay));
        _rebalance(WETH_USDC, 10e18);
        no(spare.callSucceeded(), "another adapter draws nothing");
        eq(spare.callAnswer(), abi.encodeWithSelector(IVaultCore.NothingPending.selector), "and is told why");
    }

    function test_no_allowance_of_the_vault_exists_after_a_trade() public {
        _rebalance(WETH_USDC, 10e18);
        eq(tokens[WETH].allowance(address(vault), address(adapter)), 0, "adapter");
        eq(tokens[WETH].allowance(address(vault), address(venue)), 0, "venue");
        // and a transferFrom by either moves nothing
        vm.prank(address(adapter));
        vm.expectRevert();
        tokens[WETH].transferFrom(address(vault), stranger, 1);
    }

    // ------------------------------------------------------------------------------------------------ lies

    function test_an_adapter_that_says_more_than_it_gave_is_measured_by_balance() public {
        adapter.setDeed(Deed.SAYS_MORE, SLIP); // 0.6 % less than it says: exactly the floor
        Report memory report = _rebalance(WETH_USDC, 10e18);
        eq(_held(USDC), 150_000e6 + 19_880e6, "what came");
        eq(report.loss, 12e13, "is what counts");
        vm.warp(START + 300);
        adapter.setDeed(Deed.SAYS_MORE, SLIP + 1);
        _refused(
            WETH_USDC, 10e18, abi.encodeWithSelector(IVaultCore.BelowFloor.selector, WETH_USDC, 19_878e6, 19_880e6)
        );
    }

    function test_an_adapter_that_says_less_than_it_gave_is_taken_at_its_word() public {
        adapter.setDeed(Deed.SAYS_LESS, SLIP + 1);
        _refused(
            WETH_USDC, 10e18, abi.encodeWithSelector(IVaultCore.BelowFloor.selector, WETH_USDC, 19_878e6, 19_880e6)
        );
    }

    function test_an_adapter_that_gives_nothing_gets_nothing() public {
        adapter.setDeed(Deed.GIVES_NOTHING, 0);
        _refused(WETH_USDC, 10e18, abi.encodeWithSelector(IVaultCore.BelowFloor.selector, WETH_USDC, 0, 19_880e6));
        eq(_held(WETH), 300e18, "all is as it was");
    }

    function test_a_fee_switched_on_makes_the_trade_revert_and_leaves_withdraw() public {
        tokens[USDC].setFee(SLIP + 1);
        _refused(
            WETH_USDC, 10e18, abi.encodeWithSelector(IVaultCore.BelowFloor.selector, WETH_USDC, 19_878e6, 19_880e6)
        );
        vm.prank(owner);
        vault.withdraw(address(tokens[USDC]), 1e6);
    }

    // ------------------------------------------------------------------------------------------------ calling back

    /// Every state-changing function, called by the adapter within a swap; the adapter is the owner, so that only the
    /// lock can be what refuses.
    function test_every_callback_into_a_state_changing_function_reverts() public {
        _ownTheAdapter();
        uint8[] memory list = _list(WETH);
        Terms memory terms = _termsNow();
        Order[] memory orders = _order(WETH_USDC, 1e18);
        bytes4 locked = IVaultCore.Locked.selector;
        _callsBack(address(vault), abi.encodeCall(IVaultCore.rebalance, (orders, terms)), locked);
        _callsBack(address(vault), abi.encodeCall(IVaultCore.allocate, (orders, START)), locked);
        _callsBack(address(vault), abi.encodeCall(IVaultCore.withdraw, (address(tokens[USDC]), 1)), locked);
        _callsBack(address(vault), abi.encodeCall(IVaultCore.halt, ("no")), locked);
        _callsBack(address(vault), abi.encodeWithSignature("flatten()"), locked);
        _callsBack(address(vault), abi.encodeWithSignature("flatten(uint8[])", list), locked);
        _callsBack(address(vault), abi.encodeCall(IVaultCore.retarget, (_targets(), terms)), locked);
        _callsBack(address(vault), abi.encodeCall(IVaultCore.harvest, (0, orders, terms)), locked);
        _callsBack(address(vault), abi.encodeCall(IVaultCore.setTargets, (_targets())), locked);
        _callsBack(address(vault), abi.encodeCall(IVaultCore.kill, ("no")), locked);
        _callsBack(address(vault), abi.encodeCall(IVaultCore.unhalt, ()), locked);
        bytes4 self = IVaultCore.OnlySelf.selector;
        _callsBack(address(vault), abi.encodeCall(IInside.leg, (0, address(tokens[WETH]), 1, false, true)), self);
        _callsBack(address(vault), abi.encodeCall(IInside.sweep, (owner)), self);
        bytes4 busy = IRulebookReads.VaultBusy.selector;
        _callsBack(address(rulebook), abi.encodeCall(IRulebookReads.transferOwnership, (heir)), busy);
        _callsBack(address(rulebook), abi.encodeCall(IRulebookReads.acceptOwnership, ()), busy);
        _callsBack(address(rulebook), abi.encodeCall(IRulebookReads.revokeKeeper, (keeper)), busy);
        _callsBack(address(rulebook), abi.encodeCall(IRulebookReads.revokeGuardian, (guardian)), busy);
    }

    function _ownTheAdapter() private {
        Setup memory setup = _setup();
        setup.owner = address(adapter);
        this.deploy(setup, _targets());
        _fill();
        adapter.setDeed(Deed.CALLS, 0);
    }

    /// The call comes from the adapter in the swap, and once more from the token's own callback.
    function _callsBack(address to, bytes memory data, bytes4 error) private {
        uint256 before = vm.snapshotState();
        adapter.setCall(to, data);
        _rebalance(WETH_USDC, 10e18);
        no(adapter.callSucceeded(), "the callback must fail");
        eq(bytes32(bytes4(adapter.callAnswer())), bytes32(error), "for the lock's sake");
        vm.revertToState(before);
        adapter.setDeed(Deed.HONEST, 0);
        tokens[WETH].setCallback(address(adapter), abi.encodeWithSignature("callAs(address,bytes)", to, data));
        _rebalance(WETH_USDC, 10e18);
        no(adapter.callSucceeded(), "the token's callback must fail");
        eq(bytes32(bytes4(adapter.callAnswer())), bytes32(error), "for the lock's sake, too");
        vm.revertToState(before);
    }

    function test_the_owner_can_do_the_same_calls_outside_a_swap() public {
        _ownTheAdapter();
        adapter.callAs(address(vault), abi.encodeCall(IVaultCore.allocate, (_order(WETH_USDC, 1e18), START)));
        yes(adapter.callSucceeded(), "allocate");
        adapter.callAs(address(rulebook), abi.encodeCall(IRulebookReads.transferOwnership, (heir)));
        yes(adapter.callSucceeded(), "transferOwnership");
        adapter.callAs(address(vault), abi.encodeCall(IVaultCore.halt, ("yes")));
        yes(adapter.callSucceeded(), "halt");
    }

    function test_a_pending_owner_cannot_accept_within_a_swap() public {
        vm.prank(owner);
        rulebook.transferOwnership(address(adapter));
        adapter.setDeed(Deed.CALLS, 0);
        adapter.setCall(address(rulebook), abi.encodeCall(IRulebookReads.acceptOwnership, ()));
        _rebalance(WETH_USDC, 10e18);
        eq(adapter.callAnswer(), abi.encodeWithSelector(IRulebookReads.VaultBusy.selector), "busy");
        eq(rulebook.owner(), owner, "still the owner");
        adapter.callAs(address(rulebook), abi.encodeCall(IRulebookReads.acceptOwnership, ()));
        eq(rulebook.owner(), address(adapter), "afterwards it may");
    }

    function test_a_stranger_who_transfers_ownership_is_refused_by_role() public {
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, stranger));
        rulebook.transferOwnership(stranger);
    }
}
