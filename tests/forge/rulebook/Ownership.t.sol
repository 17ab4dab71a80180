// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IRulebookReads, Role, Rules, Setup} from "../../../contracts/interfaces/IRulebook.sol";
import {World} from "../vault/World.sol";

/// Two steps to a new owner, none to no owner; and what the rulebook answers.
contract OwnershipTest is World {
    function _role(address who, Role role, uint40 expires) private view {
        (Role found, uint40 end) = rulebook.roleOf(who);
        eq(uint256(found), uint256(role), "role");
        eq(end, expires, "expiry");
    }

    function test_renouncing_reverts_for_everyone() public {
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(IRulebookReads.OwnerCannotRenounce.selector));
        Ownable(address(rulebook)).renounceOwnership();
    }

    function test_transfer_reverts_to_who_holds_another_role() public {
        address[3] memory taken = [guardian, keeper, lapsing];
        vm.warp(START + 2 hours); // also where the mandate is over
        for (uint256 i; i < taken.length; ++i) {
            vm.prank(owner);
            vm.expectRevert(abi.encodeWithSelector(IRulebookReads.RoleTaken.selector, taken[i]));
            rulebook.transferOwnership(taken[i]);
        }
    }

    function test_accepting_reverts_for_who_was_not_named() public {
        vm.prank(owner);
        rulebook.transferOwnership(heir);
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, stranger));
        rulebook.acceptOwnership();
    }

    function test_ownership_passes_in_two_steps_and_raises_the_version() public {
        vm.prank(owner);
        rulebook.transferOwnership(heir);
        eq(rulebook.owner(), owner, "not yet");
        eq(rulebook.pendingOwner(), heir, "named");
        eq(rulebook.configVersion(), 1, "nothing changed yet");
        _role(heir, Role.NONE, 0);
        vm.expectEmit(address(rulebook));
        emit IRulebookReads.ConfigVersion(2);
        vm.prank(heir);
        rulebook.acceptOwnership();
        eq(rulebook.owner(), heir, "passed");
        eq(rulebook.pendingOwner(), address(0), "nobody waits");
        eq(rulebook.configVersion(), 2, "version");
        _role(heir, Role.OWNER, 0);
        _role(owner, Role.NONE, 0);
    }

    function test_naming_nobody_takes_the_offer_back() public {
        vm.startPrank(owner);
        rulebook.transferOwnership(heir);
        rulebook.transferOwnership(address(0));
        vm.stopPrank();
        vm.prank(heir);
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, heir));
        rulebook.acceptOwnership();
    }

    function test_roles_are_what_they_are_until_the_mandate_ends() public {
        uint40 end = START + 1 hours;
        _role(owner, Role.OWNER, 0);
        _role(guardian, Role.GUARDIAN, 0);
        _role(stranger, Role.NONE, 0);
        _role(address(0), Role.NONE, 0);
        _role(lapsing, Role.KEEPER, end);
        vm.warp(end - 1);
        _role(lapsing, Role.KEEPER, end);
        vm.warp(end);
        _role(lapsing, Role.NONE, end);
    }

    function test_the_rulebook_answers_what_it_was_written_with() public {
        Setup memory setup = _setup();
        this.deploy(setup, _targets());
        eq(rulebook.vault(), setup.vault, "vault");
        eq(rulebook.payout(), payout, "payout");
        eq(rulebook.oracle(), address(oracle), "oracle");
        eq(abi.encode(rulebook.assets()), abi.encode(setup.assets), "assets");
        eq(abi.encode(rulebook.routes()), abi.encode(setup.routes), "routes");
        eq(abi.encode(rulebook.route(3)), abi.encode(setup.routes[3]), "one route");
        eq(abi.encode(rulebook.claims()), abi.encode(setup.claims), "claims");
        eq(abi.encode(rulebook.keepers()), abi.encode(setup.keepers), "keepers");
        eq(abi.encode(rulebook.guardians()), abi.encode(setup.guardians), "guardians");
        Rules memory rules = Rules(1, address(oracle), setup.limits, setup.assets, 0);
        eq(abi.encode(rulebook.rules()), abi.encode(rules), "rules");
    }
}
