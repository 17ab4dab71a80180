// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {SourceKind} from "../interfaces/IPriceOracle.sol";

/// @notice Ways in which a source can misbehave.
enum Mischief {
    REVERT,
    REVERT_WITH_ANSWER, // reverts with 96 bytes that would be a good answer
    BURN, // uses all the gas it is given
    EMPTY, // answers nothing
    SHORT, // 95 bytes
    HUGE, // 20,000 bytes of ones
    PRICE_TOO_WIDE, // 129 bits
    TIME_TOO_WIDE, // 41 bits
    VERDICT_UNKNOWN, // one past the last
    OK_WITHOUT_PRICE // verdict OK, price 0
}

/// @notice A source that answers `latest()` with mischief; otherwise well behaved, so that it can be listed.
contract HostileSource {
    address public immutable token;
    SourceKind public constant kind = SourceKind.PUSH;
    Mischief public mischief;

    constructor(address token_, Mischief mischief_) {
        token = token_;
        mischief = mischief_;
    }

    function latest() external view {
        Mischief m = mischief;
        if (m == Mischief.BURN) {
            while (true) {}
        }
        if (m == Mischief.REVERT) revert();
        (uint256 size, uint256 price, uint256 time, uint256 verdict) = (96, 1e18, block.timestamp, 0);
        if (m == Mischief.EMPTY) size = 0;
        if (m == Mischief.SHORT) size = 95;
        if (m == Mischief.HUGE) (size, price) = (20_000, type(uint256).max);
        if (m == Mischief.PRICE_TOO_WIDE) price = 1 << 128;
        if (m == Mischief.TIME_TOO_WIDE) time = 1 << 40;
        if (m == Mischief.VERDICT_UNKNOWN) verdict = 10;
        if (m == Mischief.OK_WITHOUT_PRICE) price = 0;
        bool fail = m == Mischief.REVERT_WITH_ANSWER;
        assembly {
            mstore(0x80, price)
            mstore(0xa0, time)
            mstore(0xc0, verdict)
            if fail { revert(0x80, size) }
            return(0x80, size)
        }
    }
}
