// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IAdapter, Swap} from "../interfaces/IAdapter.sol";
import {IPayer} from "../interfaces/IKeeperVault.sol";
import {OddToken} from "./OddToken.sol";
import {SteeredOracle} from "./SteeredOracle.sol";

/// @notice What the adapter does besides, or instead of, an honest swap.
enum Deed {
    HONEST,
    SAYS_MORE, // delivers less by `much` bps and says it delivered all
    SAYS_LESS, // delivers all and says less by `much` bps
    GIVES_NOTHING, // takes the payment, delivers nothing
    DRAWS_MORE, // asks for one unit more than the amount
    DRAWS_TWICE, // asks for the amount again
    PAYS_ELSEWHERE, // asks the vault to pay `accomplice`
    DRAWS_HALF, // draws half, delivers the price of all
    TAKES_OTHER, // makes a unit of `other` vanish from the vault
    DONATES_OTHER, // sends `much` units of `other` to the vault besides
    CALLS, // calls `accomplice` with `words` before an honest swap, and remembers the answer
    REVERTS,
    BURNS_GAS,
    SCREAMS // reverts with `much` bytes
}

/// @title A venue's counter: holds what it was paid
contract Till {
    /// @notice That this is a till, so that it has code.
    bool public constant OPEN = true;
}

/// @title An adapter that trades at the steered oracle's mid less a skim, and can be told to misbehave: tests only
/// @dev Mints what it sells.
contract PricedAdapter is IAdapter {
    SteeredOracle public immutable oracle;
    uint256 public skimBps;
    /// @dev units of the token bought that it keeps back besides
    uint256 public short;
    /// @dev units of the token sold that it still takes
    uint256 public depth = type(uint256).max;
    /// @dev whether it refuses to fill in part
    bool public wholeOnly;
    /// @dev USD per whole token, 18 decimals; 0 = the oracle's
    mapping(address token => uint256) public fair;
    Deed public deed;
    uint256 public much;
    address public accomplice;
    address public other;
    bytes public words;
    bool public toVenue;
    /// @dev what `probe` says, which nothing else heeds; the largest number: that this venue does not trade these
    uint256 public feePips;
    address[] private _pools;
    bool public callSucceeded;
    bytes public callAnswer;
    Swap public last;

    constructor(SteeredOracle oracle_) {
        oracle = oracle_;
    }

    function setSkim(uint256 bps) external {
        skimBps = bps;
    }

    function setShort(uint256 units) external {
        short = units;
    }

    /// @notice What this venue pays for a token on which the oracle has no price.
    function setFair(address token, uint256 price) external {
        fair[token] = price;
    }

    function setDepth(uint256 units, bool wholeOnly_) external {
        (depth, wholeOnly) = (units, wholeOnly_);
    }

    function setDeed(Deed deed_, uint256 much_) external {
        (deed, much) = (deed_, much_);
    }

    function setOther(address other_) external {
        other = other_;
    }

    function setToVenue(bool toVenue_) external {
        toVenue = toVenue_;
    }

    function setCall(address accomplice_, bytes calldata words_) external {
        (accomplice, words) = (accomplice_, words_);
    }

    function setProbe(uint256 feePips_, address[] calldata pools_) external {
        (feePips, _pools) = (feePips_, pools_);
    }

    /// @notice Calls any contract as this adapter, outside a swap.
    function callAs(address to, bytes calldata data) external {
        (callSucceeded, callAnswer) = to.call(data);
    }

    /// @notice Units of `tokenOut` this adapter gives for `amount` of `tokenIn`, rounded down.
    function quote(address tokenIn, address tokenOut, uint256 amount) public view returns (uint256) {
        uint256 price = fair[tokenIn] == 0 ? oracle.priceOf(tokenIn) : fair[tokenIn];
        uint256 value = amount * price / 10 ** OddToken(tokenIn).decimals();
        return value * 10 ** OddToken(tokenOut).decimals() / oracle.priceOf(tokenOut) * (10_000 - skimBps) / 10_000;
    }

    /// @inheritdoc IAdapter
    function swap(Swap calldata order) public virtual returns (uint256 out) {
        last = order;
        _refuse();
        if (deed == Deed.CALLS) (callSucceeded, callAnswer) = accomplice.call(words);
        if (deed == Deed.TAKES_OTHER) OddToken(other).burn(msg.sender, 1);
        if (deed == Deed.DONATES_OTHER) OddToken(other).mint(msg.sender, much);
        uint256 amount = _filled(order);
        _draw(order, amount);
        out = quote(order.tokenIn, order.tokenOut, amount) - short;
        uint256 given = out;
        if (deed == Deed.GIVES_NOTHING) given = 0;
        if (deed == Deed.SAYS_MORE) given = out - out * much / 10_000;
        OddToken(order.tokenOut).mint(address(this), given);
        // an odd token may answer false and move the coins all the same
        // forge-lint: disable-next-line(erc20-unchecked-transfer)
        if (given != 0) OddToken(order.tokenOut).transfer(msg.sender, given);
        if (deed == Deed.SAYS_LESS) out -= out * much / 10_000;
    }

    /// @inheritdoc IAdapter
    function probe(address, address, address, bytes calldata) external view returns (uint256, address[] memory) {
        if (feePips == type(uint256).max) revert PathMismatch();
        return (feePips, _pools);
    }

    function _refuse() private view {
        if (deed == Deed.REVERTS) revert NotFilled(0, 0);
        if (deed == Deed.BURNS_GAS) {
            assembly ("memory-safe") {
                invalid()
            }
        }
        if (deed == Deed.SCREAMS) {
            uint256 size = much;
            assembly ("memory-safe") {
                revert(0, size)
            }
        }
    }

    function _filled(Swap calldata order) private returns (uint256 amount) {
        amount = order.amountIn;
        if (order.partialFill && wholeOnly) revert PartialFillUnsupported();
        if (amount > depth) {
            if (!order.partialFill) revert NotFilled(depth, amount);
            amount = depth;
        }
        if (depth != type(uint256).max) depth -= amount;
    }

    function _draw(Swap calldata order, uint256 amount) private {
        IPayer payer = IPayer(msg.sender);
        address to = toVenue ? order.venue : address(this);
        if (deed == Deed.PAYS_ELSEWHERE) to = accomplice;
        if (deed == Deed.DRAWS_HALF) return payer.pay(to, amount / 2);
        if (deed == Deed.DRAWS_MORE) return payer.pay(to, amount + 1);
        payer.pay(to, amount);
        if (deed == Deed.DRAWS_TWICE) payer.pay(to, amount);
    }
}
