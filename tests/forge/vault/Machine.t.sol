// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IVaultCore, Mode, Order, Report, State, Terms} from "../../../contracts/interfaces/IKeeperVault.sol";
import {ClaimTrick} from "../../../contracts/mocks/MockRewards.sol";
import {Deed} from "../../../contracts/mocks/PricedAdapter.sol";
import {World} from "./World.sol";

/// A stateful machine. Each episode plays STEPS rules drawn from a seed against one vault; after every step the invariants
/// are held, at the end every window of the keeper's history. The rules:
///
///   REBALANCE  the keeper, one or two random orders, a random skim inside and outside the slip
///   HOSTILE    the same through an adapter that misbehaves in a random way
///   ALLOCATE   the owner, a random order
///   WARP       up to two days pass
///   PRICES     every price walks, inside its band
///   DONATE     anybody sends any listed token
///   WITHDRAW   the owner takes any amount of any token
///   STRANGER   somebody without a role tries everything; must fail
///   HALT       seldom
///   FLATTEN    by guardian, owner or keeper
///   KILL       seldom, by guardian or owner
///   UNHALT     by the owner, also too early
///   RETARGET   the keeper, any shift
///   HARVEST    the keeper, through a target and an adapter that may misbehave; some of the reward was there before
///
/// Ghosts: what was withdrawn a token; every charge of the keeper's with its time. Each rule counts its effects, and a rule
/// that never took effect over the fixed seeds fails the run.
contract MachineTest is World {
    enum Rule {
        REBALANCE,
        HOSTILE,
        ALLOCATE,
        WARP,
        PRICES,
        DONATE,
        WITHDRAW,
        STRANGER,
        HALT,
        FLATTEN,
        KILL,
        UNHALT,
        RETARGET,
        HARVEST
    }

    event Effects(Rule rule, uint256 count);

    uint256 private constant RULES = 14;
    uint256 private constant STEPS = 72;
    /// LINK that the vault held before any claim: principal, as far as a harvest is concerned.
    uint256 private constant PRINCIPAL = 500e18;
    uint256 private constant EPISODES = 14;
    /// What a steering call gets: an adapter that burns all it is given must not end the run.
    uint256 private constant CALL_GAS = 5_000_000;

    struct Charge {
        uint256 at;
        uint256 loss;
        uint256 turnover;
        uint256 shift;
        uint256 sold; // of rewards, share of NAV
    }

    struct Ghosts {
        uint256[RULES] effects;
        uint256[5] withdrawn;
        Charge[] charges;
        uint256 count;
        uint64 epoch;
        uint256 opened; // first flatten of this halt by guardian or owner
        uint256 dice;
    }

    function setUp() public override {
        super.setUp();
        link.mint(address(vault), PRINCIPAL);
    }

    /// forge-config: default.fuzz.runs = 96
    function testFuzz_machine(uint256 seed) public {
        uint256[RULES] memory effects;
        _episode(seed, effects);
    }

    function test_machine_every_rule_takes_effect() public {
        uint256 before = vm.snapshotState();
        uint256[RULES] memory effects;
        for (uint256 seed; seed < EPISODES; ++seed) {
            _episode(seed, effects);
            vm.revertToState(before);
        }
        for (uint256 r; r < RULES; ++r) {
            emit Effects(Rule(r), effects[r]);
            gt(effects[r], 3, string.concat("rule that hardly took effect: ", vm.toString(r)));
        }
    }

    function _episode(uint256 seed, uint256[RULES] memory effects) private {
        Ghosts memory ghosts;
        ghosts.effects = effects;
        ghosts.charges = new Charge[](STEPS);
        ghosts.epoch = vault.state().epoch;
        for (uint256 i; i < STEPS; ++i) {
            ghosts.dice = uint256(keccak256(abi.encode(seed, i)));
            _step(ghosts);
            _checkAlways(ghosts);
        }
        _checkWindows(ghosts);
    }

    // ------------------------------------------------------------------------------------------------ rules

    function _step(Ghosts memory ghosts) private {
        uint256 pick = ghosts.dice % 47;
        adapter.setDeed(Deed.HONEST, 0);
        if (pick < 9) _steer(ghosts, Rule.REBALANCE);
        else if (pick < 13) _steer(ghosts, Rule.HOSTILE);
        else if (pick < 17) _steer(ghosts, Rule.ALLOCATE);
        else if (pick < 21) _warp(ghosts);
        else if (pick < 26) _prices(ghosts);
        else if (pick < 28) _donate(ghosts);
        else if (pick < 29) _withdraw(ghosts);
        else if (pick < 31) _stranger(ghosts);
        else if (pick < 32) _halts(ghosts);
        else if (pick < 35) _flattens(ghosts);
        else if (pick < 36) _kills(ghosts);
        else if (pick < 41) _unhalts(ghosts);
        else if (pick < 44) _retargets(ghosts);
        else _harvests(ghosts);
    }

    function _draw(Ghosts memory ghosts, uint256 salt, uint256 below) private pure returns (uint256) {
        return uint256(keccak256(abi.encode(ghosts.dice, salt))) % below;
    }

    /// Three first orders of four lead from the most overweight asset to the most underweight: else nearly every order is
    /// refused, and refusals prove little.
    function _orders(Ghosts memory ghosts) private view returns (Order[] memory orders) {
        orders = new Order[](1 + _draw(ghosts, 1, 2));
        for (uint256 i; i < orders.length; ++i) {
            uint256 size = _draw(ghosts, 10 + i, 3) != 0 ? type(uint128).max : 10 ** (4 + _draw(ghosts, 20 + i, 24));
            uint256 route = _draw(ghosts, 30 + i, 14);
            if (i == 0 && _draw(ghosts, 40, 4) != 0) route = _sensible();
            orders[i] = Order({route: SafeCast.toUint16(route), maxIn: SafeCast.toUint128(size), minOut: 0});
        }
    }

    function _sensible() private view returns (uint16) {
        uint16[] memory targets = vault.state().targetsBps;
        uint256 nav = _nav();
        int256 most;
        int256 least;
        uint8 over;
        uint8 under;
        for (uint8 i; i < 4; ++i) {
            int256 excess = SafeCast.toInt256(_worth(i)) - SafeCast.toInt256(nav * targets[i] / BPS);
            if (excess > most) (most, over) = (excess, i);
            if (excess < least) (least, under) = (excess, i);
        }
        if (over == WETH) return under == WBTC ? WETH_WBTC : WETH_USDC;
        if (over == WBTC) return under == WETH ? WBTC_WETH : WBTC_USDC;
        if (over == GRAIN) return GRAIN_USDC;
        return under == WETH ? USDC_WETH : under == WBTC ? USDC_WBTC : USDC_GRAIN;
    }

    /// Rebalance, honest or hostile, and allocate: what they share is the envelope that is checked afterwards.
    function _steer(Ghosts memory ghosts, Rule rule) private {
        if (_draw(ghosts, 7, 4) != 0) _pass(300); // else the cooldown refuses
        adapter.setSkim(_draw(ghosts, 2, 4) == 0 ? SLIP - 1 : _draw(ghosts, 3, SLIP + 10));
        if (rule == Rule.HOSTILE) {
            adapter.setSkim(_draw(ghosts, 3, SLIP / 2));
            adapter.setDeed(Deed(1 + _draw(ghosts, 4, 12)), _draw(ghosts, 5, 100));
            adapter.setOther(address(tokens[_draw(ghosts, 6, 5)]));
            adapter.setCall(address(vault), abi.encodeCall(IVaultCore.withdraw, (address(tokens[USDC]), 1)));
        }
        uint256[5] memory held = _balances();
        Order[] memory orders = _orders(ghosts);
        Terms memory terms = _terms();
        uint256 nav = _nav();
        vm.prank(rule == Rule.ALLOCATE ? owner : keeper);
        (bool done, bytes memory answer) = address(vault).call{gas: CALL_GAS}(
            rule == Rule.ALLOCATE
                ? abi.encodeCall(IVaultCore.allocate, (orders, terms.deadline))
                : abi.encodeCall(IVaultCore.rebalance, (orders, terms))
        );
        if (!done) return _checkUnmoved(held);
        ++ghosts.effects[uint256(rule)];
        ++ghosts.epoch;
        yes(vault.state().mode == Mode.ACTIVE, "nothing steers a halted vault");
        _checkLoss(nav, abi.decode(answer, (Report)));
        if (rule != Rule.ALLOCATE) _charge(ghosts, abi.decode(answer, (Report)));
    }

    function _charge(Ghosts memory ghosts, Report memory report) private view {
        ghosts.charges[ghosts.count++] =
            Charge({at: _now(), loss: report.loss, turnover: report.turnover, shift: 0, sold: 0});
        lt(report.driftAfter, report.driftBefore, "drift fell");
    }

    function _warp(Ghosts memory ghosts) private {
        _pass(300 + _draw(ghosts, 1, 2 days));
        ++ghosts.effects[uint256(Rule.WARP)];
    }

    function _prices(Ghosts memory ghosts) private {
        for (uint8 i; i < 5; ++i) {
            uint256 price = oracle.priceOf(address(tokens[i]));
            uint256 step = i == USDC || i == DAI ? 1 : 8; // per cent either way
            uint256 moved = price * (100 - step + _draw(ghosts, i, 2 * step + 1)) / 100;
            uint256 start = [uint256(2000e18), 50_000e18, 1e18, 0.01e18, 1e18][i];
            if (moved < start / 2 || moved > start * 3 / 2) continue;
            oracle.set(address(tokens[i]), SafeCast.toUint128(moved));
        }
        ++ghosts.effects[uint256(Rule.PRICES)];
    }

    function _donate(Ghosts memory ghosts) private {
        uint8 i = uint8(_draw(ghosts, 1, 5));
        tokens[i].mint(address(vault), _draw(ghosts, 2, 10_000 * 10 ** tokens[i].decimals() / 100));
        ++ghosts.effects[uint256(Rule.DONATE)];
    }

    function _withdraw(Ghosts memory ghosts) private {
        uint8 i = uint8(_draw(ghosts, 1, 5));
        uint256 amount = _held(i) / (2 + _draw(ghosts, 2, 100));
        if (amount == 0) return;
        vm.prank(owner);
        vault.withdraw(address(tokens[i]), amount);
        ghosts.withdrawn[i] += amount;
        ++ghosts.effects[uint256(Rule.WITHDRAW)];
    }

    function _stranger(Ghosts memory ghosts) private {
        bytes[11] memory tries = [
            abi.encodeCall(IVaultCore.withdraw, (address(tokens[WETH]), 1)),
            abi.encodeCall(IVaultCore.rebalance, (_order(WETH_USDC, 10e18), _terms())),
            abi.encodeCall(IVaultCore.allocate, (_order(WETH_USDC, 10e18), uint40(_now()))),
            abi.encodeCall(IVaultCore.halt, ("mine")),
            abi.encodeWithSignature("flatten()"),
            abi.encodeWithSignature("pay(address,uint256)", stranger, 1),
            abi.encodeCall(IVaultCore.retarget, (_targets(), _terms())),
            abi.encodeCall(IVaultCore.harvest, (0, new Order[](0), _terms())),
            abi.encodeCall(IVaultCore.setTargets, (_targets())),
            abi.encodeCall(IVaultCore.kill, ("mine")),
            abi.encodeCall(IVaultCore.unhalt, ())
        ];
        vm.prank(stranger);
        (bool done,) = address(vault).call(tries[_draw(ghosts, 1, 11)]);
        no(done, "a stranger did something");
        ++ghosts.effects[uint256(Rule.STRANGER)];
    }

    function _halts(Ghosts memory ghosts) private {
        if (_draw(ghosts, 2, 3) != 0) return;
        vm.prank(_draw(ghosts, 1, 2) == 0 ? keeper : guardian);
        (bool done,) = address(vault).call(abi.encodeCall(IVaultCore.halt, ("machine")));
        if (done) ++ghosts.effects[uint256(Rule.HALT)];
    }

    /// Halted or not; what is not safe may only become the refuge, within floors.
    function _flattens(Ghosts memory ghosts) private {
        bool byKeeper = _draw(ghosts, 1, 3) == 0;
        address who = byKeeper ? keeper : _draw(ghosts, 1, 3) == 1 ? guardian : owner;
        bool halted = vault.state().mode == Mode.HALTED;
        if (!_exits(ghosts, who, byKeeper, abi.encodeWithSignature("flatten()"))) return;
        yes(halted, "flatten while active");
        ++ghosts.effects[uint256(Rule.FLATTEN)];
    }

    function _kills(Ghosts memory ghosts) private {
        if (_draw(ghosts, 3, 3) != 0) return;
        address who = _draw(ghosts, 1, 2) == 0 ? guardian : owner;
        bool done = _exits(ghosts, who, false, abi.encodeCall(IVaultCore.kill, ("machine")));
        yes(done && vault.state().mode == Mode.HALTED, "a kill halts");
        ++ghosts.effects[uint256(Rule.KILL)];
    }

    /// A flatten by `who`, alone or in a kill: no better a discount than the clock allows.
    function _exits(Ghosts memory ghosts, address who, bool byKeeper, bytes memory words) private returns (bool done) {
        adapter.setSkim(_draw(ghosts, 2, 2) == 0 ? _draw(ghosts, 2, SLIP + 10) : _draw(ghosts, 2, 600));
        uint256[5] memory held = _balances();
        uint256 nav = _nav();
        vm.prank(who);
        (done,) = address(vault).call{gas: 8 * CALL_GAS}(words);
        if (!done) {
            _checkUnmoved(held);
            return false;
        }
        if (!byKeeper && ghosts.opened == 0) ghosts.opened = _now();
        for (uint8 i; i < 5; ++i) {
            if (i == USDC || i == DAI) ge(_held(i), held[i], "no safe asset is sold");
            else le(_held(i), held[i], "nothing but a refuge is bought");
        }
        uint256 slip = SLIP * ONE;
        if (!byKeeper) {
            uint256 open = _now() - ghosts.opened;
            slip += (500 - SLIP) * ONE * (open > 1 hours ? 1 hours : open) / 1 hours;
        }
        ge(_nav() + nav / 1e12, nav * (BPS * ONE - slip) / (BPS * ONE), "within floors");
    }

    function _unhalts(Ghosts memory ghosts) private {
        if (_draw(ghosts, 1, 3) == 0) _pass(1 hours);
        State memory state = vault.state();
        bool may = state.mode == Mode.HALTED && _now() >= uint256(state.haltedAt) + 1 hours;
        uint256[5] memory held = _balances();
        vm.prank(owner);
        (bool done,) = address(vault).call(abi.encodeCall(IVaultCore.unhalt, ()));
        _checkUnmoved(held);
        yes(done == may, "unhalt when it may, and only then");
        if (!done) return;
        ++ghosts.epoch;
        ghosts.opened = 0;
        eq(vault.headroom().turnoverDay + vault.headroom().lossDay, 0, "on probation");
        ++ghosts.effects[uint256(Rule.UNHALT)];
    }

    function _retargets(Ghosts memory ghosts) private {
        if (_draw(ghosts, 7, 4) != 0) _pass(3600);
        uint16[] memory targets = vault.state().targetsBps;
        uint8 from = uint8(_draw(ghosts, 1, 5));
        uint8 to = uint8(_draw(ghosts, 2, 5));
        uint256 left = vault.headroom().shiftDay / 1e14;
        uint256 most = _draw(ghosts, 4, 2) == 0 ? left : 400;
        uint16 bps = uint16(_draw(ghosts, 3, most + 1));
        if (from == to || targets[from] < bps) return;
        (targets[from], targets[to]) = (targets[from] - bps, targets[to] + bps);
        uint256[5] memory held = _balances();
        Terms memory terms = _terms();
        vm.prank(keeper);
        (bool done,) = address(vault).call(abi.encodeCall(IVaultCore.retarget, (targets, terms)));
        _checkUnmoved(held);
        if (!done) return;
        yes(vault.state().mode == Mode.ACTIVE, "nothing steers a halted vault");
        ++ghosts.epoch;
        ghosts.charges[ghosts.count++] = Charge({at: _now(), loss: 0, turnover: 0, shift: uint256(bps) * 1e14, sold: 0});
        ++ghosts.effects[uint256(Rule.RETARGET)];
    }

    function _harvests(Ghosts memory ghosts) private {
        if (_draw(ghosts, 7, 4) != 0) _pass(3600);
        rewards.setDue(_draw(ghosts, 1, 60) * 1e18);
        bool honest = _draw(ghosts, 2, 2) == 0;
        rewards.setTrick(honest ? ClaimTrick.HONEST : ClaimTrick(_draw(ghosts, 3, 8)), tokens[_draw(ghosts, 4, 5)]);
        rewards.setCall(address(vault), abi.encodeWithSignature("pay(address,uint256)", address(rewards), 1));
        if (!honest) adapter.setDeed(Deed(_draw(ghosts, 5, 12)), _draw(ghosts, 6, 100));
        adapter.setOther(address(tokens[_draw(ghosts, 6, 5)]));
        adapter.setSkim(_draw(ghosts, 8, SLIP + 5));
        uint256[5] memory held = _balances();
        uint256 before = link.balanceOf(address(vault));
        Order[] memory sales = new Order[](_draw(ghosts, 9, 3));
        for (uint256 i; i < sales.length; ++i) {
            sales[i] = Order({route: REWARD_USDC, maxIn: uint128(_draw(ghosts, 10 + i, 30) * 1e18), minOut: 0});
        }
        Terms memory terms = _terms();
        vm.prank(keeper);
        (bool done, bytes memory answer) =
            address(vault).call{gas: CALL_GAS}(abi.encodeCall(IVaultCore.harvest, (0, sales, terms)));
        for (uint8 i; i < 5; ++i) {
            ge(_held(i), held[i], "a harvest lowers no listed balance");
        }
        ge(link.balanceOf(address(vault)), before, "and sells no principal");
        if (!done) return _checkUnmoved(held);
        yes(vault.state().mode == Mode.ACTIVE, "nothing steers a halted vault");
        ++ghosts.epoch;
        uint256 sold = abi.decode(answer, (Report)).turnover;
        ghosts.charges[ghosts.count++] = Charge({at: _now(), loss: 0, turnover: 0, shift: 0, sold: sold});
        if (sold != 0) ++ghosts.effects[uint256(Rule.HARVEST)];
    }

    // ------------------------------------------------------------------------------------------------ invariants

    function _balances() private view returns (uint256[5] memory held) {
        for (uint8 i; i < 5; ++i) {
            held[i] = _held(i);
        }
    }

    function _checkUnmoved(uint256[5] memory held) private view {
        for (uint8 i; i < 5; ++i) {
            eq(_held(i), held[i], "a refusal moves nothing");
        }
    }

    /// What was truly lost is at most the slip on what was sold, and is not more than was reported.
    function _checkLoss(uint256 nav, Report memory report) private view {
        uint256 least = nav - nav * report.turnover / ONE * SLIP / BPS;
        ge(_nav() + nav / 1e12, least, "loss within slip x turnover");
        ge(_nav() + nav / 1e12, nav - nav * report.loss / ONE, "loss as reported");
    }

    function _checkAlways(Ghosts memory ghosts) private view {
        State memory state = vault.state();
        no(state.locked, "the lock is open between actions");
        eq(state.epoch, ghosts.epoch, "the epoch rises by one with each action and never else");
        address[6] memory others =
            [address(adapter), address(spare), address(venue), keeper, stranger, address(rewards)];
        ge(link.balanceOf(address(vault)), PRINCIPAL, "the reward that was there before is never sold");
        for (uint8 i; i < 5; ++i) {
            for (uint256 k; k < others.length; ++k) {
                eq(tokens[i].allowance(address(vault), others[k]), 0, "no allowance, ever");
                eq(link.allowance(address(vault), others[k]), 0, "no allowance of the reward either");
            }
            eq(tokens[i].balanceOf(payout), ghosts.withdrawn[i], "payout has what the owner withdrew");
            uint256 known = _held(i) + ghosts.withdrawn[i] + tokens[i].balanceOf(address(adapter))
                + tokens[i].balanceOf(address(spare)) + tokens[i].balanceOf(address(venue));
            eq(known, tokens[i].totalSupply(), "custody: vault, payout, adapters and venue have everything");
        }
        le(uint256(75e13) - vault.headroom().lossDay, 75e13, "a level within its capacity");
        le(uint256(15e16) - vault.headroom().turnoverDay, 15e16, "a level within its capacity");
    }

    function _checkWindows(Ghosts memory ghosts) private pure {
        for (uint256 first; first < ghosts.count; ++first) {
            uint256[6] memory sums;
            for (uint256 i = first; i < ghosts.count; ++i) {
                Charge memory charge = ghosts.charges[i];
                if (charge.at <= ghosts.charges[first].at + 1 days) {
                    sums[0] += charge.loss;
                    sums[1] += charge.turnover;
                    sums[4] += charge.shift;
                    sums[5] += charge.sold;
                }
                if (charge.at <= ghosts.charges[first].at + 30 days) {
                    sums[2] += charge.loss;
                    sums[3] += charge.turnover;
                }
            }
            le(sums[0], 15e14, "loss, any 24 h");
            le(sums[1], 3e17, "turnover, any 24 h");
            le(sums[2], 75e14, "loss, any 30 d");
            le(sums[3], 2e18, "turnover, any 30 d");
            le(sums[4], 0.05e18, "shift, any 24 h");
            le(sums[5], 0.001e18, "rewards sold, any 24 h");
        }
    }
}
