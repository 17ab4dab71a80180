// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @notice What a transfer answers.
enum Answer {
    TRUE,
    FALSE, // moves the coins all the same
    NOTHING, // moves the coins, answers with no data
    LIES // answers true, moves nothing
}

/// @notice What balanceOf does.
enum Balance {
    TELLS,
    REVERTS,
    BURNS_GAS,
    ANSWERS_NOTHING,
    SLOWLY // at a cost of 150,000 gas
}

/// @title A token that can turn odd: tests only
/// @dev Anyone may mint and turn every switch.
contract OddToken {
    error Paused();

    event Transfer(address indexed from, address indexed to, uint256 amount);

    string public symbol;
    uint8 public decimals;
    Answer public answer;
    Balance public telling;
    bool public paused;
    /// @dev bps of each transfer that the receiver does not get
    uint256 public fee;
    /// @dev units taken from the sender beyond the amount of each transfer
    uint256 public surcharge;
    /// @dev called with `calldata_` during each transfer, where set
    address public callee;
    bytes public calldata_;
    bool public calleeSucceeded;
    bytes public calleeAnswer;

    mapping(address holder => uint256) private _balances;
    mapping(address holder => mapping(address spender => uint256)) public allowance;
    uint256 public totalSupply;

    constructor(string memory symbol_, uint8 decimals_) {
        (symbol, decimals) = (symbol_, decimals_);
    }

    function setAnswer(Answer answer_) external {
        answer = answer_;
    }

    function setTelling(Balance telling_) external {
        telling = telling_;
    }

    function setPaused(bool paused_) external {
        paused = paused_;
    }

    function setFee(uint256 bps) external {
        fee = bps;
    }

    function setSurcharge(uint256 units) external {
        surcharge = units;
    }

    function setCallback(address callee_, bytes calldata data) external {
        (callee, calldata_) = (callee_, data);
    }

    function mint(address to, uint256 amount) external {
        _balances[to] += amount;
        totalSupply += amount;
        emit Transfer(address(0), to, amount);
    }

    function burn(address from, uint256 amount) external {
        _balances[from] -= amount;
        totalSupply -= amount;
        emit Transfer(from, address(0), amount);
    }

    function balanceOf(address holder) external view returns (uint256) {
        if (telling == Balance.REVERTS) revert Paused();
        if (telling == Balance.BURNS_GAS) {
            assembly ("memory-safe") {
                invalid()
            }
        }
        if (telling == Balance.ANSWERS_NOTHING) {
            assembly ("memory-safe") {
                return(0, 0)
            }
        }
        if (telling == Balance.SLOWLY) {
            uint256 before = gasleft();
            while (before - gasleft() < 150_000) {}
        }
        return _balanceOf(holder);
    }

    function _balanceOf(address holder) internal view returns (uint256) {
        return _balances[holder];
    }

    function approve(address spender, uint256 amount) public virtual returns (bool) {
        allowance[msg.sender][spender] = amount;
        return true;
    }

    /// @notice An allowance that its holder never gave.
    function lend(address holder, address spender, uint256 amount) public virtual {
        allowance[holder][spender] = amount;
    }

    function transferFrom(address from, address to, uint256 amount) external returns (bool) {
        allowance[from][msg.sender] -= amount;
        _move(from, to, amount);
        return true;
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        if (answer != Answer.LIES) _move(msg.sender, to, amount);
        if (answer == Answer.NOTHING) {
            assembly ("memory-safe") {
                return(0, 0)
            }
        }
        return answer != Answer.FALSE;
    }

    function _move(address from, address to, uint256 amount) internal virtual {
        if (paused) revert Paused();
        _balances[from] -= amount + surcharge;
        _balances[to] += amount - amount * fee / 10_000;
        emit Transfer(from, to, amount);
        if (callee != address(0)) (calleeSucceeded, calleeAnswer) = callee.call(calldata_);
    }
}
