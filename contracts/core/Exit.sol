// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IVaultCore, Mode} from "../interfaces/IKeeperVault.sol";
import {IRulebookReads, Limits, Quote, Role, Step} from "../interfaces/IRulebook.sol";
import {Answers} from "../libraries/Answers.sol";
import {Bucket} from "../libraries/Bucket.sol";
import {Ceilings} from "../libraries/Ceilings.sol";
import {Envelope} from "./Envelope.sol";

/// @title Halt, and the way out: everything into the safe asset, leg by leg
/// @dev No leg can stop another: each try of each leg is a call of the vault to itself with its own gas.
abstract contract Exit is Envelope {
    using Math for uint256;
    using SafeCast for uint256;

    // ------------------------------------------------------------------------------------------------ constants

    /// @dev 1.5M: a two-hop router swap through proxied tokens takes 0.35M, and four healthy voices on each side 0.8M, two
    /// of them TWAPs of pools with the largest ring of observations; a leg that gets this much and fails, fails by itself.
    uint256 private constant LEG_GAS = 1_500_000;
    /// @dev What the loop around a leg still needs: two role-free events and a few reads.
    uint256 private constant LEG_RESERVE = 60_000;
    /// @dev A try that used up this much of its gas burns it: a smaller one would burn it again.
    uint256 private constant BURNT_GAS = 1_400_000;
    /// @dev 100k: ten times what a proxied token's balance takes; the same question is asked again, uncapped, in the leg.
    uint256 private constant BALANCE_GAS = 100_000;
    /// @dev 80k: what `kill` keeps back, so that a flatten that eats all its gas cannot undo the halt before it.
    uint256 private constant KILL_RESERVE = 80_000;
    /// @dev Sizes tried of what would not fill whole and cannot fill in part: a half, a quarter, an eighth.
    uint256 private constant HALVINGS = 3;
    /// @dev 1 h: the owner's and guardian's discount opens to its widest over it, and no halt ends before it: a thief has to
    /// wait in public.
    uint256 private constant COOLING = 1 hours;
    uint16 private constant NO_ROUTE = type(uint16).max;

    // ------------------------------------------------------------------------------------------------ storage

    /// @dev What a keeper's flatten may still sell of an asset in the halt that began at `halt`. One word.
    struct KeeperSale {
        uint40 halt;
        uint216 left; // token units
    }

    /// @dev One asset's part of a flatten, in memory.
    struct Sale {
        bool privileged; // pressed by guardian or owner
        bool answered; // the token told its balance
        bool held; // above its dust
        uint16 tried; // last route tried
        uint256 left; // token units held
        uint256 may; // of which may be sold
        bytes why; // the last route's reason for refusing the whole
    }

    mapping(uint8 asset => KeeperSale) private _keeperSales;

    // ------------------------------------------------------------------------------------------------ halt

    /// @inheritdoc IVaultCore
    function halt(bytes32 reason) external locks {
        _requireRole();
        _halt(reason);
    }

    /// @inheritdoc IVaultCore
    function kill(bytes32 reason) external locks {
        if (_requireRole() == Role.KEEPER) revert NoRole(msg.sender);
        _halt(reason);
        try this.sweep{gas: gasleft().saturatingSub(KILL_RESERVE)}(msg.sender) {}
        catch {
            emit FlattenFailed(msg.sender, _reason());
        }
    }

    /// @inheritdoc IVaultCore
    function unhalt() external locks {
        _requireOwner();
        if (_mode != Mode.HALTED) revert NotHalted();
        _requireCooled(_haltedAt, COOLING);
        Limits memory limits = _rules().limits;
        // probation: every budget starts used up; a claim's own sees `_unhaltedAt`
        _levels = Bucket.full(limits);
        _shiftLevel = Bucket.capacity(limits.maxShiftBps).toUint64();
        _harvestLevel = Bucket.capacity(limits.harvestCapBps).toUint64();
        // safe casts: see constructor
        (_bucketsAt, _unhaltedAt) = (uint40(block.timestamp), uint40(block.timestamp));
        (_mode, _haltedAt, _openedAt) = (Mode.ACTIVE, 0, 0);
        _look();
        emit Unhalted(msg.sender, ++_epoch);
    }

    /// @inheritdoc IVaultCore
    function trip(uint8 asset) external locks {
        if (_mode != Mode.ACTIVE) revert NotActive();
        (uint256 expected, uint256 found, bool byRate) = _watch.proof(rulebook, asset, _balancesSeen, _ratesSeen);
        emit Tripped(msg.sender, asset, expected, found, byRate);
        _halt("tripped");
    }

    function _halt(bytes32 reason) private {
        if (_mode == Mode.ACTIVE) {
            _mode = Mode.HALTED;
            _haltedAt = uint40(block.timestamp); // safe cast: see constructor
        }
        emit Halted(msg.sender, reason, _haltedAt);
    }

    function _requireRole() private view returns (Role role) {
        (role,) = _roleOf(msg.sender);
        if (role == Role.NONE) revert NoRole(msg.sender);
    }

    // ------------------------------------------------------------------------------------------------ flatten

    /// @inheritdoc IVaultCore
    function flatten() external locks {
        _sweep(msg.sender, _privilegeOfExit(), true, new uint8[](0));
    }

    /// @inheritdoc IVaultCore
    function flatten(uint8[] calldata assets) external locks {
        _sweep(msg.sender, _privilegeOfExit(), false, assets);
    }

    /// @notice The flatten inside `kill`: every asset, for a guardian or the owner. Only the vault itself.
    /// @dev External so that the halt survives it.
    function sweep(address actor) external {
        if (msg.sender != address(this)) revert OnlySelf();
        _sweep(actor, true, true, new uint8[](0));
    }

    /// @notice One try of one leg: at most `amount` of an asset by one route, at its floor. Only the vault itself.
    /// @dev External so that a failing try reverts alone.
    /// @return spent units of the asset sold @return got units bought @return least the floor for what was sold
    function leg(uint16 index, address token, uint256 amount, bool partialFill, bool privileged)
        external
        returns (uint256 spent, uint256 got, uint256 least)
    {
        if (msg.sender != address(this)) revert OnlySelf();
        uint256 held = _held(token);
        amount = Math.min(amount, held);
        uint256 open = privileged ? Math.min(block.timestamp - _openedAt, COOLING) * Ceilings.ONE / COOLING : 0;
        Quote memory quote =
            Answers.toQuote(_asked(abi.encodeCall(IRulebookReads.exitQuote, (index, amount, privileged, open))));
        uint256 outBefore = _held(quote.tokenOut);
        (spent, got) =
            _swap(Trade(quote.way, index, token, quote.tokenOut, amount, quote.least, partialFill, held, outBefore));
        least = quote.least.mulDiv(spent, amount, Math.Rounding.Ceil);
    }

    /// @return privileged whether the caller is owner or guardian; a keeper is not
    function _privilegeOfExit() private view returns (bool privileged) {
        if (_mode != Mode.HALTED) revert NotHalted();
        privileged = _requireRole() != Role.KEEPER;
    }

    /// @dev Asset by asset: prices, floors and failures of one leg touch no other. The plan has two passes: shares are
    /// redeemed, then what is left, and what came of it, is sold into the refuge.
    function _sweep(address actor, bool privileged, bool all, uint8[] memory list) private {
        if (privileged && _openedAt == 0) _openedAt = uint40(block.timestamp); // safe cast: see constructor
        (uint8 refuge, Step[] memory steps) =
            Answers.toPlan(_asked(abi.encodeCall(IRulebookReads.exitPlan, (list, all, privileged))));
        Sale memory sale;
        sale.privileged = privileged;
        uint8 sold;
        uint8 failed;
        for (uint256 k; k < steps.length; ++k) {
            Step memory step = steps[k];
            if (step.first) _begin(sale, step);
            if (sale.may > step.dust && step.route != NO_ROUTE) _try(sale, step);
            if (!step.last || !sale.held) continue;
            if (sale.left <= step.dust) {
                ++sold;
            } else if (!step.redeeming) {
                ++failed;
                emit LegFailed(step.asset, sale.tried, sale.why);
            }
        }
        emit Flattened(actor, refuge, sold, failed);
    }

    /// @dev What there is of an asset, and what of it may be sold. A token that does not answer is taken to be held, so that
    /// its leg says why.
    function _begin(Sale memory sale, Step memory step) private {
        (sale.answered, sale.left) = _balanceOf(step.token);
        sale.held = sale.left > step.dust;
        (sale.tried, sale.why, sale.may) = (NO_ROUTE, "", 0);
        if (sale.held) sale.may = sale.privileged ? sale.left : Math.min(sale.left, _keeperMaySell(sale, step.asset));
    }

    /// @dev Whole; else in part, where the adapter can; else a half, a quarter, an eighth. The reason kept is the whole's.
    function _try(Sale memory sale, Step memory step) private {
        for (uint256 n; n < 2 + HALVINGS; ++n) {
            // a caller must not be able to starve a leg: 63/64 of what is left is passed on, and must be enough
            uint256 needed = LEG_GAS * 64 / 63 + LEG_RESERVE;
            uint256 before = gasleft();
            if (before < needed) revert GasStarved(before, needed);
            // a payment is 128 bits; what is above them is left for another flatten
            uint256 size = Math.min(n < 2 ? sale.may : sale.may >> (n - 1), type(uint128).max);
            try this.leg{gas: LEG_GAS}(step.route, step.token, size, n == 1, sale.privileged) returns (
                uint256 spent, uint256 got, uint256 least
            ) {
                emit LegSold(step.asset, step.route, spent, got, least);
                _account(sale, step.asset, spent);
                return;
            } catch {
                if (n == 0) (sale.tried, sale.why) = (step.route, _reason());
            }
            if (before - gasleft() > BURNT_GAS) return;
        }
    }

    /// @dev A token that does not tell its balance, and yet was sold, is taken to be sold whole.
    function _account(Sale memory sale, uint8 asset, uint256 spent) private {
        if (!sale.answered) (sale.may, sale.left) = (0, 0);
        else (sale.may, sale.left) = (sale.may - spent, sale.left - spent); // no more than was asked: see _swap
        // safe cast: a keeper sold no more than what was left
        // forge-lint: disable-next-line(unsafe-typecast)
        if (!sale.privileged) _keeperSales[asset].left -= uint216(spent);
    }

    /// @dev One sale of what is held when a keeper first flattens an asset in a halt; remainders may be retried. Of a token
    /// that does not tell its balance, nothing: it could not be known when that was sold.
    function _keeperMaySell(Sale memory sale, uint8 asset) private returns (uint256) {
        if (!sale.answered) return 0;
        KeeperSale memory told = _keeperSales[asset];
        if (told.halt != _haltedAt) {
            // safe cast: no more than the type holds
            told = KeeperSale({halt: _haltedAt, left: uint216(Math.min(sale.left, type(uint216).max))});
            _keeperSales[asset] = told;
        }
        return told.left;
    }

    /// @dev Low level and capped: neither gas burnt by a token, nor an answer too short to decode, nor a token without code
    /// may stop the other legs.
    function _balanceOf(address token) private view returns (bool answered, uint256 balance) {
        (bool called, bytes memory word) =
            token.staticcall{gas: BALANCE_GAS}(abi.encodeCall(IERC20.balanceOf, (address(this))));
        if (called && word.length >= 32) return (true, abi.decode(word, (uint256)));
        return (false, type(uint256).max);
    }
}
