// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IAdapter, Swap} from "./interfaces/IAdapter.sol";
import {Headroom, IPayer, IVaultCore, Mode, Order, Report, State, Terms} from "./interfaces/IKeeperVault.sol";
import {Cluster, IPriceOracle} from "./interfaces/IPriceOracle.sol";
import {Asset, IRulebookReads, Limits, Role, Route, Rules} from "./interfaces/IRulebook.sol";
import {Bucket, Levels} from "./libraries/Bucket.sol";
import {Ceilings} from "./libraries/Ceilings.sol";
import {Portfolio} from "./libraries/Portfolio.sol";

/// @title A portfolio's custody, and the envelope inside which a keeper may steer it
/// @dev No proxy, no delegatecall, no arbitrary calldata, no allowance of its own, no native coin. Every external call goes
/// to the rulebook, its oracle, a listed token or a registered adapter. Warning: that an adapter is honest is *not* assumed:
/// spending is capped by `pay`, receipts are measured by balance.
contract KeeperVault is IVaultCore {
    using Bucket for Levels;
    using Math for uint256;
    using Portfolio for Portfolio.Book;
    using SafeCast for uint256;
    using SafeERC20 for IERC20;

    // ------------------------------------------------------------------------------------------------ constants

    /// @dev 1.5M: a two-hop router swap through proxied tokens takes 0.35M, and four healthy voices on each side 0.8M, two
    /// of them TWAPs of pools with the largest ring of observations; a leg that gets this much and fails, fails by itself.
    uint256 internal constant LEG_GAS = 1_500_000;
    /// @dev What the loop around a leg still needs: two role-free events and a few reads.
    uint256 internal constant LEG_RESERVE = 60_000;
    /// @dev 100k: ten times what a proxied token's balance takes; the same question is asked again, uncapped, in the leg.
    uint256 internal constant BALANCE_GAS = 100_000;
    /// @dev 1 kB of a failed leg's reason: an error's name and arguments, or a sentence.
    uint256 internal constant REASON_SIZE = 1024;
    /// @dev 80 %: with drift below minProgress / 0.8 the rest is asked for as a share of what there is.
    uint256 internal constant PROGRESS_SHARE_BPS = 8000;
    uint256 internal constant TARGET_BITS = 16;
    uint8 internal constant IDLE = 1;
    uint8 internal constant BUSY = 2;

    // ------------------------------------------------------------------------------------------------ immutables

    /// @inheritdoc IVaultCore
    IRulebookReads public immutable rulebook;

    // ------------------------------------------------------------------------------------------------ storage

    // one word: what a transaction is bound to; never zero, so that halt costs the same the first time
    Mode private _mode;
    uint64 private _epoch;
    uint40 private _rebalancedAt;
    uint40 private _retargetedAt;
    uint40 private _harvestedAt;
    uint40 private _haltedAt;

    // one word: the lock and the payment still open; never zero
    uint8 private _lock;
    uint40 private _bucketsAt;
    uint128 private _payable;

    // the swap in flight; stale between swaps, and without meaning while _payable is 0
    address private _payer;
    address private _payVenue;
    address private _payToken;

    Levels private _levels;
    uint256 private _targets;

    // ------------------------------------------------------------------------------------------------ constructor

    constructor(IRulebookReads rulebook_, uint16[] memory targetsBps) {
        if (rulebook_.vault() != address(this)) revert WrongRulebook(rulebook_.vault());
        rulebook = rulebook_;
        _lock = IDLE;
        _epoch = 1;
        _bucketsAt = uint40(block.timestamp); // safe cast: seconds fit 40 bits for 34,000 years
        Asset[] memory assets = rulebook_.assets();
        uint256 sum;
        uint256 packed;
        for (uint256 i; i < targetsBps.length; ++i) {
            if (i >= assets.length) revert BadTargets(targetsBps.length);
            uint16 target = targetsBps[i];
            if (target < assets[i].minBps || target > assets[i].maxBps) {
                // safe cast: i < 16
                // forge-lint: disable-next-line(unsafe-typecast)
                revert TargetOutOfRange(uint8(i), target, assets[i].minBps, assets[i].maxBps);
            }
            sum += target;
            packed |= uint256(target) << (i * TARGET_BITS);
        }
        if (sum != Ceilings.BPS || targetsBps.length != assets.length) revert BadTargets(sum);
        _targets = packed;
    }

    // ------------------------------------------------------------------------------------------------ modifiers

    /// @dev Every state-changing function but `pay`; a callback into any of them reverts.
    modifier locks() {
        if (_lock != IDLE) revert Locked();
        _lock = BUSY;
        _;
        _lock = IDLE;
    }

    // ------------------------------------------------------------------------------------------------ keeper

    /// @inheritdoc IVaultCore
    function rebalance(Order[] calldata orders, Terms calldata terms) external locks returns (Report memory report) {
        _requireKeeper();
        if (_mode != Mode.ACTIVE) revert NotActive();
        if (block.timestamp > terms.deadline) revert DeadlinePassed(terms.deadline, block.timestamp);
        uint256 latest = block.timestamp + Ceilings.KEEPER_DEADLINE;
        if (terms.deadline > latest) revert DeadlineTooFar(terms.deadline, latest);
        if (terms.epoch != _epoch) revert EpochMoved(terms.epoch, _epoch);
        Rules memory rules = rulebook.rules();
        Limits memory limits = rules.limits;
        if (terms.configVersion != rules.configVersion) revert ConfigMoved(terms.configVersion, rules.configVersion);
        if (limits.maxGasPrice != 0 && tx.gasprice > limits.maxGasPrice) {
            revert GasPriceTooHigh(tx.gasprice, limits.maxGasPrice);
        }
        uint256 readyAt = uint256(_rebalancedAt) + limits.rebalanceCooldown;
        if (block.timestamp < readyAt) revert TooSoon(readyAt);
        uint64 epoch = ++_epoch;
        _rebalancedAt = uint40(block.timestamp); // safe cast: see constructor

        Portfolio.Book memory book = _book(rules);
        Levels memory levels = _levels;
        levels = levels.settled(limits, block.timestamp - _bucketsAt);
        uint256 drift = book.driftUp(book.values, book.nav);
        uint256 minDrift = uint256(limits.minDriftBps) * Ceilings.ONE / Ceilings.BPS;
        if (drift < minDrift) revert DriftTooSmall(drift, minDrift);

        uint256 budget = book.nav.mulDiv(levels.turnoverLeft(limits), Ceilings.ONE);
        uint256 maxTrade = book.nav.mulDiv(limits.maxTradeBps, Ceilings.BPS);
        report = _trade(rules, book, orders, maxTrade, budget);

        uint256 left = levels.lossLeft(limits);
        if (report.loss > left) revert LossBudget(report.loss, left);
        _requireProgress(drift, report.driftAfter, limits);
        // safe additions: a level stays at or below its capacity, below 2^64, by the checks above
        levels.lossDay += report.loss;
        levels.lossMonth += report.loss;
        levels.turnoverDay += report.turnover;
        levels.turnoverMonth += report.turnover;
        _levels = levels;
        _bucketsAt = uint40(block.timestamp);
        emit Rebalanced(
            epoch,
            terms.decisionId,
            msg.sender,
            report,
            levels.lossLeft(limits).toUint64(),
            levels.turnoverLeft(limits).toUint64()
        );
    }

    // ------------------------------------------------------------------------------------------------ owner

    /// @inheritdoc IVaultCore
    function allocate(Order[] calldata orders, uint40 deadline) external locks returns (Report memory report) {
        if (msg.sender != rulebook.owner()) revert NotOwner(msg.sender);
        if (_mode != Mode.ACTIVE) revert NotActive();
        if (block.timestamp > deadline) revert DeadlinePassed(deadline, block.timestamp);
        uint64 epoch = ++_epoch;
        Rules memory rules = rulebook.rules();
        Portfolio.Book memory book = _book(rules);
        report = _trade(rules, book, orders, type(uint256).max, type(uint256).max);
        emit Allocated(epoch, msg.sender, report);
    }

    /// @inheritdoc IVaultCore
    function withdraw(address token, uint256 amount) external locks {
        if (msg.sender != rulebook.owner()) revert NotOwner(msg.sender);
        uint256 before = IERC20(token).balanceOf(address(this));
        if (amount == type(uint256).max) amount = before;
        if (amount == 0) revert ZeroAmount();
        address payout = rulebook.payout();
        // the answer is not read: some tokens return false on success, some nothing; the balance tells
        (bool called,) = token.call(abi.encodeCall(IERC20.transfer, (payout, amount)));
        uint256 moved = before.saturatingSub(IERC20(token).balanceOf(address(this)));
        if (!called || moved < amount) revert WithdrawFailed(token, moved, amount);
        emit Withdrawn(token, payout, moved);
    }

    // ------------------------------------------------------------------------------------------------ exit

    /// @inheritdoc IVaultCore
    function halt(bytes32 reason) external locks {
        (Role role,) = rulebook.roleOf(msg.sender);
        if (role == Role.NONE) revert NoRole(msg.sender);
        if (_mode == Mode.ACTIVE) {
            _mode = Mode.HALTED;
            _haltedAt = uint40(block.timestamp); // safe cast: see constructor
        }
        emit Halted(msg.sender, reason, _haltedAt);
    }

    /// @inheritdoc IVaultCore
    function flatten() external locks {
        Rules memory rules = _rulesOfExit();
        uint8[] memory all = new uint8[](rules.assets.length);
        for (uint8 i; i < all.length; ++i) {
            all[i] = i;
        }
        _flatten(rules, all);
    }

    /// @inheritdoc IVaultCore
    function flatten(uint8[] calldata assets) external locks {
        _flatten(_rulesOfExit(), assets);
    }

    /// @notice One leg of a flatten: all of an asset that 128 bits hold, by one route, at that route's floor. Only the vault itself.
    /// @dev External so that a failing leg reverts alone.
    /// @return spent units of the asset sold @return got units of the safe asset bought @return least the floor
    function leg(
        Asset calldata assetIn,
        Asset calldata assetOut,
        Route calldata way,
        uint16 index,
        uint256 spreadBps,
        address oracle
    ) external returns (uint256 spent, uint256 got, uint256 least) {
        if (msg.sender != address(this)) revert OnlySelf();
        Cluster memory priceIn = _clusterOf(oracle, assetIn, spreadBps);
        Cluster memory priceOut = _clusterOf(oracle, assetOut, spreadBps);
        if (priceIn.mid == 0) revert PriceMissing(way.assetIn);
        if (priceOut.mid == 0) revert PriceMissing(way.assetOut);
        // a payment is 128 bits; what is above them is left for another flatten
        uint256 amount = Math.min(IERC20(assetIn.token).balanceOf(address(this)), type(uint128).max);
        least = Portfolio.floorUp(amount, priceIn, assetIn.decimals, priceOut, assetOut.decimals, way.slipBps);
        (spent, got) = _swap(way, index, assetIn.token, assetOut.token, amount, least);
    }

    // ------------------------------------------------------------------------------------------------ adapters

    /// @inheritdoc IPayer
    function pay(address to, uint256 amount) external {
        uint128 left = _payable;
        if (left == 0 || msg.sender != _payer) revert NothingPending();
        if (to != msg.sender && to != _payVenue) revert PayeeRefused(to);
        if (amount > left) revert PaymentTooLarge(amount, left);
        // safe cast: amount <= left
        // forge-lint: disable-next-line(unsafe-typecast)
        _payable = left - uint128(amount);
        IERC20(_payToken).safeTransfer(to, amount);
    }

    // ------------------------------------------------------------------------------------------------ views

    /// @inheritdoc IVaultCore
    function version() external pure returns (string memory) {
        return "KeeperVault 0.1.0";
    }

    /// @inheritdoc IVaultCore
    function state() external view returns (State memory) {
        uint256[] memory wide = _targetsOf(rulebook.assets().length);
        uint16[] memory targetsBps = new uint16[](wide.length);
        for (uint256 i; i < wide.length; ++i) {
            targetsBps[i] = uint16(wide[i]); // safe cast: unpacked from 16 bits
        }
        return State({
            mode: _mode,
            locked: _lock != IDLE,
            epoch: _epoch,
            rebalancedAt: _rebalancedAt,
            retargetedAt: _retargetedAt,
            harvestedAt: _harvestedAt,
            haltedAt: _haltedAt,
            targetsBps: targetsBps
        });
    }

    /// @inheritdoc IVaultCore
    function headroom() external view returns (Headroom memory) {
        Limits memory limits = rulebook.limits();
        Levels memory levels = _levels;
        levels = levels.settled(limits, block.timestamp - _bucketsAt);
        return Headroom({
            lossDay: Bucket.left(levels.lossDay, limits.lossDayBps).toUint64(),
            lossMonth: Bucket.left(levels.lossMonth, limits.lossMonthBps).toUint64(),
            turnoverDay: Bucket.left(levels.turnoverDay, limits.turnoverDayBps).toUint64(),
            turnoverMonth: Bucket.left(levels.turnoverMonth, limits.turnoverMonthBps).toUint64()
        });
    }

    // ------------------------------------------------------------------------------------------------ the envelope

    function _requireKeeper() private view {
        (Role role, uint40 expires) = rulebook.roleOf(msg.sender);
        if (role == Role.KEEPER) return;
        if (expires != 0) revert MandateExpired(msg.sender, expires);
        revert NotKeeper(msg.sender);
    }

    /// @dev The one price vector of a call.
    function _book(Rules memory rules) private view returns (Portfolio.Book memory book) {
        book = Portfolio.read(address(this), rules, _targetsOf(rules.assets.length));
        // safe cast: an index below 16
        if (book.missing != Portfolio.NO_ASSET) revert PriceMissing(uint8(book.missing));
        if (book.nav == 0) revert EmptyVault();
        if (book.targetSum == 0) revert NoTargets();
    }

    function _targetsOf(uint256 count) private view returns (uint256[] memory targets) {
        targets = new uint256[](count);
        uint256 packed = _targets;
        for (uint256 i; i < count; ++i) {
            // safe cast: takes the 16 bits it wants
            // forge-lint: disable-next-line(unsafe-typecast)
            targets[i] = uint16(packed >> (i * TARGET_BITS));
        }
    }

    /// @dev Orders in turn, each clamped so that at NAV before, and by value sent, no asset crosses its target. Balances in
    /// `book` follow the trades; afterwards no listed balance may be below what the trades explain.
    function _trade(
        Rules memory rules,
        Portfolio.Book memory book,
        Order[] calldata orders,
        uint256 maxTrade,
        uint256 budget
    ) private returns (Report memory report) {
        if (orders.length == 0) revert NoOrders();
        report.navBefore = book.nav;
        report.driftBefore = book.driftUp(book.values, book.nav).toUint64();
        uint256 turnover;
        for (uint256 i; i < orders.length; ++i) {
            turnover += _fill(rules, book, orders[i], Math.min(maxTrade, budget - turnover));
        }
        uint256 navAfter;
        for (uint256 i; i < rules.assets.length; ++i) {
            Asset memory asset = rules.assets[i];
            uint256 found = IERC20(asset.token).balanceOf(address(this));
            // safe cast: i < 16
            // forge-lint: disable-next-line(unsafe-typecast)
            if (found < book.balances[i]) revert BalanceFell(uint8(i), found, book.balances[i]);
            navAfter += book.values[i];
        }
        report.navAfter = navAfter;
        report.driftAfter = book.driftUp(book.values, navAfter).toUint64();
        report.turnover = turnover.mulDiv(Ceilings.ONE, book.nav, Math.Rounding.Ceil).toUint64();
        report.loss = book.nav.saturatingSub(navAfter).mulDiv(Ceilings.ONE, book.nav, Math.Rounding.Ceil).toUint64();
    }

    /// @return sent USD value sold, 18 decimals, rounded up
    function _fill(Rules memory rules, Portfolio.Book memory book, Order calldata order, uint256 most)
        private
        returns (uint256 sent)
    {
        Route memory way = rulebook.route(order.route);
        if (!way.enabled || way.assetIn == Ceilings.REWARD) revert RouteDisabled(order.route);
        (uint8 i, uint8 o) = (way.assetIn, way.assetOut);
        if (!book.counted[i]) revert NotTradable(i);
        if (!book.counted[o]) revert NotTradable(o);
        (Asset memory assetIn, Asset memory assetOut) = (rules.assets[i], rules.assets[o]);
        uint256 amount = Math.min(order.maxIn, _clamp(book, i, o, most, assetIn.decimals));
        sent = Portfolio.valueUp(amount, book.prices[i].mid, assetIn.decimals);
        uint256 minTrade = book.nav.mulDiv(rules.limits.minTradeBps, Ceilings.BPS);
        if (amount == 0 || sent < minTrade) revert NothingToDo(order.route, sent, minTrade);
        uint256 least = Math.max(
            Portfolio.floorUp(amount, book.prices[i], assetIn.decimals, book.prices[o], assetOut.decimals, way.slipBps),
            uint256(order.minOut).mulDiv(amount, order.maxIn, Math.Rounding.Ceil)
        );
        (uint256 spent, uint256 got) = _swap(way, order.route, assetIn.token, assetOut.token, amount, least);
        book.balances[i] -= spent;
        book.balances[o] += got;
        book.values[i] = Portfolio.valueDown(book.balances[i], book.prices[i].mid, assetIn.decimals);
        book.values[o] = Portfolio.valueDown(book.balances[o], book.prices[o].mid, assetOut.decimals);
        emit Traded(order.route, assetIn.token, assetOut.token, spent, got, least);
    }

    /// @dev Units of `i` that may be sold into `o`: overweight of the one, underweight of the other, and `most` USD.
    function _clamp(Portfolio.Book memory book, uint8 i, uint8 o, uint256 most, uint8 decimals)
        private
        pure
        returns (uint256)
    {
        uint256 over = book.values[i].saturatingSub(book.goal(i, book.nav));
        uint256 under = book.goal(o, book.nav).saturatingSub(book.values[o]);
        return Portfolio.amountDown(Math.min(Math.min(over, under), most), book.prices[i].mid, decimals);
    }

    /// @dev A payment of at most `amount` is open while the adapter runs; what came is the lesser of balance and word.
    function _swap(Route memory way, uint16 index, address tokenIn, address tokenOut, uint256 amount, uint256 least)
        private
        returns (uint256 spent, uint256 got)
    {
        uint256 inBefore = IERC20(tokenIn).balanceOf(address(this));
        uint256 outBefore = IERC20(tokenOut).balanceOf(address(this));
        _payable = amount.toUint128();
        _payer = way.adapter;
        _payVenue = way.venue;
        _payToken = tokenIn;
        uint256 said = IAdapter(way.adapter)
            .swap(
                Swap({
                tokenIn: tokenIn,
                tokenOut: tokenOut,
                amountIn: amount,
                minOut: least,
                partialFill: false,
                venue: way.venue,
                data: way.data
            })
            );
        _payable = 0;
        spent = inBefore.saturatingSub(IERC20(tokenIn).balanceOf(address(this)));
        if (spent > amount) revert Overspent(index, spent, amount);
        got = Math.min(IERC20(tokenOut).balanceOf(address(this)).saturatingSub(outBefore), said);
        if (got < least) revert BelowFloor(index, got, least);
    }

    /// @dev Drift must fall by min(minProgress, 80 % of what it was): else a one-unit trade would start the cooldown.
    function _requireProgress(uint256 before, uint256 afterwards, Limits memory limits) private pure {
        uint256 needed = Math.min(
            uint256(limits.minProgressBps) * Ceilings.ONE / Ceilings.BPS,
            before.mulDiv(PROGRESS_SHARE_BPS, Ceilings.BPS)
        );
        if (before < afterwards + needed) revert NoProgress(before, afterwards, needed);
    }

    // ------------------------------------------------------------------------------------------------ flatten

    function _rulesOfExit() private view returns (Rules memory rules) {
        if (_mode != Mode.HALTED) revert NotHalted();
        (Role role,) = rulebook.roleOf(msg.sender);
        if (role == Role.NONE) revert NoRole(msg.sender);
        rules = rulebook.rules();
        if (role == Role.KEEPER && !rules.limits.keeperMayFlatten) revert FlattenSwitchedOff();
    }

    /// @dev Asset by asset: prices, floors and failures of one leg touch no other.
    function _flatten(Rules memory rules, uint8[] memory list) private {
        uint8 refuge = _refuge(rules);
        Route[] memory ways = rulebook.routes();
        uint8 sold;
        uint8 failed;
        for (uint256 k; k < list.length; ++k) {
            uint8 i = list[k];
            if (i >= rules.assets.length) revert UnknownAsset(i);
            Asset memory asset = rules.assets[i];
            if (asset.frozen || asset.safeRank != 0) continue;
            if (!_held(asset)) continue;
            if (_sell(rules, ways, i, refuge)) ++sold;
            else ++failed;
        }
        emit Flattened(msg.sender, refuge, sold, failed);
    }

    /// @dev More than dust; a token that does not answer is tried, so that its leg says why. Low level and capped: neither
    /// gas burnt by a token, nor an answer too short to decode, nor a token without code may stop the other legs.
    function _held(Asset memory asset) private view returns (bool) {
        (bool answered, bytes memory word) =
            asset.token.staticcall{gas: BALANCE_GAS}(abi.encodeCall(IERC20.balanceOf, (address(this))));
        return !answered || word.length < 32 || abi.decode(word, (uint256)) > asset.dust;
    }

    /// @dev Every enabled route from `i` into `refuge`, in order, until one fills.
    function _sell(Rules memory rules, Route[] memory ways, uint8 i, uint8 refuge) private returns (bool) {
        uint16 tried = type(uint16).max;
        bytes memory why;
        for (uint16 r; r < ways.length; ++r) {
            Route memory way = ways[r];
            if (!way.enabled || way.assetIn != i || way.assetOut != refuge) continue;
            // a caller must not be able to starve a leg: 63/64 of what is left is passed on, and must be enough
            uint256 needed = LEG_GAS * 64 / 63 + LEG_RESERVE;
            if (gasleft() < needed) revert GasStarved(gasleft(), needed);
            try this.leg{gas: LEG_GAS}(
                rules.assets[i], rules.assets[refuge], way, r, rules.limits.spreadBps, rules.oracle
            ) returns (
                uint256 spent, uint256 got, uint256 least
            ) {
                emit LegSold(i, r, spent, got, least);
                return true;
            } catch {
                (tried, why) = (r, _reason());
            }
        }
        emit LegFailed(i, tried, why);
        return false;
    }

    /// @dev What the call before this one failed with, cut: a failing part must not choose what its failure costs the others.
    function _reason() private pure returns (bytes memory why) {
        uint256 most = REASON_SIZE;
        assembly ("memory-safe") {
            let size := returndatasize()
            if gt(size, most) { size := most }
            why := mload(0x40)
            mstore(why, size)
            returndatacopy(add(why, 0x20), 0, size)
            mstore(0x40, and(add(add(why, size), 0x3f), not(0x1f)))
        }
    }

    /// @dev First safe asset by rank, not frozen, whose cluster price is inside its depeg band.
    function _refuge(Rules memory rules) private view returns (uint8 best) {
        uint8 rank;
        for (uint8 i; i < rules.assets.length; ++i) {
            Asset memory asset = rules.assets[i];
            if (asset.safeRank == 0 || asset.frozen || (rank != 0 && asset.safeRank >= rank)) continue;
            // a caller must not be able to choose the refuge by starving a price
            if (gasleft() < LEG_GAS) revert GasStarved(gasleft(), LEG_GAS);
            Cluster memory price = _clusterOf(rules.oracle, asset, rules.limits.spreadBps);
            uint256 band = uint256(asset.depegBps) * Ceilings.ONE / Ceilings.BPS;
            if (price.mid == 0 || price.mid + band < Ceilings.ONE || price.mid > Ceilings.ONE + band) continue;
            (rank, best) = (asset.safeRank, i);
        }
        if (rank == 0) revert NoSafeAsset();
    }

    /// @dev One asset's price, alone; none where the oracle fails or the price leaves the sanity band.
    function _clusterOf(address oracle, Asset memory asset, uint256 spreadBps)
        private
        view
        returns (Cluster memory price)
    {
        address[] memory tokens = new address[](1);
        tokens[0] = asset.token;
        try IPriceOracle(oracle).clusters(tokens, spreadBps) returns (Cluster[] memory found) {
            if (found.length == 1 && Portfolio.usable(found[0], asset)) price = found[0];
        } catch {}
    }
}
