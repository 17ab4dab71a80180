// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Governance} from "./core/Governance.sol";
import {Quotes} from "./core/Quotes.sol";
import {Setup} from "./interfaces/IRulebook.sol";
import {Change} from "./libraries/LimitCheck.sol";

/// @title Roles, assets, routes and limits of one vault
/// @notice Written by its constructor, inside the hard ceilings; widened by the owner after a delay, narrowed at once.
/// @dev Holds no funds and, but to itself, makes no call but reads. Read `core/` first: Quotes is the registry and what the
/// vault asks of it; Parties who is who; Registration, and the Clerk it asks, what is let in; Governance who may change it, and when.
contract Rulebook is Governance {
    constructor(Setup memory setup, address clerk_) Ownable(setup.owner) Quotes(setup.vault, clerk_) {
        if (setup.vault == address(0)) revert ZeroAddress("vault");
        // owned by itself, a vault would have no way out
        if (setup.owner == setup.vault) revert RoleTaken(setup.vault);
        if (setup.vault.code.length != 0) revert VaultExists(setup.vault);
        _requireCode(clerk_);
        _requireCode(setup.oracle);
        _payTo(setup.payout);
        _oracle = setup.oracle;
        if (setup.guardians.length == 0) revert NoGuardian();
        for (uint256 i; i < setup.guardians.length; ++i) {
            _appointGuardian(setup.guardians[i]);
        }
        for (uint256 i; i < setup.keepers.length; ++i) {
            _appointKeeper(setup.keepers[i], false);
        }
        _limits.spreadBps = setup.limits.spreadBps; // listing reads prices
        for (uint256 i; i < setup.assets.length; ++i) {
            _list(setup.assets[i]);
        }
        for (uint256 i; i < setup.claims.length; ++i) {
            _register(setup.claims[i]);
        }
        for (uint256 i; i < setup.routes.length; ++i) {
            _add(setup.routes[i]);
        }
        _requireExits();
        _limit(setup.limits, Change.NONE);
        _raise();
    }
}
