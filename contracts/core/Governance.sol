// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IVaultCore} from "../interfaces/IKeeperVault.sol";
import {Asset, Claim, IRulebook, Limits, Mandate, Pending, Route} from "../interfaces/IRulebook.sol";
import {Ceilings} from "../libraries/Ceilings.sol";
import {Change} from "../libraries/LimitCheck.sol";
import {Clerk} from "./Clerk.sol";
import {Registration} from "./Registration.sol";

/// @title Who may change what, and when
/// @dev Three kinds of change: by the queue (anything that widens), at once (anything that narrows), and back after an hour
/// (what was frozen or switched off). The queue makes its change by a call of the rulebook to itself, so that what waits in it
/// is readable calldata, and so that nothing but it can come in by those doors.
abstract contract Governance is Registration {
    // ------------------------------------------------------------------------------------------------ storage

    struct Entry {
        uint40 ripeAt; // 0 = none
        bytes4 selector;
    }

    mapping(bytes32 id => Entry) private _entries;
    /// @dev What has an entry, also the dead until the next change is queued.
    bytes32[] private _ids;
    // since when an asset is frozen, a route or a claim off; 0 = since it was registered
    mapping(uint256 asset => uint40) private _frozenAt;
    mapping(uint256 route => uint40) private _routeOffAt;
    mapping(uint256 claim => uint40) private _claimOffAt;

    // ------------------------------------------------------------------------------------------------ the queue

    /// @inheritdoc IRulebook
    function queue(bytes calldata data) external onlyOwner returns (bytes32 id) {
        bytes4 selector = abi.decode(_asked(abi.encodeCall(Clerk.requireQueueable, (data))), (bytes4));
        id = keccak256(data);
        for (uint256 i = _ids.length; i > 0; --i) {
            if (block.timestamp >= _deadAt(_entries[_ids[i - 1]].ripeAt)) _drop(i - 1);
        }
        if (_entries[id].ripeAt != 0) revert AlreadyQueued(id);
        uint40 ripeAt = uint40(block.timestamp + _limits.delay); // safe cast: seconds fit 40 bits for 34,000 years
        _entries[id] = Entry({ripeAt: ripeAt, selector: selector});
        _ids.push(id);
        _requireFew("pending", _ids.length, Ceilings.PENDING);
        emit Queued(id, data, ripeAt, _deadAt(ripeAt));
    }

    /// @inheritdoc IRulebook
    function execute(bytes calldata data) external onlyOwner {
        _requireIdleVault();
        bytes32 id = keccak256(data);
        uint40 ripeAt = _entries[id].ripeAt;
        if (ripeAt == 0) revert NotQueued(id);
        if (block.timestamp < ripeAt) revert NotRipe(id, ripeAt);
        if (block.timestamp >= _deadAt(ripeAt)) revert Expired(id, _deadAt(ripeAt));
        _dropOf(id);
        (bool done, bytes memory why) = address(this).call(data);
        if (!done) {
            assembly ("memory-safe") {
                revert(add(why, 0x20), mload(why)) // the change's own reason
            }
        }
        emit Executed(id, data);
        _raise();
    }

    /// @inheritdoc IRulebook
    function cancel(bytes32 id) external {
        bool guarded = _requireOwnerOrGuardian();
        Entry memory entry = _entries[id];
        if (entry.ripeAt == 0) revert NotQueued(id);
        if (guarded && entry.selector == this.appointGuardian.selector) revert VetoRefused(id);
        _dropOf(id);
        emit Cancelled(id, msg.sender);
    }

    /// @inheritdoc IRulebook
    function cancelAll() external returns (uint256 cancelled) {
        bool guarded = _requireOwnerOrGuardian();
        // from the end: what takes a dropped one's place was looked at before
        for (uint256 i = _ids.length; i > 0; --i) {
            bytes32 id = _ids[i - 1];
            if (guarded && _entries[id].selector == this.appointGuardian.selector) continue;
            _drop(i - 1);
            ++cancelled;
            emit Cancelled(id, msg.sender);
        }
    }

    /// @inheritdoc IRulebook
    function pendingIds() external view returns (bytes32[] memory) {
        return _ids;
    }

    /// @inheritdoc IRulebook
    function pending(bytes32 id) external view returns (Pending memory) {
        uint40 ripeAt = _entries[id].ripeAt;
        return Pending({ripeAt: ripeAt, deadAt: ripeAt == 0 ? 0 : _deadAt(ripeAt)});
    }

    function _dropOf(bytes32 id) private {
        uint256 place;
        while (_ids[place] != id) ++place; // it is there: it has an entry
        _drop(place);
    }

    function _drop(uint256 place) private {
        delete _entries[_ids[place]];
        _ids[place] = _ids[_ids.length - 1];
        _ids.pop();
    }

    function _deadAt(uint40 ripeAt) private pure returns (uint40) {
        return ripeAt + uint40(Ceilings.RIPE_FOR);
    }

    /// @dev By `execute` only.
    function _requireQueue() private view {
        if (msg.sender != address(this)) revert OnlyQueue();
    }

    // ------------------------------------------------------------------------------------------------ at once

    /// @inheritdoc IRulebook
    function tighten(Limits memory given) external {
        _begin();
        _limit(given, Change.TIGHTER);
        emit LimitsTightened(msg.sender, given);
        _raise();
    }

    /// @inheritdoc IRulebook
    function freeze(uint8 index) external {
        bool guarded = _begin();
        Asset storage asset = _assets[index];
        if (asset.frozen) revert IVaultCore.NoChange();
        asset.frozen = true;
        _frozenAt[index] = uint40(block.timestamp); // safe cast: see queue
        if (guarded && asset.safeRank != 0) _requireRefuge();
        emit AssetFrozen(index, msg.sender);
        _raise();
    }

    /// @inheritdoc IRulebook
    function unfreeze(uint8 index) external {
        if (_begin()) _checkOwner();
        Asset storage asset = _assets[index];
        if (!asset.frozen) revert IVaultCore.NoChange();
        _requireCooled(_frozenAt[index]);
        asset.frozen = false;
        _requireExits();
        emit AssetUnfrozen(index);
        _raise();
    }

    /// @inheritdoc IRulebook
    function setRouteEnabled(uint16 index, bool enabled) external {
        Route storage way = _routes[index];
        bool guarded = _switch(_routeOffAt, index, way.enabled, enabled);
        way.enabled = enabled;
        _keep(index);
        if (guarded) _requireWayLeft(index);
        emit RouteEnabled(index, enabled, msg.sender);
        _raise();
    }

    /// @inheritdoc IRulebook
    function setClaimEnabled(uint16 index, bool enabled) external {
        Claim storage source = _claims[index];
        _switch(_claimOffAt, index, source.enabled, enabled);
        source.enabled = enabled;
        if (enabled) _requireClaim(index, source); // an asset listed meanwhile may stand in its way
        emit ClaimEnabled(index, enabled, msg.sender);
        _raise();
    }

    // ------------------------------------------------------------------------------------------------ by the queue

    /// @inheritdoc IRulebook
    function setLimits(Limits memory given) external {
        _requireQueue();
        _limit(given, Change.ANY);
    }

    /// @inheritdoc IRulebook
    function setOracle(address oracle_) external {
        _requireQueue();
        _requireCode(oracle_);
        if (oracle_ == _oracle) revert IVaultCore.NoChange();
        _ask(oracle_);
    }

    /// @inheritdoc IRulebook
    function setPayout(address account) external {
        _requireQueue();
        _payTo(account);
    }

    /// @inheritdoc IRulebook
    function appointKeeper(Mandate memory mandate) external {
        _requireQueue();
        _appointKeeper(mandate, true);
    }

    /// @inheritdoc IRulebook
    function appointGuardian(address account) external {
        _requireQueue();
        _appointGuardian(account);
    }

    /// @inheritdoc IRulebook
    function listAsset(Asset memory asset) external {
        _requireQueue();
        _list(asset);
        // its target is 0
        if (asset.minBps != 0) revert AboveCeiling("minBps", asset.minBps, 0);
        _requireExits();
        for (uint16 i; i < _claims.length; ++i) {
            if (_claims[i].enabled) _requireClaim(i, _claims[i]);
        }
    }

    /// @inheritdoc IRulebook
    function setAssetRange(uint8 index, uint16 minBps, uint16 maxBps) external {
        _requireQueue();
        Asset storage asset = _assets[index];
        if (asset.minBps == minBps && asset.maxBps == maxBps) revert IVaultCore.NoChange();
        // so that there are targets in all ranges: those of now
        uint16 target = IVaultCore(vault).state().targetsBps[index];
        if (target < minBps || target > maxBps) revert IVaultCore.TargetOutOfRange(index, target, minBps, maxBps);
        (asset.minBps, asset.maxBps) = (minBps, maxBps);
        _requireAsset(asset);
    }

    /// @inheritdoc IRulebook
    function setPriceBand(uint8 index, uint128 low, uint128 high) external {
        _requireQueue();
        Asset storage asset = _assets[index];
        if (asset.priceLow == low && asset.priceHigh == high) revert IVaultCore.NoChange();
        (asset.priceLow, asset.priceHigh) = (low, high);
        _requireAsset(asset);
    }

    /// @inheritdoc IRulebook
    function setAssetSafety(uint8 index, uint8 safeRank, uint16 depegBps) external {
        _requireQueue();
        Asset storage asset = _assets[index];
        if (asset.safeRank == safeRank && asset.depegBps == depegBps) revert IVaultCore.NoChange();
        (asset.safeRank, asset.depegBps) = (safeRank, depegBps);
        _requireAsset(asset);
        _requireExits();
    }

    /// @inheritdoc IRulebook
    function setDust(uint8 index, uint128 dust) external {
        _requireQueue();
        Asset storage asset = _assets[index];
        if (asset.dust == dust) revert IVaultCore.NoChange();
        asset.dust = dust;
        _requireAsset(asset);
    }

    /// @inheritdoc IRulebook
    function addRoute(Route memory added) external {
        _requireQueue();
        _add(added);
        _limit(_limits, Change.NONE); // its slip may be the widest
    }

    /// @inheritdoc IRulebook
    function addClaim(Claim memory added) external {
        _requireQueue();
        _register(added);
    }

    // ------------------------------------------------------------------------------------------------ checks

    /// @return guarded whether a guardian asks; else it is the owner
    function _begin() private view returns (bool guarded) {
        guarded = _requireOwnerOrGuardian();
        _requireIdleVault();
    }

    /// @dev Off at once, on by the owner an hour later. @return guarded as of `_begin`
    function _switch(mapping(uint256 => uint40) storage offAt, uint256 index, bool was, bool enabled)
        private
        returns (bool guarded)
    {
        guarded = _begin();
        if (was == enabled) revert IVaultCore.NoChange();
        if (!enabled) {
            offAt[index] = uint40(block.timestamp); // safe cast: see queue
            return guarded;
        }
        if (guarded) _checkOwner();
        _requireCooled(offAt[index]);
    }

    function _requireCooled(uint40 since) private view {
        // what was registered so need not wait
        uint256 readyAt = since == 0 ? 0 : since + Ceilings.COOLING;
        if (block.timestamp < readyAt) revert IVaultCore.TooSoon(readyAt);
    }
}
