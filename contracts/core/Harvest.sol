// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IVaultCore, Order, Report, Terms} from "../interfaces/IKeeperVault.sol";
import {Asset, Claim, IRulebookReads, Limits, Quote, Rules} from "../interfaces/IRulebook.sol";
import {Answers} from "../libraries/Answers.sol";
import {Bucket} from "../libraries/Bucket.sol";
import {Ceilings} from "../libraries/Ceilings.sol";
import {Portfolio} from "../libraries/Portfolio.sol";
import {Envelope} from "./Envelope.sol";

/// @title Rewards: the owner's fixed claim call, and sales of what it brought and no more
/// @dev Warning: a claim's target is a stranger that the owner chose. It is called with the owner's calldata alone, under
/// the lock and with no payment open; what it did is read off balances and allowances.
abstract contract Harvest is Envelope {
    using Math for uint256;
    using SafeCast for uint256;

    // ------------------------------------------------------------------------------------------------ storage

    /// @dev USD with 18 decimals, as of `at`.
    struct ClaimUse {
        uint128 level;
        uint40 at;
    }

    mapping(uint16 claim => ClaimUse) private _claimUse;

    // ------------------------------------------------------------------------------------------------ keeper

    /// @inheritdoc IVaultCore
    function harvest(uint16 source, Order[] calldata sales, Terms calldata terms)
        external
        locks
        returns (Report memory report)
    {
        Rules memory rules = _admit(terms);
        _requireCooled(_harvestedAt, rules.limits.harvestCooldown);
        _harvestLevel = _harvestLevelNow(rules.limits).toUint64();
        _harvestedAt = uint40(block.timestamp); // safe cast: see constructor
        Claim memory claim = Answers.toClaim(_asked(abi.encodeCall(IRulebookReads.claim, (source))));
        if (!claim.enabled) revert ClaimDisabled(source);
        uint256[] memory before = _balances(rules.assets);
        uint256 claimed = _claim(claim);
        uint256 soldFor;
        if (sales.length != 0) (report, soldFor) = _sell(rules.limits, source, claim, claimed, sales);
        _close(rules, before, 0);
        rulebook.requireNoAllowance(source);
        emit Harvested(_epoch, terms.decisionId, source, claimed, soldFor, report);
    }

    function _balances(Asset[] memory assets) private view returns (uint256[] memory balances) {
        balances = new uint256[](assets.length);
        for (uint256 i; i < balances.length; ++i) {
            balances[i] = _held(assets[i].token);
        }
    }

    /// @dev The owner's fixed call. @return claimed units of the reward that came, and of nothing else
    function _claim(Claim memory claim) private returns (uint256 claimed) {
        uint256 before = _held(claim.reward);
        (bool called,) = claim.target.call(claim.data);
        if (!called) revert ClaimFailed(_reason());
        claimed = _held(claim.reward).saturatingSub(before);
    }

    /// @dev At most the claimed amount, into safe assets, at the floors of trades, and no more than two caps of any 24 h leave:
    /// the claim's own in USD, and all harvests' in NAV at the last trade. `soldFor`: USD value of what came, 18 decimals,
    /// rounded down.
    function _sell(Limits memory limits, uint16 source, Claim memory claim, uint256 claimed, Order[] calldata sales)
        private
        returns (Report memory report, uint256 soldFor)
    {
        uint256 nav = _navAtTrade();
        uint256 capacity = claim.dailyCap / 2;
        uint256 level = _claimLevelNow(source, capacity);
        uint256 left = nav.mulDiv(Bucket.left(_harvestLevel, limits.harvestCapBps), Ceilings.ONE);
        left = Math.min(left, capacity.saturatingSub(level));
        uint256 sold;
        for (uint256 i; i < sales.length; ++i) {
            (uint256 spent, uint256 value, uint256 worth) = _sale(source, claim.reward, sales[i], claimed, left - sold);
            claimed -= spent;
            sold += value;
            soldFor += worth;
        }
        report.navBefore = nav; // above 0: nothing fits a cap of nothing
        report.navAfter = nav + soldFor;
        report.turnover = sold.mulDiv(Ceilings.ONE, nav, Math.Rounding.Ceil).toUint64();
        report.loss = sold.saturatingSub(soldFor).mulDiv(Ceilings.ONE, nav, Math.Rounding.Ceil).toUint64();
        _harvestLevel += report.turnover; // safe addition: what was left was rounded down
        // safe cast: see constructor
        _claimUse[source] = ClaimUse({level: (level + sold).toUint128(), at: uint40(block.timestamp)});
    }

    /// @dev One of them. `spent`: units of the reward; `value`: USD by the oracle of what was offered, 18 decimals, rounded up;
    /// `worth`: likewise of what came, rounded down.
    function _sale(uint16 source, address reward, Order calldata sale, uint256 claimed, uint256 left)
        private
        returns (uint256 spent, uint256 value, uint256 worth)
    {
        uint256 amount = Math.min(sale.maxIn, claimed);
        if (amount == 0) revert NothingToDo(sale.route, 0, 0);
        Quote memory quote =
            Answers.toQuote(_asked(abi.encodeCall(IRulebookReads.saleQuote, (sale.route, source, amount, left))));
        Trade memory trade = Trade(
            quote.way,
            sale.route,
            reward,
            quote.tokenOut,
            quote.amount,
            quote.least,
            false,
            _held(reward),
            _held(quote.tokenOut)
        );
        uint256 got;
        (spent, got) = _swapOrder(sale, trade);
        value = quote.valueIn;
        worth = Portfolio.valueDown(got, quote.priceOut, quote.decimalsOut);
    }

    /// @dev USD, 18 decimals. Full where the owner unhalted since.
    function _claimLevelNow(uint16 source, uint256 capacity) private view returns (uint256) {
        ClaimUse memory use = _claimUse[source];
        if (use.at < _unhaltedAt) use = ClaimUse({level: capacity.toUint128(), at: _unhaltedAt});
        return Bucket.drained(use.level, capacity, Bucket.DAY, block.timestamp - use.at);
    }

    function _harvestLevelNow(Limits memory limits) private view returns (uint256) {
        uint256 since = Math.max(_harvestedAt, _unhaltedAt);
        return Bucket.leaked(_harvestLevel, limits.harvestCapBps, Bucket.DAY, block.timestamp - since);
    }
}
