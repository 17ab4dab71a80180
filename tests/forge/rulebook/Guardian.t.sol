// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Mode} from "../../../contracts/interfaces/IKeeperVault.sol";
import {Asset, IRulebook, IRulebookReads, Limits, Route} from "../../../contracts/interfaces/IRulebook.sol";
import {Governed} from "./Governed.sol";

/// Two guardians gone bad, against an owner who looks on: whatever they do in whatever order, nothing is widened, the owner's
/// withdraw goes through, and flatten still sells what is not frozen.
contract GuardianTest is Governed {
    uint256 private made;

    function _act(uint256 seed) private {
        address who = seed % 2 == 0 ? guardian : second;
        uint256 kind = (seed >> 8) % 8;
        uint256 pick = seed >> 16;
        bytes memory data;
        if (kind == 0) data = abi.encodeCall(IRulebook.freeze, (uint8(pick % 5)));
        if (kind == 1 || kind == 2) data = abi.encodeCall(IRulebook.setRouteEnabled, (uint16(pick % 14), false));
        if (kind == 3) data = abi.encodeCall(IRulebook.setClaimEnabled, (0, false));
        if (kind == 4) data = abi.encodeCall(IRulebook.tighten, (_narrowed(pick)));
        if (kind == 5) data = abi.encodeCall(IRulebookReads.revokeKeeper, (pick % 2 == 0 ? keeper : lapsing));
        if (kind == 6) data = abi.encodeCall(IRulebook.unfreeze, (uint8(pick % 5)));
        if (kind == 7) data = abi.encodeCall(IRulebook.setRouteEnabled, (uint16(pick % 14), true));
        (uint32 version, bytes32 before) = (rulebook.configVersion(), _parameters());
        vm.prank(who);
        (bool done,) = address(rulebook).call(data);
        eq(rulebook.configVersion(), version + (done ? 1 : 0), "one up with each change");
        eq(before == _parameters() ? 0 : 1, done ? 1 : 0, "and with nothing else");
        if (done) ++made;
        no(done && kind >= 6, "nothing comes back by a guardian");
    }

    function _narrowed(uint256 seed) private view returns (Limits memory limits) {
        limits = rulebook.limits();
        if (seed % 4 == 0) (limits.turnoverDayBps, limits.lossDayBps) = (500, 2);
        if (seed % 4 == 1) (limits.turnoverMonthBps, limits.lossMonthBps) = (3000, 10);
        if (seed % 4 == 2) (limits.maxTradeBps, limits.minTradeBps, limits.keeperMayFlatten) = (100, 50, false);
        if (seed % 4 == 3) (limits.rebalanceCooldown, limits.minDriftBps, limits.maxShiftBps) = (1 days, 100, 0);
        if (seed % 64 < 8) limits.emergencyBps -= 1; // never
        if (seed % 64 > 56) limits.maxTradeBps += 1; // never
    }

    /// forge-config: default.fuzz.runs = 64
    function testFuzz_no_sequence_of_guardians_widens_or_closes_a_way_out(uint256 seed, bool halted) public {
        if (halted) _halt();
        Asset[] memory assets = rulebook.assets();
        Route[] memory routes = rulebook.routes();
        Limits memory limits = rulebook.limits();
        for (uint256 step; step < 24; ++step) {
            seed = uint256(keccak256(abi.encode(seed, step)));
            _act(seed);
            if (seed % 5 == 0) _pass(10 minutes);
        }
        _requireNotWidened(assets, routes, limits);
        _requireWaysOut();
    }

    function _requireNotWidened(Asset[] memory assets, Route[] memory routes, Limits memory limits) private view {
        for (uint256 i; i < assets.length; ++i) {
            Asset memory now_ = rulebook.assets()[i];
            (assets[i].frozen, now_.frozen) = (false, false);
            eq(abi.encode(assets[i]), abi.encode(now_), "an asset, but for its being frozen");
        }
        for (uint16 i; i < routes.length; ++i) {
            Route memory now_ = rulebook.route(i);
            no(now_.enabled && !routes[i].enabled, "switched on");
            (routes[i].enabled, now_.enabled) = (false, false);
            eq(abi.encode(routes[i]), abi.encode(now_), "a route, but for its being off");
        }
        Limits memory narrow = rulebook.limits();
        le(narrow.turnoverDayBps, limits.turnoverDayBps, "turnover");
        le(narrow.lossDayBps, limits.lossDayBps, "loss");
        le(narrow.maxTradeBps, limits.maxTradeBps, "largest trade");
        eq(narrow.emergencyBps, limits.emergencyBps, "emergency");
        eq(narrow.delay, limits.delay, "delay");
    }

    function _requireWaysOut() private {
        uint256 before = vm.snapshotState();
        vm.startPrank(owner);
        for (uint8 i; i < 4; ++i) {
            vault.withdraw(address(tokens[i]), type(uint256).max);
            eq(_held(i), 0, "all of it");
        }
        vm.stopPrank();
        vm.revertToState(before);
        _halt();
        vm.prank(owner);
        vault.flatten();
        Asset[] memory assets = rulebook.assets();
        for (uint8 i; i < 5; ++i) {
            if (assets[i].safeRank == 0 && !assets[i].frozen) eq(_held(i), 0, "sold");
        }
        yes(vault.state().mode == Mode.HALTED, "halted");
    }

    /// The fuzzing above is worth nothing if the guardians get nothing done.
    function test_guardians_get_much_done() public {
        for (uint256 seed; seed < 200; ++seed) {
            _act(uint256(keccak256(abi.encode(seed))));
        }
        ge(made, 15, "changes made");
        yes(rulebook.assets()[USDC].frozen || rulebook.assets()[DAI].frozen, "one refuge frozen");
        no(rulebook.assets()[USDC].frozen && rulebook.assets()[DAI].frozen, "and not both");
    }
}
