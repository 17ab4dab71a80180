// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Mode, State} from "../../contracts/interfaces/IKeeperVault.sol";
import {Cluster, Voice} from "../../contracts/interfaces/IPriceOracle.sol";
import {Asset, IRulebook, Limits, Route, Setup} from "../../contracts/interfaces/IRulebook.sol";
import {Change} from "../../contracts/libraries/LimitCheck.sol";
import {Prover} from "./Prover.sol";
import {BookSlots as Slots} from "./Slots.sol";

/// A vault that is between actions, with no target anywhere.
contract IdleVault {
    function state() external pure returns (State memory seen) {
        seen.mode = Mode.ACTIVE;
        seen.targetsBps = new uint16[](2);
    }
}

/// An oracle without a price, and a token of 6 decimals: what registration asks.
contract SilentParts {
    function clusters(address[] calldata tokens, uint256) external pure returns (Cluster[] memory) {
        return new Cluster[](tokens.length);
    }

    function voices(address, uint256) external pure returns (Voice[] memory heard, Cluster memory made) {}

    function decimals() external pure returns (uint8) {
        return 6;
    }

    function probe(address, address, address, bytes calldata) external pure returns (uint256, address[] memory none) {
        return (0, none);
    }
}

/// A clerk that lets everything in, so that a proof does not lean on what the real one refuses; what it answers is arbitrary,
/// once it is told so. Of limits it refuses one question, if it is given one: a change that always fails then always asks it.
contract OpenClerk is Prover {
    bool private _arbitrary;
    bytes32 private _refused;

    function beArbitrary() external {
        _arbitrary = true;
    }

    function refuse(bytes32 question) external {
        _refused = question;
    }

    function requireLimits(Limits memory was, Limits memory given, Route[] memory, Change change) external view {
        require(keccak256(abi.encode(was, given, change)) != _refused, "refused");
    }

    fallback() external {
        bytes memory said = _arbitrary ? svm.createBytes(64, "clerk") : new bytes(64);
        assembly ("memory-safe") {
            return(add(said, 0x20), 64)
        }
    }
}

/// A rulebook of the shipped bytecode whose storage is arbitrary, but for the lengths of its lists: two assets, two routes and a
/// claim without data, two guardians, two keepers and two pending changes. What one call of it keeps, every sequence keeps.
abstract contract AnyRulebook is Prover {
    address internal constant VAULT = address(0xBA11A);
    address internal constant BOOK = address(0xB00C);
    uint256 internal constant ASSETS = 2;
    uint256 internal constant ROUTES = 2;
    uint256 internal constant CLAIMS = 1;
    uint256 internal constant ACCOUNTS = 2;
    uint256 internal constant PENDING = 2;
    OpenClerk internal clerk;

    function setUp() public virtual {
        vm.warp(1_700_000_000);
        address parts = address(new SilentParts());
        clerk = new OpenClerk();
        Setup memory setup;
        setup.vault = VAULT;
        setup.owner = address(0xA11CE);
        setup.payout = address(0xCA5E);
        setup.oracle = parts;
        setup.limits = _usual();
        setup.guardians = new address[](1);
        setup.guardians[0] = address(0x600D);
        setup.assets = new Asset[](2);
        setup.assets[0] = Asset(parts, 6, 1, false, 0, 10_000, 200, 1, 0.5e18, 1.5e18);
        setup.assets[1] = Asset(address(new SilentParts()), 6, 0, false, 0, 10_000, 200, 1, 0.5e18, 1.5e18);
        setup.routes = new Route[](1);
        setup.routes[0] = Route(1, 0, 0, 60, true, parts, parts, "");
        address made = _create(bytes.concat(_code("Rulebook"), abi.encode(setup, address(clerk))));
        clerk.beArbitrary();
        vm.etch(VAULT, address(new IdleVault()).code);
        vm.etch(BOOK, made.code);
        svm.enableSymbolicStorage(BOOK);
        _put(Slots._assets, ASSETS);
        _put(Slots._routes, ROUTES);
        _put(Slots._claims, CLAIMS);
        _put(Slots._rewardDecimals, CLAIMS);
        _put(Slots._guardians, ACCOUNTS);
        _put(Slots._keepers, ACCOUNTS);
        _put(Slots._ids, PENDING);
        for (uint256 i; i < ROUTES; ++i) {
            _put(_first(Slots._routes) + Slots.ROUTE_WORDS * (i + 1) - 1, 0);
        }
        for (uint256 i; i < CLAIMS; ++i) {
            _put(_first(Slots._claims) + Slots.CLAIM_WORDS * (i + 1) - 1, 0);
        }
    }

    function book() internal pure returns (IRulebook) {
        return IRulebook(BOOK);
    }

    /// The specification's defaults.
    function _usual() internal pure returns (Limits memory) {
        return Limits(100, 25, 25, 1000, 5, 500, 500, 10, 15, 75, 3000, 20_000, 300, 3600, 3600, 2 days, 100 gwei, true);
    }

    // ------------------------------------------------------------------------------------------------ storage

    function _first(uint256 list) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode(list)));
    }

    function _at(uint256 slot) internal view returns (uint256) {
        return uint256(vm.load(BOOK, bytes32(slot)));
    }

    function _put(uint256 slot, uint256 word) internal {
        vm.store(BOOK, bytes32(slot), bytes32(word));
    }

    /// Role in bits 0 to 7, expiry in the 40 after them.
    function _grantOf(address account) internal view returns (uint256) {
        return _at(uint256(keccak256(abi.encode(account, Slots._grants))));
    }

    function _version() internal view returns (uint256) {
        return uint32(_at(Slots._oracle) >> Slots.VERSION_BIT);
    }

    /// Every word of a list, whatever it holds.
    function _words(uint256 list, uint256 count) internal view returns (uint256[] memory words) {
        words = new uint256[](count);
        for (uint256 i; i < count; ++i) {
            words[i] = _at(_first(list) + i);
        }
    }
}
