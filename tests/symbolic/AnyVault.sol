// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IKeeperVault, IPayer} from "../../contracts/interfaces/IKeeperVault.sol";
import {Cluster} from "../../contracts/interfaces/IPriceOracle.sol";
import {Asset, Limits, Quote, Role, Route, Rules, Step} from "../../contracts/interfaces/IRulebook.sol";
import {Swap} from "../../contracts/interfaces/IAdapter.sol";
import {Prover} from "./Prover.sol";

/// An oracle that changes its mind between two questions, as it likes: $1 for each token, or $2.
contract FickleOracle is Prover {
    function clusters(address[] calldata tokens, uint256) external pure returns (Cluster[] memory found) {
        uint128 price = svm.createBool("dear") ? 2e18 : 1e18;
        found = new Cluster[](tokens.length);
        for (uint256 i; i < tokens.length; ++i) {
            found[i] = Cluster(price, price, price);
        }
    }
}

/// A token that keeps balances and no more.
contract PlainToken {
    mapping(address => uint256) public balanceOf;

    function set(address holder, uint256 amount) external {
        balanceOf[holder] = amount;
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        balanceOf[msg.sender] -= amount;
        balanceOf[to] += amount;
        return true;
    }
}

/// An adapter of which nothing is known: what it takes, what it brings and what it says are the proof's to choose.
contract WildAdapter {
    uint256 private _takes;
    uint256 private _brings;
    uint256 private _says;

    function will(uint256 takes, uint256 brings, uint256 says) external {
        (_takes, _brings, _says) = (takes, brings, says);
    }

    function swap(Swap calldata wanted) external returns (uint256) {
        if (_takes != 0) IPayer(msg.sender).pay(address(this), _takes);
        PlainToken out = PlainToken(wanted.tokenOut);
        out.set(msg.sender, out.balanceOf(msg.sender) + _brings);
        return _says;
    }
}

/// Stands where the rulebook stands. Who has which role is arbitrary: its storage is. The portfolio is two tokens of one price.
contract OpenRulebook {
    mapping(address => uint256) private _roles; // role in bits 0 and 1, expiry in the 40 after them
    address public owner;
    address public payout;
    uint32 public configVersion;
    uint256 private _leastOut;
    address private immutable _oracle;
    address private immutable _adapter;
    address private immutable _venue;
    address private immutable _zero;
    address private immutable _one;

    constructor(address oracle_, address adapter, address venue, address zero, address one) {
        (_oracle, _adapter, _venue, _zero, _one) = (oracle_, adapter, venue, zero, one);
    }

    function ask(uint256 leastOut) external {
        _leastOut = leastOut;
    }

    /// The vault under construction.
    function vault() external view returns (address) {
        return msg.sender;
    }

    /// It stands for the clerk, too: whatever is on record, it is proof enough.
    function clerk() external view returns (address) {
        return address(this);
    }

    function record(address) external pure returns (uint256, uint256) {
        return (0, 0);
    }

    function proof(address, uint8, uint256, uint256) external pure returns (uint256, uint256, bool) {
        return (1, 0, false);
    }

    function roleOf(address account) external view returns (Role role, uint40 expires) {
        uint256 told = _roles[account];
        return (Role(told & 3), uint40(told >> 2));
    }

    function packed(uint256, uint16[] calldata targetsBps) external pure returns (uint256 word, uint256 shift) {
        word = targetsBps.length == 0 ? 0 : targetsBps[0];
        return (word | (10_000 - word) << 16, 1e14);
    }

    function rules() external view returns (Rules memory found) {
        found.configVersion = configVersion;
        found.oracle = _oracle;
        found.limits =
            Limits(100, 25, 25, 1000, 5, 500, 500, 10, 15, 75, 3000, 20_000, 300, 3600, 3600, 2 days, 100 gwei, true);
        found.assets = new Asset[](2);
        found.assets[0] = Asset(_zero, 18, 1, false, 0, 10_000, 200, 1, 0.5e18, 2.5e18);
        found.assets[1] = Asset(_one, 18, 0, false, 0, 10_000, 200, 1, 0.5e18, 2.5e18);
    }

    function limits() external view returns (Limits memory) {
        return this.rules().limits;
    }

    function assets() external view returns (Asset[] memory) {
        return this.rules().assets;
    }

    function route(uint16) public view returns (Route memory) {
        return Route(1, 0, 0, 60, true, _adapter, _venue, "");
    }

    function parties(uint16) external view returns (address adapter, address venue, address token) {
        return (_adapter, _venue, _one);
    }

    function exitPlan(uint8[] calldata, bool, bool) external view returns (uint8 into, Step[] memory steps) {
        steps = new Step[](1);
        steps[0] = Step(1, false, true, true, 0, _one, 1);
        return (0, steps);
    }

    function exitQuote(uint16, uint256 amount, bool, uint256) external view returns (Quote memory quote) {
        (quote.way, quote.tokenOut, quote.decimalsOut) = (route(0), _zero, 18);
        (quote.amount, quote.least, quote.priceOut) = (amount, _leastOut, 1e18);
    }
}

/// A vault of the shipped bytecode, whose storage is arbitrary, under a rulebook that gives roles arbitrarily.
abstract contract AnyVault is Prover {
    address internal constant VAULT = address(0xBA11A);
    address internal book;
    address internal adapter;
    PlainToken internal zero;
    PlainToken internal one;

    function setUp() public virtual {
        vm.warp(1_700_000_000);
        (zero, one) = (new PlainToken(), new PlainToken());
        adapter = address(new WildAdapter());
        address oracle = address(new FickleOracle());
        book = address(new OpenRulebook(oracle, adapter, address(0xDEA1), address(zero), address(one)));
        uint16[] memory targets = new uint16[](2);
        (targets[0], targets[1]) = (5000, 5000);
        address made = _create(bytes.concat(_code("KeeperVault"), abi.encode(book, targets)));
        vm.etch(VAULT, made.code);
        svm.enableSymbolicStorage(VAULT);
        svm.enableSymbolicStorage(book);
    }

    function vault() internal pure returns (IKeeperVault) {
        return IKeeperVault(VAULT);
    }

    function _roleOf(address account) internal view returns (Role role) {
        (role,) = OpenRulebook(book).roleOf(account);
    }

    /// The words of the vault's own state: all but the two mappings of what a claim and a keeper's flatten have used.
    function _words() internal view returns (uint256[7] memory words) {
        for (uint256 i; i < 7; ++i) {
            words[i] = uint256(vm.load(VAULT, bytes32(i)));
        }
    }
}
