// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {OddToken} from "./OddToken.sol";

/// @notice What a claim's target does besides, or instead of, paying the reward.
enum ClaimTrick {
    HONEST,
    PAYS_NOTHING,
    REVERTS,
    SCREAMS, // reverts with a long reason
    TAKES_OTHER, // makes a unit of `other` vanish from the caller
    GIVES_OTHER, // sends a million units of `other` besides
    ARRANGES_ALLOWANCE, // leaves itself an allowance of the caller on `other`
    CALLS // calls `accomplice` with `words`, and remembers the answer
}

/// @title A distributor of rewards that can be told to misbehave: tests only
/// @dev Mints what it pays.
contract MockRewards {
    error NothingToClaim();

    OddToken public immutable reward;
    uint256 public due;
    ClaimTrick public trick;
    OddToken public other;
    address public accomplice;
    bytes public words;
    bool public callSucceeded;
    bytes public callAnswer;

    constructor(OddToken reward_) {
        reward = reward_;
    }

    /// @notice What each claim pays from now on, units of the reward.
    function setDue(uint256 due_) external {
        due = due_;
    }

    function setTrick(ClaimTrick trick_, OddToken other_) external {
        (trick, other) = (trick_, other_);
    }

    function setCall(address accomplice_, bytes calldata words_) external {
        (accomplice, words) = (accomplice_, words_);
    }

    function claim() external {
        if (trick == ClaimTrick.REVERTS) revert NothingToClaim();
        if (trick == ClaimTrick.SCREAMS) {
            assembly ("memory-safe") {
                revert(0x2000, 100000) // memory nobody wrote to
            }
        }
        if (trick == ClaimTrick.TAKES_OTHER) other.burn(msg.sender, 1);
        if (trick == ClaimTrick.GIVES_OTHER) other.mint(msg.sender, 1_000_000);
        if (trick == ClaimTrick.ARRANGES_ALLOWANCE) other.lend(msg.sender, address(this), 1);
        if (trick == ClaimTrick.CALLS) (callSucceeded, callAnswer) = accomplice.call(words);
        if (trick != ClaimTrick.PAYS_NOTHING) reward.mint(msg.sender, due);
    }
}
