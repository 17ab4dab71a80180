// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {IERC4626} from "@openzeppelin/contracts/interfaces/IERC4626.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IDerivedSource, IPriceSource, SourceKind, Verdict} from "../interfaces/IPriceOracle.sol";

/// @title An ERC-4626 share's rate: what a whole share is worth in its asset, never above what time allows
/// @dev The cap is a pure function of the time since this source was deployed: rateAtListing * (1 + growth * elapsed / year),
/// so a donation, or a share that lies, lifts a price no further. Above the cap a deposit fails the vault's floor; the cure
/// is a new source. A fall of the rate is believed at once.
/// Reverts when the share reverts; the reader makes that Verdict.ERROR.
/// @dev Warning: the rate at deployment is believed as it stands: look at it before listing. A fee on exit is not in
/// `convertToAssets`; the route's slip must cover it. Growth that has not been used up is room for a lie: 20 % a year against
/// a true 5 % leaves 15 % after a year.
contract Erc4626Source is IDerivedSource {
    error NoCode(address account);
    error GrowthOutOfRange(uint256 bpsPerYear, uint256 ceiling);
    error DecimalsOutOfRange(uint256 decimals, uint256 ceiling);
    error RateOutOfRange(uint256 units, uint256 least, uint256 most);

    // ---------------------------------------------------------------------------------------------- constants

    /// @notice bps a year: what any deployer may let a share that lies add to its price within a year.
    uint256 public constant GROWTH_CEILING_BPS = 5_000;
    /// @notice The vault's own ceiling on a token's decimals.
    uint256 public constant DECIMALS_CEILING = 24;
    /// @notice Raw units of the asset that a whole share must be worth at least: one unit more or less is then 0.1 bps.
    uint256 public constant RATE_FLOOR_UNITS = 100_000;
    uint256 private constant BPS = 10_000;
    uint256 private constant YEAR = 365 days;
    uint256 private constant ONE = 1e18;

    // --------------------------------------------------------------------------------------------- immutables

    /// @inheritdoc IPriceSource
    /// @dev The share.
    address public immutable token;
    /// @inheritdoc IDerivedSource
    address public immutable underlying;
    /// @notice bps of `rateAtListing` by which the cap rises in 365 days.
    uint32 public immutable maxGrowthBpsPerYear;
    /// @notice Whole underlying per whole share when this was deployed, 18 decimals, rounded down.
    uint128 public immutable rateAtListing;
    /// @notice When this was deployed, unix seconds.
    uint40 public immutable listedAt;
    uint256 private immutable _shareUnit;
    uint256 private immutable _assetUnit;

    // -------------------------------------------------------------------------------------------- constructor

    /// @param share the ERC-4626 vault
    /// @param maxGrowthBpsPerYear_ above 0, at most GROWTH_CEILING_BPS
    constructor(IERC4626 share, uint32 maxGrowthBpsPerYear_) {
        if (address(share).code.length == 0) revert NoCode(address(share));
        if (maxGrowthBpsPerYear_ == 0 || maxGrowthBpsPerYear_ > GROWTH_CEILING_BPS) {
            revert GrowthOutOfRange(maxGrowthBpsPerYear_, GROWTH_CEILING_BPS);
        }
        address asset = share.asset();
        if (asset.code.length == 0) revert NoCode(asset);
        (uint256 shareUnit, uint256 assetUnit) = (_unit(address(share)), _unit(asset));
        uint256 units = share.convertToAssets(shareUnit);
        // the most that 18 decimals hold in 128 bits, for an asset of 0 decimals or more
        uint256 most = type(uint128).max / ONE * assetUnit;
        if (units < RATE_FLOOR_UNITS || units > most) revert RateOutOfRange(units, RATE_FLOOR_UNITS, most);
        (token, underlying, maxGrowthBpsPerYear) = (address(share), asset, maxGrowthBpsPerYear_);
        (_shareUnit, _assetUnit) = (shareUnit, assetUnit);
        // casting is safe: at most `most`, which 18 decimals hold in 128 bits
        // forge-lint: disable-next-line(unsafe-typecast)
        rateAtListing = uint128(Math.mulDiv(units, ONE, assetUnit));
        listedAt = uint40(block.timestamp);
    }

    function _unit(address of_) private view returns (uint256) {
        uint256 decimals = IERC20Metadata(of_).decimals();
        if (decimals > DECIMALS_CEILING) revert DecimalsOutOfRange(decimals, DECIMALS_CEILING);
        return 10 ** decimals;
    }

    // -------------------------------------------------------------------------------------------------- reads

    /// @inheritdoc IPriceSource
    function kind() external pure returns (SourceKind) {
        return SourceKind.DERIVED;
    }

    /// @notice The highest rate believed now, 18 decimals, rounded down.
    function cap() public view returns (uint256) {
        uint256 growth = uint256(rateAtListing) * maxGrowthBpsPerYear * (block.timestamp - listedAt) / (BPS * YEAR);
        return rateAtListing + growth;
    }

    /// @inheritdoc IDerivedSource
    /// @dev `updatedAt` is now: a rate has no age of its own.
    function latest() external view returns (uint128 rate, uint40 updatedAt, Verdict verdict) {
        uint256 found = Math.mulDiv(IERC4626(token).convertToAssets(_shareUnit), ONE, _assetUnit);
        found = Math.min(found, cap());
        updatedAt = uint40(block.timestamp);
        if (found == 0 || found > type(uint128).max) return (0, updatedAt, Verdict.NOT_POSITIVE);
        // casting is safe: compared in the line above
        // forge-lint: disable-next-line(unsafe-typecast)
        return (uint128(found), updatedAt, Verdict.OK);
    }
}
