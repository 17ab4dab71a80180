// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IPriceSource, SourceKind} from "../../../contracts/interfaces/IPriceOracle.sol";
import {Asset, Claim, IRulebook, IRulebookReads, Route, Setup} from "../../../contracts/interfaces/IRulebook.sol";
import {MockSource} from "../../../contracts/mocks/MockSource.sol";
import {OddToken} from "../../../contracts/mocks/OddToken.sol";
import {SteeredOracle} from "../../../contracts/mocks/SteeredOracle.sol";
import {Governed} from "./Governed.sol";

interface IApart {
    function requireApart(Asset[] calldata assets, Claim[] calldata claims, Route[] calldata routes, address oracle)
        external
        view;
}

/// A voice that is a pool's mean.
contract PoolVoice is MockSource {
    address public pool;

    constructor(address token_, address pool_) MockSource(token_, SourceKind.TWAP, 1e18) {
        pool = pool_;
    }
}

/// A voice that is a rate in another token.
contract DerivedVoice is MockSource {
    address public underlying;

    constructor(address token_, address underlying_) MockSource(token_, SourceKind.DERIVED, 1e18) {
        underlying = underlying_;
    }
}

/// The steered oracle, with sources to name.
contract NamedOracle is SteeredOracle {
    mapping(address token => address[]) private _named;

    function name(address token, address source) external {
        _named[token].push(source);
    }

    function sources(address token) external view override returns (address[] memory) {
        return _named[token];
    }
}

/// What is asked of a token and of a venue before they are let in.
contract ProbesTest is Governed {
    NamedOracle private named;
    address private pool = address(new OddToken("POOL", 18));

    function _prepare() internal override {
        named = new NamedOracle();
        for (uint8 i; i < 5; ++i) {
            named.set(address(tokens[i]), oracle.priceOf(address(tokens[i])));
        }
        named.set(address(link), 20e18);
    }

    function _pools() private view returns (address[] memory pools) {
        pools = new address[](2);
        (pools[0], pools[1]) = (address(venue), pool);
    }

    function _voice(uint8 token, SourceKind kind) private {
        IPriceSource voice = kind == SourceKind.TWAP
            ? IPriceSource(new PoolVoice(address(tokens[token]), pool))
            : IPriceSource(new MockSource(address(tokens[token]), kind, 1e18));
        named.name(address(tokens[token]), address(voice));
    }

    // ------------------------------------------------------------------------------------------------ the venue

    function test_a_slip_covers_the_venues_fee() public {
        bytes memory data = abi.encodeCall(IRulebook.addRoute, (_route(WBTC, GRAIN)));
        adapter.setProbe(6001, new address[](0)); // 60.01 bps
        _enactRefused(data, _below("slipBps", SLIP, 61));
        adapter.setProbe(6000, new address[](0));
        _enact(data);
    }

    function test_a_venue_that_does_not_trade_these_tokens_is_refused() public {
        adapter.setProbe(type(uint256).max, new address[](0));
        uint16 next = uint16(rulebook.routes().length);
        _enactRefused(
            abi.encodeCall(IRulebook.addRoute, (_route(WBTC, GRAIN))),
            abi.encodeWithSelector(IRulebookReads.VenueRefused.selector, next)
        );
        Route memory other = _route(WBTC, GRAIN);
        other.adapter = address(spare); // asked instead, and content
        _enact(abi.encodeCall(IRulebook.addRoute, (other)));
    }

    function test_construction_asks_the_venues_too() public {
        adapter.setProbe(type(uint256).max, new address[](0));
        Setup memory setup = _setup();
        vm.expectRevert(abi.encodeWithSelector(IRulebookReads.VenueRefused.selector, WETH_USDC));
        this.deploy(setup, _targets());
    }

    // ------------------------------------------------------------------------------------------------ pool and oracle

    /// An oracle that needs the pool in which it should check a trade.
    function test_a_pools_mean_beside_one_push_feed_is_refused_where_a_route_trades_in_it() public {
        _voice(GRAIN, SourceKind.PUSH);
        _voice(GRAIN, SourceKind.TWAP);
        adapter.setProbe(0, _pools());
        bytes memory data = abi.encodeCall(IRulebook.setOracle, (address(named)));
        bytes4 needs = IRulebookReads.OracleReadsVenue.selector;
        _enactRefused(data, abi.encodeWithSelector(needs, GRAIN_USDC, pool));
        _voice(GRAIN, SourceKind.PUSH); // the price no longer needs the pool
        _enact(data);
        _voice(WBTC, SourceKind.PUSH);
        _voice(WBTC, SourceKind.TWAP);
        uint16 next = uint16(rulebook.routes().length);
        bytes memory route = abi.encodeCall(IRulebook.addRoute, (_route(GRAIN, WBTC)));
        _enactRefused(route, abi.encodeWithSelector(needs, next, pool)); // at the end bought, too
        address[] memory elsewhere = new address[](1);
        elsewhere[0] = address(this);
        adapter.setProbe(0, elsewhere);
        _enact(route); // it trades elsewhere
    }

    function test_a_share_is_priced_by_its_underlyings_voices() public {
        DerivedVoice rate = new DerivedVoice(address(tokens[GRAIN]), address(tokens[WBTC]));
        named.name(address(tokens[GRAIN]), address(rate));
        _voice(WBTC, SourceKind.PUSH);
        _voice(WBTC, SourceKind.TWAP);
        Route[] memory ways = new Route[](1);
        ways[0] = _route(GRAIN, USDC);
        adapter.setProbe(0, _pools());
        (Asset[] memory assets, Claim[] memory claims) = (rulebook.assets(), rulebook.claims());
        vm.expectRevert(abi.encodeWithSelector(IRulebookReads.OracleReadsVenue.selector, 0, pool));
        IApart(clerk).requireApart(assets, claims, ways, address(named));
    }

    // ------------------------------------------------------------------------------------------------ the token

    function test_a_token_that_does_not_tell_balance_or_allowance_is_refused() public {
        Asset memory asset = rulebook.assets()[WBTC];
        (asset.token, asset.frozen) = (address(new OddToken("MUTE", 8)), true);
        (asset.priceLow, asset.priceHigh) = (1e18, 25e18);
        bytes memory data = abi.encodeCall(IRulebook.listAsset, (asset));
        bytes memory why = abi.encodeWithSelector(IRulebookReads.TokenUnreadable.selector, asset.token);
        vm.mockCallRevert(asset.token, abi.encodeWithSelector(IERC20.balanceOf.selector), "");
        _enactRefused(data, why);
        vm.clearMockedCalls();
        vm.mockCall(asset.token, abi.encodeWithSelector(IERC20.balanceOf.selector), hex"01");
        _enactRefused(data, why);
        vm.clearMockedCalls();
        vm.mockCallRevert(asset.token, abi.encodeWithSelector(IERC20.allowance.selector), "");
        _enactRefused(data, why);
        vm.clearMockedCalls();
        _enact(data);
    }

    /// A price of the wrong decimals is refused by the band, a token of other decimals by its own word.
    function test_a_price_twelve_decimals_off_is_outside_the_band() public {
        Asset memory asset = rulebook.assets()[USDC];
        (asset.token, asset.frozen) = (address(new OddToken("FEED OFF", 6)), true);
        oracle.set(asset.token, 1e6);
        _enactRefused(abi.encodeCall(IRulebook.listAsset, (asset)), _above("priceLow", 0.5e18, 1e6));
        oracle.set(asset.token, 1e18);
        _enact(abi.encodeCall(IRulebook.listAsset, (asset)));
    }
}
