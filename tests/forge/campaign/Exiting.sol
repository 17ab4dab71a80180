// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IVaultCore} from "../../../contracts/interfaces/IKeeperVault.sol";
import {Cluster} from "../../../contracts/interfaces/IPriceOracle.sol";
import {ShareTrick} from "../../../contracts/mocks/MockShare.sol";
import {Deed} from "../../../contracts/mocks/PricedAdapter.sol";
import {Coin, Puppet} from "./Cast.sol";
import {Owning} from "./Owning.sol";

/// Halts, kills, flattens: with legs that fail in any subset, and with any gas a caller may choose.
abstract contract Exiting is Owning {
    /// What is left of the balance that a keeper found at its first flatten of this halt; plus one, 0 = none yet.
    mapping(uint256 halt => mapping(uint256 asset => uint256)) private _keeperLeft;
    uint256 private constant EMERGENCY = 500;
    uint256 internal constant AMPLE = 60_000_000;
    bool internal isGuardian = true; // whether `guardian` still is one

    // ------------------------------------------------------------------------------------------------ halt

    function _halts(uint256 who) internal override {
        Puppet[3] memory may = [guardian, owner, keeper];
        Picture memory p = _look();
        (bool done,) = _as(may[who], abi.encodeCall(IVaultCore.halt, ("campaign")));
        bool role = who == 1 || (who == 0 ? isGuardian : clock < mandates[address(keeper)]);
        _flag(done != role, "I12 a halt failed, or was anybody's");
        if (!done && !role) revert Missed();
        _noteHalt();
        _unmoved(p, "I09 a halt moved something");
    }

    function _noteHalt() internal {
        if (!halted) (halted, haltedAt) = (true, clock);
    }

    function halt(uint256 seed) external turn(seed) {
        _halts(_draw(3));
    }

    /// Coins vanish, or a share's rate falls, as no vault can prevent: whoever sees it halts a vault at work, on proof.
    function trip(uint256 seed) external turn(seed) {
        _awake();
        uint8 i = uint8(_draw(N));
        bool taken = _draw(4) != 0;
        uint256 held = IERC20(tokens[i]).balanceOf(address(vault));
        if (taken && i != SHARE) Coin(tokens[i]).burn(address(vault), held / 50);
        if (taken && i == SHARE) {
            Coin(tokens[WETH]).burn(address(share), Coin(tokens[WETH]).balanceOf(address(share)) / 100);
        }
        held = IERC20(tokens[i]).balanceOf(address(vault));
        bool fell = i == SHARE
            ? held > units[i] / 10_000 && share.convertToAssets(1e27) < recordedRate * 999 / 1000  // above its dust
            : held < recorded[i] * 99 / 100;
        bool none = i != SHARE && held >= recorded[i];
        if (i == SHARE) none = held >= recorded[i] && share.convertToAssets(1e27) >= recordedRate;
        _marketOfShare();
        vm.prank(stranger);
        (bool done,) = address(vault).call(abi.encodeCall(IVaultCore.trip, (i)));
        _flag(done && none, "I14 a stranger halted a vault that had lost nothing");
        _flag(!done && fell && !halted, "I14 a loss that was seen halted nothing");
        if (!done && !fell) revert Missed();
        if (done) _noteHalt();
    }

    // ------------------------------------------------------------------------------------------------ flatten

    /// Owner or guardian, from a halted vault or by a kill; ample gas.
    function flatten(uint256 seed) external turn(seed) {
        if (!halted) _halts(1);
        if (_draw(2) == 0) _pass(_draw(90 minutes));
        _exits(_draw(2) == 0 && isGuardian ? guardian : owner, abi.encodeWithSignature("flatten()"), AMPLE);
    }

    /// Any gas at all: what it is enough for is done whole.
    function starve(uint256 seed) external turn(seed) {
        if (!halted) _halts(1);
        _exits(owner, abi.encodeWithSignature("flatten()"), 100_000 + _draw(_draw(2) == 0 ? 4_000_000 : 20_000_000));
    }

    /// The halt of a kill stands, whatever becomes of its flatten and whatever gas it was given.
    function kill(uint256 seed) external turn(seed) {
        uint256 gas_ = _draw(3) == 0 ? AMPLE : 150_000 + _draw(_draw(2) == 0 ? 500_000 : 15_000_000);
        Puppet who = _draw(2) == 0 && isGuardian ? guardian : owner;
        _exits(who, abi.encodeCall(IVaultCore.kill, ("campaign")), gas_);
    }

    /// The keeper's: at the routes' slips, and each balance once.
    function leave(uint256 seed) external turn(seed) {
        if (!halted) _halts(1);
        _exits(keeper, abi.encodeWithSignature("flatten()"), AMPLE);
    }

    function _exits(Puppet who, bytes memory words, uint256 gas_) private {
        _honest();
        _skim(_draw(4) == 0 ? GREEDY : _draw(2) == 0 ? _draw(SLIP) : _draw(600));
        uint256 broken_ = _draw(4) == 0 ? 0 : _draw(8);
        for (uint256 k; k < 3; ++k) {
            if ((broken_ >> k) & 1 == 1) _tamper(k, Deed(11 + _draw(3)), 50_000);
        }
        bool stuck = _draw(3) == 0;
        if (stuck) _turnOdd(true);
        Picture memory p = _look();
        bool killing = bytes4(words) == IVaultCore.kill.selector;
        vm.prank(address(who));
        (bool done,) = address(vault).call{gas: gas_}(words);
        bool ample = gas_ == AMPLE && who != keeper && _refuge() != N; // then nothing excuses it
        if (!done && ample) {
            _turnOdd(false);
            return _flag(true, "I11 what failed stopped a whole flatten");
        }
        if (!done) revert Missed();
        if (killing) _noteHalt();
        _flag(!halted, "I09 a flatten of a vault at work");
        bool privileged = who != keeper;
        // a kill whose flatten had no chance sold nothing at all, and its clock may not run
        bool whole = privileged && (ample || !killing || tape.length != p.from);
        if (privileged && openedFirst == 0) openedFirst = clock;
        if (whole && openedLast == 0) openedLast = clock;
        _judgeExit(p, privileged);
        if (whole) _judgeHealthy(p, broken_, stuck, gas_);
        if (stuck) _turnOdd(false);
    }

    /// ODD cannot move, and shares redeem into nothing.
    function _turnOdd(bool on) private {
        Coin(tokens[ODD]).setPaused(on);
        share.setTrick(on ? ShareTrick.PAYS_HALF : ShareTrick.NONE);
    }

    // ------------------------------------------------------------------------------------------------ judging

    /// bps x 1e18
    function _openSlip(uint256 since) private view returns (uint256) {
        uint256 open = clock - since > 1 hours ? 1 hours : clock - since;
        return SLIP * ONE + (EMERGENCY - SLIP) * ONE * open / 1 hours;
    }

    /// Value moved only into the refuge, within floors, and by a keeper only once.
    function _judgeExit(Picture memory p, bool privileged) private {
        uint256 slip = _openSlip(privileged ? openedFirst : clock);
        _judgeCustody(p);
        uint8 refuge = _refuge();
        for (uint8 i; i < N; ++i) {
            if (p.price[i].mid == 0 && privileged) p.price[i] = _highest(i);
        }
        for (uint256 r = p.from; r < tape.length; ++r) {
            Moved memory m = tape[r];
            bool into = m.o == refuge || (m.i == SHARE && m.o == WETH);
            _flag(!into || m.i == USDC || m.i == DAI, "I09 a flatten sold into something else, or a safe asset");
            _flag(frozen[m.i], "I09 a flatten sold a frozen asset");
            _flag(p.price[m.i].mid == 0 || p.price[m.o].mid == 0, "I09 a flatten sold without a price");
            _judgeFloor(p, m, slip, "I09 a flatten below its floor");
        }
        if (!privileged) _chargeKeeper(p);
    }

    function _chargeKeeper(Picture memory p) private {
        for (uint8 i; i < N; ++i) {
            if (i == USDC || i == DAI || frozen[i]) continue;
            uint256 left = _keeperLeft[haltedAt][i];
            (uint256 spent, uint256 came) = (0, 0);
            for (uint256 r = p.from; r < tape.length; ++r) {
                if (tape[r].i == i) spent += tape[r].spent;
                if (tape[r].o == i) came += tape[r].got;
            }
            // what was there when a keeper first flattened it in this halt, with what shares redeemed into just before
            if (left == 0 && p.held[i] + came > units[i] / 10_000) left = p.held[i] + came + 1;
            _flag(spent != 0 && spent + 1 > left, "I05 a keeper's flatten sold a balance twice");
            _keeperLeft[haltedAt][i] = left > spent ? left - spent : 0;
        }
    }

    /// The first safe asset by rank, not frozen, inside its band; N where there is none.
    function _refuge() internal view returns (uint8) {
        for (uint8 i = USDC; i <= DAI; ++i) {
            if (!frozen[i] && seen[i].mid != 0 && _within2(seen[i].mid)) return i;
        }
        return uint8(N);
    }

    function _within2(uint256 price) private pure returns (bool) {
        return price >= 0.98e18 && price <= 1.02e18;
    }

    function _highest(uint8 i) private view returns (Cluster memory) {
        uint256 at = i == SHARE ? WETH : i;
        uint128 best;
        for (uint256 k; k < 2; ++k) {
            if (said[at][k].ok && said[at][k].price > best) best = said[at][k].price;
        }
        if (i == SHARE) best = uint128(best * share.convertToAssets(1e18) / ONE);
        return Cluster(best, best, best);
    }

    /// Every leg that can be sold was: its venue, its token and its price are well, and the venue pays the floor.
    function _judgeHealthy(Picture memory p, uint256 broken_, bool stuck, uint256 gas_) private {
        uint8 refuge = _refuge();
        if (refuge == N) return;
        bool wethSold = _fits(p, WETH, refuge) && (broken_ & 1) == 0 && !routeOff[refuge == USDC ? 0 : 4];
        if (frozen[WETH]) wethSold = false;
        string memory why = gas_ < AMPLE ? "I12 little gas made a healthy leg fail" : "I11 a healthy leg was not sold";
        if (wethSold) _flag(_left(WETH), why);
        bool oddSold = _fits(p, ODD, refuge) && (broken_ & 2) == 0 && !routeOff[refuge == USDC ? 2 : 5];
        if (oddSold && !stuck && !frozen[ODD]) _flag(_left(ODD), why);
        bool secondHand = _fits(p, SHARE, refuge) && (broken_ & 4) == 0 && !routeOff[refuge == USDC ? 12 : 13];
        if (secondHand && !frozen[SHARE]) _flag(_left(SHARE), why);
    }

    function _left(uint8 i) private view returns (bool) {
        return IERC20(tokens[i]).balanceOf(address(vault)) > units[i] / 10_000;
    }

    /// Whether what the venue pays is above the floor, by 3 bps for what is rounded.
    function _fits(Picture memory p, uint8 i, uint8 o) private view returns (bool) {
        if (p.price[i].mid == 0 || p.price[o].mid == 0) return false;
        if (p.held[i] > 0 && p.held[i] < units[i] / 1000) return false; // dust by dust
        uint256 pays = _priceOf(i) * ONE / _priceOf(o) * (BPS - (skimBps < GREEDY ? skimBps : 0)) / BPS;
        uint256 floor =
            uint256(p.price[i].high) * ONE / p.price[o].low * (BPS * ONE - _openSlip(openedLast)) / (BPS * ONE);
        return pays * (BPS - 3) / BPS >= floor;
    }
}
