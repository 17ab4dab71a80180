// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Cluster, IPriceOracle, Voice} from "../../../contracts/interfaces/IPriceOracle.sol";
import {IRulebook, Setup} from "../../../contracts/interfaces/IRulebook.sol";
import {SteeredOracle} from "../../../contracts/mocks/SteeredOracle.sol";
import {Governed} from "./Governed.sol";

/// Asks another oracle, and needs more than a million of gas for one of the tokens.
contract DearOracle is IPriceOracle {
    SteeredOracle private immutable _other;
    address public dear;

    constructor(SteeredOracle other) {
        _other = other;
    }

    function setDear(address token) external {
        dear = token;
    }

    function clusters(address[] calldata tokens, uint256 spreadBps) external view returns (Cluster[] memory) {
        if (dear != address(0) && tokens[0] == dear) {
            uint256 end = gasleft() > 1_300_000 ? gasleft() - 1_300_000 : 0;
            uint256 spent;
            while (gasleft() > end) ++spent; // starved, it runs out here
        }
        return _other.clusters(tokens, spreadBps);
    }

    function voices(address token, uint256 spreadBps) external view returns (Voice[] memory, Cluster memory) {
        return _other.voices(token, spreadBps);
    }

    function sources(address token) external view returns (address[] memory) {
        return _other.sources(token);
    }
}

/// With too little gas a price cannot be made to look missing.
contract StarvingTest is Governed {
    DearOracle private dearOracle;

    function _prepare() internal override {
        dearOracle = new DearOracle(oracle);
    }

    function _setup() internal view override returns (Setup memory setup) {
        setup = super._setup();
        setup.oracle = address(dearOracle);
    }

    function test_the_old_price_cannot_be_starved_away() public {
        SteeredOracle other = new SteeredOracle();
        for (uint8 i; i < 5; ++i) {
            other.set(address(tokens[i]), oracle.priceOf(address(tokens[i])));
        }
        other.set(address(link), 20e18);
        other.set(address(tokens[DAI]), 1.4e18);
        dearOracle.setDear(address(tokens[DAI])); // the last that is asked about
        bytes memory data = abi.encodeCall(IRulebook.setOracle, (address(other)));
        _queue(data);
        _pass(DELAY);
        for (uint256 gas_ = 1_000_000; gas_ < 3_000_000; gas_ += 10_000) {
            vm.prank(owner);
            (bool done,) = address(rulebook).call{gas: gas_}(abi.encodeCall(IRulebook.execute, (data)));
            no(done, "let through");
        }
        other.set(address(tokens[DAI]), 1e18);
        _execute(data);
    }
}
