// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {
    Cluster,
    Feed,
    IDerivedSource,
    IFeedSource,
    IPriceOracle,
    IPriceSource,
    SourceKind,
    Verdict,
    Voice
} from "./interfaces/IPriceOracle.sol";
import {ClusterMath} from "./libraries/ClusterMath.sol";
import {CodeBlob} from "./libraries/CodeBlob.sol";
import {DerivedPrice} from "./libraries/DerivedPrice.sol";
import {PushFeed} from "./libraries/PushFeed.sol";
import {Seats} from "./libraries/Seats.sol";
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
/// @dev A source that stands on one AggregatorV3 and nothing else is asked for it once, at construction; then the feed is read
/// directly, judged by the same code as the source's own (`PushFeed`).
/// @dev Warning: two sources on one feed are refused where both tell their feed; it is *not* checked that two feeds are not one
/// behind two proxies.
contract MedianOracle is IPriceOracle {
    using Seats for uint256[];

    error NoListings();
    error TokenListedTwice(address token);
    error WrongSourceCount(address token, uint256 count);
    error WrongToken(address source, address priced, address listed);
    error SourceListedTwice(address source);
    error FeedListedTwice(address feed);
    error KindRefused(address source, SourceKind kind);
    error PushFeedsFirst(address token, address source);
    error NoPushFeed(address token);
    error UnderlyingNotListed(address token, address underlying);
    error UnderlyingDerived(address token, address underlying);

    // ---------------------------------------------------------------------------------------------- constants

    /// @notice Voices on one token, at most: with four, one liar is outvoted and one more may be stale.
    uint256 public constant MAX_SOURCES = Seats.MOST;
    /// @notice Gas one source may use. A TWAP whose pool has the largest ring of observations anyone can buy needs 97k to
    /// observe and, one of its two quote feeds burning its share, some 200k in all; four burners cost a caller 880k.
    uint256 public constant SOURCE_GAS = 220_000;
    /// @dev The first two push feeds suffice when they agree within spread / 2, half of what a cluster may span; the
    /// voices after them are usually TWAPs, late by construction. Saves a tenth of a trade's gas.
    uint256 private constant EARLY_DIVISOR = 2;

    /// @dev What `readAlone` answers: a feed's four fields, and whether it is all.
    uint256 private constant ALONE_SIZE = 160;

    // --------------------------------------------------------------------------------------------- immutables

    /// @dev The contract that holds the seats (see `Seats`): all of them for the price of two words of storage.
    address private immutable _table;

    // ------------------------------------------------------------------------------------------------ storage

    /// @dev Who sits there, also where the feed is read directly. For `sources` and `voices`; a price does without.
    mapping(address token => address[]) private _sources;

    // -------------------------------------------------------------------------------------------- constructor

    constructor(Listing[] memory listings) {
        if (listings.length == 0) revert NoListings();
        uint256[] memory seats = Seats.table(listings.length);
        for (uint256 i; i < listings.length; ++i) {
            address token = listings[i].token;
            if (seats.find(token) != 0) revert TokenListedTwice(token);
            IPriceSource[] memory listed = listings[i].sources;
            if (listed.length == 1 && listed[0].kind() == SourceKind.DERIVED) {
                _listShare(seats, i, token, IDerivedSource(address(listed[0])));
            } else {
                _list(seats, i, token, listed);
            }
        }
        _table = CodeBlob.write(abi.encodePacked(seats));
    }

    function _list(uint256[] memory seats, uint256 row, address token, IPriceSource[] memory listed) private {
        if (listed.length < 2 || listed.length > MAX_SOURCES) revert WrongSourceCount(token, listed.length);
        uint256 first = seats.enter(row, token);
        address[] memory feeds = new address[](listed.length);
        SourceKind before = SourceKind.PUSH;
        for (uint256 i; i < listed.length; ++i) {
            IPriceSource source = listed[i];
            _checkToken(token, source);
            SourceKind kind = source.kind();
            if (kind == SourceKind.DERIVED) revert KindRefused(address(source), kind);
            if (kind == SourceKind.PUSH && before != SourceKind.PUSH) revert PushFeedsFirst(token, address(source));
            (seats[first + i], feeds[i]) = _seat(source, kind);
            for (uint256 j; j < i; ++j) {
                if (listed[j] == source) revert SourceListedTwice(address(source));
                if (feeds[i] != address(0) && feeds[j] == feeds[i]) revert FeedListedTwice(feeds[i]);
            }
            _sources[token].push(address(source));
            before = kind;
        }
        if (Seats.kindOf(seats[first]) != SourceKind.PUSH) revert NoPushFeed(token);
    }

    /// @return seat the source's, or that of the feed that it stands on alone
    /// @return on its feed, if it tells
    function _seat(IPriceSource source, SourceKind kind) private view returns (uint256 seat, address on) {
        seat = Seats.ofSource(address(source), kind);
        (bool told, bytes memory answer) = address(source).staticcall(abi.encodeCall(IFeedSource.readAlone, ()));
        if (kind != SourceKind.PUSH || !told || answer.length != ALONE_SIZE) return (seat, address(0));
        (Feed memory feed, bool alone) = abi.decode(answer, (Feed, bool));
        return (alone ? Seats.ofFeed(feed) : seat, feed.at);
    }

    function _listShare(uint256[] memory seats, uint256 row, address share, IDerivedSource source) private {
        _checkToken(share, source);
        address underlying = source.underlying();
        uint256 base = seats.find(underlying);
        if (base == 0) revert UnderlyingNotListed(share, underlying);
        if (Seats.kindOf(seats[base]) == SourceKind.DERIVED) revert UnderlyingDerived(share, underlying);
        uint256 first = seats.enter(row, share);
        seats[first] = Seats.ofSource(address(source), SourceKind.DERIVED);
        seats[first + 1] = uint160(underlying);
        _sources[share].push(address(source));
    }

    function _checkToken(address token, IPriceSource source) private view {
        address priced = source.token();
        if (priced != token) revert WrongToken(address(source), priced, token);
    }

    // -------------------------------------------------------------------------------------------------- reads

    /// @inheritdoc IPriceOracle
    /// @dev Shares come last, whatever their place: an underlying that is asked for beside its share is read once.
    function clusters(address[] calldata tokens, uint256 spreadBps) external view returns (Cluster[] memory found) {
        uint256[] memory seats = CodeBlob.words(_table);
        found = new Cluster[](tokens.length);
        uint256 shares;
        for (uint256 i; i < tokens.length; ++i) {
            uint256 first = seats.find(tokens[i]);
            if (first == 0) continue;
            if (Seats.kindOf(seats[first]) == SourceKind.DERIVED) ++shares;
            else found[i] = _cluster(seats, first, spreadBps);
        }
        for (uint256 i; shares > 0; ++i) {
            uint256 first = seats.find(tokens[i]);
            if (first == 0 || Seats.kindOf(seats[first]) != SourceKind.DERIVED) continue;
            Cluster memory base = _baseOf(seats, Seats.at(seats[first + 1]), tokens, found, spreadBps);
            found[i] = DerivedPrice.cluster(base, _rate(seats[first]));
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
        uint256[] memory seats = CodeBlob.words(_table);
        uint256 first = seats.find(token);
        if (first == 0) return (heard, made);
        bool derived = Seats.kindOf(seats[first]) == SourceKind.DERIVED;
        address base = derived ? Seats.at(seats[first + 1]) : token;
        heard = _hearAll(seats, seats.find(base));
        address[] storage seated = _sources[base];
        for (uint256 i; i < heard.length; ++i) {
            heard[i].source = seated[i];
        }
        made = ClusterMath.form(heard, spreadBps);
        if (!derived) return (heard, made);
        uint256 rate = _rate(seats[first]);
        made = DerivedPrice.cluster(made, rate);
        DerivedPrice.voices(heard, rate, made);
    }

    /// @inheritdoc IPriceOracle
    function sources(address token) external view returns (address[] memory) {
        return _sources[token];
    }

    /// @return The underlying's price: what this call has already found for it, else read now.
    function _baseOf(
        uint256[] memory seats,
        address underlying,
        address[] calldata tokens,
        Cluster[] memory found,
        uint256 spreadBps
    ) private view returns (Cluster memory) {
        for (uint256 i; i < tokens.length; ++i) {
            if (tokens[i] == underlying) return found[i];
        }
        return _cluster(seats, seats.find(underlying), spreadBps);
    }

    /// @return Whole underlying per whole share, 18 decimals; 0 for a source that fails or refuses.
    function _rate(uint256 seat) private view returns (uint256) {
        (uint256 rate,, Verdict verdict) = SourceReader.read(Seats.at(seat), SOURCE_GAS);
        return verdict == Verdict.OK ? rate : 0;
    }

    // ------------------------------------------------------------------------------------------------- voices

    function _cluster(uint256[] memory seats, uint256 first, uint256 spreadBps) private view returns (Cluster memory) {
        uint256 seat = seats[first + 1];
        (uint128 one, uint40 oneAt, Verdict oneIs) = _read(seats[first]);
        (uint128 two, uint40 twoAt, Verdict twoIs) = _read(seat);
        if (oneIs == Verdict.OK && twoIs == Verdict.OK && Seats.kindOf(seat) == SourceKind.PUSH) {
            Cluster memory both = ClusterMath.pair(one, two);
            if (ClusterMath.within(both.low, both.high, spreadBps, EARLY_DIVISOR)) return both;
        }
        Voice[] memory heard = new Voice[](seats.count(first));
        (heard[0].price, heard[0].updatedAt, heard[0].verdict) = (one, oneAt, oneIs);
        (heard[1].price, heard[1].updatedAt, heard[1].verdict) = (two, twoAt, twoIs);
        heard[1].kind = Seats.kindOf(seat); // the first is a push feed, always
        for (uint256 i = 2; i < heard.length; ++i) {
            heard[i] = _hear(seats[first + i]);
        }
        return ClusterMath.form(heard, spreadBps);
    }

    function _hearAll(uint256[] memory seats, uint256 first) private view returns (Voice[] memory heard) {
        heard = new Voice[](seats.count(first));
        for (uint256 i; i < heard.length; ++i) {
            heard[i] = _hear(seats[first + i]);
        }
    }

    /// @dev Who it is goes unsaid: a price needs no names.
    function _hear(uint256 seat) private view returns (Voice memory voice) {
        voice.kind = Seats.kindOf(seat);
        (voice.price, voice.updatedAt, voice.verdict) = _read(seat);
    }

    function _read(uint256 seat) private view returns (uint128 price, uint40 updatedAt, Verdict verdict) {
        if (!Seats.isFeed(seat)) return SourceReader.read(Seats.at(seat), SOURCE_GAS);
        SourceReader.requireGas(SOURCE_GAS);
        return PushFeed.read(Seats.feedOf(seat), SOURCE_GAS);
    }
}
