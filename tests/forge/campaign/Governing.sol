// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IVaultCore, Order} from "../../../contracts/interfaces/IKeeperVault.sol";
import {IRulebook, IRulebookReads, Limits, Mandate} from "../../../contracts/interfaces/IRulebook.sol";
import {Puppet} from "./Cast.sol";
import {Exiting} from "./Exiting.sol";

/// Owner and guardian at the rulebook: the queue, tightening, freezing, switches, who is who.
abstract contract Governing is Exiting {
    function _none() internal pure returns (Order[] memory) {
        return new Order[](0);
    }

    struct Waiting {
        bytes data;
        uint256 ripeAt;
    }

    Waiting[] private _queue;
    mapping(uint256 asset => uint256) private _frozenAt;
    mapping(uint256 route => uint256) private _offAt;
    uint256 private _salt;
    bytes32 private parameters; // as the last change left them

    function setUp() public virtual override {
        super.setUp();
        parameters = _parameters();
    }

    // ------------------------------------------------------------------------------------------------ changes

    /// All that a parameter is, in one word; `configVersion` itself left out.
    function _parameters() private view returns (bytes32) {
        return keccak256(
            abi.encode(
                _raw(abi.encodeCall(IRulebookReads.owner, ())),
                _raw(abi.encodeCall(IRulebookReads.payout, ())),
                _raw(abi.encodeCall(IRulebookReads.oracle, ())),
                _raw(abi.encodeCall(IRulebookReads.limits, ())),
                _raw(abi.encodeCall(IRulebookReads.assets, ())),
                _raw(abi.encodeCall(IRulebookReads.routes, ())),
                _raw(abi.encodeCall(IRulebookReads.claims, ())),
                _raw(abi.encodeCall(IRulebookReads.keepers, ())),
                _raw(abi.encodeCall(IRulebookReads.guardians, ()))
            )
        );
    }

    function _raw(bytes memory question) private view returns (bytes memory answer) {
        bool answered;
        (answered, answer) = address(rulebook).staticcall(question);
        yes(answered, "the rulebook answers");
    }

    /// One call of the rulebook: the version rises by one exactly when a parameter changed, and only `execute` widens.
    function _change(Puppet who, bytes memory data) private returns (bool done) {
        vm.prank(address(who));
        (done,) = address(rulebook).call(data);
        uint256 version = rulebook.configVersion();
        bytes32 found = _parameters();
        bool changed = found != parameters;
        parameters = found;
        _flag(version != configVersion + (changed ? 1 : 0), "I20 the version and the parameters went apart");
        configVersion = version;
        Limits memory given = rulebook.limits();
        if (bytes4(data) != IRulebook.execute.selector) _judgeTighter(limits, given);
        _judgeCeilings(given);
        uint256 spread = limits.spreadBps;
        limits = given;
        _publish();
        if (spread == given.spreadBps) return done;
        for (uint8 i; i < 6; ++i) {
            if (i != SHARE) _form(i);
        }
    }

    function _judgeTighter(Limits memory was, Limits memory given) private {
        bool looser = given.spreadBps > was.spreadBps || given.minDriftBps < was.minDriftBps
            || given.minProgressBps < was.minProgressBps || given.maxTradeBps > was.maxTradeBps
            || given.minTradeBps < was.minTradeBps || given.maxShiftBps > was.maxShiftBps
            || given.harvestCapBps > was.harvestCapBps;
        looser = looser || given.lossDayBps > was.lossDayBps || given.lossMonthBps > was.lossMonthBps
            || given.turnoverDayBps > was.turnoverDayBps || given.turnoverMonthBps > was.turnoverMonthBps;
        looser = looser || given.rebalanceCooldown < was.rebalanceCooldown
            || given.retargetCooldown < was.retargetCooldown || given.harvestCooldown < was.harvestCooldown
            || given.maxGasPrice > was.maxGasPrice || (given.keeperMayFlatten && !was.keeperMayFlatten);
        _flag(looser, "I13 a limit was widened without the queue");
        bool moved = given.emergencyBps != was.emergencyBps || given.delay != was.delay;
        _flag(moved, "I13 emergency or delay moved without the queue");
    }

    function _judgeCeilings(Limits memory given) private {
        bool past = given.emergencyBps > 1000 || given.lossDayBps > 100 || given.lossMonthBps > 500
            || given.turnoverDayBps > 6000 || given.turnoverMonthBps > 40_000 || given.spreadBps > 500
            || given.harvestCapBps > 100 || given.delay < 1 days || given.delay > 7 days;
        past = past || given.rebalanceCooldown > 7 days || given.retargetCooldown > 7 days
            || given.harvestCooldown > 7 days || given.minDriftBps > 1000 || given.minProgressBps > 1000;
        _flag(past, "I13 a limit past its ceiling");
    }

    // ------------------------------------------------------------------------------------------------ the queue

    function _proposal() private returns (bytes memory) {
        uint256 what = _draw(6);
        Limits memory given = _limits();
        if (what == 0) {
            given.lossDayBps = uint16(5 + _draw(30));
            given.turnoverDayBps = uint16(1000 + _draw(5001));
            given.maxShiftBps = uint16(100 + _draw(900));
            given.harvestCapBps = uint16(_draw(20));
            given.maxGasPrice = uint64(100 gwei + ++_salt);
            return abi.encodeCall(IRulebook.setLimits, (given));
        }
        uint8 asset = uint8(_draw(2));
        if (what == 1) return abi.encodeCall(IRulebook.setAssetRange, (asset, 0, uint16(10_000 - (++_salt % 100))));
        if (what == 2) return abi.encodeCall(IRulebook.setPriceBand, (asset, 1e18, uint128(100_000e18 + ++_salt)));
        if (what == 3) {
            Mandate memory long = Mandate(address(keeper), uint40(clock + 80 days + _draw(4 days)));
            return abi.encodeCall(IRulebook.appointKeeper, (long));
        }
        if (what == 4) {
            Mandate memory brief = Mandate(address(lapsing), uint40(clock + 2 days + _draw(4 days)));
            return abi.encodeCall(IRulebook.appointKeeper, (brief));
        }
        given.maxGasPrice = uint64(100 gwei + ++_salt);
        return abi.encodeCall(IRulebook.setLimits, (given));
    }

    function queue(uint256 seed) external turn(seed) {
        _queues(_proposal());
    }

    function _queues(bytes memory data) private {
        vm.prank(address(owner));
        (bool done,) = address(rulebook).call(abi.encodeCall(IRulebook.queue, (data)));
        if (!done) revert Missed();
        _queue.push(Waiting(data, clock + limits.delay));
    }

    /// What waits, mostly when it is ripe; at the head of the queue, or proposed now.
    function execute(uint256 seed) external turn(seed) {
        if (_queue.length == 0) _queues(_proposal());
        uint256 index = _draw(_queue.length);
        Waiting memory entry = _queue[index];
        if (clock < entry.ripeAt && _draw(4) != 0) _pass(entry.ripeAt - clock);
        bool done = _change(owner, abi.encodeCall(IRulebook.execute, (entry.data)));
        _flag(done && clock < entry.ripeAt, "I13 executed before it was ripe");
        _flag(done && clock >= entry.ripeAt + 14 days, "I13 executed when it was dead");
        if (!done && clock < entry.ripeAt) revert Missed();
        _forget(index);
        if (done) _noteMandate(entry.data);
    }

    function _noteMandate(bytes memory data) private {
        if (bytes4(data) != IRulebook.appointKeeper.selector) return;
        (address who, uint256 expires) = (_word(data, 0), uint256(uint160(_word(data, 1))));
        mandates[who] = expires;
        _flag(expires > clock + 90 days, "I13 a mandate longer than any may be");
    }

    function _word(bytes memory data, uint256 index) private pure returns (address word) {
        assembly ("memory-safe") {
            word := mload(add(add(data, 0x24), mul(index, 0x20)))
        }
    }

    function _forget(uint256 index) private {
        _queue[index] = _queue[_queue.length - 1];
        _queue.pop();
    }

    function cancel(uint256 seed) external turn(seed) {
        if (_queue.length == 0) _queues(_proposal());
        uint256 index = _draw(_queue.length);
        Puppet who = isGuardian && _draw(2) == 0 ? guardian : owner;
        if (!_change(who, abi.encodeCall(IRulebook.cancel, (keccak256(_queue[index].data))))) revert Missed();
        _forget(index);
    }

    // ------------------------------------------------------------------------------------------------ at once

    /// One or two limits, tighter mostly, looser now and then.
    function tighten(uint256 seed) external turn(seed) {
        Limits memory given = limits;
        uint256 what = _draw(6);
        bool looser = _draw(4) == 0;
        if (what == 0) given.lossDayBps = uint16(looser ? given.lossDayBps + 1 : _down(given.lossDayBps, 10));
        if (what == 1) {
            given.turnoverDayBps = uint16(looser ? given.turnoverDayBps + 1 : _down(given.turnoverDayBps, 2000));
        }
        if (what == 2) given.maxShiftBps = uint16(looser ? given.maxShiftBps + 1 : _down(given.maxShiftBps, 200));
        if (what == 3) given.harvestCapBps = uint16(looser ? given.harvestCapBps + 1 : _down(given.harvestCapBps, 3));
        if (what == 4) given.maxGasPrice = uint64(given.maxGasPrice - _draw(1 gwei) + (looser ? 2 gwei : 0));
        if (what == 5) given.lossMonthBps = uint16(looser ? given.lossMonthBps + 1 : _down(given.lossMonthBps, 60));
        Puppet who = isGuardian && _draw(3) != 0 ? guardian : owner;
        if (!_change(who, abi.encodeCall(IRulebook.tighten, (given)))) revert Missed();
    }

    function _down(uint256 value, uint256 least) private returns (uint256) {
        return value > least ? value - 1 - _draw(value - least) : value;
    }

    function freeze(uint256 seed) external turn(seed) {
        uint8 asset = uint8(_draw(N));
        if (frozen[asset]) {
            if (clock < _frozenAt[asset] + 1 hours) _pass(1 hours);
            return _unfreezes(asset);
        }
        Puppet who = isGuardian && _draw(2) == 0 ? guardian : owner;
        if (!_change(who, abi.encodeCall(IRulebook.freeze, (asset)))) revert Missed();
        (frozen[asset], _frozenAt[asset]) = (true, clock);
    }

    function unfreeze(uint256 seed) external turn(seed) {
        uint8 asset = uint8(_draw(N));
        for (uint256 k; k < N && !frozen[asset]; ++k) {
            asset = uint8((asset + 1) % N);
        }
        if (!frozen[asset]) {
            if (!_change(owner, abi.encodeCall(IRulebook.freeze, (asset)))) revert Missed();
            (frozen[asset], _frozenAt[asset]) = (true, clock);
        }
        if (_draw(4) != 0) _pass(1 hours);
        _unfreezes(asset);
    }

    function _unfreezes(uint8 asset) private {
        if (!_change(owner, abi.encodeCall(IRulebook.unfreeze, (asset)))) revert Missed();
        _flag(clock < _frozenAt[asset] + 1 hours, "I13 unfrozen within the hour");
        frozen[asset] = false;
    }

    function switchRoute(uint256 seed) external turn(seed) {
        uint16 route = uint16(_draw(REWARD_USDC));
        bool off = routeOff[route];
        if (off && _draw(4) != 0) _pass(1 hours);
        Puppet who = isGuardian && _draw(2) == 0 ? guardian : owner;
        if (!_change(who, abi.encodeCall(IRulebook.setRouteEnabled, (route, off)))) revert Missed();
        _flag(off && who == guardian, "I14 a guardian switched something on");
        _flag(off && clock < _offAt[route] + 1 hours, "I13 switched on within the hour");
        routeOff[route] = !off;
        _offAt[route] = clock;
    }

    /// Revoked by either, appointed again through the queue.
    function revoke(uint256 seed) external turn(seed) {
        if (mandates[address(lapsing)] == 0) {
            Mandate memory brief = Mandate(address(lapsing), uint40(clock + limits.delay + 3 days));
            bytes memory data = abi.encodeCall(IRulebook.appointKeeper, (brief));
            _queues(data);
            _pass(limits.delay);
            if (!_change(owner, abi.encodeCall(IRulebook.execute, (data)))) revert Missed();
            _noteMandate(data);
            return _forget(_queue.length - 1);
        }
        Puppet who = isGuardian && _draw(2) == 0 ? guardian : owner;
        if (!_change(who, abi.encodeCall(IRulebookReads.revokeKeeper, (address(lapsing))))) revert Missed();
        mandates[address(lapsing)] = 0;
    }

    // ------------------------------------------------------------------------------------------------ what must not be

    /// A guardian tries what it may never: each is refused, and nothing moves.
    function usurp(uint256 seed) external turn(seed) {
        Limits memory wider = limits;
        ++wider.lossMonthBps;
        uint256 what = _draw(10);
        bytes memory data;
        bool vaults = what < 6;
        if (what == 0) data = abi.encodeCall(IVaultCore.withdraw, (tokens[WETH], 1));
        if (what == 1) data = abi.encodeCall(IVaultCore.unhalt, ());
        if (what == 2) data = abi.encodeCall(IVaultCore.setTargets, (_moved(1)));
        if (what == 3) data = abi.encodeCall(IVaultCore.retarget, (_moved(1), _terms()));
        if (what == 4) data = abi.encodeCall(IVaultCore.harvest, (0, _none(), _terms()));
        if (what == 5) data = abi.encodeCall(IVaultCore.allocate, (_none(), uint40(clock)));
        if (what == 6) data = abi.encodeCall(IRulebook.tighten, (wider));
        if (what == 7) data = abi.encodeCall(IRulebook.setLimits, (wider));
        if (what == 8) data = abi.encodeCall(IRulebook.queue, (_proposal()));
        if (what == 9) data = abi.encodeCall(IRulebook.setPayout, (address(guardian)));
        if (what == 1 && halted) _pass(1 hours);
        Picture memory p = _look();
        bool done;
        if (vaults) (done,) = _as(guardian, data);
        else done = _change(guardian, data);
        _flag(done, "I14 a guardian did what it may not");
        _unmoved(p, "I14 a guardian moved value");
    }
}
