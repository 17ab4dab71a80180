// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {IVaultCore} from "../interfaces/IKeeperVault.sol";
import {Cluster, IPriceOracle, SourceKind, Verdict, Voice} from "../interfaces/IPriceOracle.sol";
import {Asset, Claim, IRulebook, IRulebookReads, Limits, Route} from "../interfaces/IRulebook.sol";
import {Ceilings} from "../libraries/Ceilings.sol";
import {ClaimCheck} from "../libraries/ClaimCheck.sol";
import {Watch} from "./Watch.sol";

/// @notice What limits may be beside those before: any, and be it the same; any other; none looser.
enum Change {
    NONE,
    ANY,
    TIGHTER
}

/// @title A rulebook's clerk: checks what is let in, and looks up what is seldom asked
/// @dev Without state, owner or powers: it answers or it reverts. A contract of its own because the rulebook has no room for
/// it; any number of rulebooks may share one. Warning: it is checked that a token's decimals are as given; it is *not* checked
/// that a feed is honest or that a venue trades: the deploying script and the owner read both.
contract Clerk is Watch {
    uint256 private constant TARGET_BITS = 16;
    /// @dev 1.5M: what reading a price may take at most.
    uint256 private constant PRICE_GAS = 1_500_000;

    // ------------------------------------------------------------------------------------------------ assets

    /// @notice An asset as it would stand: its sanity band holds today's price, where this oracle has one, and one dollar where
    /// it is safe.
    function requireAsset(Asset memory asset, address oracle, uint256 spreadBps) external view returns (bool share) {
        _requireCode(asset.token);
        uint8 found = IERC20Metadata(asset.token).decimals();
        if (found != asset.decimals) revert IRulebookReads.DecimalsDiffer(asset.token, asset.decimals, found);
        _within("decimals", found, 0, Ceilings.DECIMALS);
        if (asset.minBps > asset.maxBps) revert IRulebookReads.RangeInverted("target", asset.minBps, asset.maxBps);
        _within("maxBps", asset.maxBps, 0, Ceilings.BPS);
        _within("priceLow", asset.priceLow, 1, type(uint256).max);
        if (asset.priceLow >= asset.priceHigh) {
            revert IRulebookReads.RangeInverted("price", asset.priceLow, asset.priceHigh);
        }
        // a safe asset without a band: its price could never make it a refuge
        _within("depegBps", asset.depegBps, asset.safeRank == 0 ? 0 : 1, Ceilings.DEPEG_BPS);
        if (asset.safeRank != 0) _requireInBand(asset, Ceilings.ONE);
        uint256 price = _priceOf(oracle, asset.token, spreadBps);
        if (price != 0) _requireInBand(asset, price);
        return ClaimCheck.underlying(asset.token) != address(0);
    }

    /// @notice A new oracle beside the old one: where the old one has a price in the asset's band, the new one has one near it.
    function requireNear(Asset[] memory assets, address old, address oracle, uint256 spreadBps) external view {
        for (uint256 i; i < assets.length; ++i) {
            Asset memory asset = assets[i];
            if (asset.frozen) continue;
            uint256 was = _priceOf(old, asset.token, spreadBps);
            if (was < asset.priceLow || was > asset.priceHigh) continue;
            uint256 found = _priceOf(oracle, asset.token, spreadBps);
            uint256 gap = found > was ? found - was : was - found;
            if (gap * Ceilings.BPS > was * Ceilings.ORACLE_STEP_BPS) {
                revert IRulebook.PriceMoved(asset.token, was, found);
            }
        }
    }

    /// @return price USD 18 decimals; 0 where this oracle has none, or fails
    function _priceOf(address oracle, address token, uint256 spreadBps) private view returns (uint256 price) {
        // else it could be made missing by starving it
        if (gasleft() < PRICE_GAS) revert IVaultCore.GasStarved(gasleft(), PRICE_GAS);
        address[] memory tokens = new address[](1);
        tokens[0] = token;
        try IPriceOracle(oracle).clusters(tokens, spreadBps) returns (Cluster[] memory found) {
            if (found.length == 1) price = found[0].mid;
        } catch {}
    }

    function _requireInBand(Asset memory asset, uint256 price) private pure {
        _within("priceLow", asset.priceLow, 1, price);
        _within("priceHigh", asset.priceHigh, price, type(uint256).max);
    }

    // ------------------------------------------------------------------------------------------------ ways out

    /// @notice Every asset that is neither safe nor frozen has an enabled way into the first safe asset that is not frozen.
    function requireExits(Asset[] memory assets, Route[] memory routes) external pure {
        (uint256 first, uint8 rank) = (0, 0);
        for (uint256 i; i < assets.length; ++i) {
            uint8 its = assets[i].safeRank;
            if (its == 0 || assets[i].frozen || (rank != 0 && its >= rank)) continue;
            (first, rank) = (i, its);
        }
        if (rank == 0) revert IRulebookReads.NoSafeAssetListed();
        (uint8 stranded, bool any) = _stranded(assets, routes, first);
        if (any) revert IRulebookReads.NoExit(stranded);
    }

    /// @notice The same into a given refuge, where a guardian would be the cause.
    function requireWays(Asset[] memory assets, Route[] memory routes, uint8 refuge) external pure {
        (uint8 stranded, bool any) = _stranded(assets, routes, refuge);
        if (any) revert IRulebook.LastExit(stranded);
    }

    /// @notice Of the ways from an asset into a safe one, another stays when the one with this index has gone.
    function requireWayLeft(Asset[] memory assets, Route[] memory routes, uint16 gone) external pure {
        (uint8 i, uint8 o) = (routes[gone].assetIn, routes[gone].assetOut);
        if (i == Ceilings.REWARD || assets[i].safeRank != 0 || assets[o].safeRank == 0) return;
        if (!_hasWay(routes, i, o)) revert IRulebook.LastExit(i);
    }

    function _stranded(Asset[] memory assets, Route[] memory routes, uint256 into)
        private
        pure
        returns (uint8 asset, bool any)
    {
        for (; asset < assets.length; ++asset) {
            any = assets[asset].safeRank == 0 && !assets[asset].frozen && !_hasWay(routes, asset, into);
            if (any) break;
        }
    }

    function _hasWay(Route[] memory routes, uint8 asset, uint256 into) private pure returns (bool) {
        for (uint256 r; r < routes.length; ++r) {
            Route memory way = routes[r];
            if (way.enabled && way.assetIn == asset && way.assetOut == into) return true;
        }
        return false;
    }

    // ------------------------------------------------------------------------------------------------ routes

    /// @notice A route between these assets, or out of one of these claims' rewards.
    function requireRoute(uint16 index, Route memory way, Asset[] memory assets, Claim[] memory claims) external view {
        bool rewarded = way.assetIn == Ceilings.REWARD;
        bool malformed = way.assetOut >= assets.length || way.assetIn == way.assetOut
            || (rewarded ? way.claim >= claims.length : way.assetIn >= assets.length);
        // a reward that is listed stays: selling it could be selling principal
        for (uint256 i; i < assets.length && rewarded && !malformed; ++i) {
            malformed = assets[i].token == claims[way.claim].reward;
        }
        if (malformed) revert IRulebookReads.RouteMalformed(index);
        _within("slipBps", way.slipBps, 1, Ceilings.SLIP_BPS);
        _requireCode(way.adapter);
        _requireCode(way.venue);
    }

    // ------------------------------------------------------------------------------------------------ claims

    /// @notice A claim among these assets. The call is the owner's, for ever: it may not hand out tokens, and the vault may not
    /// call itself. Nor may a reward be a listed share, what a listed share stands on, or a share of something listed: claiming
    /// it could be redeeming. @return decimals the reward's
    /// @dev Warning: an aToken, or any wrapper that is not ERC-4626, is *not* recognised here. Asked by the rulebook.
    function requireClaim(uint16 index, Claim memory claim, Asset[] memory assets, address vault)
        external
        view
        returns (uint8 decimals)
    {
        _requireCode(claim.target);
        _requireCode(claim.reward);
        bool refused = claim.target == vault || claim.target == msg.sender || claim.data.length < 4
            || ClaimCheck.handsOut(bytes4(claim.data)) || ClaimCheck.isPrincipal(claim.reward, assets);
        if (refused) revert IRulebookReads.ClaimMalformed(index);
        decimals = IERC20Metadata(claim.reward).decimals();
        _within("decimals", decimals, 0, Ceilings.DECIMALS);
    }

    // ------------------------------------------------------------------------------------------------ for the vault

    /// @notice See IRulebookReads.packed.
    function pack(Asset[] memory assets, uint256 before, uint16[] memory targetsBps)
        external
        pure
        returns (uint256 word, uint256 shift)
    {
        uint256 sum;
        for (uint256 i; i < targetsBps.length; ++i) {
            if (i >= assets.length) revert IVaultCore.BadTargets(targetsBps.length);
            Asset memory asset = assets[i];
            uint16 target = targetsBps[i];
            if (target < asset.minBps || target > asset.maxBps) {
                // safe cast: i < 16
                // forge-lint: disable-next-line(unsafe-typecast)
                revert IVaultCore.TargetOutOfRange(uint8(i), target, asset.minBps, asset.maxBps);
            }
            sum += target;
            word |= uint256(target) << (i * TARGET_BITS);
            // safe cast: takes the 16 bits it wants
            // forge-lint: disable-next-line(unsafe-typecast)
            uint16 was = uint16(before >> (i * TARGET_BITS));
            shift += target > was ? target - was : was - target;
        }
        if (sum != Ceilings.BPS || targetsBps.length != assets.length) revert IVaultCore.BadTargets(sum);
        shift = shift * Ceilings.ONE / (2 * Ceilings.BPS);
    }

    /// @notice Reverts if `holder` has left `spender` an allowance on this reward or on a listed token.
    function requireNoAllowance(Asset[] memory assets, address reward, address holder, address spender) external view {
        _requireNone(reward, holder, spender);
        for (uint256 i; i < assets.length; ++i) {
            _requireNone(assets[i].token, holder, spender);
        }
    }

    function _requireNone(address token, address holder, address spender) private view {
        uint256 allowed = IERC20(token).allowance(holder, spender);
        if (allowed != 0) revert IVaultCore.AllowanceLeft(token, allowed);
    }

    /// @notice The highest fresh push feed inside the sanity band; 0 where there is none.
    function highestPush(address oracle, Asset memory asset, uint256 spreadBps) external view returns (uint128 price) {
        try IPriceOracle(oracle).voices(asset.token, spreadBps) returns (Voice[] memory heard, Cluster memory) {
            for (uint256 i; i < heard.length; ++i) {
                Voice memory voice = heard[i];
                if (voice.kind != SourceKind.PUSH || voice.verdict != Verdict.OK || voice.price <= price) continue;
                if (voice.price >= asset.priceLow && voice.price <= asset.priceHigh) price = voice.price;
            }
        } catch {}
    }

    // ------------------------------------------------------------------------------------------------ limits

    /// @notice Limits inside the hard ceilings, under which a vault can act, and what kind of change they are.
    function requireLimits(Limits memory was, Limits memory given, Route[] memory routes, Change change) external view {
        uint256 widest; // slip of all routes, bps
        for (uint256 i; i < routes.length; ++i) {
            if (routes[i].slipBps > widest) widest = routes[i].slipBps;
        }
        if (change != Change.NONE && keccak256(abi.encode(was)) == keccak256(abi.encode(given))) {
            revert IVaultCore.NoChange();
        }
        if (change != Change.TIGHTER) was = given;
        _requireNumbers(was, given);
        _requireBudgets(was, given);
        _requireClocks(was, given);
        _within("emergencyBps", given.emergencyBps, widest, Ceilings.EMERGENCY_BPS);
        _within("delay", given.delay, Ceilings.DELAY_MIN, Ceilings.DELAY_MAX);
        if (given.emergencyBps != was.emergencyBps) revert IRulebook.NotTighter("emergencyBps");
        if (given.delay != was.delay) revert IRulebook.NotTighter("delay");
        if (given.keeperMayFlatten && !was.keeperMayFlatten) revert IRulebook.NotTighter("keeperMayFlatten");
        // a budget that slip x turnover cannot reach would never bind
        _requireReachable(given.lossDayBps, widest * given.turnoverDayBps / Ceilings.BPS);
        _requireReachable(given.lossMonthBps, widest * given.turnoverMonthBps / Ceilings.BPS);
        _requireMotion(given, widest);
    }

    function _requireNumbers(Limits memory was, Limits memory given) private pure {
        uint256 tenth = Ceilings.BPS / 10;
        _down("spreadBps", was.spreadBps, given.spreadBps, Ceilings.TIGHT_SPREAD_BPS, Ceilings.SPREAD_BPS);
        _within("spreadBps", given.spreadBps, 1, Ceilings.SPREAD_BPS);
        _up("minDriftBps", was.minDriftBps, given.minDriftBps, Ceilings.TIGHT_DRIFT_BPS, tenth);
        _up("minProgressBps", was.minProgressBps, given.minProgressBps, Ceilings.TIGHT_DRIFT_BPS, tenth);
        _down("maxTradeBps", was.maxTradeBps, given.maxTradeBps, Ceilings.TIGHT_MAX_TRADE_BPS, Ceilings.BPS);
        _within("maxTradeBps", given.maxTradeBps, Ceilings.MAX_TRADE_FLOOR_BPS, Ceilings.BPS);
        if (given.minTradeBps >= given.maxTradeBps) {
            revert IRulebookReads.RangeInverted("trade", given.minTradeBps, given.maxTradeBps);
        }
        _up("minTradeBps", was.minTradeBps, given.minTradeBps, Ceilings.TIGHT_MIN_TRADE_BPS, Ceilings.BPS);
        _down("maxShiftBps", was.maxShiftBps, given.maxShiftBps, 0, Ceilings.BPS);
    }

    function _requireBudgets(Limits memory was, Limits memory given) private pure {
        _down("harvestCapBps", was.harvestCapBps, given.harvestCapBps, 0, Ceilings.LOSS_DAY_BPS);
        _down("lossDayBps", was.lossDayBps, given.lossDayBps, Ceilings.TIGHT_LOSS_DAY_BPS, Ceilings.LOSS_DAY_BPS);
        _down(
            "lossMonthBps", was.lossMonthBps, given.lossMonthBps, Ceilings.TIGHT_LOSS_MONTH_BPS, Ceilings.LOSS_MONTH_BPS
        );
        _down(
            "turnoverDayBps",
            was.turnoverDayBps,
            given.turnoverDayBps,
            Ceilings.TIGHT_TURNOVER_DAY_BPS,
            Ceilings.TURNOVER_DAY_BPS
        );
        _down(
            "turnoverMonthBps",
            was.turnoverMonthBps,
            given.turnoverMonthBps,
            Ceilings.TIGHT_TURNOVER_MONTH_BPS,
            Ceilings.TURNOVER_MONTH_BPS
        );
    }

    function _requireClocks(Limits memory was, Limits memory given) private view {
        uint256 week = Ceilings.COOLDOWN;
        _up("rebalanceCooldown", was.rebalanceCooldown, given.rebalanceCooldown, Ceilings.TIGHT_COOLDOWN, week);
        _up("retargetCooldown", was.retargetCooldown, given.retargetCooldown, week, week);
        _up("harvestCooldown", was.harvestCooldown, given.harvestCooldown, week, week);
        _down("maxGasPrice", _gasPrice(was), _gasPrice(given), _leastGasPrice(), type(uint256).max);
    }

    /// @dev No set of limits under which a rebalance could never do enough: from a vault with all its room, the smallest
    /// trade fits the turnover; the least progress is one largest trade at most, fits the turnover even where each unit of
    /// it lowers drift by no more than 1 - 2 x slip, and its cost at the widest slip fits the loss budgets. What fits at
    /// once is half of a published figure (Bucket).
    function _requireMotion(Limits memory given, uint256 widest) private pure {
        uint256 turnover = given.turnoverDayBps < given.turnoverMonthBps ? given.turnoverDayBps : given.turnoverMonthBps;
        _within("minTradeBps", given.minTradeBps, 0, turnover / 2);
        _within("minProgressBps", given.minProgressBps, 0, given.maxTradeBps);
        _within("minProgressBps", given.minProgressBps, 0, turnover * (Ceilings.BPS - 2 * widest) / Ceilings.BPS / 2);
        uint256 cost = 2 * widest * given.minProgressBps / Ceilings.BPS + 1; // more than 0 also without a least progress
        _within("lossDayBps", given.lossDayBps, cost, type(uint256).max);
        _within("lossMonthBps", given.lossMonthBps, cost, type(uint256).max);
    }

    function _requireReachable(uint256 lossBps, uint256 reachableBps) private pure {
        if (lossBps >= reachableBps) revert IRulebookReads.DeadLossBudget(lossBps, reachableBps);
    }

    /// @dev Wei; off is the loosest.
    function _gasPrice(Limits memory given) private pure returns (uint256) {
        return given.maxGasPrice == 0 ? type(uint256).max : given.maxGasPrice;
    }

    function _leastGasPrice() private view returns (uint256) {
        uint256 busy = Ceilings.TIGHT_BASE_FEES * block.basefee;
        return busy > Ceilings.TIGHT_GAS_PRICE ? busy : Ceilings.TIGHT_GAS_PRICE;
    }

    // ------------------------------------------------------------------------------------------------ bounds

    /// @dev Lower is tighter, at once down to `tight`. What stays as it was may lie below it.
    function _down(bytes32 what, uint256 was, uint256 given, uint256 tight, uint256 most) private pure {
        if (given > was) revert IRulebook.NotTighter(what);
        _within(what, given, given < was ? tight : 0, most);
    }

    /// @dev Higher is tighter, at once up to `tight`.
    function _up(bytes32 what, uint256 was, uint256 given, uint256 tight, uint256 most) private pure {
        if (given < was) revert IRulebook.NotTighter(what);
        _within(what, given, 0, given > was ? tight : most);
    }

    function _within(bytes32 what, uint256 value, uint256 least, uint256 most) private pure {
        if (value > most) revert IRulebookReads.AboveCeiling(what, value, most);
        if (value < least) revert IRulebookReads.BelowFloorOf(what, value, least);
    }

    function _requireCode(address account) private view {
        if (account.code.length == 0) revert IRulebookReads.NoCode(account);
    }
}
