// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Market} from "./Market.sol";
import {Published} from "./Published.sol";

/// A keeper's key that churns for a day, at venues that fill at the floor and on feeds that are wrong in its favour.
contract ChurnTest is Market {
    function play(uint256 seed) external override returns (Find[] memory finds) {
        _open(seed);
        for (uint256 i; i < 54; ++i) {
            _pass(30 minutes);
            _walk();
            _churn();
        }
        (uint256 byOracle, uint256 truly,) = _worst(1 days);
        finds = new Find[](2);
        finds[0] = Find("keeper_day_oracle", byOracle, Published.loss(_limits(), 1 days), 80);
        finds[1] = Find("keeper_day", truly, Published.truly(_limits(), 1 days, DELTA), 80);
    }

    function test_a_churning_key_stays_within_the_bounds_of_any_day() public {
        _hunt("churn");
    }
}

/// The same for a month, four times a day, and it moves the targets where the market does not move enough.
contract LongChurnTest is Market {
    function play(uint256 seed) external override returns (Find[] memory finds) {
        _open(seed);
        restless *= 2;
        for (uint256 i; i < 124; ++i) {
            _pass(6 hours);
            _walk();
            _away();
            _churn();
        }
        (uint256 byOracle, uint256 truly,) = _worst(30 days);
        finds = new Find[](2);
        finds[0] = Find("keeper_month_oracle", byOracle, Published.loss(_limits(), 30 days), 80);
        finds[1] = Find("keeper_month", truly, Published.truly(_limits(), 30 days, DELTA), 80);
    }

    /// Targets away from what is held: out of the asset that is short, into the one that is over.
    function _away() private {
        uint256 nav = _value(feed);
        uint256 left = vault.headroom().shiftDay * BPS / ONE;
        (uint8 from, uint8 to) = _over(WETH, nav) > _over(WBTC, nav) ? (WETH, WBTC) : (WBTC, WETH);
        if (left >= 100) _steer(from, to, left);
    }

    function test_a_churning_key_stays_within_the_bounds_of_any_month() public {
        _hunt("churn for a month");
    }
}

/// It waits for the edge of a day and takes what it can on either side: a limit that counts by the calendar gives twice.
contract StraddlingTest is Market {
    function play(uint256 seed) external override returns (Find[] memory finds) {
        _open(seed);
        uint256 midnight = (_now() / 1 days + 1 + _draw(0, 2)) * 1 days;
        vm.warp(midnight - 30 minutes);
        for (uint256 i; i < 12; ++i) {
            _pass(5 minutes);
            _walk();
            _churn();
        }
        (uint256 byOracle, uint256 truly,) = _worst(1 hours);
        finds = new Find[](2);
        finds[0] = Find("keeper_hour_oracle", byOracle, Published.loss(_limits(), 1 hours), 80);
        finds[1] = Find("keeper_hour", truly, Published.truly(_limits(), 1 hours, DELTA), 80);
    }

    function test_a_key_that_straddles_midnight_stays_within_the_bounds_of_any_window() public {
        _hunt("straddling");
    }
}

/// Every other trade is a gift: the venue pays the true price while the feeds are wrong against the vault's counterparty. If
/// gains gave budget back, what is lost between them would be without end.
contract GiftsTest is Market {
    function play(uint256 seed) external override returns (Find[] memory finds) {
        _open(seed);
        for (uint256 i; i < 54; ++i) {
            _pass(30 minutes);
            _walk();
            if (i % 2 == 0 && i > 4) _gift();
            else _churn();
        }
        (uint256 byOracle, uint256 truly,) = _worst(1 days);
        finds = new Find[](2);
        finds[0] = Find("keeper_day_oracle", byOracle, Published.loss(_limits(), 1 days), 50);
        finds[1] = Find("keeper_day", truly, Published.truly(_limits(), 1 days, DELTA), 0);
    }

    /// By the feeds the vault gains: the token bought is worth more than they paid for.
    function _gift() private {
        Way memory way = _widest();
        if (way.room == 0) return;
        _lean(5, 5);
        oracle.set(address(tokens[way.bought]), uint128(truth[way.bought] * (BPS + delta) / BPS));
        _keep(0);
        adapter.setFair(address(tokens[way.sold]), truth[way.sold] * (BPS + 4 * delta) / BPS);
        _sell(way.route, way.sold, type(uint128).max);
        adapter.setFair(address(tokens[way.sold]), 0);
    }

    function test_gifts_to_the_vault_give_a_key_no_budget_back() public {
        _hunt("gifts");
    }
}
