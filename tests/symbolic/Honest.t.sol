// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Cluster, IPriceOracle, IPriceSource, SourceKind, Verdict} from "../../contracts/interfaces/IPriceOracle.sol";
import {Prover} from "./Prover.sol";

/// As MedianOracle.sol has it. Named here, so that these proofs compile no oracle of their own.
struct Listing {
    address token;
    IPriceSource[] sources;
}

/// A source that says whatever the proof has it say.
contract AnySource {
    SourceKind public immutable kind;
    address public immutable token;
    uint128 private _price;
    bool private _fresh;

    constructor(SourceKind kind_, address token_) {
        (kind, token) = (kind_, token_);
    }

    function say(uint128 price, bool fresh) external {
        (_price, _fresh) = (price, fresh);
    }

    function latest() external view returns (uint128 price, uint40 updatedAt, Verdict verdict) {
        return (_price, 1_700_000_000, _fresh ? Verdict.OK : Verdict.STALE);
    }
}

/// Invariant 16, on the oracle's shipped bytecode: a price is made of at least two fresh voices, one of them a push feed, that
/// lie within the spread of each other. An honest majority of at most four voices leaves one liar; so one of the two is honest,
/// and lemmas 16_range_above and 16_range_below say how far off the price can be.
abstract contract HonestTest is Prover {
    address private constant TOKEN = address(0x70C3);
    IPriceOracle private oracle;
    AnySource[] private sources;

    function _kinds() internal pure virtual returns (SourceKind[] memory);

    function setUp() public {
        vm.warp(1_700_000_000);
        SourceKind[] memory kinds = _kinds();
        Listing[] memory listings = new Listing[](1);
        listings[0] = Listing(TOKEN, new IPriceSource[](kinds.length));
        for (uint256 i; i < kinds.length; ++i) {
            sources.push(new AnySource(kinds[i], TOKEN));
            listings[0].sources[i] = IPriceSource(address(sources[i]));
        }
        oracle = IPriceOracle(_create(bytes.concat(_code("MedianOracle"), abi.encode(listings))));
    }

    function _two_voices_make_a_price(uint128[4] calldata prices, bool[4] calldata fresh, uint256 spread) internal {
        for (uint256 i; i < sources.length; ++i) {
            sources[i].say(prices[i], fresh[i]);
        }
        address[] memory tokens = new address[](1);
        tokens[0] = TOKEN;
        Cluster memory price = oracle.clusters(tokens, spread)[0];
        if (price.mid == 0) return;
        uint256 inside;
        uint256 push;
        for (uint256 i; i < sources.length; ++i) {
            uint256 within = _within(price, prices[i], fresh[i]);
            inside += within;
            if (sources[i].kind() == SourceKind.PUSH) push += within;
        }
        assert(inside >= 2 && push >= 1);
        assert(price.low <= price.mid && price.mid <= price.high && price.low != 0);
        assert((uint256(price.high) - price.low) * 10_000 <= spread * price.low);
    }

    /// 1 if a fresh voice lies in the cluster's range. Without a branch: each would double the paths.
    function _within(Cluster memory price, uint128 voice, bool fresh) private pure returns (uint256 within) {
        (uint256 low, uint256 high) = (price.low, price.high);
        assembly ("memory-safe") {
            within := and(fresh, and(iszero(lt(voice, low)), iszero(gt(voice, high))))
        }
    }
}

contract ThreeVoicesTest is HonestTest {
    function _kinds() internal pure override returns (SourceKind[] memory kinds) {
        kinds = new SourceKind[](3);
        kinds[2] = SourceKind.TWAP;
    }

    /// At the default spread; and at the widest there may be.
    function check_16_three_voices(uint128[4] calldata prices, bool[4] calldata fresh) public {
        _two_voices_make_a_price(prices, fresh, 100);
    }

    function check_16_three_voices_at_the_widest(uint128[4] calldata prices, bool[4] calldata fresh) public {
        _two_voices_make_a_price(prices, fresh, 500);
    }
}

contract FourVoicesTest is HonestTest {
    function _kinds() internal pure override returns (SourceKind[] memory kinds) {
        kinds = new SourceKind[](4);
        (kinds[2], kinds[3]) = (SourceKind.TWAP, SourceKind.TWAP);
    }

    function check_16_four_voices(uint128[4] calldata prices, bool[4] calldata fresh) public {
        _two_voices_make_a_price(prices, fresh, 100);
    }
}
