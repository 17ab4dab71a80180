// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IVaultCore, Order, Report, Terms} from "../interfaces/IKeeperVault.sol";
import {Claim, Limits, Quote, Rules} from "../interfaces/IRulebook.sol";
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
        Claim memory claim = rulebook.claim(source);
        if (!claim.enabled) revert ClaimDisabled(source);
        uint256[] memory before = _balances(rules.assets);
        uint256 claimed = _claim(claim);
        uint256 soldFor;
        if (sales.length != 0) {
            uint256 sold;
            (sold, soldFor) = _sell(source, claim, claimed, sales);
            report = _charge(rules.limits, source, claim.dailyCap, sold, soldFor);
        }
        _requireNoneFell(rules.assets, before);
        rulebook.requireNoAllowance(source);
        emit Harvested(_epoch, terms.decisionId, source, claimed, soldFor, report);
    }

    /// @dev The owner's fixed call. @return claimed units of the reward that came, and of nothing else
    function _claim(Claim memory claim) private returns (uint256 claimed) {
        uint256 before = _held(claim.reward);
        (bool called,) = claim.target.call(claim.data);
        if (!called) revert ClaimFailed(_reason());
        claimed = _held(claim.reward).saturatingSub(before);
    }

    /// @dev At most the claimed amount, into safe assets, at the floors of trades.
    /// @return sold USD value by the oracle, 18 decimals, rounded up @return soldFor likewise of what came, rounded down
    function _sell(uint16 source, Claim memory claim, uint256 claimed, Order[] calldata sales)
        private
        returns (uint256 sold, uint256 soldFor)
    {
        for (uint256 i; i < sales.length; ++i) {
            Order calldata sale = sales[i];
            uint256 amount = Math.min(sale.maxIn, claimed);
            if (amount == 0) revert NothingToDo(sale.route, 0, 0);
            Quote memory quote = rulebook.saleQuote(sale.route, source, amount);
            (uint256 spent, uint256 got) =
                _swapOrder(sale, quote.way, claim.reward, quote.tokenOut, amount, quote.least);
            claimed -= spent;
            sold += quote.valueIn;
            soldFor += Portfolio.valueDown(got, quote.priceOut, quote.decimalsOut);
        }
    }

    /// @dev Two caps of any 24 h: the claim's own in USD, and all harvests' in NAV at the last trade.
    function _charge(Limits memory limits, uint16 source, uint256 dailyCap, uint256 sold, uint256 soldFor)
        private
        returns (Report memory report)
    {
        uint256 nav = _navAtTrade();
        if (nav == 0) revert HarvestCap(sold, 0);
        report.navBefore = nav;
        report.navAfter = nav + soldFor;
        report.turnover = sold.mulDiv(Ceilings.ONE, nav, Math.Rounding.Ceil).toUint64();
        report.loss = sold.saturatingSub(soldFor).mulDiv(Ceilings.ONE, nav, Math.Rounding.Ceil).toUint64();
        uint256 left = Bucket.left(_harvestLevel, limits.harvestCapBps);
        if (report.turnover > left) revert HarvestCap(sold, nav.mulDiv(left, Ceilings.ONE));
        _harvestLevel += report.turnover; // safe addition: at or below its capacity, by the check above

        uint256 capacity = dailyCap / 2;
        ClaimUse memory use = _claimUse[source];
        if (use.at < _unhaltedAt) use = ClaimUse({level: capacity.toUint128(), at: _unhaltedAt});
        uint256 level = Bucket.drained(use.level, capacity, Bucket.DAY, block.timestamp - use.at);
        left = capacity.saturatingSub(level);
        if (sold > left) revert HarvestCap(sold, left);
        // safe cast: see constructor
        _claimUse[source] = ClaimUse({level: (level + sold).toUint128(), at: uint40(block.timestamp)});
    }

    function _harvestLevelNow(Limits memory limits) private view returns (uint256) {
        uint256 since = Math.max(_harvestedAt, _unhaltedAt);
        return Bucket.leaked(_harvestLevel, limits.harvestCapBps, Bucket.DAY, block.timestamp - since);
    }
}
