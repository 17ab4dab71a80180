// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IVaultCore, Report, Terms} from "../../../contracts/interfaces/IKeeperVault.sol";
import {Setup} from "../../../contracts/interfaces/IRulebook.sol";
import {OddToken} from "../../../contracts/mocks/OddToken.sol";
import {World} from "./World.sol";

/// The true bound of a stolen key: feeds that are wrong, always in the thief's favour, by as much as the bound assumes.
contract WrongFeedsTest is World {
    struct Taken {
        uint256 at;
        uint256 loss;
    }

    uint256 private constant DELTA = 50; // bps, of the feed on each side
    uint256 private constant SKIM = SLIP - 1;

    Taken[] private taken;
    uint256 private trueWeth;

    function test_a_thief_with_the_venue_and_feeds_wrong_in_his_favour_stays_within_the_true_bound_of_any_day() public {
        adapter.setSkim(SKIM);
        for (uint256 i; i < 192; ++i) {
            _pass(15 minutes);
            _round(i % 2 == 0);
        }
        uint256 worst = _worst();
        // L + T x 2 delta = 0.15 % + 30 % x 1 %; to first order in delta, so a hundredth of it more
        le(worst, 45e14 + 45e12, "at most 0.45 % in any 24 h, by true prices");
        ge(worst, 35e14, "and the thief came near it, or this test proves nothing");
    }

    /// The market really moves; he sells what the feed says too little of, for what it says too much of.
    function _round(bool up) private {
        trueWeth = up ? 2400e18 : 1600e18;
        uint256 weth = trueWeth * (up ? BPS - DELTA : BPS + DELTA) / BPS;
        uint256 usdc = 1e18 * (up ? BPS + DELTA : BPS - DELTA) / BPS;
        oracle.set(address(tokens[WETH]), uint128(weth));
        oracle.set(address(tokens[USDC]), uint128(usdc));
        uint16 route = up ? WETH_USDC : USDC_WETH;
        // the largest bite that fits: all, or what the loss budget left, or a least progress and its costs
        if (_bite(route, type(uint128).max)) return;
        uint256 value = _nav() * (vault.headroom().lossDay * BPS / SKIM) / ONE * 99 / 100;
        if (!_bite(route, up ? value * ONE / weth : value * 1e6 / usdc)) {
            value = _nav() * 26 / BPS;
            _bite(route, up ? value * ONE / weth : value * 1e6 / usdc);
        }
    }

    function _bite(uint16 route, uint256 maxIn) private returns (bool) {
        Terms memory terms = _terms();
        uint256 before = _trueNav();
        vm.prank(keeper);
        try vault.rebalance(_order(route, maxIn), terms) {
            taken.push(Taken(_now(), (before - _trueNav()) * ONE / before));
            return true;
        } catch {
            return false;
        }
    }

    function _trueNav() private view returns (uint256) {
        return _held(WETH) * trueWeth / 1e18 + _held(WBTC) * 50_000e10 + _held(USDC) * 1e12 + _held(GRAIN) / 1e8;
    }

    function _worst() private view returns (uint256 worst) {
        for (uint256 first; first < taken.length; ++first) {
            uint256 sum;
            for (uint256 i = first; i < taken.length && taken[i].at <= taken[first].at + 1 days; ++i) {
                sum += taken[i].loss;
            }
            if (sum > worst) worst = sum;
        }
    }
}

/// Tokens of 2 and of 24 decimals at prices from 1e-12 to 1e12 USD, worth from a cent to a quadrillion.
contract ExtremesTest is World {
    uint8 private constant TWO = WBTC; // 2 decimals in this world

    function _prepare() internal override {
        tokens[TWO] = new OddToken("TWO", 2);
    }

    function _setup() internal view override returns (Setup memory setup) {
        setup = super._setup();
        for (uint256 i; i < setup.assets.length; ++i) {
            (setup.assets[i].priceLow, setup.assets[i].priceHigh) = (1, type(uint128).max);
        }
        setup.limits.minTradeBps = 0;
        setup.limits.minDriftBps = 0;
        setup.limits.minProgressBps = 0;
    }

    function _own(uint8 i, uint256 price, uint256 value) private {
        oracle.set(address(tokens[i]), uint128(price));
        tokens[i].burn(address(vault), _held(i));
        tokens[i].mint(address(vault), value * 10 ** tokens[i].decimals() / price);
    }

    function _tenTo(uint256 x, uint256 lo, uint256 hi) private pure returns (uint256) {
        return 10 ** bound(x, lo, hi) * bound(x >> 128, 1000, 9999) / 1000;
    }

    /// Whatever the keeper orders: the vault trades inside its envelope or refuses in its own words. It never overflows.
    function testFuzz_every_order_at_every_price_is_within_the_envelope_or_refused_by_name(
        uint256[3] memory prices,
        uint256[4] memory values,
        uint256 route,
        uint128 maxIn
    ) public {
        adapter.setSkim(SLIP - 1);
        _own(WETH, _tenTo(prices[0], 6, 29), _tenTo(values[0], 16, 32));
        _own(TWO, _tenTo(prices[1], 6, 29), _tenTo(values[1], 16, 32));
        _own(GRAIN, _tenTo(prices[2], 6, 29), _tenTo(values[2], 16, 32));
        _own(USDC, 1e18, _tenTo(values[3], 16, 32));
        Terms memory terms = _terms();
        uint256 room = vault.headroom().lossDay;
        uint256 before = _nav();
        vm.prank(keeper);
        try vault.rebalance(_order(uint16(bound(route, 0, 7)), maxIn), terms) returns (Report memory report) {
            le(report.loss, room, "loss");
            le(report.turnover, 15e16, "turnover");
            le(report.driftAfter, report.driftBefore, "drift");
            ge(
                _nav() + before * report.loss / ONE + before / ONE + 5,
                before,
                "by balances no more is gone than it says"
            );
        } catch (bytes memory why) {
            bytes4 name = bytes4(why);
            yes(
                name == IVaultCore.NothingToDo.selector || name == IVaultCore.BelowFloor.selector
                    || name == IVaultCore.NoProgress.selector || name == IVaultCore.LossBudget.selector,
                vm.toString(why)
            );
        }
    }
}
