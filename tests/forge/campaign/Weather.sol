// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Cluster} from "../../../contracts/interfaces/IPriceOracle.sol";
import {Mischief} from "../../../contracts/mocks/HostileSource.sol";
import {Coin} from "./Cast.sol";
import {Keeping} from "./Keeping.sol";

/// Markets, voices, time, and what anybody may do.
abstract contract Weather is Keeping {
    /// The largest step of a volatile market at once, bps; a dollar's is a fiftieth of it.
    function _step() internal pure virtual returns (uint256);

    /// Voices that lag behind, fall silent, or lie.
    function _voice(uint8 i, uint256 k, uint256 price) internal virtual;

    // ------------------------------------------------------------------------------------------------ voices

    function _say(uint8 i, uint256 k, uint256 price, bool ok, bool honest) internal {
        speakers[i][k].say(uint128(price), !ok);
        said[i][k] = Said(uint128(price), ok, honest);
    }

    function _muddle(uint8 i, uint256 k, uint256 mischief) internal {
        speakers[i][k].setMischief(true, Mischief(mischief));
        said[i][k].ok = false;
    }

    /// The price of the oracle against the voices' own: where two honest ones speak and at most one liar, within `spread`
    /// of what the honest say; and always what the largest set within the spread says.
    function _hear(uint8 i) internal {
        _form(i);
        address[] memory list = new address[](1);
        list[0] = i == 5 ? address(link) : tokens[i];
        Cluster memory found = oracle.clusters(list, limits.spreadBps)[0];
        Cluster memory wanted = seen[i];
        bool same = found.mid == wanted.mid && found.low == wanted.low && found.high == wanted.high;
        _flag(!same, "I16 a price that is not its cluster");
        (uint256 honest, uint256 low, uint256 high) = (0, type(uint256).max, 0);
        uint256 liars;
        for (uint256 k; k < VOICES; ++k) {
            if (!said[i][k].ok) continue;
            if (!said[i][k].honest) {
                ++liars;
                continue;
            }
            ++honest;
            if (said[i][k].price < low) low = said[i][k].price;
            if (said[i][k].price > high) high = said[i][k].price;
        }
        if (honest <= liars || found.mid == 0) return;
        uint256 spread = limits.spreadBps;
        _flag(uint256(found.low) * (BPS + spread) < low * BPS, "I16 a price below the honest range");
        _flag(uint256(found.high) * BPS > high * (BPS + spread), "I16 a price above the honest range");
    }

    // ------------------------------------------------------------------------------------------------ prices

    function _walk(uint8 i, uint256 step) private {
        address token = i == 5 ? address(link) : tokens[i];
        uint256 start = [uint256(2000e18), 50e18, 1e18, 1e18, 0, 20e18][i];
        uint256 price = market.priceOf(token) * (BPS - step + _draw(2 * step + 1)) / BPS;
        bool dollar = i == USDC || i == DAI;
        // a dollar comes back, and nothing leaves its band
        if (dollar) price = (3 * price + start) / 4;
        if (price < start / 4 || price > start * 4) price = start;
        market.set(token, uint128(price));
        if (i == WETH) _marketOfShare();
        for (uint256 k; k < VOICES; ++k) {
            _voice(i, k, price);
        }
        _hear(i);
    }

    function _walkAll() internal override {
        for (uint8 i; i < 6; ++i) {
            if (i != SHARE) _walk(i, i == USDC || i == DAI ? _step() / 50 + 1 : _step());
        }
    }

    function prices(uint256 seed) external turn(seed) {
        _walkAll();
    }

    /// In the middle of an action: WETH by 3 % one way and ODD the other, voices and market alike.
    function onSwapping() external {
        if (shocked) return;
        shocked = true;
        _jump(WETH, dice % 2 == 0 ? 97 : 103);
        _jump(ODD, dice % 2 == 0 ? 103 : 97);
        _marketOfShare();
    }

    function _jump(uint8 i, uint256 percent) private {
        uint256 price = market.priceOf(tokens[i]) * percent / 100;
        market.set(tokens[i], uint128(price));
        for (uint256 k; k < VOICES; ++k) {
            _say(i, k, price, true, true);
        }
        _form(i);
    }

    function pass(uint256 seed) external turn(seed) {
        _pass(60 + _draw(_draw(5) == 0 ? 5 days : 6 hours));
        _walkAll();
    }

    // ------------------------------------------------------------------------------------------------ anybody

    /// Any amount of anything, or dust; also the share's own assets, which raises its rate.
    function donate(uint256 seed) external turn(seed) {
        uint256 i = _draw(7);
        bytes32 room = keccak256(abi.encode(vault.headroom()));
        if (i < 4) {
            uint256 most = _draw(2) == 0 ? units[i] / 10_000 : units[i] * 5000e18 / market.priceOf(tokens[i]);
            Coin(tokens[i]).mint(address(vault), _draw(most + 1));
        } else if (i == 4) {
            Coin(tokens[WETH]).mint(address(share), _draw(1e18));
            _marketOfShare();
        } else if (i == 5) {
            link.mint(address(vault), _draw(10e18));
        } else {
            vm.deal(address(vault), address(vault).balance + _draw(1 ether));
        }
        _flag(room != keccak256(abi.encode(vault.headroom())), "I18 a donation changed a budget");
    }
}
