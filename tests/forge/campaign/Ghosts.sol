// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Terms} from "../../../contracts/interfaces/IKeeperVault.sol";
import {Cluster} from "../../../contracts/interfaces/IPriceOracle.sol";
import {Limits} from "../../../contracts/interfaces/IRulebook.sol";
import {Scene} from "./Scene.sol";

/// What the campaign knows without asking the vault: prices from the voices, values from balances, windows from what the
/// venues wrote down, targets, mode, epoch and limits from what was done. A broken rule is written to `broken` with its
/// number; the invariant of every world holds that to be empty. A handler reverts where its action did not land.
abstract contract Ghosts is Scene {
    error Missed();

    /// One voice: what it said last, and whether it may be counted.
    struct Said {
        uint128 price;
        bool ok;
        bool honest;
    }

    struct Moved {
        uint8 i;
        uint8 o;
        uint16 slip;
        uint256 spent;
        uint256 got;
    }

    /// The vault at one moment: balances, and what they are worth by the voices and by the market. USD, 18 decimals.
    struct Picture {
        uint256[5] held;
        uint256[5] value;
        uint256[5] goal;
        bool[5] counted;
        Cluster[5] price;
        uint256 nav;
        uint256 targetSum;
        uint256 reward;
        uint256 from; // where the tape stood
        bool priced;
    }

    struct Point {
        uint64 at;
        uint192 amount;
    }

    /// Amounts over time, and their sum over the window that ends now. Every window is some such window.
    struct Series {
        uint256 count;
        uint256 head;
        uint256 sum;
        mapping(uint256 index => Point) points;
    }

    /// A published figure: after a change the larger one stands until a whole window has passed. bps.
    struct Figure {
        uint256 current;
        uint256 before;
        uint256 changedAt;
    }

    string public broken;
    uint256 internal dice;

    Said[3][6] internal said;
    Cluster[6] internal seen; // SHARE's is made when it is looked at
    Moved[] internal tape;
    bool internal shocked; // the market moved in the middle of the action

    uint256[5] internal targets; // bps
    bool[5] internal frozen;
    bool[16] internal routeOff;
    bool internal halted;
    uint256 internal haltedAt;
    // first flatten of this halt by owner or guardian: the earliest it can have been, and the latest
    uint256 internal openedFirst;
    uint256 internal openedLast;
    uint256 internal epoch = 1;
    uint256 internal configVersion;
    uint256[6] internal withdrawn; // the last is the reward's
    uint256 internal rescued;
    uint256[5] internal recorded; // what the vault held when it last acted; 0 since a withdrawal
    uint256 internal recordedRate;

    Limits internal limits;
    mapping(uint256 which => Figure) internal figures;
    mapping(uint256 which => Series) internal series;

    // which figure and series
    uint256 internal constant LOSS_DAY = 0;
    uint256 internal constant LOSS_MONTH = 1;
    uint256 internal constant TURNOVER_DAY = 2;
    uint256 internal constant TURNOVER_MONTH = 3;
    uint256 internal constant SHIFT_DAY = 4;
    uint256 internal constant SOLD_DAY = 5;
    uint256 internal constant TRUE_LOSS_DAY = 6;
    uint256 internal constant SOLD_USD_DAY = 7;
    /// What rounding may add up to over a window, 1e18 = 100 %.
    uint256 internal constant CRUMBS = 1e9;

    function setUp() public virtual override {
        super.setUp();
        (targets[WETH], targets[ODD], targets[USDC], targets[SHARE]) = (3500, 2500, 3000, 1000);
        configVersion = rulebook.configVersion();
        limits = _limits();
        _publish();
        for (uint8 i; i < 6; ++i) {
            if (i == SHARE) continue;
            for (uint256 k; k < VOICES; ++k) {
                said[i][k] = Said(market.priceOf(i == 5 ? address(link) : tokens[i]), true, true);
            }
            _form(i);
        }
    }

    // ------------------------------------------------------------------------------------------------ drawing, flagging

    modifier turn(uint256 seed) {
        dice = seed;
        vm.warp(clock);
        _;
        shocked = false;
    }

    function _draw(uint256 below) internal returns (uint256) {
        dice = uint256(keccak256(abi.encode(dice)));
        return dice % below;
    }

    function _flag(bool bad, string memory why) internal {
        if (bad) broken = bytes(broken).length == 0 ? why : string.concat(broken, "; ", why);
    }

    // ------------------------------------------------------------------------------------------------ voices

    /// The largest set of voices within the spread, by trying every set; the first two alone where they nearly agree.
    function _form(uint8 i) internal {
        Said[3] memory voices = said[i];
        uint256 spread = limits.spreadBps;
        (uint256 first, uint256 other) = (voices[0].price, voices[1].price);
        if (voices[0].ok && voices[1].ok && _within(first, other, spread, 2)) {
            (uint256 down, uint256 up) = first < other ? (first, other) : (other, first);
            seen[i] = Cluster(uint128(down + (up - down) / 2), uint128(down), uint128(up));
            return;
        }
        Cluster memory best;
        uint256 bestSize = 1;
        uint256 bestPush;
        for (uint256 mask = 3; mask < 8; ++mask) {
            (uint256 size, uint256 push, Cluster memory found) = _subset(voices, mask);
            if (size < 2 || push == 0 || !_within(found.low, found.high, spread, 1)) continue;
            if (size < bestSize || (size == bestSize && push < bestPush)) continue;
            bool tied = size == bestSize && push == bestPush;
            (best, bestSize, bestPush) = (tied ? Cluster(0, 0, 0) : found, size, push);
        }
        seen[i] = best;
    }

    function _subset(Said[3] memory voices, uint256 mask)
        private
        pure
        returns (uint256 size, uint256 push, Cluster memory found)
    {
        uint256 sum;
        for (uint256 k; k < VOICES; ++k) {
            if ((mask >> k) & 1 == 0) continue;
            if (!voices[k].ok) return (0, 0, found);
            uint128 price = voices[k].price;
            if (size == 0 || price < found.low) found.low = price;
            if (price > found.high) found.high = price;
            sum += price;
            ++size;
            if (k < 2) ++push;
        }
        if (size == 2) found.mid = found.low + (found.high - found.low) / 2;
        else if (size == 3) found.mid = uint128(sum - found.low - found.high);
    }

    function _within(uint256 a, uint256 b, uint256 spread, uint256 divisor) internal pure returns (bool) {
        (uint256 low, uint256 high) = a < b ? (a, b) : (b, a);
        return (high - low) * BPS * divisor <= spread * low;
    }

    /// WETH's, times what a share is worth in it, as far as time lets it grow.
    function _shareCluster() internal view returns (Cluster memory) {
        uint256 rate = share.convertToAssets(1e18);
        uint256 cap = rateAtListing + rateAtListing * 2000 * (clock - START) / (BPS * 365 days);
        if (rate > cap) rate = cap;
        Cluster memory base = seen[WETH];
        return Cluster(uint128(base.mid * rate / ONE), uint128(base.low * rate / ONE), uint128(base.high * rate / ONE));
    }

    // ------------------------------------------------------------------------------------------------ looking

    function _look() internal view returns (Picture memory p) {
        p.priced = true;
        p.from = tape.length;
        p.reward = link.balanceOf(address(vault));
        for (uint8 i; i < N; ++i) {
            uint256 held = IERC20(tokens[i]).balanceOf(address(vault));
            p.held[i] = held;
            p.price[i] = i == SHARE ? _shareCluster() : seen[i];
            if (frozen[i] || (targets[i] == 0 && held <= units[i] / 10_000)) continue;
            p.counted[i] = true;
            p.targetSum += targets[i];
            if (p.price[i].mid == 0) p.priced = false;
            p.value[i] = held * p.price[i].mid / units[i];
            p.nav += p.value[i];
        }
        for (uint8 i; i < N; ++i) {
            if (p.counted[i] && p.targetSum != 0) p.goal[i] = p.nav * targets[i] / p.targetSum;
        }
    }

    /// USD by which assets are off their targets, one side of it.
    function _drift(Picture memory p) internal pure returns (uint256 sum) {
        for (uint256 i; i < N; ++i) {
            sum += p.value[i] > p.goal[i] ? p.value[i] - p.goal[i] : p.goal[i] - p.value[i];
        }
        return sum / 2;
    }

    function _mark(Picture memory p) internal view returns (bytes32) {
        return keccak256(abi.encode(p.held, p.price, targets, p.counted));
    }

    /// Nothing of the vault's moved.
    function _unmoved(Picture memory p, string memory why) internal {
        for (uint8 i; i < N; ++i) {
            _flag(IERC20(tokens[i]).balanceOf(address(vault)) != p.held[i], why);
        }
        _flag(link.balanceOf(address(vault)) != p.reward, why);
    }

    /// The vault acted, and put on record what it held.
    function _record() internal {
        for (uint8 i; i < N; ++i) {
            recorded[i] = IERC20(tokens[i]).balanceOf(address(vault));
        }
        recordedRate = share.convertToAssets(1e27);
    }

    function _marketOfShare() internal {
        market.set(address(share), uint128(market.priceOf(tokens[WETH]) * share.convertToAssets(1e18) / ONE));
    }

    // ------------------------------------------------------------------------------------------------ windows

    function _publish() internal {
        _figure(LOSS_DAY, limits.lossDayBps);
        _figure(LOSS_MONTH, limits.lossMonthBps);
        _figure(TURNOVER_DAY, limits.turnoverDayBps);
        _figure(TURNOVER_MONTH, limits.turnoverMonthBps);
        _figure(SHIFT_DAY, limits.maxShiftBps);
        _figure(SOLD_DAY, limits.harvestCapBps);
    }

    function _figure(uint256 which, uint256 bps) private {
        Figure storage f = figures[which];
        if (f.current == bps) return;
        uint256 least = clock - f.changedAt > 30 days ? 0 : f.before;
        (f.before, f.current, f.changedAt) = (f.current > least ? f.current : least, bps, clock);
    }

    /// bps
    function _published(uint256 which, uint256 span) internal view returns (uint256) {
        Figure storage f = figures[which];
        return clock - f.changedAt > span || f.before < f.current ? f.current : f.before;
    }

    /// @return sum over the `span` seconds that end now, both ends counted
    function _add(uint256 which, uint256 amount, uint256 span) internal returns (uint256 sum) {
        Series storage s = series[which];
        s.points[s.count++] = Point(uint64(clock), uint192(amount));
        sum = s.sum + amount;
        uint256 head = s.head;
        while (s.points[head].at + span < clock) sum -= s.points[head++].amount;
        (s.sum, s.head) = (sum, head);
    }

    /// One charge, 1e18 = 100 %, against a published figure over any window.
    function _spend(uint256 which, uint256 amount, uint256 span, string memory why) internal {
        if (amount == 0) return;
        _flag(_add(which, amount, span) > _published(which, span) * 1e14 + CRUMBS, why);
    }

    // ------------------------------------------------------------------------------------------------ the tape

    function onSwapped(address tokenIn, address tokenOut, uint256 spent, uint256 got, uint256 slipBps) external {
        tape.push(Moved(_index(tokenIn), _index(tokenOut), uint16(slipBps), spent, got));
    }

    function onThrough() external {
        _flag(true, "I19 a call from inside an action went through");
    }

    function _index(address token) private view returns (uint8) {
        return token == address(link) ? 5 : uint8(indexOf[token] - 1);
    }

    // ------------------------------------------------------------------------------------------------ acting

    function _terms() internal view returns (Terms memory) {
        return Terms(uint64(epoch), uint32(configVersion), uint40(clock + 60), keccak256("a decision"));
    }

    function _priceOf(uint8 i) internal view returns (uint256) {
        return market.priceOf(i == 5 ? address(link) : tokens[i]);
    }
}
