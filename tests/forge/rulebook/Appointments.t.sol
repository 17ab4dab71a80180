// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IVaultCore} from "../../../contracts/interfaces/IKeeperVault.sol";
import {IRulebook, IRulebookReads, Mandate, Role} from "../../../contracts/interfaces/IRulebook.sol";
import {Governed} from "./Governed.sol";

/// Keepers, guardians and payout through the queue.
contract AppointmentsTest is Governed {
    bytes private same = abi.encodeWithSelector(IVaultCore.NoChange.selector);

    function test_a_keeper_is_appointed_and_its_mandate_renewed() public {
        Mandate memory mandate = Mandate(stranger, _soon(DELAY + 90 days));
        _enact(abi.encodeCall(IRulebook.appointKeeper, (mandate)));
        (Role role, uint40 expires) = rulebook.roleOf(stranger);
        yes(role == Role.KEEPER && expires == mandate.expires, "a keeper");
        eq(rulebook.keepers().length, 3, "one more");
        _enactRefused(abi.encodeCall(IRulebook.appointKeeper, (mandate)), same);
        mandate = Mandate(lapsing, _soon(DELAY + 1 days)); // it lapsed long ago
        _enact(abi.encodeCall(IRulebook.appointKeeper, (mandate)));
        (role,) = rulebook.roleOf(lapsing);
        yes(role == Role.KEEPER, "renewed");
        eq(rulebook.keepers().length, 3, "and no second time");
    }

    function test_a_mandate_is_held_to_its_ceiling_when_it_is_given() public {
        uint256 latest = _now() + DELAY + 90 days;
        Mandate memory mandate = Mandate(keeper, uint40(latest + 1));
        _enactRefused(abi.encodeCall(IRulebook.appointKeeper, (mandate)), _above("mandate", latest + 1, latest));
        mandate.expires = _soon(DELAY);
        _enactRefused(
            abi.encodeCall(IRulebook.appointKeeper, (mandate)), _below("mandate", mandate.expires, mandate.expires + 1)
        );
    }

    function test_owner_guardians_and_keepers_stay_distinct() public {
        vm.prank(owner);
        rulebook.transferOwnership(heir);
        address[5] memory taken = [owner, heir, guardian, second, keeper];
        for (uint256 i; i < taken.length; ++i) {
            bytes memory why = abi.encodeWithSelector(IRulebookReads.RoleTaken.selector, taken[i]);
            _enactRefused(abi.encodeCall(IRulebook.appointGuardian, (taken[i])), why);
            if (taken[i] == keeper) continue; // whose mandate may be renewed
            _enactRefused(abi.encodeCall(IRulebook.appointKeeper, (Mandate(taken[i], _soon(30 days)))), why);
        }
        _enact(abi.encodeCall(IRulebook.appointGuardian, (stranger)));
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(IRulebookReads.RoleTaken.selector, stranger));
        rulebook.transferOwnership(stranger);
    }

    function test_no_more_than_eight_of_a_kind() public {
        for (uint160 i; i < 7; ++i) {
            bytes memory data = abi.encodeCall(IRulebook.appointGuardian, (address(0xA000 + i)));
            bytes memory why = abi.encodeWithSelector(IRulebookReads.TooMany.selector, bytes32("guardians"), 9, 8);
            if (i < 6) _enact(data);
            else _enactRefused(data, why);
        }
        eq(rulebook.guardians().length, 8, "eight");
        vm.prank(address(0xA000));
        vault.halt("mine too");
    }

    /// A withdraw that the owner signed before goes where the owner has since said.
    function test_payout_moves_for_every_withdraw_after_it() public {
        _enact(abi.encodeCall(IRulebook.setPayout, (heir)));
        vm.prank(owner);
        vault.withdraw(address(tokens[WETH]), 1e18);
        eq(tokens[WETH].balanceOf(heir), 1e18, "there");
        eq(tokens[WETH].balanceOf(payout), 0, "not here");
        _enactRefused(abi.encodeCall(IRulebook.setPayout, (heir)), same);
        address[2] memory sinks = [address(vault), address(rulebook)];
        for (uint256 i; i < 2; ++i) {
            _enactRefused(
                abi.encodeCall(IRulebook.setPayout, (sinks[i])),
                abi.encodeWithSelector(IRulebookReads.RoleTaken.selector, sinks[i])
            );
        }
    }
}
