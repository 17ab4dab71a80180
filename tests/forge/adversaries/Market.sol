// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Headroom} from "../../../contracts/interfaces/IKeeperVault.sol";
import {Limits, Setup} from "../../../contracts/interfaces/IRulebook.sol";
import {World} from "../vault/World.sol";

interface Surroundings {
    function envOr(string calldata name, uint256 otherwise) external view returns (uint256);
}

/// A market made of a seed, in which prices, the feeds' errors and the venue's greed are the adversary's to use: true prices
/// walk, each feed stands within DELTA of the truth where it hurts most, the venue fills anywhere above the floor. What is
/// taken is measured at true prices from balances, never by what the vault says of itself.
abstract contract Market is World {
    /// @param found the most that was taken, and `limit` what is published for it: 1e18 = 100 %
    /// @param least per cent of the limit that the best of all markets must come to, or the test proves nothing
    struct Find {
        string bound;
        uint256 found;
        uint256 limit;
        uint256 least;
    }

    /// What one act took, shares of NAV before it, 1e18 = 100 %: by the feeds, and truly; below 0 it gave.
    struct Deed {
        uint256 at;
        int256 oracle;
        int256 truly;
        uint256 turnover;
    }

    /// A route between two assets, and USD with 18 decimals that could be sold by it.
    struct Way {
        uint16 route;
        uint8 sold;
        uint8 bought;
        uint256 room;
    }

    /// bps, of each feed: the assumption under which the bounds are published.
    uint256 internal constant DELTA = 50;
    /// bps, of every route: the widest of deploy.example.toml.
    uint16 internal constant WIDE = 145;
    /// forge shows and exports what is said to it; it has no code.
    address private constant CONSOLE = 0x000000000000000000636F6e736F6c652e6c6f67;

    uint256[5] internal decimals = [18, 8, 6, 24, 18];
    uint256[5] internal truth; // USD per whole token, 18 decimals
    uint256[5] internal feed; // likewise, what the vault is told
    uint256 internal delta; // bps, of this market's feeds
    uint256 internal greed; // bps, the most this market's venue keeps
    uint256 internal restless; // bps a step of true prices, at most
    Deed[] internal deeds;
    uint16[] internal goals; // targets, bps; none = those of the first day
    bool private whipped;
    uint256 private steps;
    uint256 private dice;

    // ------------------------------------------------------------------------------------------------ the world

    function _limits() internal pure virtual override returns (Limits memory limits) {
        limits = super._limits();
        limits.maxGasPrice = 0;
    }

    function _setup() internal view virtual override returns (Setup memory setup) {
        setup = super._setup();
        setup.keepers[0].expires = START + 90 days;
        for (uint256 i; i < setup.routes.length; ++i) {
            setup.routes[i].slipBps = WIDE;
        }
    }

    /// Of market 0 everything is as bad as the bounds assume, and its prices never rest.
    function _open(uint256 seed) internal {
        dice = uint256(keccak256(abi.encode("market", seed)));
        truth = [uint256(2000e18), 50_000e18, 1e18, 0.01e18, 1e18];
        delta = seed == 0 ? DELTA : _draw(DELTA / 2, DELTA);
        greed = seed == 0 ? WIDE - 1 : _draw(WIDE / 2, WIDE - 1);
        restless = seed == 0 ? 600 : _draw(30, 600);
        whipped = seed % 5 == 0;
        _keep(0);
        _lean(5, 5);
    }

    function _draw(uint256 lo, uint256 hi) internal returns (uint256) {
        dice = uint256(keccak256(abi.encode(dice)));
        return bound(dice, lo, hi);
    }

    /// A step of the true prices, each between half and twice what it was at first. In every fifth market they go to and fro,
    /// one up where the other goes down.
    function _walk() internal {
        uint256[5] memory first = [uint256(2000e18), 50_000e18, 0, 0.01e18, 0];
        ++steps;
        for (uint256 i; i < 5; ++i) {
            if (first[i] == 0) continue;
            uint256 by = whipped ? (steps + i) % 2 * 2 * restless : _draw(0, 2 * restless);
            uint256 price = truth[i] * (BPS + restless - by) / BPS;
            if (price > 2 * first[i]) price = truth[i] * (BPS - restless) / BPS;
            if (price < first[i] / 2) price = truth[i] * (BPS + restless) / BPS;
            truth[i] = price;
        }
    }

    /// Every feed tells the truth, but: too little for `sold`, too much for `bought`. 5 = none.
    function _lean(uint256 sold, uint256 bought) internal {
        for (uint256 i; i < 5; ++i) {
            uint256 price = truth[i];
            if (i == sold) price = price * (BPS - delta) / BPS;
            if (i == bought) price = price * (BPS + delta) / BPS;
            if (price == feed[i]) continue;
            _tell(i, price);
        }
    }

    /// The feeds of an asset from now on, and what the venue trades at but for what it keeps.
    function _tell(uint256 i, uint256 price) internal virtual {
        feed[i] = price;
        oracle.set(address(tokens[i]), uint128(price));
    }

    /// Every venue keeps so many bps of each trade.
    function _keep(uint256 bps) internal {
        adapter.setSkim(bps);
        spare.setSkim(bps);
    }

    // ------------------------------------------------------------------------------------------------ a bite

    /// Sells by this route as much as limits let through, at the worst price that floor and loss budget let through.
    function _bite(uint16 route, uint8 sold, uint8 bought) internal returns (bool) {
        _lean(sold, bought);
        return _trade(route, sold, bought, greed);
    }

    function _trade(uint16 route, uint8 sold, uint8 bought, uint256 most) internal returns (bool) {
        uint256 nav = _value(feed);
        Headroom memory room = vault.headroom();
        uint256 size = _lesser(_over(sold, nav), _under(bought, nav));
        size = _lesser(_lesser(size, nav / 10), nav * _lesser(room.turnoverDay, room.turnoverMonth) / ONE);
        if (size < nav * 25 / BPS) return false;
        uint256 pays = nav * _lesser(room.lossDay, room.lossMonth) / (size * ONE / BPS); // bps of the size
        _keep(pays > most ? most : pays > 0 ? pays - 1 : 0);
        return _sell(route, sold, type(uint128).max);
    }

    /// The keeper's order, whatever becomes of it.
    function _sell(uint16 route, uint8 sold, uint128 maxIn) internal returns (bool) {
        (uint256 nav, uint256 worth, uint256 held) = (_value(feed), _value(truth), _held(sold));
        bytes memory call = abi.encodeCall(vault.rebalance, (_order(route, maxIn), _terms()));
        vm.prank(keeper);
        (bool done,) = address(vault).call(call);
        if (!done) return false;
        deeds.push(
            Deed({
                at: _now(),
                oracle: _lost(nav, _value(feed)),
                truly: _lost(worth, _value(truth)),
                turnover: (held - _held(sold)) * feed[sold] / 10 ** decimals[sold] * ONE / nav
            })
        );
        return true;
    }

    /// The way with most to sell, by true prices.
    function _widest() internal view returns (Way memory best) {
        uint256[5] memory worth;
        uint256 nav;
        for (uint8 i; i < 5; ++i) {
            worth[i] = _held(i) * truth[i] / 10 ** decimals[i];
            nav += worth[i];
        }
        uint8[8] memory sold = [WETH, USDC, WBTC, USDC, GRAIN, USDC, WETH, WBTC];
        uint8[8] memory bought = [USDC, WETH, USDC, WBTC, USDC, GRAIN, WBTC, WETH];
        for (uint16 route; route < 8; ++route) {
            (uint8 i, uint8 o) = (sold[route], bought[route]);
            uint256 room = _lesser(
                Math.saturatingSub(worth[i], nav * _goal(i) / BPS), Math.saturatingSub(nav * _goal(o) / BPS, worth[o])
            );
            if (room > best.room) (best.route, best.sold, best.bought, best.room) = (route, i, o, room);
        }
    }

    /// One greedy bite, where there is something to bite.
    function _churn() internal returns (bool) {
        Way memory way = _widest();
        return way.room != 0 && _bite(way.route, way.sold, way.bought);
    }

    /// Moves targets by `bps` from one asset to another, where the vault lets it.
    function _steer(uint8 from, uint8 to, uint256 bps) internal returns (bool done) {
        uint16[] memory targets = vault.state().targetsBps;
        if (bps == 0 || targets[from] < bps) return false;
        (targets[from], targets[to]) = (targets[from] - uint16(bps), targets[to] + uint16(bps));
        bytes memory call = abi.encodeCall(vault.retarget, (targets, _terms()));
        vm.prank(keeper);
        (done,) = address(vault).call(call);
        if (done) goals = targets;
    }

    // ------------------------------------------------------------------------------------------------ measuring

    function _value(uint256[5] storage prices) internal view returns (uint256 nav) {
        for (uint8 i; i < 5; ++i) {
            nav += _held(i) * prices[i] / 10 ** decimals[i];
        }
    }

    /// What there is of it above its target, by the feeds, USD with 18 decimals; and below.
    function _over(uint8 i, uint256 nav) internal view returns (uint256) {
        return Math.saturatingSub(_held(i) * feed[i] / 10 ** decimals[i], nav * _goal(i) / BPS);
    }

    function _under(uint8 i, uint256 nav) internal view returns (uint256) {
        return Math.saturatingSub(nav * _goal(i) / BPS, _held(i) * feed[i] / 10 ** decimals[i]);
    }

    function _goal(uint8 i) private view returns (uint256) {
        return goals.length == 0 ? _targets()[i] : goals[i];
    }

    function _lost(uint256 before, uint256 afterwards) internal pure returns (int256) {
        return (int256(before) - int256(afterwards)) * int256(ONE) / int256(before);
    }

    /// The worst window of so many seconds, both ends counted: what was lost by the feeds (gains are no credit) and truly
    /// (net), and what was sold.
    function _worst(uint256 window) internal view returns (uint256 byOracle, uint256 truly, uint256 sold) {
        for (uint256 first; first < deeds.length; ++first) {
            (int256 a, int256 b, uint256 c) = (0, 0, 0);
            uint256 end = deeds[first].at + window;
            for (uint256 k = first; k < deeds.length && deeds[k].at <= end; ++k) {
                if (deeds[k].oracle > 0) a += deeds[k].oracle;
                b += deeds[k].truly;
                c += deeds[k].turnover;
                if (b > 0 && uint256(b) > truly) truly = uint256(b);
            }
            if (uint256(a) > byOracle) byOracle = uint256(a);
            if (c > sold) sold = c;
        }
    }

    function _lesser(uint256 a, uint256 b) internal pure returns (uint256) {
        return a < b ? a : b;
    }

    // ------------------------------------------------------------------------------------------------ hunting

    /// One market, from its seed. External, so that each begins with memory of its own.
    function play(uint256 seed) external virtual returns (Find[] memory);

    /// Every market from the same first day; each find within its bound, the best of each near it. A line for each bound says
    /// what was found.
    function _hunt(string memory name) internal {
        uint256 markets = Surroundings(address(vm)).envOr("BALLAST_MARKETS", 3);
        Find[] memory best;
        uint256[] memory seeds;
        for (uint256 seed; seed < markets; ++seed) {
            uint256 before = vm.snapshotState();
            Find[] memory finds = this.play(seed);
            vm.revertToStateAndDelete(before);
            if (seed == 0) (best, seeds) = (finds, new uint256[](finds.length));
            for (uint256 k; k < finds.length; ++k) {
                _within(name, seed, finds[k]);
                if (finds[k].found * best[k].limit <= best[k].found * finds[k].limit) continue;
                (best[k], seeds[k]) = (finds[k], seed);
            }
        }
        for (uint256 k; k < best.length; ++k) {
            _say(name, best[k], seeds[k], markets);
            ge(best[k].found * 100, best[k].limit * best[k].least, string.concat(best[k].bound, ": not near it"));
        }
    }

    function _within(string memory name, uint256 seed, Find memory find) private pure {
        string memory where = string.concat(name, " in market ", vm.toString(seed), " breaks ", find.bound);
        le(find.found, find.limit, where);
    }

    function _say(string memory name, Find memory find, uint256 seed, uint256 markets) private view {
        string memory line = string.concat('{"adversary":"', name, '","bound":"', find.bound, '","found":"');
        line = string.concat(line, vm.toString(find.found), '","limit":"', vm.toString(find.limit), '","market":');
        line = string.concat(line, vm.toString(seed), ',"markets":', vm.toString(markets), "}");
        (bool said,) = CONSOLE.staticcall(abi.encodeWithSignature("log(string)", line));
        yes(said, "nobody listens");
    }
}
