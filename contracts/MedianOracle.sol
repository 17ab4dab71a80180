// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Cluster, IPriceOracle, IPriceSource, SourceKind, Verdict, Voice} from "./interfaces/IPriceOracle.sol";
import {ClusterMath} from "./libraries/ClusterMath.sol";
import {SourceReader} from "./libraries/SourceReader.sol";

/// @notice A token and the voices on its price, push feeds first.
struct Listing {
    address token;
    IPriceSource[] sources;
}

/// @title Multi-source prices, fixed at construction
/// @dev To add or drop a source, deploy another oracle and queue it in the rulebook.
/// Trust, safety: of the voices read, the honest ones outnumber those that agree on another price; with two voices it
/// trusts both. Liveness: two fresh voices agree, one of them a push feed.
/// @dev Warning: it is *not* checked that two sources stand on different feeds; whoever deploys must see to that.
contract MedianOracle is IPriceOracle {
    /// @dev The kind is asked once, here, and never again.
    struct Seat {
        address source;
        SourceKind kind;
    }

    error NoListings();
    error TokenListedTwice(address token);
    error WrongSourceCount(address token, uint256 count);
    error WrongToken(address source, address priced, address listed);
    error SourceListedTwice(address source);
    error KindRefused(address source, SourceKind kind);
    error PushFeedsFirst(address token, address source);
    error NoPushFeed(address token);

    // ---------------------------------------------------------------------------------------------- constants

    /// @notice Voices on one token, at most: with four, one liar is outvoted and one more may be stale.
    uint256 public constant MAX_SOURCES = 4;
    /// @notice Gas one source may use. A TWAP whose pool has the largest ring of observations anyone can buy needs 97k to
    /// observe and, one of its two quote feeds burning its share, some 200k in all; four burners cost a caller 880k.
    uint256 public constant SOURCE_GAS = 220_000;
    /// @dev The first two push feeds suffice when they agree within spread / 2, half of what a cluster may span; the
    /// voices after them are usually TWAPs, late by construction. Saves a tenth of a trade's gas.
    uint256 private constant EARLY_DIVISOR = 2;

    // ------------------------------------------------------------------------------------------------ storage

    /// @dev A seat is one word; the first empty one ends the list.
    mapping(address token => Seat[MAX_SOURCES]) private _seats;

    // -------------------------------------------------------------------------------------------- constructor

    constructor(Listing[] memory listings) {
        if (listings.length == 0) revert NoListings();
        for (uint256 i; i < listings.length; ++i) {
            _list(listings[i].token, listings[i].sources);
        }
    }

    function _list(address token, IPriceSource[] memory listed) private {
        Seat[MAX_SOURCES] storage seats = _seats[token];
        if (seats[0].source != address(0)) revert TokenListedTwice(token);
        if (listed.length < 2 || listed.length > MAX_SOURCES) revert WrongSourceCount(token, listed.length);
        for (uint256 i; i < listed.length; ++i) {
            IPriceSource source = listed[i];
            address priced = source.token();
            if (priced != token) revert WrongToken(address(source), priced, token);
            SourceKind kind = source.kind();
            if (kind == SourceKind.DERIVED) revert KindRefused(address(source), kind);
            for (uint256 j; j < i; ++j) {
                if (listed[j] == source) revert SourceListedTwice(address(source));
            }
            if (i > 0 && kind == SourceKind.PUSH && seats[i - 1].kind != SourceKind.PUSH) {
                revert PushFeedsFirst(token, address(source));
            }
            seats[i] = Seat({source: address(source), kind: kind});
        }
        if (seats[0].kind != SourceKind.PUSH) revert NoPushFeed(token);
    }

    // -------------------------------------------------------------------------------------------------- reads

    /// @inheritdoc IPriceOracle
    function clusters(address[] calldata tokens, uint256 spreadBps) external view returns (Cluster[] memory found) {
        found = new Cluster[](tokens.length);
        for (uint256 i; i < tokens.length; ++i) {
            found[i] = _cluster(tokens[i], spreadBps);
        }
    }

    /// @inheritdoc IPriceOracle
    /// @dev `clusters` may stop after two agreeing push feeds; this reads on, so its median can differ: by at most 1.25
    /// spreads, when two late voices outvote one of the two feeds.
    function voices(address token, uint256 spreadBps)
        external
        view
        returns (Voice[] memory heard, Cluster memory made)
    {
        Seat[MAX_SOURCES] storage seats = _seats[token];
        heard = new Voice[](_count(seats));
        for (uint256 i; i < heard.length; ++i) {
            heard[i] = _hear(seats[i]);
        }
        made = ClusterMath.form(heard, spreadBps);
    }

    /// @inheritdoc IPriceOracle
    function sources(address token) external view returns (address[] memory seated) {
        Seat[MAX_SOURCES] storage seats = _seats[token];
        seated = new address[](_count(seats));
        for (uint256 i; i < seated.length; ++i) {
            seated[i] = seats[i].source;
        }
    }

    function _cluster(address token, uint256 spreadBps) private view returns (Cluster memory) {
        Seat[MAX_SOURCES] storage seats = _seats[token];
        Seat memory one = seats[0];
        if (one.source == address(0)) return Cluster(0, 0, 0);
        Voice memory first = _hear(one);
        Voice memory second = _hear(seats[1]);
        if (_agree(first, second, spreadBps)) return ClusterMath.pair(first.price, second.price);
        Voice[] memory heard = new Voice[](_count(seats));
        heard[0] = first;
        heard[1] = second;
        for (uint256 i = 2; i < heard.length; ++i) {
            heard[i] = _hear(seats[i]);
        }
        return ClusterMath.form(heard, spreadBps);
    }

    function _agree(Voice memory a, Voice memory b, uint256 spreadBps) private pure returns (bool) {
        if (a.verdict != Verdict.OK || b.verdict != Verdict.OK || b.kind != SourceKind.PUSH) return false;
        (uint256 low, uint256 high) = a.price <= b.price ? (a.price, b.price) : (b.price, a.price);
        return ClusterMath.within(low, high, spreadBps, EARLY_DIVISOR);
    }

    function _hear(Seat memory seat) private view returns (Voice memory voice) {
        voice.source = seat.source;
        voice.kind = seat.kind;
        (voice.price, voice.updatedAt, voice.verdict) = SourceReader.read(seat.source, SOURCE_GAS);
    }

    function _count(Seat[MAX_SOURCES] storage seats) private view returns (uint256 count) {
        while (count < MAX_SOURCES && seats[count].source != address(0)) ++count;
    }
}
