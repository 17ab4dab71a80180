// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IAdapter, Swap} from "../interfaces/IAdapter.sol";
import {IPayer, IVaultCore, Mode, Order, Report, Terms} from "../interfaces/IKeeperVault.sol";
import {Asset, IRulebookReads, Role, Route, Rules} from "../interfaces/IRulebook.sol";
import {Answers} from "../libraries/Answers.sol";
import {Levels} from "../libraries/Bucket.sol";
import {Ceilings} from "../libraries/Ceilings.sol";
import {Portfolio} from "../libraries/Portfolio.sol";
import {Record} from "../libraries/Record.sol";
import {Watch} from "./Watch.sol";

/// @title The vault's state, its gate, and the one way in which it trades
/// @dev Every other part of the vault stands on this one. An adapter's honesty is *not* assumed: spending is capped by `pay`,
/// receipts are measured by balance.
abstract contract Envelope is IVaultCore {
    using Math for uint256;
    using Portfolio for Portfolio.Book;
    using SafeCast for uint256;
    using SafeERC20 for IERC20;

    // ------------------------------------------------------------------------------------------------ constants

    uint256 private constant TARGET_BITS = 16;
    /// @dev NAV is kept in cents, so that it fits a word that every trade writes anyway: it costs no slot of its own.
    uint256 private constant CENT = 1e16;
    uint8 private constant IDLE = 1;
    uint8 private constant BUSY = 2;

    // ------------------------------------------------------------------------------------------------ immutables

    /// @inheritdoc IVaultCore
    IRulebookReads public immutable rulebook;
    /// @dev The rulebook's clerk, for ever.
    Watch internal immutable _watch;

    // ------------------------------------------------------------------------------------------------ storage

    // one word: what a transaction is bound to; never zero, so that halt costs the same the first time
    Mode internal _mode;
    uint64 internal _epoch;
    uint40 internal _rebalancedAt;
    uint40 internal _retargetedAt;
    uint40 internal _harvestedAt;
    uint40 internal _haltedAt;

    // one word: the lock and the payment still open; never zero
    uint8 private _lock;
    uint40 internal _bucketsAt;
    uint128 private _payable;
    uint16 private _payRoute; // of the swap in flight; without meaning while _payable is 0
    uint64 private _centsAtTrade; // NAV after the last rebalance or allocate, USD with 2 decimals; 0 = none yet

    Levels internal _levels;
    uint256 internal _targets;

    // one word
    uint40 internal _openedAt; // first flatten of this halt by owner or guardian; 0 = none yet
    uint40 internal _unhaltedAt; // 0 = never
    uint64 internal _shiftLevel; // 1e18 = 100 %, as of the later of last retarget and last unhalt
    uint64 internal _harvestLevel; // 1e18 = 100 % of NAV at the last trade, as of the later of last harvest and last unhalt

    // what `trip` compares with, as of the last action that may move a balance; 0 = nothing on record
    uint256 internal _balancesSeen; // see Record
    uint256 internal _ratesSeen;

    /// @dev One trade, whole. `least` is for all of `amount`; `partialFill`: less may be sold at its rate. `inBefore`,
    /// `outBefore`: the vault's balances, or what its own trades explain of them.
    struct Trade {
        Route way;
        uint16 index;
        address tokenIn;
        address tokenOut;
        uint256 amount;
        uint256 least;
        bool partialFill;
        uint256 inBefore;
        uint256 outBefore;
    }

    // ------------------------------------------------------------------------------------------------ constructor

    constructor(IRulebookReads rulebook_, uint16[] memory targetsBps) {
        if (rulebook_.vault() != address(this)) revert WrongRulebook(rulebook_.vault());
        rulebook = rulebook_;
        _watch = Watch(rulebook_.clerk());
        _lock = IDLE;
        _epoch = 1;
        _bucketsAt = uint40(block.timestamp); // safe cast: seconds fit 40 bits for 34,000 years
        (_targets,) = rulebook_.packed(0, targetsBps);
    }

    // ------------------------------------------------------------------------------------------------ modifiers

    /// @dev Every state-changing function but `pay`; a callback into any of them reverts.
    modifier locks() {
        if (_lock != IDLE) revert Locked();
        _lock = BUSY;
        _;
        _lock = IDLE;
    }

    function _locked() internal view returns (bool) {
        return _lock != IDLE;
    }

    // ------------------------------------------------------------------------------------------------ adapters

    /// @inheritdoc IPayer
    function pay(address to, uint256 amount) external {
        uint128 left = _payable;
        if (left == 0) revert NothingPending();
        // asked again rather than stored: the rulebook stands still while the lock is held, and three words cost more
        (address adapter, address venue, address token) = rulebook.parties(_payRoute);
        if (msg.sender != adapter) revert NothingPending();
        if (to != adapter && to != venue) revert PayeeRefused(to);
        if (amount > left) revert PaymentTooLarge(amount, left);
        // safe cast: amount <= left
        // forge-lint: disable-next-line(unsafe-typecast)
        _payable = left - uint128(amount);
        IERC20(token).safeTransfer(to, amount);
    }

    // ------------------------------------------------------------------------------------------------ the gate

    /// @dev Gate 1 of every keeper's action: who, when, decided on what, and no sooner than its cooldown. The epoch rises.
    /// The cooldown is the caller's to look up: it depends on the rules this returns.
    function _admit(Terms calldata terms) internal returns (Rules memory rules) {
        _requireKeeper();
        if (_mode != Mode.ACTIVE) revert NotActive();
        if (block.timestamp > terms.deadline) revert DeadlinePassed(terms.deadline, block.timestamp);
        uint256 latest = block.timestamp + Ceilings.KEEPER_DEADLINE;
        if (terms.deadline > latest) revert DeadlineTooFar(terms.deadline, latest);
        if (terms.epoch != _epoch) revert EpochMoved(terms.epoch, _epoch);
        rules = _rules();
        if (terms.configVersion != rules.configVersion) revert ConfigMoved(terms.configVersion, rules.configVersion);
        uint256 ceiling = rules.limits.maxGasPrice;
        if (ceiling != 0 && tx.gasprice > ceiling) revert GasPriceTooHigh(tx.gasprice, ceiling);
        ++_epoch;
    }

    function _requireCooled(uint256 last, uint256 cooldown) internal view {
        if (block.timestamp < last + cooldown) revert TooSoon(last + cooldown);
    }

    function _requireKeeper() private view {
        (Role role, uint40 expires) = _roleOf(msg.sender);
        if (role == Role.KEEPER) return;
        if (expires != 0) revert MandateExpired(msg.sender, expires);
        revert NotKeeper(msg.sender);
    }

    function _requireOwner() internal view {
        (Role role,) = _roleOf(msg.sender);
        if (role != Role.OWNER) revert NotOwner(msg.sender);
    }

    // ------------------------------------------------------------------------------------------------ targets

    /// @return shift half the sum of |target - target before|, 1e18 = 100 %
    function _setTargets(uint16[] calldata targetsBps) internal returns (uint256 shift) {
        (_targets, shift) = rulebook.packed(_targets, targetsBps);
        if (shift == 0) revert NoChange();
    }

    function _targetsOf(uint256 count) internal view returns (uint256[] memory targets) {
        targets = new uint256[](count);
        uint256 packed = _targets;
        for (uint256 i; i < count; ++i) {
            // safe cast: takes the 16 bits it wants
            // forge-lint: disable-next-line(unsafe-typecast)
            targets[i] = uint16(packed >> (i * TARGET_BITS));
        }
    }

    // ------------------------------------------------------------------------------------------------ trades

    /// @dev The one price vector of a call.
    function _book(Rules memory rules) internal view returns (Portfolio.Book memory book) {
        book = Portfolio.read(address(this), rules, _targetsOf(rules.assets.length));
        // safe cast: an index below 16
        if (book.missing != Portfolio.NO_ASSET) revert PriceMissing(uint8(book.missing));
        if (book.nav == 0) revert EmptyVault();
        if (book.targetSum == 0) revert NoTargets();
    }

    /// @dev Orders in turn, each clamped so that at NAV before, and by value sent, no asset crosses its target. Balances in
    /// `book` follow the trades; afterwards no listed balance may be below what the trades explain.
    function _trade(
        Rules memory rules,
        Portfolio.Book memory book,
        Order[] calldata orders,
        uint256 drift,
        uint256 maxTrade,
        uint256 budget
    ) internal returns (Report memory report) {
        if (orders.length == 0) revert NoOrders();
        report.navBefore = book.nav;
        report.driftBefore = drift.toUint64();
        uint256 turnover;
        for (uint256 i; i < orders.length; ++i) {
            turnover += _fill(rules, book, orders[i], Math.min(maxTrade, budget - turnover));
        }
        _close(rules, book.balances, book.fresh);
        uint256 navAfter;
        for (uint256 i; i < book.values.length; ++i) {
            navAfter += book.values[i];
        }
        // safe cast: no more than the type holds
        _centsAtTrade = uint64(Math.min(navAfter / CENT, type(uint64).max));
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
        Route memory way = Answers.toRoute(_asked(abi.encodeCall(IRulebookReads.route, (order.route))));
        if (!way.enabled || way.assetIn == Ceilings.REWARD) revert RouteDisabled(order.route);
        (uint8 i, uint8 o) = (way.assetIn, way.assetOut);
        if (!book.counted[i]) revert NotTradable(i);
        if (!book.counted[o]) revert NotTradable(o);
        (Asset memory assetIn, Asset memory assetOut) = (rules.assets[i], rules.assets[o]);
        uint256 amount = Math.min(order.maxIn, _clamp(book, i, o, most, assetIn.decimals));
        sent = Portfolio.valueUp(amount, book.prices[i].mid, assetIn.decimals);
        uint256 minTrade = book.nav.mulDiv(rules.limits.minTradeBps, Ceilings.BPS);
        if (amount == 0 || sent < minTrade) revert NothingToDo(order.route, sent, minTrade);
        uint256 floor =
            Portfolio.floorUp(amount, book.prices[i], assetIn.decimals, book.prices[o], assetOut.decimals, way.slipBps);
        Trade memory trade = Trade(
            way, order.route, assetIn.token, assetOut.token, amount, floor, false, book.balances[i], book.balances[o]
        );
        (uint256 spent, uint256 got) = _swapOrder(order, trade);
        book.fresh = (uint256(1) << i) | (uint256(1) << o);
        book.balances[i] -= spent;
        book.balances[o] += got;
        book.values[i] = Portfolio.valueDown(book.balances[i], book.prices[i].mid, assetIn.decimals);
        book.values[o] = Portfolio.valueDown(book.balances[o], book.prices[o].mid, assetOut.decimals);
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

    /// @dev An order's trade, at its own `minOut` in proportion where that is above the floor.
    function _swapOrder(Order calldata order, Trade memory trade) internal returns (uint256 spent, uint256 got) {
        uint256 least = uint256(order.minOut).mulDiv(trade.amount, order.maxIn, Math.Rounding.Ceil);
        if (least > trade.least) trade.least = least;
        (spent, got) = _swap(trade);
        emit Traded(order.route, trade.tokenIn, trade.tokenOut, spent, got, trade.least);
    }

    /// @dev A payment of at most `amount` is open while the adapter runs; what came is the lesser of balance and word. In a
    /// partial fill the floor is that of what was spent, and something must be.
    function _swap(Trade memory trade) internal returns (uint256 spent, uint256 got) {
        (_payable, _payRoute) = (trade.amount.toUint128(), trade.index);
        uint256 said = IAdapter(trade.way.adapter)
            .swap(
                Swap({
                tokenIn: trade.tokenIn,
                tokenOut: trade.tokenOut,
                amountIn: trade.amount,
                minOut: trade.least,
                partialFill: trade.partialFill,
                venue: trade.way.venue,
                data: trade.way.data
            })
            );
        _payable = 0;
        spent = trade.inBefore.saturatingSub(_held(trade.tokenIn));
        if (spent > trade.amount) revert Overspent(trade.index, spent, trade.amount);
        got = Math.min(_held(trade.tokenOut).saturatingSub(trade.outBefore), said);
        uint256 least = trade.least;
        if (trade.partialFill) {
            if (spent == 0) revert NothingToDo(trade.index, 0, 0);
            least = least.mulDiv(spent, trade.amount, Math.Rounding.Ceil);
        }
        if (got < least) revert BelowFloor(trade.index, got, least);
    }

    // ------------------------------------------------------------------------------------------------ reads

    /// @return USD, 18 decimals, to the cent below; 0 = no trade yet
    function _navAtTrade() internal view returns (uint256) {
        return _centsAtTrade * CENT;
    }

    // each asked in one place: a call's encoding and decoding is a tenth of a kilobyte wherever it stands

    function _rules() internal view returns (Rules memory) {
        return Answers.toRules(_asked(abi.encodeCall(IRulebookReads.rules, ())));
    }

    /// @return where in memory the rulebook's answer begins
    function _asked(bytes memory question) internal view returns (uint256) {
        return Answers.ask(address(rulebook), question);
    }

    function _roleOf(address account) internal view returns (Role role, uint40 expires) {
        return rulebook.roleOf(account);
    }

    function _held(address token) internal view returns (uint256) {
        return IERC20(token).balanceOf(address(this));
    }

    /// @dev No listed balance, counted or not, is below what is expected of it; what is found goes on record. `fresh`: a bit
    /// for each asset of which what is expected was read after the last call to a stranger.
    function _close(Rules memory rules, uint256[] memory expected, uint256 fresh) internal {
        uint256 seen;
        for (uint256 i; i < expected.length; ++i) {
            uint256 found = (fresh >> i) & 1 == 1 ? expected[i] : _held(rules.assets[i].token);
            // safe cast: i < 16
            // forge-lint: disable-next-line(unsafe-typecast)
            if (found < expected[i]) revert BalanceFell(uint8(i), found, expected[i]);
            seen |= Record.balance(i, found);
        }
        _balancesSeen = seen;
        if (rules.shares != 0) _look();
    }

    /// @dev All on record anew, rates too. What does not answer is left out: no token can stop this.
    function _look() internal {
        (_balancesSeen, _ratesSeen) = _watch.record(rulebook);
    }

    // ------------------------------------------------------------------------------------------------ failures

    /// @dev 1 kB of a failed part's reason: an error's name and arguments, or a sentence.
    uint256 private constant REASON_SIZE = 1024;

    /// @dev What the call before this one failed with, cut: a failing part must not choose what its failure costs the others.
    function _reason() internal pure returns (bytes memory why) {
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
}
