// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// Where the rulebook and the vault keep what the proofs make arbitrary. Held against the compiler's own layout by
/// tests/prove/symbolic.py: a proof about the wrong slot would prove nothing.
library BookSlots {
    uint256 internal constant _oracle = 0; // with _configVersion in bits 160 to 191
    uint256 internal constant _book = 1;
    uint256 internal constant _limits = 2; // two words
    uint256 internal constant _assets = 4;
    uint256 internal constant _routes = 5;
    uint256 internal constant _claims = 6;
    uint256 internal constant _rewardDecimals = 7;
    uint256 internal constant _owner = 8;
    uint256 internal constant _pendingOwner = 9;
    uint256 internal constant _payout = 10;
    uint256 internal constant _guardians = 11;
    uint256 internal constant _keepers = 12;
    uint256 internal constant _grants = 13;
    uint256 internal constant _entries = 14;

    uint256 internal constant ASSET_WORDS = 3;
    uint256 internal constant ROUTE_WORDS = 3; // the last is the length of its data
    uint256 internal constant CLAIM_WORDS = 4; // the last is the length of its data
    uint256 internal constant VERSION_BIT = 160;
}
