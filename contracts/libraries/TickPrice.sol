// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title What a mean tick of a Uniswap V3 pool means in USD
/// @dev 1.0001^n is held as mantissa * 2^(exponent - 127), the mantissa in [2^127, 2^128), and built by binary
/// exponentiation from 1.0001^(2^i). Each of at most 20 products rounds by one part in 2^127: about 36 exact decimal
/// digits at every tick, so tokens of 6 and of 24 decimals are equally well priced.
///
/// The constants, in Python:
///     getcontext().prec = 120
///     for i in range(20):
///         v, x = Decimal("1.0001") ** (2**i), 0
///         while v >= 2: v, x = v / 2, x + 1
///         print(i, x, hex(int((v * 2**127).to_integral_value(ROUND_HALF_EVEN))))
library TickPrice {
    /// @dev Ticks of Uniswap V3: 1.0001^887272 is just below 2^128.
    int256 internal constant MAX_TICK = 887_272;
    uint256 private constant ONE = 1 << 127;
    uint256 private constant OVERFLOWN = 1 << 128;

    error TickOutOfRange(int256 tick);

    /// @notice Value in USD of one whole token, rounded down.
    /// @param tick log base 1.0001 of quote raw units per token raw unit
    /// @param tokenUnit, quoteUnit 10^decimals of each, at most 10^24
    /// @param quotePrice USD per whole quote token, 18 decimals
    /// @return USD per whole token, 18 decimals; reverts beyond 256 bits
    function usd(int256 tick, uint256 tokenUnit, uint256 quoteUnit, uint256 quotePrice)
        internal
        pure
        returns (uint256)
    {
        (uint256 mantissa, uint256 exponent) = power(tick < 0 ? -tick : tick);
        uint256 value = quotePrice * tokenUnit; // below 2^128 * 2^80
        if (tick < 0) {
            // value / (mantissa * 2^(exponent - 127)); mantissa * quoteUnit is below 2^128 * 2^80
            return Math.mulDiv(value, ONE, mantissa * quoteUnit) >> exponent;
        }
        // exponent is at most 127: 1.0001^887272 < 2^128
        return Math.mulDiv(value, mantissa, quoteUnit << (127 - exponent));
    }

    /// @notice 1.0001^n for n from 0 to MAX_TICK, as mantissa * 2^(exponent - 127).
    function power(int256 n) internal pure returns (uint256 mantissa, uint256 exponent) {
        if (n < 0 || n > MAX_TICK) revert TickOutOfRange(n);
        // casting is safe: n is at least 0
        // forge-lint: disable-next-line(unsafe-typecast)
        uint256 bits = uint256(n);
        mantissa = ONE;
        for (uint256 i; bits > 0; ++i) {
            if (bits & 1 == 1) {
                (uint256 factor, uint256 doublings) = _factor(i);
                mantissa = (mantissa * factor) >> 127; // both below 2^128
                exponent += doublings;
                if (mantissa >= OVERFLOWN) {
                    mantissa >>= 1;
                    ++exponent;
                }
            }
            bits >>= 1;
        }
    }

    /// @dev 1.0001^(2^i) as mantissa * 2^(doublings - 127).
    function _factor(uint256 i) private pure returns (uint256 mantissa, uint256 doublings) {
        if (i == 0) return (0x800346dc5d63886594af4f0d844d013b, 0);
        if (i == 1) return (0x80068dce3455f2fbb5987dbac0dba7dc, 0);
        if (i == 2) return (0x800d1bf2511a65841828b728ca2850a3, 0);
        if (i == 3) return (0x801a393c55874956d12d5a300c93cfc8, 0);
        if (i == 4) return (0x803477d805292a4052ebfee1667accc8, 0);
        if (i == 5) return (0x80690531da0b9c1cefced552b4221673, 0);
        if (i == 6) return (0x80d2608e3a16ebb94b9c6faf4b31cb78, 0);
        if (i == 7) return (0x81a61ae18fb267d36e06b6f21e8440ea, 0);
        if (i == 8) return (0x8351a5bc64557fdfc0df6ad19587e73a, 0);
        if (i == 9) return (0x86b953523666c5e74d73b8d8b14a53f5, 0);
        if (i == 10) return (0x8dcd12c731c942cb6e3abfd5198aa6fb, 0);
        if (i == 11) return (0x9d1715ed027c1bcf9e68bdf2e1a1ea29, 0);
        if (i == 12) return (0xc0caa5f34f06d47f3bf955a1743e7a89, 0);
        if (i == 13) return (0x91309957461680a420094a1dc24187dd, 1);
        if (i == 14) return (0xa4b02ddd73f26b638c2cef3d00fc4c96, 2);
        if (i == 15) return (0xd3e46805aa8b427fa698d703280dc0fd, 4);
        if (i == 16) return (0xaf624f42cb7df25e21164319b378f463, 9);
        if (i == 17) return (0xf04f1c3c33c8919f172ba42a5b99e825, 18);
        if (i == 18) return (0xe1946d63515d40505bfab78c64e886de, 37);
        return (0xc6c63e573e99b8b10f5961ae4cacb1fa, 75);
    }
}
