// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IVaultCore, Order, Report, Terms} from "../../../contracts/interfaces/IKeeperVault.sol";
import {ClaimTrick} from "../../../contracts/mocks/MockRewards.sol";
import {OddToken} from "../../../contracts/mocks/OddToken.sol";
import {Deed} from "../../../contracts/mocks/PricedAdapter.sol";
import {Coin, Puppet} from "./Cast.sol";
import {Judge} from "./Judge.sol";

/// The keeper's key, in its owner's hand and in a thief's.
abstract contract Keeping is Judge {
    /// What a call gets: an adapter that burns all it is given must not end the run.
    uint256 internal constant CALL_GAS = 12_000_000;

    /// A skim that stands for a venue in a thief's hand; no more than this is lost to one, bps.
    uint256 internal constant GREEDY = 1000;
    uint256 private constant WORST = SLIP + 60;

    uint256 internal rebalancedAt;
    uint256 internal retargetedAt;
    uint256 internal harvestedAt;
    mapping(address keeper => uint256) internal mandates; // when they end; 0 = none
    uint256 internal centsAtTrade; // NAV after the last trade, USD 18 decimals, to the cent

    uint256 internal skimBps;
    bool internal _tampered;
    bool private _shocking; // every stall moves the market after its swap

    /// Whether venues, claims and tokens misbehave in this world.
    function _hostile() internal pure virtual returns (bool);

    function _walkAll() internal virtual;

    /// The owner puts a halted vault to work, mostly: else nothing would ever happen.
    function _awake() internal virtual;

    function setUp() public virtual override {
        super.setUp();
        mandates[address(keeper)] = START + 90 days;
        mandates[address(lapsing)] = START + 3 days;
    }

    // ------------------------------------------------------------------------------------------------ calls

    function _as(Puppet who, bytes memory data) internal returns (bool done, bytes memory answer) {
        vm.prank(address(who));
        (done, answer) = address(vault).call{gas: CALL_GAS}(data);
    }

    /// A key of the keeper's: now and then the one whose mandate ends soon.
    function _key() internal returns (Puppet) {
        return _draw(clock < mandates[address(lapsing)] ? 4 : 40) == 0 ? lapsing : keeper;
    }

    /// After each success of a keeper's: it was entitled to it.
    function _judgeKeeper(Puppet who) internal {
        _flag(halted, "I09 a halted vault was steered");
        _flag(clock >= mandates[address(who)], "I15 an expired mandate had power");
        ++epoch;
    }

    function _honest() internal {
        if (!_tampered) return;
        for (uint256 k; k < 3; ++k) {
            stalls[k].setDeed(Deed.HONEST, 0);
            if (stalls[k].shocks()) stalls[k].setShocks(false);
        }
        (_tampered, _shocking) = (false, false);
    }

    /// What every stall keeps of what it sells, bps; from `GREEDY` on it gives its floor and not a unit more.
    function _skim(uint256 bps) internal {
        if (bps == skimBps) return;
        bool turned = (bps >= GREEDY) != (skimBps >= GREEDY);
        skimBps = bps;
        for (uint256 k; k < 3; ++k) {
            stalls[k].setSkim(bps >= GREEDY ? 0 : bps);
            if (turned) stalls[k].setGreedy(bps >= GREEDY);
            if (turned) stalls[k].setShort(0);
        }
    }

    function _tamper(uint256 k, Deed deed, uint256 much) internal {
        stalls[k].setDeed(deed, much);
        _tampered = true;
    }

    // ------------------------------------------------------------------------------------------------ rebalance

    /// From the most overweight to the most underweight, where a way leads; else from any too heavy to any too light.
    function _sensible(Picture memory p) internal view returns (uint16) {
        (uint256 most, uint256 least, uint8 over, uint8 under) = (0, 0, 0, 0);
        for (uint8 i; i < N; ++i) {
            if (!p.counted[i]) continue;
            if (p.value[i] > p.goal[i] && p.value[i] - p.goal[i] > most) (most, over) = (p.value[i] - p.goal[i], i);
            if (p.value[i] < p.goal[i] && p.goal[i] - p.value[i] > least) (least, under) = (p.goal[i] - p.value[i], i);
        }
        uint8[2][16] memory ways = _ways();
        for (uint16 r; r < REWARD_USDC; ++r) {
            if (ways[r][0] == over && ways[r][1] == under && !routeOff[r]) return r;
        }
        return uint16(_leading(p, 0));
    }

    /// From this one on, the route out of too much into too little that moves most.
    function _leading(Picture memory p, uint256 from) internal view returns (uint256 route) {
        uint8[2][16] memory ways = _ways();
        uint256 best;
        for (uint256 k; k < REWARD_USDC; ++k) {
            uint256 r = (from + k) % REWARD_USDC;
            (uint8 i, uint8 o) = (ways[r][0], ways[r][1]);
            if (routeOff[r] || !p.counted[i] || !p.counted[o]) continue;
            if (p.value[i] <= p.goal[i] || p.value[o] >= p.goal[o]) continue;
            (uint256 over, uint256 under) = (p.value[i] - p.goal[i], p.goal[o] - p.value[o]);
            uint256 size = over < under ? over : under;
            if (size > best) (best, route) = (size, r);
            if (from != 0 && size > p.nav / 200) break;
        }
    }

    /// An honest keeper on venues of this world.
    function rebalance(uint256 seed) external turn(seed) {
        _awake();
        _pass(300 + _draw(8 hours));
        if (_draw(2) == 0) _walkAll();
        _honest();
        _skim(_draw(3) == 0 ? _draw(SLIP) : _draw(12));
        Picture memory p = _look();
        Order[] memory orders = new Order[](1);
        orders[0] = Order(_sensible(p), type(uint128).max, 0);
        _rebalances(p, _key(), orders);
    }

    /// A thief with the key and the venues: sizes out of the blue, several orders, churn, venues that cheat.
    function steal(uint256 seed) external turn(seed) {
        _awake();
        _pass(300 + _draw(6 hours));
        if (_draw(4) != 0) _walkAll();
        _honest();
        _misbehave();
        if (vault.headroom().lossDay < 3e14) _pass(10 hours); // a thief has patience
        Picture memory p = _look();
        Order[] memory orders = new Order[](_shocking ? 2 : 1 + (_draw(2) == 0 ? _draw(3) : 0));
        for (uint256 k; k < orders.length; ++k) {
            uint256 route = k == 0 && _draw(2) == 0 ? _sensible(p) : _leading(p, _draw(REWARD_USDC));
            if (_draw(16) == 0) route = _draw(18);
            orders[k] = Order(uint16(route), uint128(_bite(p, route, orders.length)), 0);
        }
        _rebalances(p, _key(), orders);
    }

    /// All that is let through; or what the loss budget has room for at this skim; or any size.
    function _bite(Picture memory p, uint256 route, uint256 parts) private returns (uint256 amount) {
        if (route >= REWARD_USDC || _draw(6) == 0) return type(uint128).max;
        uint256 value = p.nav * (26 + _draw(200)) / BPS;
        if (_draw(4) != 0) {
            uint256 room = vault.headroom().lossDay * BPS / (skimBps < GREEDY ? skimBps + 60 : WORST) / parts; // of NAV
            value = p.nav * (room > ONE / 10 ? ONE / 10 : room) / ONE * 99 / 100;
        }
        uint8 i = _ways()[route][0];
        return p.price[i].mid == 0 ? 0 : value * units[i] / p.price[i].mid;
    }

    function _shock() private {
        for (uint256 k; k < 3; ++k) {
            stalls[k].setShocks(true);
        }
        (_shocking, _tampered) = (true, true);
    }

    /// Skims up to the floor; in a hostile world now and then a stall that does something else.
    function _misbehave() internal {
        _skim(_draw(2) == 0 ? GREEDY : _draw(SLIP / 2));
        if (!_hostile() || _draw(5) < 2) return;
        if (_draw(3) == 0) {
            return _shock();
        }
        // half of the time what does not revert by itself: a callback, a donation, half a draw, words that fall short
        uint256 trick = _draw(2) == 0 ? 1 + _draw(12) : [10, 10, 10, 9, 7, 2, 6, 9][_draw(8)];
        (Puppet who, address target, bytes memory data) = _callback();
        address other = tokens[_draw(4)];
        uint256 much = _draw(30);
        for (uint256 k; k < 3; ++k) {
            stalls[k].setDeed(Deed(trick), much);
            stalls[k].setOther(other);
            if (trick == 6) stalls[k].setCall(address(who), data);
            else stalls[k].setCall(address(who), abi.encodeCall(Puppet.go, (target, data)));
        }
        _tampered = true;
        if (_draw(3) == 0) Coin(tokens[ODD]).setCallback(address(who), abi.encodeCall(Puppet.go, (target, data)));
    }

    /// Somebody entitled to it, and a call that would go through if the vault were not acting.
    function _callback() internal virtual returns (Puppet who, address target, bytes memory data);

    function _rebalances(Picture memory p, Puppet who, Order[] memory orders) private {
        if (!_lands(p, who, orders)) revert Missed();
    }

    function _lands(Picture memory p, Puppet who, Order[] memory orders) private returns (bool) {
        (bool done, bytes memory answer) = _as(who, abi.encodeCall(IVaultCore.rebalance, (orders, _terms())));
        if (!done) {
            if (bytes4(answer) != IVaultCore.PriceMissing.selector) return false;
            uint256 i = uint8(answer[35]);
            // below dust a donation stops nothing
            bool stopped = i < N && !p.counted[i];
            _flag(stopped, "I18 an asset below its dust stopped a rebalance");
            return stopped;
        }
        _flag(!p.priced, "I16 a rebalance without a price");
        _flag(clock < rebalancedAt + limits.rebalanceCooldown, "I05 a rebalance before its cooldown");
        rebalancedAt = clock;
        _judgeKeeper(who);
        _judgeRebalance(p);
        _record();
        centsAtTrade = abi.decode(answer, (Report)).navAfter / 1e16 * 1e16;
        _quiet();
        return true;
    }

    /// A restless market and a thief who takes all that is let through, four times within hours.
    function churn(uint256 seed) external turn(seed) {
        _awake();
        _honest();
        _skim(_draw(2) == 0 ? GREEDY : 0);
        if (_hostile() && _draw(2) == 0) _shock();
        uint256 landed;
        for (uint256 k; k < 4; ++k) {
            _pass(300 + _draw(1 hours));
            _walkAll();
            Picture memory p = _look();
            Order[] memory orders = new Order[](_shocking ? 2 : 1);
            for (uint256 j; j < orders.length; ++j) {
                uint256 route = j == 0 ? _sensible(p) : _leading(p, 1 + _draw(14));
                uint256 most = skimBps == 0 ? type(uint128).max : _bite(p, route, orders.length);
                orders[j] = Order(uint16(route), uint128(most), 0);
            }
            shocked = false;
            if (_lands(p, keeper, orders)) ++landed;
        }
        if (landed == 0) revert Missed();
    }

    /// Callbacks end with the action.
    function _quiet() internal {
        if (Coin(tokens[ODD]).callee() != address(0)) Coin(tokens[ODD]).setCallback(address(0), "");
    }

    /// A mandate that is over, terms that are stale, gas that is dear, a key that is none: nothing happens.
    function overreach(uint256 seed) external turn(seed) {
        _honest();
        Picture memory p = _look();
        Order[] memory orders = new Order[](1);
        orders[0] = Order(_sensible(p), type(uint128).max, 0);
        Terms memory terms = _terms();
        uint256 how = _draw(7);
        Puppet who = how == 0 ? guardian : how == 1 ? owner : keeper;
        if (how == 2) terms.epoch = uint64(epoch - 1 + 2 * _draw(2));
        if (how == 3) terms.configVersion = uint32(configVersion - 1 + 2 * _draw(2));
        if (how == 4) terms.deadline = uint40(clock - 1);
        if (how == 5) terms.deadline = uint40(clock + 1 hours + 1);
        if (how == 6) {
            if (clock < mandates[address(lapsing)]) _pass(mandates[address(lapsing)] - clock);
            who = lapsing;
        }
        uint256 what = _draw(3);
        bytes memory data = abi.encodeCall(IVaultCore.rebalance, (orders, terms));
        if (what == 1) data = abi.encodeCall(IVaultCore.retarget, (_moved(100), terms));
        if (what == 2) data = abi.encodeCall(IVaultCore.harvest, (0, new Order[](0), terms));
        (bool done,) = _as(who, data);
        _flag(done && how == 6, "I15 an expired mandate had power");
        _flag(done && how == 2, "I15 a keeper acted on another epoch");
        _flag(done, "I05 a keeper's gate stood open");
        _unmoved(p, "I01 a refusal moved something");
    }

    // ------------------------------------------------------------------------------------------------ targets

    /// `bps` from one asset with a target to another.
    function _moved(uint256 bps) internal returns (uint16[] memory list) {
        list = new uint16[](N);
        uint256 from = _draw(N);
        while (targets[from] < bps) from = (from + 1) % N;
        uint256 to = (from + 1 + _draw(N - 1)) % N;
        if (to == DAI) to = from == USDC ? WETH : USDC;
        for (uint8 i; i < N; ++i) {
            list[i] = uint16(targets[i]);
        }
        (list[from], list[to]) = (list[from] - uint16(bps), list[to] + uint16(bps));
    }

    function _aim(uint16[] memory list) internal returns (uint256 shift) {
        for (uint8 i; i < N; ++i) {
            shift += list[i] > targets[i] ? list[i] - targets[i] : targets[i] - list[i];
            targets[i] = list[i];
        }
        shift /= 2;
    }

    function retarget(uint256 seed) external turn(seed) {
        _awake();
        _pass(1 hours + _draw(1 days));
        Picture memory p = _look();
        uint16[] memory list = _moved(1 + _draw(300));
        Puppet who = _key();
        (bool done,) = _as(who, abi.encodeCall(IVaultCore.retarget, (list, _terms())));
        if (!done) revert Missed();
        bool steady = _mark(p) == era.mark;
        _flag(clock < retargetedAt + limits.retargetCooldown, "I05 a retarget before its cooldown");
        retargetedAt = clock;
        _judgeKeeper(who);
        _unmoved(p, "I01 a retarget moved something");
        uint256 shift = _aim(list);
        _flag(shift == 0, "I15 a retarget that changes nothing");
        _spend(SHIFT_DAY, shift * 1e14, 1 days, "I04 shift of a day");
        if (!steady) return;
        era.room += p.nav * shift / (BPS - 2 * SLIP);
        era.mark = _mark(_look());
    }

    // ------------------------------------------------------------------------------------------------ rewards

    function harvest(uint256 seed) external turn(seed) {
        _awake();
        _pass(1 hours + _draw(12 hours));
        _honest();
        rewards.setTrick(ClaimTrick.HONEST, OddToken(tokens[ODD]));
        rewards.setDue((1 + _draw(40)) * 1e18);
        _skim(_draw(SLIP));
        _harvests();
    }

    /// A claim's target that cheats, and a thief who sells what it can.
    function milk(uint256 seed) external turn(seed) {
        _awake();
        _pass(1 hours + _draw(12 hours));
        _honest();
        _misbehave();
        rewards.setDue((1 + _draw(200)) * 1e18);
        uint256 trick = _hostile() && _draw(3) == 0 ? 4 + _draw(4) : 0;
        rewards.setTrick(ClaimTrick(trick), OddToken(tokens[_draw(4)]));
        (Puppet who, address target, bytes memory data) = _callback();
        rewards.setCall(address(who), abi.encodeCall(Puppet.go, (target, data)));
        _harvests();
    }

    function _harvests() private {
        Picture memory p = _look();
        Order[] memory sales = new Order[]((_draw(6) + 2) / 3); // none, one, or two
        for (uint256 k; k < sales.length; ++k) {
            sales[k] = Order(REWARD_USDC, uint128((1 + _draw(sales.length > 1 ? 20 : 100)) * 1e17), 0);
        }
        Puppet who = _key();
        (bool done,) = _as(who, abi.encodeCall(IVaultCore.harvest, (0, sales, _terms())));
        if (!done) revert Missed();
        _flag(clock < harvestedAt + limits.harvestCooldown, "I05 a harvest before its cooldown");
        harvestedAt = clock;
        _judgeKeeper(who);
        _record();
        _quiet();
        for (uint8 i; i < N; ++i) {
            _flag(IERC20(tokens[i]).balanceOf(address(vault)) < p.held[i], "I08 a harvest lowered a listed balance");
        }
        _flag(link.balanceOf(address(vault)) < p.reward, "I08 a harvest sold what was there before");
        uint256 sold;
        p.price[USDC] = seen[USDC];
        for (uint256 r = p.from; r < tape.length; ++r) {
            Moved memory m = tape[r];
            _flag(m.i != 5 || m.o != USDC, "I08 a harvest sold another token");
            sold += m.spent * seen[5].mid / ONE;
            uint256 least = m.spent * seen[5].high / ONE * (BPS - SLIP) / BPS;
            _flag(
                m.got * seen[USDC].low / 1e6 < least,
                shocked ? "I17 a sale below its floor" : "I03 a sale below its floor"
            );
        }
        if (sold == 0) return;
        _spend(SOLD_DAY, sold * ONE / centsAtTrade, 1 days, "I05 rewards sold in a day, of NAV");
        _flag(_add(SOLD_USD_DAY, sold, 1 days) > 2000e18 + CRUMBS, "I05 rewards sold in a day, in USD");
    }
}
