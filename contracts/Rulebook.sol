// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {Quotes} from "./core/Quotes.sol";
import {IVaultCore} from "./interfaces/IKeeperVault.sol";
import {Asset, Claim, IRulebookReads, Limits, Mandate, Role, Route, Rules, Setup} from "./interfaces/IRulebook.sol";
import {Ceilings} from "./libraries/Ceilings.sol";
import {ClaimCheck} from "./libraries/ClaimCheck.sol";

/// @title Roles, assets, routes and limits of one vault
/// @notice Written once by its constructor, inside the hard ceilings; only the owner changes, in two steps.
/// @dev Holds no funds and makes no call but reads. Warning: it is checked that a route's adapter and venue have code and
/// that the token's decimals are as given; it is *not* checked that a venue trades or that a feed is honest: the deploying
/// script and the owner read both.
contract Rulebook is Quotes, Ownable2Step {
    // ------------------------------------------------------------------------------------------------ storage

    struct Grant {
        Role role;
        uint40 expires;
    }

    address private _payout;
    address[] private _guardians;
    address[] private _keepers;
    mapping(address account => Grant) private _grants;

    // ------------------------------------------------------------------------------------------------ constructor

    constructor(Setup memory setup) Ownable(setup.owner) Quotes(setup.vault) {
        if (setup.vault == address(0)) revert ZeroAddress("vault");
        if (setup.payout == address(0)) revert ZeroAddress("payout");
        // paying itself or owned by itself, a vault would have no way out
        if (setup.payout == setup.vault || setup.owner == setup.vault) revert RoleTaken(setup.vault);
        if (setup.vault.code.length != 0) revert VaultExists(setup.vault);
        _requireCode(setup.oracle);
        _payout = setup.payout;
        _oracle = setup.oracle;
        _configVersion = 1;
        _appoint(setup);
        for (uint256 i; i < setup.assets.length; ++i) {
            _list(setup.assets[i]);
        }
        if (_assets.length > Ceilings.ASSETS) revert TooMany("assets", _assets.length, Ceilings.ASSETS);
        for (uint256 i; i < setup.claims.length; ++i) {
            _register(setup.claims[i]);
        }
        uint256 widestSlip;
        for (uint256 i; i < setup.routes.length; ++i) {
            if (setup.routes[i].slipBps > widestSlip) widestSlip = setup.routes[i].slipBps;
            _add(setup.routes[i]);
        }
        if (_routes.length > Ceilings.ROUTES) revert TooMany("routes", _routes.length, Ceilings.ROUTES);
        _requireExits();
        _requireWithinCeilings(setup.limits, widestSlip);
        _limits = setup.limits;
        emit ConfigVersion(1);
    }

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
        emit ConfigVersion(++_configVersion);
    }

    /// @notice Never: a vault without an owner has no exit.
    function renounceOwnership() public pure override {
        revert OwnerCannotRenounce();
    }

    // ------------------------------------------------------------------------------------------------ revocation

    /// @inheritdoc IRulebookReads
    function revokeKeeper(address keeper) external {
        if (msg.sender != owner() && _grants[msg.sender].role != Role.GUARDIAN) revert IVaultCore.NoRole(msg.sender);
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
        emit ConfigVersion(++_configVersion);
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

    // ------------------------------------------------------------------------------------------------ registration

    /// @dev Owner, guardians and keepers are pairwise distinct; a mandate lies ahead and within its ceiling.
    function _appoint(Setup memory setup) private {
        if (setup.guardians.length == 0) revert NoGuardian();
        if (setup.guardians.length > Ceilings.ACCOUNTS) {
            revert TooMany("guardians", setup.guardians.length, Ceilings.ACCOUNTS);
        }
        if (setup.keepers.length > Ceilings.ACCOUNTS) {
            revert TooMany("keepers", setup.keepers.length, Ceilings.ACCOUNTS);
        }
        for (uint256 i; i < setup.guardians.length; ++i) {
            _grant(setup.guardians[i], Role.GUARDIAN, 0);
            _guardians.push(setup.guardians[i]);
        }
        for (uint256 i; i < setup.keepers.length; ++i) {
            Mandate memory mandate = setup.keepers[i];
            uint256 latest = block.timestamp + Ceilings.MANDATE;
            if (mandate.expires > latest) revert AboveCeiling("mandate", mandate.expires, latest);
            if (mandate.expires <= block.timestamp) {
                revert BelowFloorOf("mandate", mandate.expires, block.timestamp + 1);
            }
            _grant(mandate.keeper, Role.KEEPER, mandate.expires);
            _keepers.push(mandate.keeper);
        }
    }

    function _grant(address account, Role role, uint40 expires) private {
        if (account == address(0)) revert ZeroAddress("account");
        if (account == owner() || _grants[account].role != Role.NONE) revert RoleTaken(account);
        _grants[account] = Grant({role: role, expires: expires});
    }

    function _list(Asset memory asset) private {
        _requireCode(asset.token);
        for (uint256 i; i < _assets.length; ++i) {
            if (_assets[i].token == asset.token) revert TokenListedTwice(asset.token);
        }
        uint8 found = IERC20Metadata(asset.token).decimals();
        if (found != asset.decimals) revert DecimalsDiffer(asset.token, asset.decimals, found);
        _most("decimals", found, Ceilings.DECIMALS);
        if (asset.minBps > asset.maxBps) revert RangeInverted("target", asset.minBps, asset.maxBps);
        if (asset.maxBps > Ceilings.BPS) revert AboveCeiling("maxBps", asset.maxBps, Ceilings.BPS);
        if (asset.priceLow == 0) revert BelowFloorOf("priceLow", 0, 1);
        if (asset.priceLow >= asset.priceHigh) revert RangeInverted("price", asset.priceLow, asset.priceHigh);
        if (asset.depegBps > Ceilings.DEPEG_BPS) revert AboveCeiling("depegBps", asset.depegBps, Ceilings.DEPEG_BPS);
        if (asset.safeRank != 0) {
            // else its price could never make it a refuge
            _least("depegBps", asset.depegBps, 1);
            _most("priceLow", asset.priceLow, Ceilings.ONE);
            _least("priceHigh", asset.priceHigh, Ceilings.ONE);
        }
        _assets.push(asset);
    }

    function _add(Route memory added) private {
        // safe cast: at most ROUTES + 1 routes are ever pushed before the constructor's count check reverts or the gas ends
        uint16 index = uint16(_routes.length);
        bool rewarded = added.assetIn == Ceilings.REWARD;
        if (rewarded ? added.claim >= _claims.length : added.assetIn >= _assets.length) revert RouteMalformed(index);
        // a reward that is listed stays: selling it could be selling principal
        if (rewarded && _listed(_claims[added.claim].reward)) revert RouteMalformed(index);
        if (added.assetOut >= _assets.length || added.assetIn == added.assetOut) revert RouteMalformed(index);
        if (added.slipBps > Ceilings.SLIP_BPS) revert AboveCeiling("slipBps", added.slipBps, Ceilings.SLIP_BPS);
        if (added.slipBps == 0) revert BelowFloorOf("slipBps", 0, 1);
        _requireCode(added.adapter);
        _requireCode(added.venue);
        _routes.push(added);
    }

    /// @dev The call is the owner's, for ever: it may not hand out tokens, and the vault may not call itself. Nor may a reward
    /// be a listed share, what a listed share stands on, or a share of something listed: claiming it could be redeeming.
    /// @dev Warning: an aToken, or any wrapper that is not ERC-4626, is *not* recognised here.
    function _register(Claim memory added) private {
        // safe cast: as for routes
        uint16 index = uint16(_claims.length);
        _requireCode(added.target);
        _requireCode(added.reward);
        if (added.target == vault || added.target == address(this)) revert ClaimMalformed(index);
        if (added.data.length < 4 || ClaimCheck.handsOut(bytes4(added.data))) revert ClaimMalformed(index);
        if (ClaimCheck.isPrincipal(added.reward, _assets)) revert ClaimMalformed(index);
        uint8 decimals = IERC20Metadata(added.reward).decimals();
        _most("decimals", decimals, Ceilings.DECIMALS);
        _rewardDecimals.push(decimals);
        _claims.push(added);
    }

    // ------------------------------------------------------------------------------------------------ checks

    /// @dev Every asset that is not safe has an enabled way into the refuge that flatten takes first.
    function _requireExits() private view {
        (uint256 refuge, uint8 rank) = (0, 0);
        for (uint256 i; i < _assets.length; ++i) {
            Asset storage asset = _assets[i];
            if (asset.safeRank == 0 || asset.frozen || (rank != 0 && asset.safeRank >= rank)) continue;
            (refuge, rank) = (i, asset.safeRank);
        }
        if (rank == 0) revert NoSafeAssetListed();
        for (uint8 i; i < _assets.length; ++i) {
            bool exit = _assets[i].safeRank != 0;
            for (uint256 j; j < _routes.length && !exit; ++j) {
                Route storage way = _routes[j];
                exit = way.enabled && way.assetIn == i && way.assetOut == refuge;
            }
            if (!exit) revert NoExit(i);
        }
    }

    function _requireWithinCeilings(Limits memory given, uint256 widestSlip) private pure {
        _most("spreadBps", given.spreadBps, Ceilings.SPREAD_BPS);
        _least("spreadBps", given.spreadBps, 1);
        _most("minDriftBps", given.minDriftBps, Ceilings.BPS / 10);
        _most("minProgressBps", given.minProgressBps, Ceilings.BPS / 10);
        _most("maxTradeBps", given.maxTradeBps, Ceilings.BPS);
        _least("maxTradeBps", given.maxTradeBps, Ceilings.MAX_TRADE_FLOOR_BPS);
        if (given.minTradeBps >= given.maxTradeBps) {
            revert RangeInverted("trade", given.minTradeBps, given.maxTradeBps);
        }
        _most("emergencyBps", given.emergencyBps, Ceilings.EMERGENCY_BPS);
        _least("emergencyBps", given.emergencyBps, widestSlip);
        _most("maxShiftBps", given.maxShiftBps, Ceilings.BPS);
        _most("harvestCapBps", given.harvestCapBps, Ceilings.LOSS_DAY_BPS);
        _most("lossDayBps", given.lossDayBps, Ceilings.LOSS_DAY_BPS);
        _most("lossMonthBps", given.lossMonthBps, Ceilings.LOSS_MONTH_BPS);
        _most("turnoverDayBps", given.turnoverDayBps, Ceilings.TURNOVER_DAY_BPS);
        _most("turnoverMonthBps", given.turnoverMonthBps, Ceilings.TURNOVER_MONTH_BPS);
        _most("rebalanceCooldown", given.rebalanceCooldown, Ceilings.COOLDOWN);
        _most("retargetCooldown", given.retargetCooldown, Ceilings.COOLDOWN);
        _most("harvestCooldown", given.harvestCooldown, Ceilings.COOLDOWN);
        _most("delay", given.delay, Ceilings.DELAY_MAX);
        _least("delay", given.delay, Ceilings.DELAY_MIN);
        // a budget that slip x turnover cannot reach would never bind
        _requireReachable(given.lossDayBps, widestSlip * given.turnoverDayBps / Ceilings.BPS);
        _requireReachable(given.lossMonthBps, widestSlip * given.turnoverMonthBps / Ceilings.BPS);
        _requireMotion(given, widestSlip);
    }

    /// @dev No set of limits under which a rebalance could never do enough: from a vault with all its room, the smallest
    /// trade fits the turnover; the least progress is one largest trade at most, fits the turnover even where each unit of
    /// it lowers drift by no more than 1 - 2 x slip, and its cost at the widest slip fits the loss budgets. What fits at
    /// once is half of a published figure (Bucket).
    function _requireMotion(Limits memory given, uint256 widestSlip) private pure {
        uint256 turnover = given.turnoverDayBps < given.turnoverMonthBps ? given.turnoverDayBps : given.turnoverMonthBps;
        _most("minTradeBps", given.minTradeBps, turnover / 2);
        _most("minProgressBps", given.minProgressBps, given.maxTradeBps);
        _most("minProgressBps", given.minProgressBps, turnover * (Ceilings.BPS - 2 * widestSlip) / Ceilings.BPS / 2);
        uint256 cost = 2 * widestSlip * given.minProgressBps / Ceilings.BPS + 1; // more than 0 also without a least progress
        _least("lossDayBps", given.lossDayBps, cost);
        _least("lossMonthBps", given.lossMonthBps, cost);
    }

    function _requireReachable(uint256 lossBps, uint256 reachableBps) private pure {
        if (lossBps >= reachableBps) revert DeadLossBudget(lossBps, reachableBps);
    }

    function _most(bytes32 what, uint256 value, uint256 ceiling) private pure {
        if (value > ceiling) revert AboveCeiling(what, value, ceiling);
    }

    function _least(bytes32 what, uint256 value, uint256 least) private pure {
        if (value < least) revert BelowFloorOf(what, value, least);
    }

    function _requireCode(address account) private view {
        if (account.code.length == 0) revert NoCode(account);
    }

    /// @dev A change in the middle of an action would split its one set of rules.
    function _requireIdleVault() private view {
        if (vault.code.length != 0 && IVaultCore(vault).state().locked) revert VaultBusy();
    }
}
