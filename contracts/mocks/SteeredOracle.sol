// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Cluster, IPriceOracle, SourceKind, Verdict, Voice} from "../interfaces/IPriceOracle.sol";

/// @title An oracle that says what a test told it: tests only
contract SteeredOracle is IPriceOracle {
    error Mute(address token);

    mapping(address token => Cluster) private _clusters;
    mapping(address token => Voice[]) private _voices;
    mapping(address token => bool) public mute;
    bool public burnsGas;

    /// @notice One price, no spread. USD per whole token, 18 decimals; 0 = none.
    function set(address token, uint128 price) external {
        _clusters[token] = Cluster({mid: price, low: price, high: price});
    }

    function setCluster(address token, Cluster calldata cluster) external {
        _clusters[token] = cluster;
    }

    /// @notice No cluster, but these voices: `kinds` and `verdicts` beside their prices.
    function setVoices(
        address token,
        uint128[] calldata prices,
        SourceKind[] calldata kinds,
        Verdict[] calldata verdicts
    ) external {
        delete _clusters[token];
        delete _voices[token];
        for (uint256 i; i < prices.length; ++i) {
            _voices[token].push(Voice(address(this), kinds[i], verdicts[i], false, prices[i], 0));
        }
    }

    /// @notice A call that asks for `token` reverts.
    function setMute(address token, bool mute_) external {
        mute[token] = mute_;
    }

    function setBurnsGas(bool burns) external {
        burnsGas = burns;
    }

    function priceOf(address token) external view returns (uint128) {
        return _clusters[token].mid;
    }

    /// @inheritdoc IPriceOracle
    function clusters(address[] calldata tokens, uint256) external view returns (Cluster[] memory found) {
        if (burnsGas) {
            assembly ("memory-safe") {
                invalid()
            }
        }
        found = new Cluster[](tokens.length);
        for (uint256 i; i < tokens.length; ++i) {
            if (mute[tokens[i]]) revert Mute(tokens[i]);
            found[i] = _clusters[tokens[i]];
        }
    }

    /// @inheritdoc IPriceOracle
    function voices(address token, uint256) external view returns (Voice[] memory, Cluster memory) {
        return (_voices[token], _clusters[token]);
    }

    /// @inheritdoc IPriceOracle
    function sources(address) external view virtual returns (address[] memory) {
        return new address[](0);
    }
}
