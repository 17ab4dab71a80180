// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IVaultCore, State} from "../../../contracts/interfaces/IKeeperVault.sol";
import {Asset, Claim, IRulebook, IRulebookReads, Limits, Mandate} from "../../../contracts/interfaces/IRulebook.sol";
import {Governed} from "./Governed.sol";

/// Who may govern: every function of the rulebook that changes something x every caller x three states of the vault, each cell
/// exact. Ownership and revocation stand in the vault's own table.
contract WhoMayGovernTest is Governed {
    enum Caller {
        OWNER,
        HEIR, // named, has not accepted
        GUARDIAN,
        KEEPER,
        LAPSED, // a keeper whose mandate is over
        STRANGER,
        PAYOUT,
        ADAPTER,
        RULEBOOK, // as if it could be made to call itself
        VAULT
    }

    enum Mood {
        ACTIVE,
        HALTED,
        BUSY // an action under way
    }

    bytes4 private constant DONE = 0;

    bytes private ripe = abi.encodeCall(IRulebook.setPayout, (address(0xBEEF)));
    bytes private guarding = abi.encodeCall(IRulebook.appointGuardian, (address(0xFEED)));

    function setUp() public override {
        super.setUp();
        vm.prank(owner);
        rulebook.transferOwnership(heir);
        _queue(ripe);
        _queue(guarding);
        _freeze(owner, GRAIN);
        _switch(owner, USDC_GRAIN, false);
        _pass(DELAY); // the second keeper's mandate is over, too
    }

    function test_who_may_not_govern() public {
        uint256 before = vm.snapshotState();
        uint256 done;
        bytes[] memory calls = _calls();
        for (uint8 m; m <= uint8(type(Mood).max); ++m) {
            _enter(Mood(m));
            uint256 entered = vm.snapshotState();
            for (uint8 c; c <= uint8(type(Caller).max); ++c) {
                for (uint256 a; a < calls.length; ++a) {
                    vm.prank(_address(Caller(c)));
                    (bool did, bytes memory why) = address(rulebook).call(calls[a]);
                    // the first four bytes of an error are its selector
                    // forge-lint: disable-next-line(unsafe-typecast)
                    bytes4 found = did ? DONE : bytes4(why);
                    bytes4 expected = _expected(a, Caller(c), Mood(m));
                    string memory cell = string.concat(
                        "call ", vm.toString(a), " by ", vm.toString(uint256(c)), " in ", vm.toString(uint256(m))
                    );
                    eq(bytes32(found), bytes32(expected), cell);
                    if (did) ++done;
                    vm.revertToState(entered);
                }
            }
            vm.revertToState(before);
        }
        eq(done, 2 * (11 + 6 + 10) + (4 + 2 + 10), "so many cells are allowed, no more and no fewer");
    }

    function _enter(Mood mood) private {
        if (mood == Mood.HALTED) _halt();
        if (mood == Mood.BUSY) {
            vm.mockCall(address(vault), abi.encodeCall(IVaultCore.state, ()), _lockedState());
        }
    }

    function _lockedState() private view returns (bytes memory) {
        State memory held = vault.state();
        held.locked = true;
        return abi.encode(held);
    }

    /// 0 to 9 and 20 at once, the others by the queue only.
    function _calls() private view returns (bytes[] memory calls) {
        Limits memory tighter = _limits();
        tighter.lossMonthBps = 70;
        Asset memory asset = rulebook.assets()[GRAIN];
        Claim memory claim = rulebook.claim(0);
        calls = new bytes[](23);
        calls[0] = abi.encodeCall(IRulebook.queue, (abi.encodeCall(IRulebook.setPayout, (heir))));
        calls[1] = abi.encodeCall(IRulebook.execute, (ripe));
        calls[2] = abi.encodeCall(IRulebook.unfreeze, (GRAIN));
        calls[3] = abi.encodeCall(IRulebook.setRouteEnabled, (USDC_GRAIN, true));
        calls[4] = abi.encodeCall(IRulebook.cancel, (keccak256(guarding)));
        calls[5] = abi.encodeCall(IRulebook.cancel, (keccak256(ripe)));
        calls[6] = abi.encodeCall(IRulebook.tighten, (tighter));
        calls[7] = abi.encodeCall(IRulebook.freeze, (WETH));
        calls[8] = abi.encodeCall(IRulebook.setRouteEnabled, (USDC_WETH, false));
        calls[9] = abi.encodeCall(IRulebook.setClaimEnabled, (0, false));
        calls[10] = abi.encodeCall(IRulebook.setLimits, (tighter));
        calls[11] = abi.encodeCall(IRulebook.setOracle, (stranger));
        calls[12] = abi.encodeCall(IRulebook.setPayout, (heir));
        calls[13] = abi.encodeCall(IRulebook.appointKeeper, (Mandate(stranger, _soon(1 days))));
        calls[14] = abi.encodeCall(IRulebook.appointGuardian, (stranger));
        calls[15] = abi.encodeCall(IRulebook.listAsset, (asset));
        calls[16] = abi.encodeCall(IRulebook.setAssetRange, (WETH, 0, 9000));
        calls[17] = abi.encodeCall(IRulebook.setPriceBand, (WETH, 400e18, 9000e18));
        calls[18] = abi.encodeCall(IRulebook.addRoute, (_route(WBTC, GRAIN)));
        calls[19] = abi.encodeCall(IRulebook.addClaim, (claim));
        calls[20] = abi.encodeCall(IRulebook.cancelAll, ());
        calls[21] = abi.encodeCall(IRulebook.setAssetSafety, (DAI, 3, 100));
        calls[22] = abi.encodeCall(IRulebook.setDust, (WETH, 1e12));
    }

    function _expected(uint256 a, Caller caller, Mood mood) private pure returns (bytes4) {
        if (a >= 10 && a != 20) {
            if (caller != Caller.RULEBOOK) return IRulebook.OnlyQueue.selector;
            if (a == 11) return IRulebookReads.NoCode.selector;
            return a == 15 ? IRulebookReads.TokenListedTwice.selector : DONE;
        }
        bool busy = mood == Mood.BUSY;
        if (a < 2) {
            if (caller != Caller.OWNER) return Ownable.OwnableUnauthorizedAccount.selector;
            return busy && a == 1 ? IRulebookReads.VaultBusy.selector : DONE;
        }
        if (caller != Caller.OWNER && caller != Caller.GUARDIAN) return IVaultCore.NoRole.selector;
        bool guards = caller == Caller.GUARDIAN;
        if (a == 4) return guards ? IRulebook.VetoRefused.selector : DONE;
        if (a == 5 || a == 20) return DONE;
        if (busy) return IRulebookReads.VaultBusy.selector;
        return guards && a < 4 ? Ownable.OwnableUnauthorizedAccount.selector : DONE;
    }

    function _address(Caller caller) private view returns (address) {
        address[10] memory all = [
            owner,
            heir,
            guardian,
            keeper,
            lapsing,
            stranger,
            payout,
            address(adapter),
            address(rulebook),
            address(vault)
        ];
        return all[uint8(caller)];
    }
}
