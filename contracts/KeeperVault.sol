// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Envelope} from "./core/Envelope.sol";
import {Exit} from "./core/Exit.sol";
import {Harvest} from "./core/Harvest.sol";
import {Headroom, IVaultCore, Mode, Order, Report, State, Terms} from "./interfaces/IKeeperVault.sol";
import {IRulebookReads, Limits, Rules} from "./interfaces/IRulebook.sol";
import {Bucket, Levels} from "./libraries/Bucket.sol";
import {Ceilings} from "./libraries/Ceilings.sol";
import {Portfolio} from "./libraries/Portfolio.sol";

/// @title A portfolio's custody, and the envelope inside which a keeper may steer it
/// @dev No proxy, no delegatecall, no arbitrary calldata, no allowance of its own, no native coin. Every external call goes
/// to the rulebook, its oracle, a listed token, a registered adapter or a registered claim's target. Read `core/` first:
/// Envelope is the state, the gate and the trade; Harvest the rewards; Exit the halt and the way out.
contract KeeperVault is Harvest, Exit {
    using Bucket for Levels;
    using Math for uint256;
    using Portfolio for Portfolio.Book;
    using SafeCast for uint256;

    // ------------------------------------------------------------------------------------------------ constants

    /// @dev 80 %: with drift below minProgress / 0.8 the rest is asked for as a share of what there is.
    uint256 private constant PROGRESS_SHARE_BPS = 8000;

    // ------------------------------------------------------------------------------------------------ constructor

    constructor(IRulebookReads rulebook_, uint16[] memory targetsBps) Envelope(rulebook_, targetsBps) {}

    // ------------------------------------------------------------------------------------------------ keeper

    /// @inheritdoc IVaultCore
    function rebalance(Order[] calldata orders, Terms calldata terms) external locks returns (Report memory report) {
        Rules memory rules = _admit(terms);
        Limits memory limits = rules.limits;
        _requireCooled(_rebalancedAt, limits.rebalanceCooldown);
        _rebalancedAt = uint40(block.timestamp); // safe cast: see constructor

        Portfolio.Book memory book = _book(rules);
        Levels memory levels = _levels;
        levels = levels.settled(limits, block.timestamp - _bucketsAt);
        uint256 drift = book.driftUp(book.values, book.nav);
        uint256 minDrift = uint256(limits.minDriftBps) * Ceilings.ONE / Ceilings.BPS;
        if (drift < minDrift) revert DriftTooSmall(drift, minDrift);

        uint256 budget = book.nav.mulDiv(levels.turnoverLeft(limits), Ceilings.ONE);
        uint256 maxTrade = book.nav.mulDiv(limits.maxTradeBps, Ceilings.BPS);
        report = _trade(rules, book, orders, drift, maxTrade, budget);

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
            _epoch,
            terms.decisionId,
            msg.sender,
            report,
            levels.lossLeft(limits).toUint64(),
            levels.turnoverLeft(limits).toUint64()
        );
    }

    /// @inheritdoc IVaultCore
    function retarget(uint16[] calldata targetsBps, Terms calldata terms) external locks {
        Limits memory limits = _admit(terms).limits;
        _requireCooled(_retargetedAt, limits.retargetCooldown);
        uint256 level = _shiftLevelNow(limits);
        _retargetedAt = uint40(block.timestamp); // safe cast: see constructor
        uint256 shift = _setTargets(targetsBps);
        uint256 left = Bucket.left(level, limits.maxShiftBps);
        if (shift > left) revert ShiftTooLarge(shift, left);
        _shiftLevel = (level + shift).toUint64();
        emit Retargeted(_epoch, terms.decisionId, msg.sender, targetsBps, shift.toUint64());
    }

    // ------------------------------------------------------------------------------------------------ owner

    /// @inheritdoc IVaultCore
    function allocate(Order[] calldata orders, uint40 deadline) external locks returns (Report memory report) {
        _requireOwner();
        if (_mode != Mode.ACTIVE) revert NotActive();
        if (block.timestamp > deadline) revert DeadlinePassed(deadline, block.timestamp);
        ++_epoch;
        Rules memory rules = _rules();
        Portfolio.Book memory book = _book(rules);
        uint256 drift = book.driftUp(book.values, book.nav);
        report = _trade(rules, book, orders, drift, type(uint256).max, type(uint256).max);
        emit Allocated(_epoch, msg.sender, report);
    }

    /// @inheritdoc IVaultCore
    function setTargets(uint16[] calldata targetsBps) external locks {
        _requireOwner();
        uint256 shift = _setTargets(targetsBps);
        emit Retargeted(++_epoch, bytes32(0), msg.sender, targetsBps, shift.toUint64());
    }

    /// @inheritdoc IVaultCore
    function withdraw(address token, uint256 amount) external locks {
        _requireOwner();
        uint256 before = _held(token);
        if (amount == type(uint256).max) amount = before;
        if (amount == 0) revert ZeroAmount();
        address payout = rulebook.payout();
        // the answer is not read: some tokens return false on success, some nothing; the balance tells
        (bool called,) = token.call(abi.encodeCall(IERC20.transfer, (payout, amount)));
        uint256 moved = before.saturatingSub(_held(token));
        if (!called || moved < amount) revert WithdrawFailed(token, moved, amount);
        _balancesSeen = 0; // what the owner took is no loss: no balance is on record until the next action
        emit Withdrawn(token, payout, moved);
    }

    /// @inheritdoc IVaultCore
    function rescueNative() external locks {
        _requireOwner();
        uint256 amount = address(this).balance;
        if (amount == 0) revert ZeroAmount();
        address payout = rulebook.payout();
        (bool sent,) = payout.call{value: amount}("");
        if (!sent) revert NativeRefused(payout, amount);
        _balancesSeen = 0; // as in withdraw: on some chains (Celo, Polygon) the native coin is a token too, and may be listed
        emit NativeRescued(payout, amount);
    }

    // ------------------------------------------------------------------------------------------------ views

    /// @inheritdoc IVaultCore
    function version() external pure returns (string memory) {
        return "KeeperVault 0.3.0";
    }

    /// @inheritdoc IVaultCore
    function state() external view returns (State memory) {
        uint256[] memory wide = _targetsOf(_rules().assets.length);
        uint16[] memory targetsBps = new uint16[](wide.length);
        for (uint256 i; i < wide.length; ++i) {
            targetsBps[i] = uint16(wide[i]); // safe cast: unpacked from 16 bits
        }
        return State({
            mode: _mode,
            locked: _locked(),
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
        Limits memory limits = _rules().limits;
        Levels memory levels = _levels;
        levels = levels.settled(limits, block.timestamp - _bucketsAt);
        return Headroom({
            lossDay: Bucket.left(levels.lossDay, limits.lossDayBps).toUint64(),
            lossMonth: Bucket.left(levels.lossMonth, limits.lossMonthBps).toUint64(),
            turnoverDay: Bucket.left(levels.turnoverDay, limits.turnoverDayBps).toUint64(),
            turnoverMonth: Bucket.left(levels.turnoverMonth, limits.turnoverMonthBps).toUint64(),
            shiftDay: Bucket.left(_shiftLevelNow(limits), limits.maxShiftBps).toUint64()
        });
    }

    // ------------------------------------------------------------------------------------------------ budgets

    function _shiftLevelNow(Limits memory limits) private view returns (uint256) {
        uint256 since = Math.max(_retargetedAt, _unhaltedAt);
        return Bucket.leaked(_shiftLevel, limits.maxShiftBps, Bucket.DAY, block.timestamp - since);
    }

    /// @dev Drift must fall by min(minProgress, 80 % of what it was): else a one-unit trade would start the cooldown.
    function _requireProgress(uint256 before, uint256 afterwards, Limits memory limits) private pure {
        uint256 needed = Math.min(
            uint256(limits.minProgressBps) * Ceilings.ONE / Ceilings.BPS,
            before.mulDiv(PROGRESS_SHARE_BPS, Ceilings.BPS)
        );
        if (before < afterwards + needed) revert NoProgress(before, afterwards, needed);
    }
}
