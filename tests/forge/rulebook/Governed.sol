// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Asset, IRulebook, Limits, Route, Setup} from "../../../contracts/interfaces/IRulebook.sol";
import {World} from "../vault/World.sol";

/// A world whose rulebook has two guardians and is called by all that it can do.
abstract contract Governed is World {
    uint256 internal constant DELAY = 2 days;
    uint256 internal constant DEATH = 14 days;

    address internal second = actor("second guardian");

    function _setup() internal view virtual override returns (Setup memory setup) {
        setup = super._setup();
        setup.guardians = new address[](2);
        (setup.guardians[0], setup.guardians[1]) = (guardian, second);
    }

    function _book() internal view returns (IRulebook) {
        return IRulebook(address(rulebook));
    }

    function _queue(bytes memory data) internal returns (bytes32) {
        vm.prank(owner);
        return _book().queue(data);
    }

    function _execute(bytes memory data) internal {
        vm.prank(owner);
        _book().execute(data);
    }

    function _enact(bytes memory data) internal {
        _queue(data);
        _pass(DELAY);
        _execute(data);
    }

    /// The change waits its time, and then must revert with exactly `why`.
    function _enactRefused(bytes memory data, bytes memory why) internal {
        _queue(data);
        _pass(DELAY);
        vm.prank(owner);
        vm.expectRevert(why);
        _book().execute(data);
        vm.prank(owner);
        _book().cancel(keccak256(data));
    }

    function _tighten(Limits memory limits) internal {
        vm.prank(guardian);
        _book().tighten(limits);
    }

    function _tightenRefused(Limits memory limits, bytes memory why) internal {
        vm.prank(guardian);
        vm.expectRevert(why);
        _book().tighten(limits);
    }

    function _freeze(address who, uint8 asset) internal {
        vm.prank(who);
        _book().freeze(asset);
    }

    function _switch(address who, uint16 route, bool enabled) internal {
        vm.prank(who);
        _book().setRouteEnabled(route, enabled);
    }

    function _above(bytes32 what, uint256 value, uint256 ceiling) internal pure returns (bytes memory) {
        return abi.encodeWithSignature("AboveCeiling(bytes32,uint256,uint256)", what, value, ceiling);
    }

    function _below(bytes32 what, uint256 value, uint256 floor) internal pure returns (bytes memory) {
        return abi.encodeWithSignature("BelowFloorOf(bytes32,uint256,uint256)", what, value, floor);
    }

    /// All that a parameter is, in one word; `configVersion` itself left out.
    function _parameters() internal view returns (bytes32) {
        return keccak256(
            abi.encode(
                rulebook.owner(),
                rulebook.payout(),
                rulebook.oracle(),
                rulebook.limits(),
                rulebook.assets(),
                rulebook.routes(),
                rulebook.claims(),
                rulebook.keepers(),
                rulebook.guardians()
            )
        );
    }

    function _soon(uint256 time) internal view returns (uint40) {
        return SafeCast.toUint40(_now() + time);
    }
}
