// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IPriceSource, SourceKind, Verdict} from "../../../contracts/interfaces/IPriceOracle.sol";
import {Setup} from "../../../contracts/interfaces/IRulebook.sol";
import {Listing} from "../../../contracts/MedianOracle.sol";
import {MockSource} from "../../../contracts/mocks/MockSource.sol";
import {Market} from "./Market.sol";
import {Published} from "./Published.sol";

/// A keeper's key in a run: the push feeds fall silent, and two TWAPs still tell the price of an hour ago. Nothing may be traded
/// at it, for no bound covers an error of that size.
contract LateTwapTest is Market {
    MockSource[4][5] private voices;
    address private median;

    function _prepare() internal override {
        Listing[] memory listings = new Listing[](5);
        for (uint256 i; i < 5; ++i) {
            IPriceSource[] memory sources = new IPriceSource[](4);
            for (uint256 k; k < 4; ++k) {
                address token = address(tokens[i]);
                voices[i][k] = new MockSource(token, k < 2 ? SourceKind.PUSH : SourceKind.TWAP, oracle.priceOf(token));
                sources[k] = voices[i][k];
            }
            listings[i] = Listing({token: address(tokens[i]), sources: sources});
        }
        median = _create(vm.getCode("MedianOracle.sol:MedianOracle"), abi.encode(listings));
    }

    function _setup() internal view override returns (Setup memory setup) {
        setup = super._setup();
        setup.oracle = median;
    }

    function _tell(uint256 i, uint256 price) internal override {
        super._tell(i, price);
        for (uint256 k; k < 4; ++k) {
            voices[i][k].setPrice(uint128(price));
        }
    }

    function play(uint256 seed) external override returns (Find[] memory finds) {
        _open(seed);
        for (uint256 i; i < 8; ++i) {
            _pass(30 minutes);
            _walk();
            _churn();
        }
        _lean(5, 5);
        for (uint256 i; i < 4; ++i) {
            voices[WETH][i % 2].setVerdict(Verdict.STALE);
            voices[WBTC][i % 2].setVerdict(Verdict.STALE);
        }
        truth[WETH] = truth[WETH] * _draw(120, 160) / 100;
        truth[WBTC] = truth[WBTC] * _draw(50, 80) / 100;
        for (uint256 i; i < 16; ++i) {
            _pass(30 minutes);
            if (!_trade(WETH_USDC, WETH, USDC, greed)) _trade(WETH_WBTC, WETH, WBTC, greed);
        }
        (, uint256 truly,) = _worst(1 days);
        finds = new Find[](1);
        finds[0] = Find("keeper_day", truly, Published.truly(_limits(), 1 days, DELTA), 30);
    }

    function test_a_twap_alone_gives_a_key_no_late_price_to_trade_at() public {
        _hunt("late TWAP");
    }
}
