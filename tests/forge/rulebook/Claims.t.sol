// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IRulebookReads, Quote, Setup} from "../../../contracts/interfaces/IRulebook.sol";
import {IVaultCore} from "../../../contracts/interfaces/IKeeperVault.sol";
import {MockShare} from "../../../contracts/mocks/MockShare.sol";
import {OddToken} from "../../../contracts/mocks/OddToken.sol";
import {World} from "../vault/World.sol";

/// What may be registered as a reward claim, and what the rulebook answers about its sales.
contract ClaimsTest is World {
    function _refusedSetup(Setup memory setup) private {
        vm.expectRevert(abi.encodeWithSelector(IRulebookReads.ClaimMalformed.selector, uint16(0)));
        this.deploy(setup, _targets());
    }

    function test_reverts_with_a_call_that_hands_out_tokens() public {
        string[11] memory calls = [
            "approve(address,uint256)",
            "increaseAllowance(address,uint256)",
            "increaseApproval(address,uint256)",
            "permit(address,address,uint256,uint256,uint8,bytes32,bytes32)",
            "permit(address,address,uint256,uint256,bool,uint8,bytes32,bytes32)",
            "approve(address,address,uint160,uint48)",
            "setApprovalForAll(address,bool)",
            "approveAndCall(address,uint256,bytes)",
            "transfer(address,uint256)",
            "transferFrom(address,address,uint256)",
            "transferAndCall(address,uint256,bytes)"
        ];
        for (uint256 i; i < calls.length; ++i) {
            Setup memory setup = _setup();
            setup.claims[0].data = abi.encodePacked(bytes4(keccak256(bytes(calls[i]))), uint256(1));
            _refusedSetup(setup);
        }
    }

    function test_reverts_with_a_call_without_a_selector() public {
        Setup memory setup = _setup();
        setup.claims[0].data = hex"112233";
        _refusedSetup(setup);
        setup.claims[0].data = "";
        _refusedSetup(setup);
        setup.claims[0].data = hex"11223344";
        this.deploy(setup, _targets());
    }

    function test_reverts_when_the_vault_or_the_rulebook_would_call_itself() public {
        Setup memory setup = _setup();
        setup.claims[0].target = setup.vault;
        vm.expectRevert(abi.encodeWithSelector(IRulebookReads.NoCode.selector, setup.vault));
        this.deploy(setup, _targets());
        setup.claims[0].target = vm.computeCreateAddress(address(this), vm.getNonce(address(this)));
        vm.expectRevert(abi.encodeWithSelector(IRulebookReads.NoCode.selector, setup.claims[0].target));
        this.deploy(setup, _targets());
    }

    /// A claim that pays principal could be a redemption of it.
    function test_reverts_when_the_reward_is_a_listed_share_or_what_one_stands_on_or_a_share_of_something_listed()
        public
    {
        MockShare listed = new MockShare(IERC20(address(link)), 0);
        MockShare ofWeth = new MockShare(IERC20(address(tokens[WETH])), 0);
        MockShare ofOther = new MockShare(IERC20(address(new OddToken("OTHER", 18))), 0);
        Setup memory setup = _setup();
        setup.assets[GRAIN].token = address(listed);
        setup.assets[GRAIN].decimals = listed.decimals();
        _refusedSetup(setup); // LINK, that the listed share stands on
        setup.claims[0].reward = address(listed);
        _refusedSetup(setup);
        setup = _setup();
        setup.claims[0].reward = address(ofWeth);
        _refusedSetup(setup);
        setup.claims[0].reward = address(ofOther);
        this.deploy(setup, _targets()); // a share of something else may be a reward
    }

    /// WETH9 takes any unknown call for a deposit, which in a static call burns all the gas it is given.
    function test_a_token_that_burns_its_gas_on_an_unknown_call_can_be_listed_beside_a_claim() public {
        BurnsUnknown odd = new BurnsUnknown();
        oracle.set(address(odd), 2000e18);
        Setup memory setup = _setup();
        setup.assets[WETH].token = address(odd);
        this.deploy{gas: 20_000_000}(setup, _targets());
        eq(rulebook.assets()[WETH].token, address(odd), "listed");
    }

    function test_reverts_with_a_route_that_would_sell_a_listed_reward() public {
        Setup memory setup = _setup();
        setup.claims[0].reward = address(tokens[DAI]);
        vm.expectRevert(abi.encodeWithSelector(IRulebookReads.RouteMalformed.selector, REWARD_USDC));
        this.deploy(setup, _targets());
    }

    function test_reverts_with_a_reward_of_too_many_decimals() public {
        Setup memory setup = _setup();
        setup.claims[0].reward = address(new OddToken("LONG", 25));
        vm.expectRevert(abi.encodeWithSelector(IRulebookReads.AboveCeiling.selector, bytes32("decimals"), 25, 24));
        this.deploy(setup, _targets());
    }

    /// The reward's decimals are those of registration: a token that changes them later moves no floor.
    function test_a_quote_goes_by_the_decimals_of_registration() public {
        OddToken small = new OddToken("SMALL", 6);
        oracle.set(address(small), 20e18);
        Setup memory setup = _setup();
        setup.claims[0].reward = address(small);
        this.deploy(setup, _targets());
        Quote memory quote = rulebook.saleQuote(REWARD_USDC, 0, 3e6, 60e18);
        eq(quote.valueIn, 60e18, "value");
        eq(quote.least, 60e6 * (BPS - SLIP) / BPS, "floor");
        eq(quote.priceOut, 1e18, "price of what comes");
        eq(quote.tokenOut, address(tokens[USDC]), "what comes");
        eq(quote.decimalsOut, 6, "its decimals");
        vm.mockCall(address(small), abi.encodeWithSignature("decimals()"), abi.encode(uint8(18)));
        eq(abi.encode(rulebook.saleQuote(REWARD_USDC, 0, 3e6, 60e18)), abi.encode(quote), "the same");
    }

    function test_the_parties_of_a_route_are_those_registered() public view {
        (address door, address till, address token) = rulebook.parties(REWARD_USDC);
        eq(door, address(adapter), "adapter");
        eq(till, address(venue), "venue");
        eq(token, address(link), "the reward");
        (door,, token) = rulebook.parties(WETH_USDC_SPARE);
        eq(door, address(spare), "adapter");
        eq(token, address(tokens[WETH]), "the asset sold");
    }

    function test_an_allowance_on_reward_or_listed_token_is_seen() public {
        rulebook.requireNoAllowance(0);
        tokens[GRAIN].lend(address(vault), address(rewards), 3);
        vm.expectRevert(abi.encodeWithSelector(IVaultCore.AllowanceLeft.selector, address(tokens[GRAIN]), 3));
        rulebook.requireNoAllowance(0);
    }
}

contract BurnsUnknown is OddToken("WETH", 18) {
    fallback() external {
        assembly ("memory-safe") {
            invalid()
        }
    }
}
