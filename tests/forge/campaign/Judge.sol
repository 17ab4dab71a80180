// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Cluster} from "../../../contracts/interfaces/IPriceOracle.sol";
import {Ghosts} from "./Ghosts.sol";

/// What every trade is judged by, from the tape and from pictures taken before and after: floors, targets, what left and why,
/// losses and turnover of every window.
abstract contract Judge is Ghosts {
    /// Sums over the swaps of one action. USD, 18 decimals: by the voices, and by the market.
    struct Tally {
        uint256 sent;
        uint256 worth;
        uint256 trueSent;
        uint256 trueWorth;
        bool gained; // one swap brought more than it sent, by the voices
    }

    /// Prices, targets and holdings as the keeper last left them, and what it has done since they last changed otherwise.
    struct Era {
        bytes32 mark;
        uint256 nav;
        uint256 room; // USD that may be sold
        uint256 sent;
        uint256 lost;
    }

    Era internal era;

    /// How far a voice's price lies from the market in this world at most, bps; 0 = no such bound.
    function _delta() internal pure virtual returns (uint256);

    // ------------------------------------------------------------------------------------------------ swaps

    /// Each swap of a steering action: at or above its floor, no target crossed, by the prices before the action.
    function _judge(Picture memory p) internal returns (Tally memory tally) {
        for (uint256 r = p.from; r < tape.length; ++r) {
            Moved memory m = tape[r];
            string memory low =
                shocked ? "I17 a swap below the floor of its first prices" : "I03 a swap below its floor";
            _judgeFloor(p, m, uint256(m.slip) * ONE, low);
            uint256 sent = m.spent * p.price[m.i].mid / units[m.i];
            uint256 worth = m.got * p.price[m.o].mid / units[m.o];
            // a unit of the token, for amounts are whole
            uint256 crumb = 1e6 + p.price[m.i].mid / units[m.i];
            _flag(p.value[m.i] + crumb < p.goal[m.i] + sent, "I07 a sale crossed its target");
            _flag(p.value[m.o] + sent > p.goal[m.o] + crumb, "I07 a purchase crossed its target");
            _flag(sent > p.nav * limits.maxTradeBps / BPS + crumb, "I05 a trade above the largest");
            _flag(!p.counted[m.i] || !p.counted[m.o], "I07 what is not counted was traded");
            p.value[m.i] -= sent > p.value[m.i] ? p.value[m.i] : sent;
            p.value[m.o] += worth;
            tally.sent += sent;
            tally.worth += worth;
            tally.trueSent += m.spent * _priceOf(m.i) / units[m.i];
            tally.trueWorth += m.got * _priceOf(m.o) / units[m.o];
            if (worth > sent) tally.gained = true;
        }
    }

    /// got x low(out) >= spent x high(in) x (1 - slip). `slip`: bps x 1e18.
    function _judgeFloor(Picture memory p, Moved memory m, uint256 slip, string memory why) internal {
        Cluster memory priceIn = p.price[m.i];
        Cluster memory priceOut = p.price[m.o];
        // USD, 36 decimals
        uint256 least = m.spent * priceIn.high * ONE / units[m.i] * (BPS * ONE - slip) / (BPS * ONE);
        uint256 found = m.got * priceOut.low * ONE / units[m.o];
        _flag(found < least, why);
    }

    /// What is missing afterwards left by swaps. `given`: what a handler gave besides.
    function _judgeCustody(Picture memory p) internal {
        int256[6] memory change;
        for (uint256 r = p.from; r < tape.length; ++r) {
            Moved memory m = tape[r];
            change[m.i] -= int256(m.spent);
            change[m.o] += int256(m.got);
        }
        for (uint8 i; i < N; ++i) {
            int256 held = int256(IERC20(tokens[i]).balanceOf(address(vault)));
            _flag(held < int256(p.held[i]) + change[i], "I01 what no swap explains left the vault");
        }
    }

    // ------------------------------------------------------------------------------------------------ the keeper's

    /// Everything that is promised of a rebalance, after one.
    function _judgeRebalance(Picture memory p) internal {
        bytes32 mark = _mark(p);
        if (mark != era.mark) {
            era = Era({mark: mark, nav: p.nav, room: _drift(p) * BPS / (BPS - 2 * SLIP), sent: 0, lost: 0});
        }
        uint256 nav = p.nav;
        _judgeCustody(p);
        Tally memory tally = _judge(p);
        uint256 turnover = tally.sent * ONE / nav;
        uint256 lost = tally.sent > tally.worth ? tally.sent - tally.worth : 0;
        _spend(TURNOVER_DAY, turnover, 1 days, "I04 turnover of a day");
        _spend(TURNOVER_MONTH, turnover, 30 days, "I04 turnover of a month");
        _spend(LOSS_DAY, lost * ONE / nav, 1 days, "I04 loss of a day");
        _spend(LOSS_MONTH, lost * ONE / nav, 30 days, "I04 loss of a month");
        _judgeTrueLoss(tally, nav);
        _judgeEra(tally, lost);
    }

    /// L + T x 2 delta, to first order in delta: a twentieth of the second part more.
    function _judgeTrueLoss(Tally memory tally, uint256 nav) private {
        if (_delta() == 0 || tally.trueSent <= tally.trueWorth) return;
        uint256 sum = _add(TRUE_LOSS_DAY, (tally.trueSent - tally.trueWorth) * ONE / nav, 1 days);
        uint256 bound = _published(LOSS_DAY, 1 days) * 1e14;
        bound += _published(TURNOVER_DAY, 1 days) * 1e14 * 2 * _delta() * 21 / 20 / BPS;
        _flag(sum > bound + CRUMBS, "I05 true loss of a day");
    }

    /// At fixed prices: turnover at most (D0 + shifts) / (1 - 2s), loss at most s times that.
    function _judgeEra(Tally memory tally, uint256 lost) private {
        era.sent += tally.sent;
        era.lost += lost;
        uint256 crumb = era.nav / 1e9;
        _flag(era.sent > era.room + crumb, "I06 more sold at fixed prices than drift and shifts allow");
        _flag(era.lost > era.room * SLIP / BPS + crumb, "I06 more lost at fixed prices than the slip on that");
        // a gain, or prices that moved, end it
        era.mark = tally.gained || shocked ? bytes32(0) : _mark(_look());
    }
}
