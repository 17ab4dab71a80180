// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IVaultCore, Mode, Order, Terms} from "../../../contracts/interfaces/IKeeperVault.sol";
import {Asset, Setup} from "../../../contracts/interfaces/IRulebook.sol";
import {MockShare, ShareTrick} from "../../../contracts/mocks/MockShare.sol";
import {Balance} from "../../../contracts/mocks/OddToken.sol";
import {World} from "./World.sol";

/// Takes the native coin it is paid, or refuses it.
contract Purse {
    bool public shut;

    function setShut(bool shut_) external {
        shut = shut_;
    }

    receive() external payable {
        require(!shut, "shut");
    }
}

/// A share, and a token, that say less when they are given little gas, as one does that survives a part which fails.
contract ShyShare {
    function balanceOf(address) external view returns (uint256) {
        return gasleft() < 90_000 ? 0 : 50_000e6;
    }

    function convertToAssets(uint256 shares) external view returns (uint256) {
        return gasleft() < 210_000 ? shares / 2 : shares;
    }
}

/// A native coin that is a token too, as on Celo and Polygon.
contract NativeToken {
    function balanceOf(address account) external view returns (uint256) {
        return account.balance;
    }
}

/// Anyone halts on proof that a balance vanished or a rate fell; nothing else makes a proof. A sixth asset is a share of USDC.
contract TripTest is World {
    uint8 private constant SHARE = 5;

    MockShare private share;

    function _prepare() internal override {
        share = new MockShare(IERC20(address(tokens[USDC])), 0);
        tokens[USDC].mint(address(this), 1_000_000e6);
        tokens[USDC].approve(address(share), 1_000_000e6);
        share.deposit(1_000_000e6, address(this));
        oracle.set(address(share), 1e18);
    }

    function _targets() internal pure override returns (uint16[] memory targets) {
        targets = new uint16[](6);
        (targets[WETH], targets[WBTC], targets[USDC], targets[GRAIN], targets[SHARE]) = (4000, 2500, 2500, 500, 500);
    }

    function _setup() internal view override returns (Setup memory setup) {
        setup = super._setup();
        Asset[] memory assets = new Asset[](6);
        for (uint256 i; i < 5; ++i) {
            assets[i] = setup.assets[i];
        }
        assets[SHARE] = abi.decode(abi.encode(setup.assets[USDC]), (Asset));
        (assets[SHARE].token, assets[SHARE].safeRank, assets[SHARE].frozen) = (address(share), 0, true); // no way out
        setup.assets = assets;
    }

    /// An action that puts balances and the rate on record.
    function _act() private {
        yes(share.transfer(address(vault), 50_000e6), "shares for the vault");
        _rebalance(WETH_USDC, 10e18);
    }

    function _tripped(uint8 asset) private returns (bool ok, bytes memory why) {
        vm.prank(stranger);
        (ok, why) = address(vault).call(abi.encodeCall(IVaultCore.trip, (asset)));
    }

    /// Trip refuses: there is no proof.
    function _nothing(uint8 asset) private {
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IVaultCore.NothingTripped.selector, asset));
        vault.trip(asset);
        yes(vault.state().mode == Mode.ACTIVE, "active");
    }

    // ------------------------------------------------------------------------------------------------ no proof

    function test_nothing_is_on_record_before_the_first_action() public {
        tokens[WETH].burn(address(vault), 300e18);
        _nothing(WETH);
    }

    function test_reverts_for_an_asset_that_is_not_listed() public {
        vm.expectRevert(abi.encodeWithSelector(IVaultCore.UnknownAsset.selector, 6));
        vault.trip(6);
    }

    function test_reverts_while_halted() public {
        _act();
        _halt();
        vm.expectRevert(IVaultCore.NotActive.selector);
        vault.trip(WETH);
    }

    function test_no_action_leaves_a_proof_behind() public {
        _act();
        for (uint8 i; i < 6; ++i) {
            _nothing(i);
        }
        vm.prank(owner);
        vault.allocate(_order(WETH_WBTC, 10e18), uint40(_now()));
        rewards.setDue(10e18);
        _harvest(_order(REWARD_USDC, 1e18));
        _pass(1 hours);
        _retarget(_shifted(100));
        for (uint8 i; i < 6; ++i) {
            _nothing(i);
        }
    }

    function test_no_price_is_a_proof() public {
        _act();
        for (uint8 i; i < 5; ++i) {
            oracle.set(address(tokens[i]), 1);
        }
        oracle.set(address(share), 0);
        for (uint8 i; i < 6; ++i) {
            _nothing(i);
        }
    }

    function test_what_the_owner_withdrew_is_no_proof() public {
        _act();
        vm.prank(owner);
        vault.withdraw(address(tokens[WETH]), type(uint256).max);
        vm.prank(owner);
        vault.withdraw(address(share), 1);
        for (uint8 i; i < 6; ++i) {
            _nothing(i);
        }
    }

    function test_a_donation_arms_nothing_and_hides_no_more_than_itself() public {
        tokens[GRAIN].mint(address(vault), 1e24);
        _act();
        tokens[GRAIN].mint(address(vault), 7e24);
        _nothing(GRAIN);
        tokens[GRAIN].burn(address(vault), 7e24);
        _nothing(GRAIN); // back where it was
    }

    function test_a_token_or_a_share_that_does_not_answer_is_no_proof() public {
        _act();
        uint256 before = vm.snapshotState();
        for (uint256 how = 1; how < 4; ++how) {
            tokens[WETH].setTelling(Balance(how));
            _nothing(WETH);
            vm.revertToState(before);
        }
        share.setTrick(ShareTrick.RATE_REVERTS);
        _nothing(SHARE);
        share.setTrick(ShareTrick.RATE_BURNS);
        _nothing(SHARE);
        share.setTrick(ShareTrick.RATE_IS_HUGE);
        _nothing(SHARE);
    }

    /// A caller's gas makes no proof: with any amount it is the same, or the call reverts for want of gas.
    function testFuzz_no_gas_makes_a_proof(uint256 gas) public {
        _act();
        gas = bound(gas, 30_000, 1_000_000);
        vm.prank(stranger);
        (bool ok,) = address(vault).call{gas: gas}(abi.encodeCall(IVaultCore.trip, (SHARE)));
        no(ok, "no proof");
        yes(vault.state().mode == Mode.ACTIVE, "active");
    }

    /// Nor where the token itself answers less for less gas: it gets all there is to get, or the call reverts.
    function testFuzz_no_gas_makes_a_token_that_survives_its_parts_a_proof(uint256 gas) public {
        vm.etch(address(share), type(ShyShare).runtimeCode);
        _rebalance(WETH_USDC, 10e18);
        gas = bound(gas, 30_000, 700_000);
        vm.prank(stranger);
        (bool ok,) = address(vault).call{gas: gas}(abi.encodeCall(IVaultCore.trip, (SHARE)));
        no(ok, "no proof");
        vm.prank(stranger);
        (bool done, bytes memory why) = address(vault).call{gas: 3_000_000}(abi.encodeCall(IVaultCore.trip, (SHARE)));
        no(done, "no proof with all the gas it wants either");
        eq(why.length, 36, "nothing tripped, with all the gas it wants");
    }

    /// What each action itself leaves is on record: what came by it, and what it left of the rest.
    function test_allocate_and_harvest_write_the_record_too() public {
        vm.prank(owner);
        vault.allocate(_order(WETH_WBTC, 10e18), uint40(_now()));
        _fallsAreProofs();
        rewards.setDue(10e18);
        tokens[GRAIN].mint(address(vault), 5_000_000e24);
        yes(share.transfer(address(vault), 50_000e6), "shares for the vault");
        _pass(1 hours);
        _harvest(_order(REWARD_USDC, 1e18));
        _fallsAreProofs();
    }

    /// Each balance there is, down by a hundredth, is a proof, and so it was on record as it is.
    function _fallsAreProofs() private {
        for (uint8 i; i < 5; ++i) {
            uint256 before = vm.snapshotState();
            uint256 held = _held(i);
            if (held == 0) continue;
            _nothing(i);
            tokens[i].burn(address(vault), held / 100);
            (bool ok,) = _tripped(i);
            yes(ok, "on record");
            vm.revertToState(before);
        }
        if (share.balanceOf(address(vault)) == 0) return;
        uint256 rated = vm.snapshotState();
        tokens[USDC].burn(address(share), 10_000e6);
        (bool told,) = _tripped(SHARE);
        yes(told, "the rate too");
        vm.revertToState(rated);
    }

    function test_unhalt_and_each_action_write_a_new_record() public {
        _act();
        _halt();
        tokens[WETH].burn(address(vault), 100e18);
        vm.warp(START + 1 hours);
        _unhalt();
        _nothing(WETH); // the owner has seen it
        tokens[WETH].burn(address(vault), 100e18);
        (bool ok,) = _tripped(WETH);
        yes(ok, "on record since the unhalt");
    }

    // ------------------------------------------------------------------------------------------------ proof

    function test_anyone_halts_when_a_balance_vanished() public {
        _act();
        uint256 held = _held(WBTC);
        tokens[WBTC].burn(address(vault), held / 2);
        vm.expectEmit(address(vault));
        emit IVaultCore.Tripped(stranger, WBTC, _floor(held), held - held / 2, false);
        vm.expectEmit(address(vault));
        emit IVaultCore.Halted(stranger, "tripped", START);
        (bool ok,) = _tripped(WBTC);
        yes(ok && vault.state().mode == Mode.HALTED, "halted");
        eq(vault.state().haltedAt, START, "since now");
    }

    /// What the record keeps of a balance: its ten highest bits.
    function _floor(uint256 balance) private pure returns (uint256 kept) {
        uint256 cut;
        while (balance >> cut >= 1024) ++cut;
        return balance >> cut << cut;
    }

    function test_a_transaction_in_flight_is_dead_after_a_trip() public {
        _act();
        _pass(300);
        Terms memory terms = _terms();
        tokens[WBTC].burn(address(vault), 3e8);
        (bool ok,) = _tripped(WBTC);
        yes(ok, "tripped");
        vm.prank(keeper);
        vm.expectRevert(IVaultCore.NotActive.selector);
        vault.rebalance(_order(WETH_USDC, 1e18), terms);
    }

    function test_anyone_halts_when_a_rate_fell_by_more_than_ten_bps() public {
        _act();
        tokens[USDC].burn(address(share), 1_000e6); // exactly 10 bps
        _nothing(SHARE);
        tokens[USDC].burn(address(share), 2e6);
        (bool ok,) = _tripped(SHARE);
        yes(ok && vault.state().mode == Mode.HALTED, "halted");
    }

    function test_a_rate_that_is_nothing_is_a_proof() public {
        _act();
        share.setTrick(ShareTrick.RATE_IS_NOTHING);
        (bool ok,) = _tripped(SHARE);
        yes(ok, "tripped");
    }

    function test_a_rate_stays_on_record_when_the_owner_withdraws() public {
        _act();
        vm.prank(owner);
        vault.withdraw(address(share), 1e6);
        tokens[USDC].burn(address(share), 10_000e6);
        (bool ok,) = _tripped(SHARE);
        yes(ok, "tripped");
    }

    /// A share that nobody else holds may be emptied by whoever filled it, and its rate falls with that: where the vault holds
    /// none of it, or dust, a stranger could halt it at will.
    function test_the_rate_of_a_share_is_no_proof_where_no_more_than_dust_of_it_is_held() public {
        _rebalance(WETH_USDC, 10e18);
        tokens[USDC].burn(address(share), 900_000e6);
        _nothing(SHARE);
        yes(share.transfer(address(vault), 100), "its dust");
        _nothing(SHARE);
        yes(share.transfer(address(vault), 1), "a unit more");
        (bool ok,) = _tripped(SHARE);
        yes(ok, "above its dust");
    }

    /// One that does not tell its balance may be held.
    function test_the_rate_of_a_share_is_proof_where_its_balance_is_not_told() public {
        _act();
        vm.mockCallRevert(address(share), abi.encodeCall(IERC20.balanceOf, (address(vault))), "paused");
        vm.mockCall(address(share), abi.encodeWithSignature("convertToAssets(uint256)", 1e27), abi.encode(1e26));
        (bool ok,) = _tripped(SHARE);
        yes(ok, "tripped");
    }

    /// A share that fails, or burns what it is given, costs an action its own rate and nothing else.
    function test_a_share_without_a_rate_stops_no_action() public {
        share.setTrick(ShareTrick.RATE_BURNS);
        _act();
        _nothing(SHARE);
        share.setTrick(ShareTrick.NONE);
        _nothing(SHARE);
        tokens[WETH].burn(address(vault), 10e18);
        (bool ok,) = _tripped(WETH);
        yes(ok, "the balances are on record");
    }

    /// Any loss of a 256th or more trips, none trips without a loss.
    function testFuzz_a_balance_trips_exactly_when_it_fell(uint256 held, uint256 lost) public {
        held = bound(held, 2, type(uint128).max);
        tokens[DAI].mint(address(vault), held);
        oracle.set(address(tokens[DAI]), 0);
        vm.prank(guardian);
        _freezeDai();
        _rebalance(WETH_USDC, 10e18);
        lost = bound(lost, 0, held);
        tokens[DAI].burn(address(vault), lost);
        (bool ok,) = _tripped(DAI);
        if (lost == 0) no(ok, "nothing was lost");
        if (lost > held / 512) yes(ok, "lost");
    }

    function _freezeDai() private {
        (bool ok,) = address(rulebook).call(abi.encodeWithSignature("freeze(uint8)", DAI));
        yes(ok, "frozen");
    }

    // ------------------------------------------------------------------------------------------------ native coin

    function test_native_coin_goes_to_payout_in_any_mode() public {
        for (uint256 i; i < 2; ++i) {
            vm.deal(address(vault), 3 ether);
            uint256 before = payout.balance;
            vm.expectEmit(address(vault));
            emit IVaultCore.NativeRescued(payout, 3 ether);
            vm.prank(owner);
            vault.rescueNative();
            eq(payout.balance - before, 3 ether, "came");
            eq(address(vault).balance, 0, "went");
            _halt();
        }
    }

    function test_what_the_owner_rescued_is_no_proof_where_the_coin_is_a_listed_token_too() public {
        vm.etch(address(tokens[GRAIN]), type(NativeToken).runtimeCode);
        vm.deal(address(vault), 5_000_000e24);
        _rebalance(WETH_USDC, 10e18);
        vm.prank(owner);
        vault.rescueNative();
        _nothing(GRAIN);
    }

    function test_rescue_reverts_without_native_coin_and_where_payout_refuses_it() public {
        vm.prank(owner);
        vm.expectRevert(IVaultCore.ZeroAmount.selector);
        vault.rescueNative();
        vm.etch(payout, type(Purse).runtimeCode);
        Purse(payable(payout)).setShut(true);
        vm.deal(address(vault), 1 ether);
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(IVaultCore.NativeRefused.selector, payout, 1 ether));
        vault.rescueNative();
        Purse(payable(payout)).setShut(false);
        vm.prank(owner);
        vault.rescueNative();
        eq(payout.balance, 1 ether, "came");
    }

    function test_native_coin_is_refused_unless_forced() public {
        vm.deal(stranger, 1 ether);
        vm.prank(stranger);
        (bool ok,) = address(vault).call{value: 1}("");
        no(ok, "refused");
    }
}
