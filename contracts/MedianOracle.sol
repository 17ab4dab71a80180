// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {
    Cluster,
    IDerivedSource,
    IPriceOracle,
    IPriceSource,
    SourceKind,
    Verdict,
    Voice
} from "./interfaces/IPriceOracle.sol";
import {ClusterMath} from "./libraries/ClusterMath.sol";
import {DerivedPrice} from "./libraries/DerivedPrice.sol";
import {SourceReader} from "./libraries/SourceReader.sol";

/// @notice A token and the voices on its price, push feeds first; or a share and its one DERIVED source, after the token it
/// is a share of.
struct Listing {
    address token;
    IPriceSource[] sources;
}

/// @title Multi-source prices, fixed at construction
/// @dev To add or drop a source, deploy another oracle and queue it in the rulebook.
/// Trust, safety: of the voices read, the honest ones outnumber those that agree on another price; with two voices it
/// trusts both. Liveness: two fresh voices agree, one of them a push feed. A share has no voices of its own: its price is
/// its underlying's, read in the same call, times one rate, which is trusted up to that source's own cap.
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
    error UnderlyingNotListed(address token, address underlying);
    error UnderlyingDerived(address token, address underlying);

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
    /// @dev What the rate of a share counts in; nothing for a token with voices of its own.
    mapping(address share => address) private _underlying;

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
        if (listed.length == 1 && listed[0].kind() == SourceKind.DERIVED) {
            _listShare(token, IDerivedSource(address(listed[0])));
            return;
        }
        if (listed.length < 2 || listed.length > MAX_SOURCES) revert WrongSourceCount(token, listed.length);
        for (uint256 i; i < listed.length; ++i) {
            IPriceSource source = listed[i];
            _checkToken(token, source);
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

    function _listShare(address share, IDerivedSource source) private {
        _checkToken(share, source);
        address underlying = source.underlying();
        Seat memory first = _seats[underlying][0];
        if (first.source == address(0)) revert UnderlyingNotListed(share, underlying);
        if (first.kind == SourceKind.DERIVED) revert UnderlyingDerived(share, underlying);
        _seats[share][0] = Seat({source: address(source), kind: SourceKind.DERIVED});
        _underlying[share] = underlying;
    }

    function _checkToken(address token, IPriceSource source) private view {
        address priced = source.token();
        if (priced != token) revert WrongToken(address(source), priced, token);
    }

    // -------------------------------------------------------------------------------------------------- reads

    /// @inheritdoc IPriceOracle
    /// @dev Shares come last, whatever their place: an underlying that is asked for beside its share is read once.
    function clusters(address[] calldata tokens, uint256 spreadBps) external view returns (Cluster[] memory found) {
        found = new Cluster[](tokens.length);
        uint256 shares;
        for (uint256 i; i < tokens.length; ++i) {
            Seat memory first = _seats[tokens[i]][0];
            if (first.kind == SourceKind.DERIVED) ++shares;
            else found[i] = _cluster(tokens[i], first, spreadBps);
        }
        for (uint256 i; shares > 0; ++i) {
            Seat memory first = _seats[tokens[i]][0];
            if (first.kind != SourceKind.DERIVED) continue;
            Cluster memory base = _baseOf(_underlying[tokens[i]], tokens, found, spreadBps);
            found[i] = DerivedPrice.cluster(base, _rate(first.source));
            --shares;
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
        Seat memory first = _seats[token][0];
        bool derived = first.kind == SourceKind.DERIVED;
        Seat[MAX_SOURCES] storage seats = _seats[derived ? _underlying[token] : token];
        heard = new Voice[](_count(seats));
        for (uint256 i; i < heard.length; ++i) {
            heard[i] = _hear(seats[i]);
        }
        made = ClusterMath.form(heard, spreadBps);
        if (!derived) return (heard, made);
        uint256 rate = _rate(first.source);
        made = DerivedPrice.cluster(made, rate);
        DerivedPrice.voices(heard, rate, made);
    }

    /// @inheritdoc IPriceOracle
    function sources(address token) external view returns (address[] memory seated) {
        Seat[MAX_SOURCES] storage seats = _seats[token];
        seated = new address[](_count(seats));
        for (uint256 i; i < seated.length; ++i) {
            seated[i] = seats[i].source;
        }
    }

    /// @return The underlying's price: what this call has already found for it, else read now.
    function _baseOf(address underlying, address[] calldata tokens, Cluster[] memory found, uint256 spreadBps)
        private
        view
        returns (Cluster memory)
    {
        for (uint256 i; i < tokens.length; ++i) {
            if (tokens[i] == underlying) return found[i];
        }
        return _cluster(underlying, _seats[underlying][0], spreadBps);
    }

    /// @return Whole underlying per whole share, 18 decimals; 0 for a source that fails or refuses.
    function _rate(address source) private view returns (uint256) {
        (uint256 rate,, Verdict verdict) = SourceReader.read(source, SOURCE_GAS);
        return verdict == Verdict.OK ? rate : 0;
    }

    /// @param one the token's first seat, read already
    function _cluster(address token, Seat memory one, uint256 spreadBps) private view returns (Cluster memory) {
        if (one.source == address(0)) return Cluster(0, 0, 0);
        Seat[MAX_SOURCES] storage seats = _seats[token];
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
