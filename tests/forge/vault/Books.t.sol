// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IVaultCore, Order, Report} from "../../../contracts/interfaces/IKeeperVault.sol";
import {Deed} from "../../../contracts/mocks/PricedAdapter.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {World} from "./World.sol";

/// The books of several orders in one call: an order begins where its books say the one before it ended, not at a balance read
/// anew. So what came above the books pays for a later order of the same token. Whoever sends it loses what he gains by it.
contract BooksTest is World {
    function _two(uint16 one, uint256 much, uint16 other, uint256 more) private pure returns (Order[] memory orders) {
        orders = new Order[](2);
        orders[0] = Order({route: one, maxIn: SafeCast.toUint128(much), minOut: 0});
        orders[1] = Order({route: other, maxIn: SafeCast.toUint128(more), minOut: 0});
    }

    /// An adapter that hides half of what it gave has not saved it: the second order is short by just that, and stands.
    function test_what_one_order_was_given_and_not_told_pays_for_the_next_and_no_more() public {
        uint256 before = _held(USDC);
        adapter.setDeed(Deed.SAYS_LESS, 50);
        spare.setShort(100e6);
        Report memory report = _rebalance(_two(WETH_USDC, 10e18, WETH_USDC_SPARE, 10e18));
        // 20,000 given and 19,900 told; then 19,900 given and told
        eq(_held(USDC) - before, 39_900e6, "came");
        eq(report.navAfter, NAV - 200e18, "as the adapters told: no more than came");
        spare.setShort(0);
    }

    /// What the first hid, the second may claim: the books then are what is there, and never more.
    function test_a_second_adapter_may_claim_what_the_first_hid_and_the_vault_has_it_all() public {
        uint256 before = _held(USDC);
        adapter.setDeed(Deed.SAYS_LESS, 50);
        spare.setDeed(Deed.SAYS_MORE, 50);
        Report memory report = _rebalance(_two(WETH_USDC, 10e18, WETH_USDC_SPARE, 10e18));
        // 20,000 given and 19,900 told; then 19,900 given and 20,000 told: 100 of them by the first
        eq(_held(USDC) - before, 39_900e6, "came");
        eq(report.navAfter, NAV - 100e18, "what there is, to the unit");
        eq(report.loss, 1e14, "1 bp is lost, and charged");
    }

    /// The other way about: what the books hold is what must be there, so nothing is taken back later.
    function test_what_was_told_once_cannot_be_told_again() public {
        spare.setDeed(Deed.GIVES_NOTHING, 0);
        Order[] memory orders = _two(WETH_USDC, 10e18, WETH_USDC_SPARE, 10e18);
        uint256 floor = 20_000e6 * (10_000 - uint256(SLIP)) / 10_000;
        _refused(orders, abi.encodeWithSelector(IVaultCore.BelowFloor.selector, WETH_USDC_SPARE, 0, floor));
    }

    /// Whatever two adapters give, hide and claim: the vault ends with no less than its report says, and each floor is met
    /// by what came over both.
    function testFuzz_the_books_are_never_above_what_is_there(uint256 hides, uint256 keeps, uint256 gift) public {
        adapter.setDeed(Deed.SAYS_LESS, bound(hides, 0, SLIP));
        spare.setDeed(Deed.SAYS_MORE, bound(keeps, 0, 200));
        tokens[WETH].setCallback(
            address(tokens[USDC]), abi.encodeCall(tokens[USDC].mint, (address(vault), bound(gift, 0, 1000e6)))
        );
        Order[] memory orders = _two(WETH_USDC, 10e18, WETH_USDC_SPARE, 10e18);
        uint256 before = _held(USDC);
        vm.prank(owner);
        try vault.allocate(orders, uint40(_now())) returns (Report memory report) {
            uint256 came = _held(USDC) - before;
            yes(_nav() >= report.navAfter, "as much as is told");
            yes(came >= 40_000e6 * (10_000 - uint256(SLIP)) / 10_000, "both floors");
        } catch {
            // one of the orders was below its floor, or told more than came
        }
    }

    /// A gift of what a later order buys is in no book: the adapter's word is the lesser.
    function test_a_gift_of_what_a_later_order_buys_is_not_counted() public {
        adapter.setDeed(Deed.DONATES_OTHER, 0.01e8);
        adapter.setOther(address(tokens[WBTC]));
        uint256 before = _held(WBTC);
        Report memory report = _rebalance(_two(WETH_USDC, 10e18, WETH_WBTC, 10e18));
        // the first gives 0.01 WBTC besides; the second gives 0.4 and 0.01 besides, and tells 0.4
        eq(_held(WBTC) - before, 0.42e8, "came");
        eq(report.navAfter, NAV, "told was 0.4");
    }

    /// A gift of what is sold counts as not spent, in this order and the next, for it is there: to hide a loss costs more than
    /// the loss, and a gain gives no budget back.
    function test_a_gift_of_what_is_sold_counts_as_not_spent_and_is_there() public {
        spare.setDeed(Deed.DONATES_OTHER, 20e18);
        spare.setOther(address(tokens[WETH]));
        adapter.setSkim(SLIP);
        Report memory report = _rebalance(_two(WETH_USDC_SPARE, 10e18, WETH_USDC, 10e18));
        eq(_held(WETH), 300e18, "20 sold, 20 given");
        eq(report.navAfter, NAV + 39_880e18, "as much as is there");
        eq(report.navAfter, _nav(), "to the unit");
        eq(report.loss, 0, "the 120 lost are hidden by 40,000 given");
    }

    /// Where no share is listed, what goes on record is what the books and the last look at each balance told.
    function test_without_a_share_each_action_puts_every_balance_on_record() public {
        _rebalance(_two(WETH_USDC, 10e18, WETH_WBTC, 10e18));
        _eachFallIsProof();
        tokens[GRAIN].mint(address(vault), 5_000_000e24);
        vm.prank(owner);
        vault.allocate(_two(WETH_USDC, 1e18, WETH_WBTC, 1e18), uint40(_now()));
        _eachFallIsProof();
        tokens[GRAIN].mint(address(vault), 5_000_000e24);
        rewards.setDue(10e18);
        _pass(1 hours);
        _harvest(_order(REWARD_USDC, 1e18));
        _eachFallIsProof();
    }

    /// Down by a hundredth from what there is, each trips; as it is, none does.
    function _eachFallIsProof() private {
        uint256 before = vm.snapshotState();
        for (uint8 i; i < 4; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IVaultCore.NothingTripped.selector, i));
            vault.trip(i);
            tokens[i].burn(address(vault), _held(i) / 100);
            vault.trip(i);
            vm.revertToState(before);
        }
    }
}
