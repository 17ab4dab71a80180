// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {IVaultCore} from "../interfaces/IKeeperVault.sol";
import {IRulebookReads, Mandate, Role} from "../interfaces/IRulebook.sol";
import {Ceilings} from "../libraries/Ceilings.sol";
import {Quotes} from "./Quotes.sol";

/// @title Who is who: owner, guardians, keepers, payout
/// @dev Pairwise distinct, at all times: whoever is named owner to be can be given no role meanwhile. A role is taken away at
/// once, and given by the constructor or through the queue.
abstract contract Parties is Quotes, Ownable2Step {
    // ------------------------------------------------------------------------------------------------ storage

    struct Grant {
        Role role;
        uint40 expires;
    }

    address private _payout;
    address[] private _guardians;
    address[] private _keepers;
    mapping(address account => Grant) private _grants;

    // ------------------------------------------------------------------------------------------------ owner

    /// @inheritdoc IRulebookReads
    function transferOwnership(address newOwner) public override(IRulebookReads, Ownable2Step) onlyOwner {
        _requireIdleVault();
        if (_grants[newOwner].role != Role.NONE) revert RoleTaken(newOwner);
        super.transferOwnership(newOwner);
    }

    /// @inheritdoc IRulebookReads
    function acceptOwnership() public override(IRulebookReads, Ownable2Step) {
        _requireIdleVault();
        super.acceptOwnership();
        _raise();
    }

    /// @notice Never: a vault without an owner has no exit.
    function renounceOwnership() public pure override {
        revert OwnerCannotRenounce();
    }

    // ------------------------------------------------------------------------------------------------ revocation

    /// @inheritdoc IRulebookReads
    function revokeKeeper(address keeper) external {
        _requireOwnerOrGuardian();
        _revoke(keeper, Role.KEEPER, _keepers);
        emit KeeperRevoked(keeper, msg.sender);
    }

    /// @inheritdoc IRulebookReads
    function revokeGuardian(address guardian) external onlyOwner {
        _revoke(guardian, Role.GUARDIAN, _guardians);
        emit GuardianRevoked(guardian, msg.sender);
    }

    function _revoke(address account, Role role, address[] storage accounts) private {
        _requireIdleVault();
        if (_grants[account].role != role) revert NotAppointed(account);
        delete _grants[account];
        uint256 last = accounts.length - 1;
        for (uint256 i; i < last; ++i) {
            if (accounts[i] == account) accounts[i] = accounts[last];
        }
        accounts.pop();
        _raise();
    }

    // ------------------------------------------------------------------------------------------------ views

    /// @inheritdoc IRulebookReads
    function owner() public view override(IRulebookReads, Ownable) returns (address) {
        return super.owner();
    }

    /// @inheritdoc IRulebookReads
    function pendingOwner() public view override(IRulebookReads, Ownable2Step) returns (address) {
        return super.pendingOwner();
    }

    /// @inheritdoc IRulebookReads
    function payout() external view returns (address) {
        return _payout;
    }

    /// @inheritdoc IRulebookReads
    function keepers() external view returns (Mandate[] memory mandates) {
        mandates = new Mandate[](_keepers.length);
        for (uint256 i; i < mandates.length; ++i) {
            mandates[i] = Mandate({keeper: _keepers[i], expires: _grants[_keepers[i]].expires});
        }
    }

    /// @inheritdoc IRulebookReads
    function guardians() external view returns (address[] memory) {
        return _guardians;
    }

    /// @inheritdoc IRulebookReads
    function roleOf(address account) external view returns (Role role, uint40 expires) {
        Grant memory grant = _grants[account];
        if (grant.role == Role.KEEPER) {
            return (block.timestamp < grant.expires ? Role.KEEPER : Role.NONE, grant.expires);
        }
        if (grant.role == Role.NONE && account == owner()) return (Role.OWNER, 0);
        return (grant.role, 0);
    }

    // ------------------------------------------------------------------------------------------------ appointing

    function _appointGuardian(address account) internal {
        _grant("guardians", _guardians, account, Role.GUARDIAN, 0);
    }

    /// @param renewing also a new mandate for who is a keeper, whether the old one has ended or not
    function _appointKeeper(Mandate memory mandate, bool renewing) internal {
        uint256 latest = block.timestamp + Ceilings.MANDATE;
        if (mandate.expires > latest) revert AboveCeiling("mandate", mandate.expires, latest);
        if (mandate.expires <= block.timestamp) {
            revert BelowFloorOf("mandate", mandate.expires, block.timestamp + 1);
        }
        Grant storage grant = _grants[mandate.keeper];
        if (!renewing || grant.role != Role.KEEPER) {
            _grant("keepers", _keepers, mandate.keeper, Role.KEEPER, mandate.expires);
            return;
        }
        if (grant.expires == mandate.expires) revert IVaultCore.NoChange();
        grant.expires = mandate.expires;
    }

    function _grant(bytes32 what, address[] storage accounts, address account, Role role, uint40 expires) private {
        if (account == address(0)) revert ZeroAddress("account");
        bool taken = account == owner() || account == pendingOwner() || _grants[account].role != Role.NONE;
        if (taken) revert RoleTaken(account);
        _grants[account] = Grant({role: role, expires: expires});
        accounts.push(account);
        _requireFew(what, accounts.length, Ceilings.ACCOUNTS);
    }

    /// @dev Neither vault nor rulebook: what is sent there never leaves.
    function _payTo(address account) internal {
        if (account == address(0)) revert ZeroAddress("payout");
        if (account == vault || account == address(this)) revert RoleTaken(account);
        if (account == _payout) revert IVaultCore.NoChange();
        _payout = account;
    }

    // ------------------------------------------------------------------------------------------------ gates

    /// @return guarded whether a guardian asks; else it is the owner
    function _requireOwnerOrGuardian() internal view returns (bool guarded) {
        guarded = _grants[msg.sender].role == Role.GUARDIAN;
        if (!guarded && msg.sender != owner()) revert IVaultCore.NoRole(msg.sender);
    }

    function _requireFew(bytes32 what, uint256 count, uint256 most) internal pure {
        if (count > most) revert TooMany(what, count, most);
    }

    /// @dev A change in the middle of an action would split its one set of rules.
    function _requireIdleVault() internal view {
        if (vault.code.length != 0 && IVaultCore(vault).state().locked) revert VaultBusy();
    }

    /// @dev Every change ends here: a transaction decided before it is dead.
    function _raise() internal {
        ++_configVersion;
        _publish();
        emit ConfigVersion(_configVersion);
    }
}
