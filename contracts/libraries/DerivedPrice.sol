// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Cluster, Verdict, Voice} from "../interfaces/IPriceOracle.sol";

/// @title A share's price: its underlying's, times the rate
/// @dev Rates: whole underlying per whole share, 18 decimals; 0 = none, and then there is no price. Everything is rounded
/// down. What would round to nothing or pass 128 bits is no price either.
library DerivedPrice {
    uint256 private constant ONE = 1e18;

    /// @notice The cluster times the rate; all 0 where any of the three is no price.
    function cluster(Cluster memory of_, uint256 rate) internal pure returns (Cluster memory made) {
        (uint128 mid, uint128 low, uint128 high) =
            (_price(of_.mid, rate), _price(of_.low, rate), _price(of_.high, rate));
        if (low == 0 || high == 0) return made;
        return Cluster({mid: mid, low: low, high: high});
    }

    /// @notice Makes voices on the underlying voices on the share, in place; `made` is the share's cluster. Without a rate
    /// each is an ERROR, without a cluster none made it.
    function voices(Voice[] memory heard, uint256 rate, Cluster memory made) internal pure {
        for (uint256 i; i < heard.length; ++i) {
            Voice memory voice = heard[i];
            voice.price = _price(voice.price, rate);
            voice.inCluster = voice.inCluster && made.mid != 0;
            if (rate == 0) voice.verdict = Verdict.ERROR;
            else if (voice.verdict == Verdict.OK && voice.price == 0) voice.verdict = Verdict.NOT_POSITIVE;
        }
    }

    /// @dev Both factors are below 2^128, so the product fits.
    function _price(uint256 price, uint256 rate) private pure returns (uint128) {
        uint256 scaled = price * rate / ONE;
        // casting is safe: compared in the same expression
        // forge-lint: disable-next-line(unsafe-typecast)
        return scaled > type(uint128).max ? 0 : uint128(scaled);
    }
}
