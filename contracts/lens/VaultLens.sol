// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {IVaultCore, Mode} from "../interfaces/IKeeperVault.sol";
import {Cluster, IPriceOracle, Voice} from "../interfaces/IPriceOracle.sol";
import {IRulebookReads, Rules} from "../interfaces/IRulebook.sol";
import {Ceilings} from "../libraries/Ceilings.sol";
import {Portfolio} from "../libraries/Portfolio.sol";
import {AssetSeen, BlockSeen, Standing, Tick, VaultSeen} from "./ILens.sol";

/// @title Everything a tick needs, in one call and without a deployment
/// @notice Send the creation code and arguments in an `eth_call` without `to`: the constructor returns an encoded Tick where
/// other constructors return code. See ILens.
/// @dev A token or an oracle that fails costs its own fields and makes the vault not ready, with the failure as the refusal,
/// for the vault itself would revert with it. A vault or rulebook that is not ours sinks the whole call.
/// @dev Warning: nodes hold what a creation returns to the size of a contract, 24,576 bytes: with three assets of three
/// voices that is two vaults a call. More go into further calls of one batch.
contract VaultLens {
    using Portfolio for Portfolio.Book;

    /// @dev Gas for one token's balance; Circle's proxy takes 12k. A token that burns more has not answered.
    uint256 private constant BALANCE_GAS = 200_000;

    constructor(address[] memory vaults, address[] memory accounts) {
        Tick memory tick;
        tick.seen = BlockSeen({
            chainId: block.chainid, number: block.number, timestamp: block.timestamp, baseFee: block.basefee
        });
        tick.vaults = new VaultSeen[](vaults.length);
        for (uint256 i; i < vaults.length; ++i) {
            _see(tick.vaults[i], vaults[i], accounts);
        }
        tick.balances = new uint256[](accounts.length);
        for (uint256 i; i < accounts.length; ++i) {
            tick.balances[i] = accounts[i].balance;
        }
        bytes memory encoded = abi.encode(tick);
        assembly ("memory-safe") {
            return(add(encoded, 0x20), mload(encoded))
        }
    }

    // -------------------------------------------------------------------------------------------------- one vault

    function _see(VaultSeen memory seen, address at, address[] memory accounts) private view {
        seen.vault = at;
        seen.exists = at.code.length != 0;
        if (!seen.exists) return;
        IVaultCore vault = IVaultCore(at);
        IRulebookReads rulebook = vault.rulebook();
        seen.version = vault.version();
        seen.state = vault.state();
        seen.headroom = vault.headroom();
        seen.rulebook = address(rulebook);
        _seeRules(seen, rulebook);
        seen.standings = new Standing[](accounts.length);
        for (uint256 i; i < accounts.length; ++i) {
            seen.standings[i].account = accounts[i];
            (seen.standings[i].role, seen.standings[i].expires) = rulebook.roleOf(accounts[i]);
        }
        bytes memory failure = _seeAssets(seen);
        if (failure.length == 0) failure = _seeBook(seen);
        seen.refusal = _refusal(seen, failure);
        seen.ready = seen.refusal.length == 0;
    }

    function _seeRules(VaultSeen memory seen, IRulebookReads rulebook) private view {
        seen.owner = rulebook.owner();
        seen.pendingOwner = rulebook.pendingOwner();
        seen.payout = rulebook.payout();
        seen.rules = rulebook.rules();
        seen.routes = rulebook.routes();
        seen.claims = rulebook.claims();
        seen.keepers = rulebook.keepers();
        seen.guardians = rulebook.guardians();
    }

    // -------------------------------------------------------------------------------------------------- its assets

    /// @return failure what the first failing part said, if any: the vault could not value itself either
    function _seeAssets(VaultSeen memory seen) private view returns (bytes memory failure) {
        Rules memory rules = seen.rules;
        uint256 count = rules.assets.length;
        seen.assets = new AssetSeen[](count);
        address[] memory tokens = new address[](count);
        for (uint256 i; i < count; ++i) {
            AssetSeen memory asset = seen.assets[i];
            tokens[i] = rules.assets[i].token;
            bytes memory said;
            (asset.answered, asset.balance, said) = _balance(tokens[i], seen.vault);
            if (!asset.answered && failure.length == 0) failure = said;
            try IPriceOracle(rules.oracle).voices(tokens[i], rules.limits.spreadBps) returns (
                Voice[] memory voices, Cluster memory all
            ) {
                (asset.heard, asset.voices, asset.all) = (true, voices, all);
            } catch {}
        }
        try IPriceOracle(rules.oracle).clusters(tokens, rules.limits.spreadBps) returns (Cluster[] memory prices) {
            for (uint256 i; i < count; ++i) {
                seen.assets[i].price = prices[i];
                seen.assets[i].usable = Portfolio.usable(prices[i], rules.assets[i]);
            }
        } catch (bytes memory said) {
            if (failure.length == 0) failure = _orPanic(said);
        }
    }

    function _balance(address token, address holder) private view returns (bool answered, uint256, bytes memory said) {
        (answered, said) = token.staticcall{gas: BALANCE_GAS}(abi.encodeCall(IERC20.balanceOf, (holder)));
        if (answered && said.length >= 32) return (true, abi.decode(said, (uint256)), "");
        return (false, 0, _orPanic(answered ? bytes("") : said));
    }

    /// @dev A part that failed without a word still has to count as a failure.
    function _orPanic(bytes memory said) private pure returns (bytes memory) {
        return said.length == 0 ? abi.encodeWithSignature("Panic(uint256)", 0) : said;
    }

    // ---------------------------------------------------------------------------------------------------- its book

    /// @dev Every part was seen to answer, so the vault's own arithmetic can run as it is.
    /// @return refusal of the vault's valuation
    function _seeBook(VaultSeen memory seen) private view returns (bytes memory refusal) {
        uint256[] memory targets = new uint256[](seen.assets.length);
        for (uint256 i; i < targets.length; ++i) {
            targets[i] = seen.state.targetsBps[i];
        }
        Portfolio.Book memory book = Portfolio.read(seen.vault, seen.rules, targets);
        for (uint256 i; i < targets.length; ++i) {
            seen.assets[i].counted = book.counted[i];
            seen.assets[i].value = book.values[i];
        }
        seen.targetSum = book.targetSum;
        // casting is safe: an index below 16
        // forge-lint: disable-next-line(unsafe-typecast)
        uint8 missing = uint8(book.missing);
        if (book.missing != Portfolio.NO_ASSET) {
            return abi.encodeWithSelector(IVaultCore.PriceMissing.selector, missing);
        }
        if (book.nav == 0) return abi.encodeWithSelector(IVaultCore.EmptyVault.selector);
        if (book.targetSum == 0) return abi.encodeWithSelector(IVaultCore.NoTargets.selector);
        seen.nav = book.nav;
        seen.drift = book.driftUp(book.values, book.nav);
    }

    // --------------------------------------------------------------------------------------------------- its gates

    /// @dev The gates of `rebalance` that depend neither on the sender nor on the orders, in the vault's order.
    function _refusal(VaultSeen memory seen, bytes memory failure) private view returns (bytes memory) {
        if (seen.state.mode != Mode.ACTIVE) return abi.encodeWithSelector(IVaultCore.NotActive.selector);
        uint256 readyAt = uint256(seen.state.rebalancedAt) + seen.rules.limits.rebalanceCooldown;
        if (block.timestamp < readyAt) return abi.encodeWithSelector(IVaultCore.TooSoon.selector, readyAt);
        if (failure.length != 0) return failure;
        uint256 minDrift = uint256(seen.rules.limits.minDriftBps) * Ceilings.ONE / Ceilings.BPS;
        if (seen.drift >= minDrift) return "";
        return abi.encodeWithSelector(IVaultCore.DriftTooSmall.selector, seen.drift, minDrift);
    }
}
