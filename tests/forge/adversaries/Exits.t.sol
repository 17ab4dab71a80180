// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {SourceKind, Verdict} from "../../../contracts/interfaces/IPriceOracle.sol";
import {IRulebook, Limits} from "../../../contracts/interfaces/IRulebook.sol";
import {Market} from "./Market.sol";
import {Published} from "./Published.sol";

/// Adversaries that sell the vault out: what a flatten costs, as a share of what it sold, by true prices.
abstract contract Seller is Market {
    uint256 internal constant EMERGENCY = 500; // bps, emergencyBps of these limits
    uint256 internal sold; // USD, 18 decimals, true, of what is neither safe nor frozen
    uint256 internal got; // USD, 18 decimals, true

    /// Each feed of what is sold tells too little, the refuge's too much.
    function _leanOut(uint8 refuge) internal {
        _lean(5, refuge);
        uint8[3] memory risky = [WETH, WBTC, GRAIN];
        for (uint256 k; k < 3; ++k) {
            _tell(risky[k], truth[risky[k]] * (BPS - delta) / BPS);
        }
    }

    /// Asks for the deepest discount first, and takes the deepest that is given.
    function _sellOut(address who, bytes memory call) internal {
        uint256[6] memory asks = [uint256(1990), 990, EMERGENCY - 1, 2 * uint256(WIDE), WIDE + 100, greed];
        for (uint256 k; k < asks.length; ++k) {
            _keep(asks[k]);
            (uint256 risky, uint256 safe) = (_risky(), _safe());
            vm.prank(who);
            (bool done,) = address(vault).call(call);
            if (!done) continue;
            sold += risky - _risky();
            got += _safe() - safe;
        }
    }

    function _flattenBy(address who) internal {
        _sellOut(who, abi.encodeWithSignature("flatten()"));
    }

    function _risky() internal view returns (uint256) {
        return _at(WETH) + _at(WBTC) + _at(GRAIN);
    }

    function _safe() private view returns (uint256) {
        return _at(USDC) + _at(DAI);
    }

    function _at(uint8 i) private view returns (uint256) {
        return _held(i) * truth[i] / 10 ** decimals[i];
    }

    /// Of what was sold, 1e18 = 100 %.
    function _discount() internal view returns (uint256) {
        return sold == 0 ? 0 : (sold - got) * ONE / sold;
    }

    function _found(string memory bound, uint256 limit) internal view returns (Find[] memory finds) {
        finds = new Find[](1);
        finds[0] = Find(bound, _discount(), limit, 50);
    }

    function _haltBy(address who) internal {
        vm.prank(who);
        vault.halt("mine");
    }
}

/// A keeper's key halts and sells, at once, later, and again.
contract KeeperSellerTest is Seller {
    function play(uint256 seed) external override returns (Find[] memory) {
        _open(seed);
        _walk();
        _haltBy(keeper);
        _leanOut(USDC);
        if (seed % 2 == 1) {
            _keep(5000);
            vm.prank(keeper);
            vault.flatten();
            _pass(_draw(1 hours, 3 days));
        }
        _flattenBy(keeper);
        _pass(1 hours);
        _flattenBy(keeper);
        return _found("flatten_once", Published.flatten(WIDE, DELTA));
    }

    function test_a_keepers_flatten_costs_no_more_than_its_routes_slip() public {
        _hunt("keeper sells out");
    }
}

/// A guardian's key: kill, and sell in the same block; after a long halt that opened nothing.
contract HastyGuardianTest is Seller {
    function play(uint256 seed) external override returns (Find[] memory) {
        _open(seed);
        _walk();
        _haltBy(seed % 2 == 0 ? guardian : keeper);
        if (seed % 2 == 0) _pass(_draw(0, 5 days));
        _leanOut(USDC);
        _flattenBy(guardian);
        return _found("guardian_at_once", Published.flatten(WIDE, DELTA));
    }

    function test_a_guardian_that_sells_at_once_gives_no_more_than_the_routes_slip() public {
        _hunt("hasty guardian");
    }
}

/// It tries in vain, waits, and uses all that a guardian may: tightens, freezes a refuge, revokes the keeper.
contract PatientGuardianTest is Seller {
    function play(uint256 seed) external override returns (Find[] memory) {
        _open(seed);
        _walk();
        if (seed % 3 == 1) _meddle();
        _keep(5000);
        vm.prank(guardian);
        vault.kill("mine");
        _pass(seed == 0 ? 1 hours : _draw(1 hours, 3 days));
        _walk();
        if (seed % 3 == 2) {
            vm.prank(guardian);
            IRulebook(address(rulebook)).freeze(USDC);
        }
        _leanOut(seed % 3 == 2 ? DAI : USDC);
        _flattenBy(guardian);
        return _found("guardian_after_hour", Published.flatten(EMERGENCY, DELTA));
    }

    function _meddle() private {
        Limits memory limits = rulebook.limits();
        limits.maxTradeBps = 100;
        limits.keeperMayFlatten = false;
        vm.startPrank(guardian);
        IRulebook(address(rulebook)).tighten(limits);
        IRulebook(address(rulebook)).revokeKeeper(keeper);
        vm.stopPrank();
    }

    function test_a_guardian_that_waits_an_hour_gives_no_more_than_the_emergency_discount() public {
        _hunt("patient guardian");
    }
}

/// No asset has a cluster: of two fresh push feeds one is stuck low. The floor is the higher one's.
contract LowFeedGuardianTest is Seller {
    function play(uint256 seed) external override returns (Find[] memory) {
        _open(seed);
        _walk();
        _haltBy(guardian);
        _leanOut(USDC);
        uint8[3] memory risky = [WETH, WBTC, GRAIN];
        for (uint256 k; k < 3; ++k) {
            _breakUp(risky[k], _draw(1000, 5000));
        }
        _flattenBy(guardian);
        return _found("guardian_at_once", Published.flatten(WIDE, DELTA));
    }

    /// The venue trades at what the honest feed says, less what it is told to keep; or at what the stuck one says.
    function _breakUp(uint8 i, uint256 stuckBps) private {
        uint128[] memory prices = new uint128[](2);
        (prices[0], prices[1]) = (uint128(feed[i]), uint128(feed[i] * (BPS - stuckBps) / BPS));
        SourceKind[] memory kinds = new SourceKind[](2);
        oracle.setVoices(address(tokens[i]), prices, kinds, new Verdict[](2));
        adapter.setFair(address(tokens[i]), feed[i]);
    }

    function test_one_feed_stuck_low_gives_a_guardian_nothing() public {
        _hunt("guardian with a low feed");
    }
}

/// Both keys: a keeper's day of churning, its targets out of the stablecoin, then all of it sold at a guardian's discount.
contract BothTest is Seller {
    function play(uint256 seed) external override returns (Find[] memory finds) {
        _open(seed);
        uint256 opened = _value(truth);
        for (uint256 i; i < 50; ++i) {
            if (i % 3 == 0) _steer(USDC, WETH, vault.headroom().shiftDay * BPS / ONE);
            _churn();
            _pass(30 minutes);
            if (_now() > START + 1 days - 30 minutes) break;
            _walk();
        }
        (, uint256 day,) = _worst(1 days);
        uint256 nav = _value(truth);
        _keep(5000);
        vm.prank(guardian);
        vault.kill("ours");
        _pass(1 hours);
        _leanOut(USDC);
        _flattenBy(guardian);
        yes(opened > 0 && nav > 0, "something to steal");
        finds = new Find[](1);
        uint256 limit = Published.truly(_limits(), 1 days, DELTA) + Published.flatten(EMERGENCY, DELTA);
        finds[0] = Find("both_day", day + (sold - got) * ONE / nav, limit, 50);
    }

    function test_both_keys_together_take_no_more_than_the_sum() public {
        _hunt("both keys");
    }
}
