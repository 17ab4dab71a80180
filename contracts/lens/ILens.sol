// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Headroom, State} from "../interfaces/IKeeperVault.sol";
import {Cluster, Voice} from "../interfaces/IPriceOracle.sol";
import {Claim, Mandate, Role, Route, Rules} from "../interfaces/IRulebook.sol";

/// @notice The block as the call sees it. `number` is L1's on Arbitrum; `baseFee` in wei a unit of gas, 0 where the call
/// carries no fee fields and the node hides it.
struct BlockSeen {
    uint256 chainId;
    uint256 number;
    uint256 timestamp;
    uint256 baseFee;
}

/// @notice What an account may do at one vault now.
/// @param expires a keeper's mandate end, also when it has passed; 0 for others
struct Standing {
    address account;
    Role role;
    uint40 expires;
}

/// @notice One listed asset, in the rulebook's order.
/// @param answered whether the token told the vault's balance
/// @param counted not frozen and (target above 0 or balance above dust); as the vault counts
/// @param usable whether `price` exists and lies inside the asset's sanity band
/// @param heard whether the oracle gave its voices
/// @param balance token units
/// @param value USD, 18 decimals, rounded down; 0 unless counted and usable
/// @param price the cluster the vault would use, which may rest on the first two feeds alone
/// @param all the cluster of every voice
/// @param voices every voice, in the oracle's order
struct AssetSeen {
    bool answered;
    bool counted;
    bool usable;
    bool heard;
    uint256 balance;
    uint256 value;
    Cluster price;
    Cluster all;
    Voice[] voices;
}

/// @notice One vault, whole.
/// @param exists whether there is code at the address; all else is empty if not
/// @param rules version, oracle, limits and assets
/// @param nav USD, 18 decimals; 0 when a counted asset has no price, or a token or the oracle fails
/// @param drift half the sum of |weight - target|, 1e18 = 100 %, rounded up; 0 with nav 0
/// @param targetSum targets of the counted assets, bps: each is renormalised by it
/// @param ready whether a rebalance would get past its gates now, whoever sends it and whatever it orders
/// @param refusal if not: the very error, selector and arguments, that the vault would revert with
struct VaultSeen {
    address vault;
    bool exists;
    string version;
    State state;
    Headroom headroom;
    address rulebook;
    address owner;
    address pendingOwner;
    address payout;
    Rules rules;
    Route[] routes;
    Claim[] claims;
    Mandate[] keepers;
    address[] guardians;
    Standing[] standings;
    AssetSeen[] assets;
    uint256 nav;
    uint256 drift;
    uint256 targetSum;
    bool ready;
    bytes refusal;
}

/// @notice All that a tick needs.
/// @param balances native coin of each account asked for, wei
struct Tick {
    BlockSeen seen;
    VaultSeen[] vaults;
    uint256[] balances;
}

/// @title The shape of the lens
/// @dev Never deployed and never called: it exports what the lens takes and gives. An `eth_call` without `to`, its data
/// VaultLens's creation code followed by the arguments of `tick`, returns what `tick` would.
interface ILens {
    /// @param accounts whose standing at each vault, and whose native balance, is asked
    function tick(address[] calldata vaults, address[] calldata accounts) external view returns (Tick memory);
}
