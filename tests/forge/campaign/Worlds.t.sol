// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Campaign} from "./Campaign.sol";

/// Markets as on most days: voices within 0.3 % of the truth, venues that take their fee.
contract CalmTest is Campaign {
    function invariant_calm() external view {
        _judgeAlways();
    }

    function _step() internal pure override returns (uint256) {
        return 200;
    }

    function _delta() internal pure override returns (uint256) {
        return 30;
    }

    function _hostile() internal pure override returns (bool) {
        return false;
    }

    function _voice(uint8 i, uint256 k, uint256 price) internal override {
        _say(i, k, price * (BPS - 30 + _draw(61)) / BPS, true, true);
    }
}

/// A fifth of the price within an hour, feeds that stop, a dollar at 88 cents.
contract CrashTest is Campaign {
    bool private _mute;

    function invariant_crash() external view {
        _judgeAlways();
    }

    function _step() internal pure override returns (uint256) {
        return 2000;
    }

    function _delta() internal pure override returns (uint256) {
        return 0;
    }

    function _hostile() internal pure override returns (bool) {
        return false;
    }

    /// The first feed may be stale and say so, the TWAP lags; now and then a dollar is none.
    function _voice(uint8 i, uint256 k, uint256 price) internal override {
        // the second refuge is often without a price, and that is nobody's concern while none is held
        if (i == DAI && k == 0) _mute = _draw(3) == 0;
        if (i == DAI && _mute) return _say(i, k, price, false, true);
        if (i == USDC && k == 0 && _draw(12) == 0) market.set(tokens[USDC], 0.88e18);
        if (i == USDC) price = market.priceOf(tokens[USDC]);
        if (k == 2) return _say(i, k, (uint256(said[i][k].price) + price) / 2, true, true);
        if (_draw(k == 0 ? 12 : 24) == 0) return _say(i, k, said[i][k].price, _draw(3) == 0, false);
        _say(i, k, price * (BPS - 20 + _draw(41)) / BPS, true, true);
    }
}

/// One voice of three lies or misbehaves; venues, tokens and claims cheat and call back.
contract HostileTest is Campaign {
    function invariant_hostile() external view {
        _judgeAlways();
    }

    function _step() internal pure override returns (uint256) {
        return 400;
    }

    /// 0.2 % of honest error, and the spread by which one liar can pull a price.
    function _delta() internal pure override returns (uint256) {
        return 120;
    }

    function _hostile() internal pure override returns (bool) {
        return true;
    }

    function _voice(uint8 i, uint256 k, uint256 price) internal override {
        if (k != i % VOICES) return _say(i, k, price * (BPS - 20 + _draw(41)) / BPS, true, true);
        uint256 how = _draw(4);
        if (how == 0) return _muddle(i, k, _draw(10));
        if (how == 1) return _say(i, k, price * (9000 + _draw(2001)) / BPS, true, false);
        if (how == 2) return _say(i, k, _draw(2) == 0 ? 1 : uint256(type(uint128).max), true, false);
        _say(i, k, price * (BPS - 100 + _draw(201)) / BPS, true, false);
    }
}
