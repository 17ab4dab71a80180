// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Base} from "../Base.sol";
import {Market} from "./Market.sol";
import {Published} from "./Published.sol";

/// What a blind optimiser may do with a keeper's key: its venues' greed, its feeds' errors, a market that walks as it wishes.
contract Fingers is Market {
    function play(uint256) external pure override returns (Find[] memory) {
        return new Find[](0);
    }

    function open() external {
        _open(0);
        deeds.push(Deed(_now(), 0, 0, 0));
    }

    function wait(uint256 time) external {
        _pass(bound(time, 5 minutes, 12 hours));
    }

    function walk(uint256 salt) external {
        restless = bound(salt, 0, 1000);
        _walk();
        _lean(5, 5);
    }

    function sell(uint256 pick, uint256 keeps, uint256 maxIn) external {
        uint8[8] memory sold = [WETH, USDC, WBTC, USDC, GRAIN, USDC, WETH, WBTC];
        uint8[8] memory bought = [USDC, WETH, USDC, WBTC, USDC, GRAIN, WBTC, WETH];
        uint256 route = bound(pick, 0, 7);
        _lean(sold[route], bought[route]);
        _keep(bound(keeps, 0, WIDE - 1));
        uint256 cap = _held(sold[route]) * bound(maxIn, 1, 16) / 16;
        _sell(uint16(route), sold[route], uint128(cap));
    }

    function steer(uint256 bps, bool back) external {
        if (back) _steer(WBTC, WETH, bound(bps, 1, 500));
        else _steer(WETH, WBTC, bound(bps, 1, 500));
    }

    function worstDay() external view returns (uint256 truly) {
        (, truly,) = _worst(1 days);
    }

    function limit() external pure returns (uint256) {
        return Published.truly(_limits(), 1 days, DELTA);
    }
}

/// forge maximises what an invariant returns: here the share of the published bound of a day that was taken, in millionths.
contract MaximiserTest is Base {
    Fingers private fingers;

    function setUp() public {
        fingers = new Fingers();
        fingers.setUp();
        fingers.open();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(fingers);
    }

    function targetSelectors() external view returns (FuzzSelector[] memory targets) {
        bytes4[] memory selectors = new bytes4[](4);
        (selectors[0], selectors[1]) = (Fingers.wait.selector, Fingers.walk.selector);
        (selectors[2], selectors[3]) = (Fingers.sell.selector, Fingers.steer.selector);
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector({addr: address(fingers), selectors: selectors});
    }

    /// forge-config: default.invariant.runs = 8
    /// forge-config: default.invariant.depth = 64
    /// forge-config: default.invariant.shrink_run_limit = 0
    function invariant_share_of_a_days_bound_taken() external view returns (int256) {
        uint256 share = fingers.worstDay() * 1_000_000 / fingers.limit();
        le(share, 1_010_000, "the maximiser breaks keeper_day");
        return int256(share);
    }
}
