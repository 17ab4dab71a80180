// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IPriceOracle, IPriceSource, Verdict} from "../interfaces/IPriceOracle.sol";

/// @title Reads one voice and survives whatever the source does
/// @dev A source may revert, burn its gas, or answer with too little, too much or nonsense: each is Verdict.ERROR.
library SourceReader {
    /// @dev Gas for the call's own cost (2,600 cold) and the few instructions between the check and the call.
    uint256 private constant CALL_MARGIN = 6_000;

    /// @param gasCap the most the source may use
    /// @return price USD per whole token, 18 decimals
    /// @return updatedAt unix seconds
    /// @return verdict OK only with a price above 0
    /// @dev Reverts GasStarved as `requireGas`.
    function read(address source, uint256 gasCap)
        internal
        view
        returns (uint128 price, uint40 updatedAt, Verdict verdict)
    {
        requireGas(gasCap);
        uint256 selector = uint32(IPriceSource.latest.selector);
        bool answered;
        uint256 rawPrice;
        uint256 rawTime;
        uint256 rawVerdict;
        // At most 96 bytes are copied, whatever the source returns; they land beyond the free memory pointer and are read
        // at once.
        assembly ("memory-safe") {
            let out := mload(0x40)
            mstore(0x00, shl(224, selector))
            answered := staticcall(gasCap, source, 0x00, 0x04, out, 0x60)
            answered := and(answered, gt(returndatasize(), 0x5f))
            rawPrice := mload(out)
            rawTime := mload(add(out, 0x20))
            rawVerdict := mload(add(out, 0x40))
        }
        bool sane = answered && rawPrice <= type(uint128).max && rawTime <= type(uint40).max
            && rawVerdict <= uint256(type(Verdict).max);
        if (!sane) return (0, 0, Verdict.ERROR);
        verdict = Verdict(rawVerdict);
        if (verdict == Verdict.OK && rawPrice == 0) return (0, 0, Verdict.ERROR);
        // casting is safe: both were compared with the types' maxima above
        // forge-lint: disable-next-line(unsafe-typecast)
        return (uint128(rawPrice), uint40(rawTime), verdict);
    }

    /// @notice Reverts GasStarved unless a call gets all of `gasCap`: it is passed on at most 63/64 of what is left, so a
    /// caller who sent little gas could silence a voice and leave the others to make the price.
    function requireGas(uint256 gasCap) internal view {
        // safe additions: a cap is a constant far below 2^64
        unchecked {
            uint256 needed = gasCap + gasCap / 63 + CALL_MARGIN;
            if (gasleft() < needed) revert IPriceOracle.GasStarved(gasleft(), needed);
        }
    }
}
