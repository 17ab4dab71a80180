// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// Where the rulebook and the vault keep what the proofs make arbitrary. Held against the compiler's own layout by
/// tests/prove/symbolic.py: a proof about the wrong slot would prove nothing.
library BookSlots {
    uint256 internal constant _oracle = 0;
    uint256 internal constant _book = 1;
    uint256 internal constant _limits = 2;
    uint256 internal constant _assets = 4;
    uint256 internal constant _routes = 5;
    uint256 internal constant _kept = 6;
    uint256 internal constant _claims = 7;
    uint256 internal constant _rewardDecimals = 8;
    uint256 internal constant _owner = 9;
    uint256 internal constant _pendingOwner = 10;
    uint256 internal constant _payout = 11;
    uint256 internal constant _guardians = 12;
    uint256 internal constant _keepers = 13;
    uint256 internal constant _grants = 14;
    uint256 internal constant _entries = 15;
    uint256 internal constant _ids = 16;

    uint256 internal constant ASSET_WORDS = 3;
    uint256 internal constant ROUTE_WORDS = 3; // the last is the length of its data
    uint256 internal constant CLAIM_WORDS = 4; // the last is the length of its data
    uint256 internal constant VERSION_BIT = 160;
}

library VaultSlots {
    uint256 internal constant _levels = 2;
    uint256 internal constant _targets = 3;
}
