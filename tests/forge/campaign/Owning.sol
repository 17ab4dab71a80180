// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IVaultCore, Order, Report} from "../../../contracts/interfaces/IKeeperVault.sol";
import {Mischief} from "../../../contracts/mocks/HostileSource.sol";
import {Answer, Balance} from "../../../contracts/mocks/OddToken.sol";
import {Coin} from "./Cast.sol";
import {Weather} from "./Weather.sol";

/// The owner: allocate, targets, withdrawals, and the vault put to work again.
abstract contract Owning is Weather {
    function _awake() internal override {
        if (!halted || _draw(8) == 0) return;
        if (clock < haltedAt + 1 hours) _pass(haltedAt + 1 hours - clock);
        _unhalts();
        _pass(6 hours + _draw(1 days)); // probation: nothing fits before
    }

    function _unhalts() internal {
        bool may = halted && clock >= haltedAt + 1 hours;
        Picture memory p = _look();
        (bool done,) = _as(owner, abi.encodeCall(IVaultCore.unhalt, ()));
        _flag(done && !may, "I14 an unhalt before its time");
        if (!done) revert Missed();
        _unmoved(p, "I01 an unhalt moved something");
        ++epoch;
        (halted, haltedAt, openedFirst, openedLast) = (false, 0, 0, 0);
        _record();
        _flag(vault.headroom().turnoverDay + vault.headroom().lossDay != 0, "I05 no probation");
    }

    function unhalt(uint256 seed) external turn(seed) {
        if (!halted) _halts(_draw(3));
        if (_draw(3) != 0) _pass(1 hours);
        _unhalts();
    }

    function _halts(uint256 who) internal virtual;

    function allocate(uint256 seed) external turn(seed) {
        _awake();
        if (_draw(2) == 0) _walkAll();
        _honest();
        if (_draw(3) == 0) _misbehave();
        Picture memory p = _look();
        Order[] memory orders = new Order[](1 + _draw(4) / 3);
        for (uint256 k; k < orders.length; ++k) {
            orders[k] = Order(uint16(k == 0 ? _sensible(p) : _leading(p, 1 + _draw(14))), type(uint128).max, 0);
        }
        uint16 most = limits.maxTradeBps;
        limits.maxTradeBps = 10_000; // the owner's trades have no largest
        (bool done, bytes memory answer) = _as(owner, abi.encodeCall(IVaultCore.allocate, (orders, uint40(clock))));
        if (!done) revert Missed();
        _flag(halted, "I09 a halted vault was steered");
        ++epoch;
        _judgeCustody(p);
        _judge(p);
        limits.maxTradeBps = most;
        _record();
        centsAtTrade = abi.decode(answer, (Report)).navAfter / 1e16 * 1e16;
        _quiet();
    }

    function aim(uint256 seed) external turn(seed) {
        Picture memory p = _look();
        uint16[] memory list = _moved(1 + _draw(1000));
        (bool done,) = _as(owner, abi.encodeCall(IVaultCore.setTargets, (list)));
        if (!done) revert Missed();
        ++epoch;
        _aim(list);
        _unmoved(p, "I01 new targets moved something");
    }

    // ------------------------------------------------------------------------------------------------ withdraw

    /// Everything else reverts or burns gas; the token itself may answer as oddly as it likes.
    function withdraw(uint256 seed) external turn(seed) {
        uint256 i = _draw(6);
        IERC20 token = IERC20(i == 5 ? address(link) : tokens[i]);
        uint256 held = token.balanceOf(address(vault));
        uint256 amount = held / (30 + _draw(100));
        if (_draw(8) == 0 && i == DAI) amount = held;
        if (amount == 0) revert Missed();
        Picture memory p = _look();
        uint256 how = _draw(4);
        _sabotage(i, how, true);
        vm.prank(address(owner));
        (bool done,) = address(vault)
            .call(abi.encodeCall(IVaultCore.withdraw, (address(token), amount == held ? type(uint256).max : amount)));
        _sabotage(i, how, false);
        _flag(!done, "I10 a withdrawal failed because of something else");
        if (!done) return;
        withdrawn[i] += amount;
        delete recorded;
        for (uint8 j; j < N; ++j) {
            uint256 left = p.held[j] - (j == i ? amount : 0);
            _flag(IERC20(tokens[j]).balanceOf(address(vault)) != left, "I01 a withdrawal took something else");
        }
    }

    function _sabotage(uint256 but, uint256 how, bool on) private {
        if (how == 0) return;
        for (uint256 i; i < 4; ++i) {
            Coin coin = Coin(tokens[i]);
            // what a share stands on is part of no share's transfer
            if (i != but) coin.setTelling(!on ? Balance.TELLS : how == 1 ? Balance.REVERTS : Balance.BURNS_GAS);
            else if (i == ODD) coin.setAnswer(!on ? Answer.TRUE : how == 1 ? Answer.FALSE : Answer.NOTHING);
        }
        for (uint256 i; i < 4; ++i) {
            for (uint256 k; k < VOICES; ++k) {
                if (said[i][k].ok) speakers[i][k].setMischief(on, how == 1 ? Mischief.REVERT : Mischief.BURN);
            }
        }
    }

    /// The owner deposits, so that there is always something to steer.
    function fund(uint256 seed) external turn(seed) {
        uint256 i = _draw(3);
        Coin(tokens[i]).mint(address(vault), units[i] * (1 + _draw(40_000)) * 1e18 / market.priceOf(tokens[i]));
    }

    /// Native coin that was forced in.
    function rescue(uint256 seed) external turn(seed) {
        vm.deal(address(vault), address(vault).balance + 1 + _draw(1 ether));
        rescued += address(vault).balance;
        Picture memory p = _look();
        (bool done,) = _as(owner, abi.encodeCall(IVaultCore.rescueNative, ()));
        _flag(!done, "I10 native coin cannot leave");
        delete recorded; // the coin may be a listed token too
        _unmoved(p, "I01 a rescue moved a token");
    }

    function strangers(uint256 seed) external turn(seed) {
        bytes[12] memory tries = [
            abi.encodeCall(IVaultCore.withdraw, (tokens[WETH], 1)),
            abi.encodeCall(IVaultCore.rebalance, (new Order[](1), _terms())),
            abi.encodeCall(IVaultCore.allocate, (new Order[](1), uint40(clock))),
            abi.encodeCall(IVaultCore.halt, ("mine")),
            abi.encodeWithSignature("flatten()"),
            abi.encodeWithSignature("pay(address,uint256)", stranger, 1),
            abi.encodeCall(IVaultCore.retarget, (_moved(1), _terms())),
            abi.encodeCall(IVaultCore.harvest, (0, new Order[](0), _terms())),
            abi.encodeCall(IVaultCore.setTargets, (_moved(1))),
            abi.encodeCall(IVaultCore.kill, ("mine")),
            abi.encodeCall(IVaultCore.unhalt, ()),
            abi.encodeCall(IVaultCore.rescueNative, ())
        ];
        Picture memory p = _look();
        vm.prank(stranger);
        (bool done,) = address(vault).call(tries[_draw(12)]);
        _flag(done, "I01 a stranger did something");
        _unmoved(p, "I01 a stranger moved something");
    }
}
