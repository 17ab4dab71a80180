// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IPayer, IVaultCore, Order} from "../../../contracts/interfaces/IKeeperVault.sol";
import {IRulebookReads} from "../../../contracts/interfaces/IRulebook.sol";
import {IInside, World} from "./World.sol";

/// Who may not: every state-changing function of vault and rulebook x every caller x both modes, each cell exact.
contract WhoMayNotTest is World {
    enum Caller {
        OWNER,
        HEIR, // named, has not accepted
        GUARDIAN,
        KEEPER,
        LAPSED, // a keeper whose mandate is over
        STRANGER,
        PAYOUT,
        ADAPTER,
        VENUE,
        RULEBOOK,
        VAULT
    }

    enum Act {
        REBALANCE,
        RETARGET,
        HARVEST,
        ALLOCATE,
        SET_TARGETS,
        UNHALT,
        WITHDRAW,
        HALT,
        KILL,
        FLATTEN,
        FLATTEN_NAMED,
        LEG,
        SWEEP,
        PAY,
        TRIP,
        RESCUE,
        REVOKE_KEEPER,
        REVOKE_GUARDIAN,
        TRANSFER_OWNERSHIP,
        ACCEPT_OWNERSHIP,
        RENOUNCE_OWNERSHIP
    }

    bytes4 private constant DONE = 0;

    function setUp() public override {
        super.setUp();
        vm.prank(owner);
        rulebook.transferOwnership(heir);
        vm.deal(address(vault), 1 ether);
        vm.warp(START + 1 hours); // the second keeper's mandate is over
    }

    function test_who_may_not_while_active() public {
        _everyCell(false);
    }

    function test_who_may_not_while_halted() public {
        _halt();
        _everyCell(true);
    }

    function _everyCell(bool halted) private {
        uint256 before = vm.snapshotState();
        uint256 done;
        for (uint8 c; c <= uint8(type(Caller).max); ++c) {
            for (uint8 a; a <= uint8(type(Act).max); ++a) {
                bytes4 found = _try(Act(a), Caller(c));
                bytes4 expected = _expected(Act(a), Caller(c), halted);
                string memory cell = string.concat(
                    "act ", vm.toString(uint256(a)), " by caller ", vm.toString(uint256(c)), halted ? ", halted" : ""
                );
                eq(bytes32(found), bytes32(expected), cell);
                if (expected == DONE) ++done;
                vm.revertToState(before);
            }
        }
        eq(done, halted ? 21 : 19, "so many cells are allowed, no more and no fewer");
    }

    function _expected(Act act, Caller caller, bool halted) private pure returns (bytes4) {
        if (act == Act.REBALANCE || act == Act.RETARGET || act == Act.HARVEST) {
            if (caller == Caller.LAPSED) return IVaultCore.MandateExpired.selector;
            if (caller != Caller.KEEPER) return IVaultCore.NotKeeper.selector;
            return halted ? IVaultCore.NotActive.selector : DONE;
        }
        if (act == Act.ALLOCATE) {
            if (caller != Caller.OWNER) return IVaultCore.NotOwner.selector;
            return halted ? IVaultCore.NotActive.selector : DONE;
        }
        if (act == Act.UNHALT) {
            if (caller != Caller.OWNER) return IVaultCore.NotOwner.selector;
            return halted ? IVaultCore.TooSoon.selector : IVaultCore.NotHalted.selector; // an hour later: see Unhalt.t.sol
        }
        if (act == Act.SET_TARGETS) return caller == Caller.OWNER ? DONE : IVaultCore.NotOwner.selector;
        if (act == Act.KILL || act == Act.REVOKE_KEEPER) {
            return caller == Caller.OWNER || caller == Caller.GUARDIAN ? DONE : IVaultCore.NoRole.selector;
        }
        if (act == Act.WITHDRAW) return caller == Caller.OWNER ? DONE : IVaultCore.NotOwner.selector;
        if (act == Act.HALT) return _hasRole(caller) ? DONE : IVaultCore.NoRole.selector;
        if (act == Act.FLATTEN || act == Act.FLATTEN_NAMED) {
            if (!halted) return IVaultCore.NotHalted.selector;
            return _hasRole(caller) ? DONE : IVaultCore.NoRole.selector;
        }
        if (act == Act.LEG || act == Act.SWEEP) return caller == Caller.VAULT ? DONE : IVaultCore.OnlySelf.selector;
        if (act == Act.PAY) return IVaultCore.NothingPending.selector;
        // anyone, but on proof alone: see Trip.t.sol
        if (act == Act.TRIP) return halted ? IVaultCore.NotActive.selector : IVaultCore.NothingTripped.selector;
        if (act == Act.RESCUE) return caller == Caller.OWNER ? DONE : IVaultCore.NotOwner.selector;
        if (act == Act.RENOUNCE_OWNERSHIP) return IRulebookReads.OwnerCannotRenounce.selector;
        if (act == Act.REVOKE_GUARDIAN) {
            return caller == Caller.OWNER ? DONE : Ownable.OwnableUnauthorizedAccount.selector;
        }
        Caller may = act == Act.TRANSFER_OWNERSHIP ? Caller.OWNER : Caller.HEIR;
        return caller == may ? DONE : Ownable.OwnableUnauthorizedAccount.selector;
    }

    function _hasRole(Caller caller) private pure returns (bool) {
        return caller == Caller.OWNER || caller == Caller.GUARDIAN || caller == Caller.KEEPER;
    }

    function _address(Caller caller) private view returns (address) {
        address[11] memory all = [
            owner,
            heir,
            guardian,
            keeper,
            lapsing,
            stranger,
            payout,
            address(adapter),
            address(venue),
            address(rulebook),
            address(vault)
        ];
        return all[uint8(caller)];
    }

    /// The error's selector, or 0 when it was done.
    function _try(Act act, Caller caller) private returns (bytes4) {
        (address to, bytes memory data) = _call(act);
        vm.prank(_address(caller));
        (bool done, bytes memory why) = to.call(data);
        // the first four bytes of an error are its selector
        // forge-lint: disable-next-line(unsafe-typecast)
        return done ? DONE : bytes4(why);
    }

    function _call(Act act) private view returns (address, bytes memory) {
        if (act == Act.TRANSFER_OWNERSHIP) {
            return (address(rulebook), abi.encodeCall(IRulebookReads.transferOwnership, (stranger)));
        }
        if (act == Act.ACCEPT_OWNERSHIP) {
            return (address(rulebook), abi.encodeCall(IRulebookReads.acceptOwnership, ()));
        }
        if (act == Act.RENOUNCE_OWNERSHIP) {
            return (address(rulebook), abi.encodeCall(Ownable.renounceOwnership, ()));
        }
        if (act == Act.REVOKE_KEEPER) {
            return (address(rulebook), abi.encodeCall(IRulebookReads.revokeKeeper, (keeper)));
        }
        if (act == Act.REVOKE_GUARDIAN) {
            return (address(rulebook), abi.encodeCall(IRulebookReads.revokeGuardian, (guardian)));
        }
        return (address(vault), _vaultCall(act));
    }

    function _vaultCall(Act act) private view returns (bytes memory) {
        if (act == Act.REBALANCE) return abi.encodeCall(IVaultCore.rebalance, (_order(WETH_USDC, 10e18), _terms()));
        if (act == Act.RETARGET) return abi.encodeCall(IVaultCore.retarget, (_shifted(100), _terms()));
        if (act == Act.HARVEST) return abi.encodeCall(IVaultCore.harvest, (0, new Order[](0), _terms()));
        if (act == Act.SET_TARGETS) return abi.encodeCall(IVaultCore.setTargets, (_shifted(100)));
        if (act == Act.UNHALT) return abi.encodeCall(IVaultCore.unhalt, ());
        if (act == Act.KILL) return abi.encodeCall(IVaultCore.kill, ("why"));
        if (act == Act.ALLOCATE) {
            return abi.encodeCall(IVaultCore.allocate, (_order(WETH_USDC, 10e18), uint40(block.timestamp)));
        }
        if (act == Act.WITHDRAW) return abi.encodeCall(IVaultCore.withdraw, (address(tokens[WETH]), 1));
        if (act == Act.HALT) return abi.encodeCall(IVaultCore.halt, ("why"));
        if (act == Act.FLATTEN) return abi.encodeWithSignature("flatten()");
        if (act == Act.FLATTEN_NAMED) return abi.encodeWithSignature("flatten(uint8[])", _list(WETH));
        if (act == Act.PAY) return abi.encodeCall(IPayer.pay, (address(adapter), 1));
        if (act == Act.TRIP) return abi.encodeCall(IVaultCore.trip, (WETH));
        if (act == Act.RESCUE) return abi.encodeCall(IVaultCore.rescueNative, ());
        if (act == Act.SWEEP) return abi.encodeCall(IInside.sweep, (guardian));
        return abi.encodeCall(IInside.leg, (WETH_USDC, address(tokens[WETH]), 1e18, false, false));
    }
}
