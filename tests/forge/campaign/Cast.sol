// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Swap} from "../../../contracts/interfaces/IAdapter.sol";
import {IPriceSource, SourceKind, Verdict} from "../../../contracts/interfaces/IPriceOracle.sol";
import {Mischief} from "../../../contracts/mocks/HostileSource.sol";
import {MockShare} from "../../../contracts/mocks/MockShare.sol";
import {OddToken} from "../../../contracts/mocks/OddToken.sol";
import {PricedAdapter} from "../../../contracts/mocks/PricedAdapter.sol";
import {SteeredOracle} from "../../../contracts/mocks/SteeredOracle.sol";

/// Where venues write down what they really moved, so that no figure of the vault's own is needed to judge it.
interface ITape {
    /// A venue is about to move the market in the middle of a swap.
    function onSwapping() external;
    /// `spent` left the vault, `got` arrived: the lesser of what arrived and what the venue said.
    function onSwapped(address tokenIn, address tokenOut, uint256 spent, uint256 got, uint256 slipBps) external;
    /// Somebody's call from inside an action was let through.
    function onThrough() external;
}

/// An odd token that can refuse accounts, and keeps books on two things that must never happen to a vault's coins.
contract Coin is OddToken {
    error Blocked(address account);

    mapping(address account => bool) public blocked;
    mapping(address account => bool) public known;
    /// Allowances that a holder ever gave, or that were ever arranged in its name.
    mapping(address holder => uint256) public grants;
    /// Units that ever went to an account which is neither the vault, its payout nor a registered venue.
    uint256 public strayed;

    constructor(string memory symbol_, uint8 decimals_) OddToken(symbol_, decimals_) {}

    function setBlocked(address account, bool blocked_) external {
        blocked[account] = blocked_;
    }

    function setKnown(address account) external {
        known[account] = true;
    }

    function approve(address spender, uint256 amount) public override returns (bool) {
        ++grants[msg.sender];
        return super.approve(spender, amount);
    }

    function lend(address holder, address spender, uint256 amount) public override {
        ++grants[holder];
        super.lend(holder, spender, amount);
    }

    /// @return given allowances of `holder` @return lost units that strayed @return paid what `receiver` has
    function books(address holder, address receiver) external view returns (uint256 given, uint256 lost, uint256 paid) {
        return (grants[holder], strayed, _balanceOf(receiver));
    }

    function _move(address from, address to, uint256 amount) internal override {
        if (blocked[from]) revert Blocked(from);
        if (blocked[to]) revert Blocked(to);
        if (!known[to]) strayed += amount;
        super._move(from, to, amount);
    }
}

/// A voice that says what the scene told it to, or misbehaves. One word of state: it is asked a million times.
contract Speaker is IPriceSource {
    address public immutable token;
    SourceKind public immutable kind;
    uint128 private _price;
    bool private _stale;
    bool private _broken;
    Mischief private _mischief;

    constructor(address token_, SourceKind kind_, uint128 price_) {
        (token, kind, _price) = (token_, kind_, price_);
    }

    function say(uint128 price, bool stale) external {
        (_price, _stale, _broken) = (price, stale, false);
    }

    function setMischief(bool broken, Mischief mischief) external {
        (_broken, _mischief) = (broken, mischief);
    }

    function latest() external view returns (uint128 price, uint40 updatedAt, Verdict verdict) {
        if (!_broken) return (_price, uint40(block.timestamp), _stale ? Verdict.STALE : Verdict.OK);
        Mischief m = _mischief;
        if (m == Mischief.REVERT) revert();
        uint256 size = m == Mischief.EMPTY ? 0 : m == Mischief.SHORT ? 95 : m == Mischief.HUGE ? 20_000 : 96;
        uint256 said = m == Mischief.HUGE ? type(uint256).max : m == Mischief.PRICE_TOO_WIDE ? 1 << 128 : 1e18;
        if (m == Mischief.OK_WITHOUT_PRICE) said = 0;
        uint256 time = m == Mischief.TIME_TOO_WIDE ? 1 << 40 : block.timestamp;
        uint256 word = m == Mischief.VERDICT_UNKNOWN ? 10 : 0;
        bool burn = m == Mischief.BURN;
        bool fail = m == Mischief.REVERT_WITH_ANSWER;
        assembly {
            if burn { invalid() }
            mstore(0x80, said)
            mstore(0xa0, time)
            mstore(0xc0, word)
            if fail { revert(0x80, size) }
            return(0x80, size)
        }
    }
}

/// A venue that trades at the market's price less a skim, misbehaves when told to, and writes down what it moved.
contract Stall is PricedAdapter {
    ITape private immutable _tape;
    uint256 private immutable _slipBps;
    /// Whether it moves the market in the middle of its next swaps.
    bool public shocks;
    /// Whether it gives what it must and not a unit more.
    bool private _greedy;

    constructor(SteeredOracle market, ITape tape, uint256 slipBps) PricedAdapter(market) {
        (_tape, _slipBps) = (tape, slipBps);
    }

    function setShocks(bool shocks_) external {
        shocks = shocks_;
    }

    function setGreedy(bool greedy) external {
        _greedy = greedy;
    }

    function swap(Swap calldata order) public override returns (uint256 out) {
        if (_greedy) {
            uint256 fair_ = quote(order.tokenIn, order.tokenOut, order.amountIn);
            short = fair_ > order.minOut && !order.partialFill ? fair_ - order.minOut : 0;
        }
        (IERC20 tokenIn, IERC20 tokenOut) = (IERC20(order.tokenIn), IERC20(order.tokenOut));
        uint256 inBefore = tokenIn.balanceOf(msg.sender);
        uint256 outBefore = tokenOut.balanceOf(msg.sender);
        out = super.swap(order);
        uint256 got = tokenOut.balanceOf(msg.sender) - outBefore;
        if (out < got) got = out;
        uint256 spent = inBefore - tokenIn.balanceOf(msg.sender);
        _tape.onSwapped(order.tokenIn, order.tokenOut, spent, got, _slipBps);
        if (shocks) _tape.onSwapping();
    }
}

/// An ERC-4626 share that writes down what it moved for the vault.
contract Share is MockShare {
    ITape private immutable _tape;
    address public customer;
    uint256 private constant SLIP = 60;

    constructor(IERC20 asset_, ITape tape) MockShare(asset_, 0) {
        _tape = tape;
    }

    function setCustomer(address customer_) external {
        customer = customer_;
    }

    function deposit(uint256 assets, address receiver) public override returns (uint256 shares) {
        uint256 held = balanceOf(receiver);
        shares = super.deposit(assets, receiver);
        if (receiver == customer) _tape.onSwapped(asset(), address(this), assets, balanceOf(receiver) - held, SLIP);
    }

    function redeem(uint256 shares, address receiver, address holder) public override returns (uint256 assets) {
        uint256 held = IERC20(asset()).balanceOf(receiver);
        assets = super.redeem(shares, receiver, holder);
        uint256 got = IERC20(asset()).balanceOf(receiver) - held;
        if (receiver == customer) _tape.onSwapped(address(this), asset(), shares, got, SLIP);
    }
}

/// Somebody with a role whose key was stolen: whoever holds it can make it call anything, also from inside an action.
contract Puppet {
    ITape private immutable _tape;

    constructor(ITape tape) {
        _tape = tape;
    }

    receive() external payable {}

    function go(address to, bytes calldata data) external {
        (bool done,) = to.call(data);
        if (done) _tape.onThrough();
    }
}
