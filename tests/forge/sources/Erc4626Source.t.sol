// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC4626} from "@openzeppelin/contracts/interfaces/IERC4626.sol";

import {SourceKind, Verdict} from "../../../contracts/interfaces/IPriceOracle.sol";
import {SourceReader} from "../../../contracts/libraries/SourceReader.sol";
import {MockShare, ShareTrick} from "../../../contracts/mocks/MockShare.sol";
import {MockToken} from "../../../contracts/mocks/MockToken.sol";
import {Erc4626Source} from "../../../contracts/sources/Erc4626Source.sol";
import {Base} from "../Base.sol";

contract Erc4626SourceTest is Base {
    uint32 private constant GROWTH = 1_000; // bps a year
    uint256 private constant START = 1_700_000_000;

    MockToken private asset;
    MockShare private share;

    function setUp() public {
        vm.warp(START);
        asset = new MockToken("USDC", 6);
        share = new MockShare(asset, 0);
        _fill(share, asset, 1_000_000e6);
    }

    // -------------------------------------------------------------------------------------- construction refuses

    function test_construction_refuses_a_share_without_code() public {
        vm.expectRevert(abi.encodeWithSelector(Erc4626Source.NoCode.selector, address(1)));
        new Erc4626Source(IERC4626(address(1)), GROWTH);
    }

    function test_construction_refuses_an_asset_without_code() public {
        vm.mockCall(address(share), abi.encodeCall(IERC4626.asset, ()), abi.encode(address(2)));
        _refuses(share, GROWTH, abi.encodeWithSelector(Erc4626Source.NoCode.selector, address(2)));
    }

    function test_construction_refuses_no_growth_and_growth_beyond_the_ceiling() public {
        _refuses(share, 0, abi.encodeWithSelector(Erc4626Source.GrowthOutOfRange.selector, 0, 5_000));
        _refuses(share, 5_001, abi.encodeWithSelector(Erc4626Source.GrowthOutOfRange.selector, 5_001, 5_000));
        eq(new Erc4626Source(share, 5_000).maxGrowthBpsPerYear(), 5_000, "at the ceiling");
    }

    function test_construction_refuses_more_than_24_decimals() public {
        MockShare wide = new MockShare(asset, 19);
        _refuses(wide, GROWTH, abi.encodeWithSelector(Erc4626Source.DecimalsOutOfRange.selector, 25, 24));
    }

    function test_construction_refuses_a_rate_too_coarse_to_follow() public {
        MockToken cents = new MockToken("GUSD", 2);
        MockShare coarse = new MockShare(cents, 0);
        uint256 most = uint256(type(uint128).max) / 1e18 * 100;
        bytes4 why = Erc4626Source.RateOutOfRange.selector;
        _refuses(coarse, GROWTH, abi.encodeWithSelector(why, 100, 100_000, most));
    }

    function test_construction_refuses_a_share_that_says_nothing_or_too_much() public {
        uint256 most = uint256(type(uint128).max) / 1e18 * 1e6;
        bytes4 why = Erc4626Source.RateOutOfRange.selector;
        share.setTrick(ShareTrick.RATE_IS_NOTHING);
        _refuses(share, GROWTH, abi.encodeWithSelector(why, 0, 100_000, most));
        share.setTrick(ShareTrick.RATE_IS_HUGE);
        _refuses(share, GROWTH, abi.encodeWithSelector(why, type(uint256).max, 100_000, most));
        share.setTrick(ShareTrick.RATE_REVERTS);
        _refuses(share, GROWTH, abi.encodeWithSelector(MockShare.RateBroken.selector));
    }

    // ------------------------------------------------------------------------------------------------- no rate

    function test_a_share_that_reverts_or_burns_gas_is_an_error_to_the_reader() public {
        Erc4626Source source = new Erc4626Source(share, GROWTH);
        for (uint256 i; i < 2; ++i) {
            share.setTrick(i == 0 ? ShareTrick.RATE_REVERTS : ShareTrick.RATE_BURNS);
            (uint128 rate,, Verdict verdict) = SourceReader.read(address(source), 220_000);
            eq(rate, 0, "rate");
            require(verdict == Verdict.ERROR, "verdict");
        }
    }

    function test_a_rate_of_nothing_is_not_positive() public {
        Erc4626Source source = new Erc4626Source(share, GROWTH);
        share.setTrick(ShareTrick.RATE_IS_NOTHING);
        (uint128 rate, uint40 at, Verdict verdict) = source.latest();
        eq(rate, 0, "rate");
        eq(at, START, "at");
        require(verdict == Verdict.NOT_POSITIVE, "verdict");
    }

    // ----------------------------------------------------------------------------------------------------- cap

    function test_a_donation_lifts_the_rate_no_further_than_the_cap() public {
        Erc4626Source source = new Erc4626Source(share, GROWTH);
        asset.mint(address(share), 3_000_000e6); // the true rate is four now
        _says(source, 1e18); // no time has passed
        vm.warp(START + 365 days / 2);
        _says(source, 1.05e18);
        vm.warp(START + 365 days);
        _says(source, 1.1e18);
        vm.warp(START + 10 * 365 days);
        _says(source, source.cap());
        eq(source.cap(), 2e18, "ten years of it, not compounded");
    }

    function test_a_share_that_lies_upwards_is_believed_no_further_than_the_cap() public {
        Erc4626Source source = new Erc4626Source(share, GROWTH);
        vm.warp(START + 73 days);
        // as large as the arithmetic takes: beyond, the reader hears an error
        vm.mockCall(address(share), abi.encodeCall(IERC4626.convertToAssets, (1e6)), abi.encode(uint256(1) << 190));
        _says(source, 1.02e18);
    }

    function test_fuzz_the_rate_is_the_least_of_share_and_cap_whatever_is_donated(uint256 a, uint256 b) public {
        Erc4626Source source = new Erc4626Source(share, GROWTH);
        uint256 elapsed = bound(a, 0, 3 * 365 days);
        vm.warp(START + elapsed);
        asset.mint(address(share), bound(b, 0, 1_000_000e6));
        uint256 whole = share.convertToAssets(1e6) * 1e12;
        uint256 most = 1e18 + 0.1e18 * elapsed / 365 days;
        near(source.cap(), most, 1, "cap");
        _says(source, whole < source.cap() ? whole : source.cap());
    }

    function test_a_fall_is_believed_at_once() public {
        Erc4626Source source = new Erc4626Source(share, GROWTH);
        vm.prank(address(share));
        yes(asset.transfer(address(9), 250_000e6), "lost");
        _says(source, 0.75e18);
    }

    // -------------------------------------------------------------------------------------------------- rates

    function test_growth_below_the_cap_is_followed() public {
        Erc4626Source source = new Erc4626Source(share, GROWTH);
        vm.warp(START + 365 days);
        asset.mint(address(share), 40_000e6);
        _says(source, 1.039999e18); // 1.04, less OpenZeppelin's virtual unit, to the asset's last decimal
    }

    function test_decimals_of_share_and_asset_may_differ() public {
        uint8[3] memory assetDecimals = [6, 18, 24];
        uint8[3] memory offsets = [12, 0, 0];
        for (uint256 i; i < 3; ++i) {
            MockToken token = new MockToken("T", assetDecimals[i]);
            MockShare other = new MockShare(token, offsets[i]);
            uint256 unit = 10 ** assetDecimals[i];
            _fill(other, token, 1_000_000 * unit);
            token.mint(address(other), 500_000 * unit);
            Erc4626Source source = new Erc4626Source(other, GROWTH);
            near(source.rateAtListing(), 1.5e18, 1e12, "rate at listing");
            eq(source.token(), address(other), "token");
            eq(source.underlying(), address(token), "underlying");
            eq(source.listedAt(), START, "listed at");
            require(source.kind() == SourceKind.DERIVED, "kind");
            _says(source, source.rateAtListing());
        }
    }

    // ------------------------------------------------------------------------------------------------- helpers

    function _fill(MockShare into, MockToken token, uint256 amount) private {
        token.mint(address(this), amount);
        IERC20(token).approve(address(into), amount);
        into.deposit(amount, address(this));
    }

    function _refuses(MockShare of_, uint32 growth, bytes memory why) private {
        vm.expectRevert(why);
        new Erc4626Source(of_, growth);
    }

    function _says(Erc4626Source source, uint256 expected) private view {
        (uint128 rate, uint40 at, Verdict verdict) = source.latest();
        eq(rate, expected, "rate");
        eq(at, block.timestamp, "at");
        require(verdict == Verdict.OK, "verdict");
    }
}
