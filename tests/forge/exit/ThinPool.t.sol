// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {V3PoolAdapter} from "../../../contracts/adapters/V3PoolAdapter.sol";
import {Route, Setup} from "../../../contracts/interfaces/IRulebook.sol";
import {MockV3Pool} from "../../../contracts/mocks/MockV3Pool.sol";
import {OddToken} from "../../../contracts/mocks/OddToken.sol";
import {Street} from "./Street.sol";

/// A pool that takes, at the widest discount, a third of what the vault must sell: each flatten sells what fits above its floor, the
/// floor opens over an hour, arbitrage brings the price back in between, and in the end nothing is left.
contract ThinPoolTest is Street {
    uint24 private constant FEE = 3_000; // millionths
    uint256 private constant EMERGENCY = 500; // bps
    uint256 private constant POSITION = 10_000e18; // RICE, at $4
    uint256 private constant Q96 = 1 << 96;

    V3PoolAdapter private direct;
    MockV3Pool private pool;

    function _prepare() internal override {
        super._prepare();
        // the test contract is the pools' factory
        direct = new V3PoolAdapter(address(this), keccak256(type(MockV3Pool).creationCode));
        (address a, address b) = (address(coins[RICE]), address(coins[USDC]));
        (a, b) = a < b ? (a, b) : (b, a);
        pool = new MockV3Pool{salt: keccak256(abi.encode(a, b, FEE))}();
        coins[RICE].mint(address(pool), 1e30);
        coins[USDC].mint(address(pool), 1e30);
        _arbitrage();
    }

    function _setup() internal view override returns (Setup memory setup) {
        setup = super._setup();
        Route memory way = setup.routes[2 * 3];
        (way.adapter, way.venue, way.data) = (address(direct), address(pool), abi.encode(FEE));
    }

    /// Somebody brings the pool back to $4. Its depth: 4.7 % off that price, the fee besides, it has taken a third of the position.
    function _arbitrage() private {
        bool riceFirst = address(coins[RICE]) < address(coins[USDC]);
        // units of token1 a unit of token0, square root: 4e6 / 1e18, or the other way round
        uint256 root = riceFirst ? Q96 * 2 / 1e6 : Q96 * 1e6 / 2;
        // selling x moves the root by x · root² / L, or by x / L; 4.7 % of price is 2.4 % of its root
        uint256 third = POSITION / 3;
        uint256 depth = riceFirst ? third * root / Q96 * 1000 / 24 : third * Q96 / root * 1000 / 24;
        pool.open(address(coins[RICE]), address(coins[USDC]), FEE, root, depth);
    }

    /// @return sold RICE units @return got USDC units
    function _flattenRice() private returns (uint256 sold, uint256 got) {
        (uint256 rice, uint256 usdc) = (_has(RICE), _has(USDC));
        vm.prank(guardian);
        vault.flatten{gas: BLOCK_GAS}(_list(RICE));
        (sold, got) = (rice - _has(RICE), _has(USDC) - usdc);
    }

    function test_a_pool_a_third_as_deep_as_the_position_is_emptied_into_over_the_opening_clock() public {
        uint256 calls;
        uint256 before;
        uint256 start = _now();
        while (_has(RICE) > 1e14) {
            uint256 open = _now() - start > 1 hours ? 1 hours : _now() - start;
            uint256 slip = SLIP + (EMERGENCY - SLIP) * open / 1 hours;
            (uint256 sold, uint256 got) = _flattenRice();
            gt(sold, 0, "each call sells something");
            if (open != 0 && _has(RICE) > 1e14) {
                gt(sold, before, "and more than the one before, while the floor opens");
            }
            if (open == 1 hours) before = 0;
            else before = sold;
            // 4 USDC units per 1e12 of RICE: at the floor of its minute or better
            ge(got * 1e12 * BPS + 1e12 * BPS, 4 * sold * (BPS - slip), "never below the floor");
            if (calls == 0) le(sold, POSITION / 20, "little at first: the route's own slip");
            // the last one is whole: its mean price is at the floor, not its last unit's
            if (_has(RICE) > 1e14) le(sold, POSITION * 36 / 100, "never more than the pool's third");
            _arbitrage();
            _pass(15 minutes);
            ++calls;
            le(calls, 8, "emptied by then");
        }
        ge(calls, 4, "several calls");
        vm.prank(guardian);
        vault.flatten{gas: BLOCK_GAS}();
        eq(_has(WETH), 0, "the others were never in its way");
    }

    /// Without arbitrage a second call at the same minute finds nothing above the floor, and leaves what there is.
    function test_what_the_pool_cannot_take_stays_whole_for_withdraw() public {
        _flattenRice();
        uint256 left = _has(RICE);
        (uint256 sold,) = _flattenRice();
        le(sold, POSITION / 10_000, "the pool is at the floor already");
        vm.prank(owner);
        vault.withdraw(address(coins[RICE]), type(uint256).max);
        eq(OddToken(coins[RICE]).balanceOf(payout), left - sold, "all that was left");
    }
}
