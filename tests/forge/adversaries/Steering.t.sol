// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Market} from "./Market.sol";
import {Published} from "./Published.sol";

/// Prices stand still, and so do the feeds, each wrong by its own error: a thief can go to the targets, and no further.
abstract contract Still is Market {
    uint256 internal constant STEPS = 40;
    uint256 internal constant STEP = 6 hours;

    function _play(uint256 seed, bool steers) internal returns (Find[] memory finds) {
        _open(seed);
        _freeze();
        uint256 drift = 0;
        for (uint8 i; i < 5; ++i) {
            drift += _over(i, _value(feed));
        }
        drift = drift * ONE / _value(feed);
        for (uint256 i; i < STEPS; ++i) {
            _pass(STEP);
            if (steers) _turn();
            _anything();
        }
        (uint256 byOracle,, uint256 sold) = _worst(STEPS * STEP);
        uint256 limit = Published.stillTurnover(_limits(), drift, STEPS * STEP, steers, WIDE);
        finds = new Find[](2);
        finds[0] = Find(steers ? "steered_turnover" : "still_turnover", sold, limit, 50);
        finds[1] = Find(steers ? "steered_oracle" : "still_oracle", byOracle, limit * WIDE / BPS, 0);
    }

    /// The feeds as they will be told from now on.
    function _freeze() private {
        for (uint256 i; i < 4; ++i) {
            _tell(i, truth[i] * (BPS + delta - _draw(0, 2 * delta)) / BPS);
        }
    }

    /// Whatever way the vault lets it sell, as much as it lets it: past a target if it can.
    function _anything() private {
        _keep(_draw(0, 20));
        uint8[8] memory sold = [WETH, USDC, WBTC, USDC, GRAIN, USDC, WETH, WBTC];
        uint256 first = _draw(0, 7);
        for (uint256 k; k < 8; ++k) {
            uint16 route = uint16((first + k) % 8);
            if (_sell(route, sold[route], type(uint128).max)) return;
        }
    }

    /// To and fro between the two largest, as far as a day lets it, or further.
    function _turn() private {
        uint256 left = vault.headroom().shiftDay * BPS / ONE;
        (uint8 from, uint8 to) = deeds.length % 2 == 0 ? (WETH, WBTC) : (WBTC, WETH);
        if (!_steer(from, to, 1500)) _steer(from, to, left);
    }
}

contract StillMarketTest is Still {
    function play(uint256 seed) external override returns (Find[] memory) {
        return _play(seed, false);
    }

    function test_at_fixed_prices_a_key_goes_to_the_targets_and_no_further() public {
        _hunt("still market");
    }
}

contract SteererTest is Still {
    function play(uint256 seed) external override returns (Find[] memory) {
        return _play(seed, true);
    }

    function test_a_key_that_moves_targets_gains_no_more_than_the_shift_of_its_days() public {
        _hunt("steerer");
    }
}
