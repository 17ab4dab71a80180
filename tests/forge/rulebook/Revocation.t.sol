// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IVaultCore, Terms} from "../../../contracts/interfaces/IKeeperVault.sol";
import {IRulebookReads, Role, Setup} from "../../../contracts/interfaces/IRulebook.sol";
import {World} from "../vault/World.sol";

/// A role taken away is gone at once, with everything its holder has in flight.
contract RevocationTest is World {
    address private second = actor("second guardian");

    function _setup() internal view override returns (Setup memory setup) {
        setup = super._setup();
        setup.guardians = new address[](2);
        (setup.guardians[0], setup.guardians[1]) = (guardian, second);
    }

    function _roleOf(address account) private view returns (Role role, uint40 expires) {
        return rulebook.roleOf(account);
    }

    // ------------------------------------------------------------------------------------------------ keepers

    function test_guardian_and_owner_revoke_a_keeper_at_once() public {
        uint256 before = vm.snapshotState();
        address[2] memory who = [guardian, owner];
        for (uint256 i; i < 2; ++i) {
            vm.expectEmit(address(rulebook));
            emit IRulebookReads.ConfigVersion(2);
            vm.expectEmit(address(rulebook));
            emit IRulebookReads.KeeperRevoked(keeper, who[i]);
            vm.prank(who[i]);
            rulebook.revokeKeeper(keeper);
            (Role role, uint40 expires) = _roleOf(keeper);
            yes(role == Role.NONE && expires == 0, "no role, and no mandate that has lapsed");
            eq(rulebook.keepers().length, 1, "one is left");
            eq(rulebook.keepers()[0].keeper, lapsing, "the other");
            eq(rulebook.configVersion(), 2, "version");
            vm.revertToState(before);
        }
    }

    function test_the_last_keeper_and_a_lapsed_one_can_be_revoked() public {
        vm.warp(START + 2 hours);
        vm.startPrank(guardian);
        rulebook.revokeKeeper(lapsing);
        eq(rulebook.keepers()[0].keeper, keeper, "the first stays");
        rulebook.revokeKeeper(keeper);
        eq(rulebook.keepers().length, 0, "none");
    }

    /// A thief's transaction, signed before: dead for its signer, and for the other keeper by the version.
    function test_a_revocation_kills_what_is_in_flight() public {
        Terms memory terms = _terms();
        vm.prank(guardian);
        rulebook.revokeKeeper(keeper);
        vm.prank(keeper);
        vm.expectRevert(abi.encodeWithSelector(IVaultCore.NotKeeper.selector, keeper));
        vault.rebalance(_order(WETH_USDC, 10e18), terms);
        vm.prank(lapsing);
        vm.expectRevert(abi.encodeWithSelector(IVaultCore.ConfigMoved.selector, 1, 2));
        vault.rebalance(_order(WETH_USDC, 10e18), terms);
        terms = _terms();
        vm.prank(lapsing);
        vault.rebalance(_order(WETH_USDC, 10e18), terms); // decided anew it goes through
    }

    function test_a_revoked_keeper_can_neither_halt_nor_flatten() public {
        vm.startPrank(guardian);
        rulebook.revokeKeeper(keeper);
        vault.halt("stolen");
        vm.stopPrank();
        vm.startPrank(keeper);
        vm.expectRevert(abi.encodeWithSelector(IVaultCore.NoRole.selector, keeper));
        vault.halt("mine");
        vm.expectRevert(abi.encodeWithSelector(IVaultCore.NoRole.selector, keeper));
        vault.flatten();
    }

    function test_revoking_reverts_for_who_has_not_the_role() public {
        vm.startPrank(guardian);
        address[4] memory others = [guardian, owner, stranger, address(0)];
        for (uint256 i; i < 4; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IRulebookReads.NotAppointed.selector, others[i]));
            rulebook.revokeKeeper(others[i]);
        }
        vm.stopPrank();
        vm.startPrank(owner);
        vm.expectRevert(abi.encodeWithSelector(IRulebookReads.NotAppointed.selector, keeper));
        rulebook.revokeGuardian(keeper);
        rulebook.revokeKeeper(keeper);
        vm.expectRevert(abi.encodeWithSelector(IRulebookReads.NotAppointed.selector, keeper));
        rulebook.revokeKeeper(keeper);
    }

    function test_no_keeper_revokes_another_nor_itself() public {
        vm.startPrank(keeper);
        vm.expectRevert(abi.encodeWithSelector(IVaultCore.NoRole.selector, keeper));
        rulebook.revokeKeeper(lapsing);
        vm.expectRevert(abi.encodeWithSelector(IVaultCore.NoRole.selector, keeper));
        rulebook.revokeKeeper(keeper);
    }

    // ------------------------------------------------------------------------------------------------ guardians

    function test_the_owner_revokes_guardians_also_the_last() public {
        vm.expectEmit(address(rulebook));
        emit IRulebookReads.GuardianRevoked(guardian, owner);
        vm.startPrank(owner);
        rulebook.revokeGuardian(guardian);
        eq(rulebook.guardians().length, 1, "one is left");
        eq(rulebook.guardians()[0], second, "the other");
        rulebook.revokeGuardian(second);
        eq(rulebook.guardians().length, 0, "none");
        eq(rulebook.configVersion(), 3, "version");
        vm.stopPrank();
        vm.startPrank(guardian);
        vm.expectRevert(abi.encodeWithSelector(IVaultCore.NoRole.selector, guardian));
        vault.kill("mine");
        vm.expectRevert(abi.encodeWithSelector(IVaultCore.NoRole.selector, guardian));
        rulebook.revokeKeeper(keeper);
    }

    function test_no_guardian_revokes_another() public {
        vm.prank(second);
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, second));
        rulebook.revokeGuardian(guardian);
    }

    function test_who_was_revoked_can_be_named_owner() public {
        vm.startPrank(owner);
        rulebook.revokeGuardian(guardian);
        rulebook.transferOwnership(guardian);
        vm.stopPrank();
        vm.prank(guardian);
        rulebook.acceptOwnership();
        eq(rulebook.owner(), guardian, "owner");
    }
}
