// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {
    Asset,
    Claim,
    IRulebookReads,
    Limits,
    Quote,
    Route,
    Rules,
    Step
} from "../../../contracts/interfaces/IRulebook.sol";
import {Answers} from "../../../contracts/libraries/Answers.sol";
import {Base} from "../Base.sol";

/// Answers every call with the bytes it was given, or fails with them.
contract Teller {
    bytes private _said;
    bool private _fails;

    function say(bytes memory said, bool fails) external {
        (_said, _fails) = (said, fails);
    }

    fallback() external {
        bytes memory said = _said;
        bool fails = _fails;
        assembly ("memory-safe") {
            if fails { revert(add(said, 0x20), mload(said)) }
            return(add(said, 0x20), mload(said))
        }
    }
}

/// Each struct taken as it stands is the one that `abi.decode` makes of the same bytes: encoded again, it is them.
contract AnswersTest is Base {
    Teller private teller = new Teller();

    function ask() public view returns (uint256) {
        return Answers.ask(address(teller), "any question");
    }

    function _answer(bytes memory said) private returns (uint256) {
        teller.say(said, false);
        return Answers.ask(address(teller), "any question");
    }

    function _same(bytes memory found, bytes memory said) private pure {
        yes(keccak256(found) == keccak256(said), "the very bytes");
    }

    function _asset(uint256 seed) private pure returns (Asset memory) {
        return Asset({
            token: address(uint160(seed)),
            decimals: uint8(seed >> 8),
            safeRank: uint8(seed >> 16),
            frozen: seed % 2 == 0,
            minBps: uint16(seed >> 24),
            maxBps: uint16(seed >> 40),
            depegBps: uint16(seed >> 56),
            dust: uint128(seed >> 72),
            priceLow: uint128(seed >> 80),
            priceHigh: uint128(seed >> 88)
        });
    }

    function testFuzz_rules(uint256 seed, Limits memory limits, uint8 count, uint16 shares) public {
        Asset[] memory assets = new Asset[](count % 17);
        for (uint256 i; i < assets.length; ++i) {
            assets[i] = _asset(uint256(keccak256(abi.encode(seed, i))));
        }
        Rules memory told = Rules(uint32(seed), address(uint160(seed >> 32)), limits, assets, shares);
        bytes memory said = abi.encode(told);
        Rules memory found = Answers.toRules(_answer(said));
        bytes memory later = new bytes(320); // what is allocated next harms nothing
        _same(abi.encode(found), said);
        eq(later.length, 320, "kept");
    }

    function testFuzz_route_and_quote(Route memory way, Quote memory told) public {
        bytes memory said = abi.encode(way);
        _same(abi.encode(Answers.toRoute(_answer(said))), said);
        told.way = way;
        said = abi.encode(told);
        _same(abi.encode(Answers.toQuote(_answer(said))), said);
    }

    function testFuzz_claim(Claim memory told) public {
        bytes memory said = abi.encode(told);
        _same(abi.encode(Answers.toClaim(_answer(said))), said);
    }

    function testFuzz_plan(uint8 into, Step[] memory told) public {
        bytes memory said = abi.encode(into, told);
        (uint8 refuge, Step[] memory steps) = Answers.toPlan(_answer(said));
        _same(abi.encode(refuge, steps), said);
    }

    function test_fails_as_the_one_asked_does() public {
        bytes memory why = abi.encodeWithSelector(IRulebookReads.RouteMalformed.selector, 7);
        teller.say(why, true);
        vm.expectRevert(why);
        this.ask();
    }
}
