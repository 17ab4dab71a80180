// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Order} from "../../../contracts/interfaces/IKeeperVault.sol";
import {Market} from "./Market.sol";
import {Published} from "./Published.sol";

/// Rewards without end, sold to a venue that fills at the floor, on feeds wrong on either side: no more than two caps of any day.
contract MilkerTest is Market {
    uint256 private constant LINK = 20e18; // USD, true
    uint256 private constant REWARD_DELTA = 100; // bps, of the reward's feeds, which are of a smaller market
    uint256 private navAtTrade; // USD, 18 decimals, by the feeds

    function play(uint256 seed) external override returns (Find[] memory finds) {
        _open(seed);
        rewards.setDue(1000e18);
        for (uint256 i; i < 54; ++i) {
            _pass(30 minutes);
            _walk();
            if (i % 20 == 0 && _churn()) navAtTrade = _value(feed);
            _milk();
        }
        uint256 limit = Published.harvests(_limits(), 1 days, WIDE, DELTA + REWARD_DELTA);
        finds = new Find[](1);
        finds[0] = Find("harvest_day", _worstMilk(), limit, 50);
    }

    /// What it loses is a share of NAV at the last trade, as the cap is.
    function _milk() private {
        if (navAtTrade == 0) return;
        oracle.set(address(link), uint128(LINK * (BPS - delta * REWARD_DELTA / DELTA) / BPS));
        _lean(5, USDC);
        _keep(greed);
        Order[] memory sales = _order(REWARD_USDC, type(uint128).max);
        bytes memory call = abi.encodeCall(vault.harvest, (0, sales, _terms()));
        (uint256 links, uint256 dollars) = (link.balanceOf(address(vault)), _held(USDC));
        vm.prank(keeper);
        (bool done,) = address(vault).call(call);
        if (!done) return;
        uint256 sold = links + 1000e18 - link.balanceOf(address(vault));
        uint256 lost = sold * LINK / ONE - (_held(USDC) - dollars) * 1e12;
        milked.push(Deed(_now(), 0, int256(lost * ONE / navAtTrade), 0));
    }

    Deed[] private milked;

    function _worstMilk() private view returns (uint256 worst) {
        for (uint256 first; first < milked.length; ++first) {
            uint256 sum;
            for (uint256 k = first; k < milked.length && milked[k].at <= milked[first].at + 1 days; ++k) {
                sum += uint256(milked[k].truly);
            }
            if (sum > worst) worst = sum;
        }
    }

    function test_a_key_that_milks_rewards_stays_within_their_bound_of_any_day() public {
        _hunt("milker");
    }
}
