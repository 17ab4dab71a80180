// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IVaultCore, Mode, Order, Report, Terms} from "../../../contracts/interfaces/IKeeperVault.sol";
import {IPriceOracle, IPriceSource, SourceKind, Verdict} from "../../../contracts/interfaces/IPriceOracle.sol";
import {Role, Setup} from "../../../contracts/interfaces/IRulebook.sol";
import {AssetSeen, Tick, VaultSeen} from "../../../contracts/lens/ILens.sol";
import {Listing} from "../../../contracts/MedianOracle.sol";
import {MockSource} from "../../../contracts/mocks/MockSource.sol";
import {Balance, OddToken} from "../../../contracts/mocks/OddToken.sol";
import {World} from "../vault/World.sol";

/// The five-asset vault on a real MedianOracle, seen through the lens and held against the vault's own answers.
contract VaultLensTest is World {
    uint256 private constant MOST_INITCODE = 49_152; // EIP-3860
    uint256 private constant MOST_CODE = 24_576; // EIP-170: nodes hold what a creation returns to it

    IPriceOracle private median;
    MockSource[3][5] private feeds;

    function _setup() internal view override returns (Setup memory setup) {
        setup = super._setup();
        if (address(median) != address(0)) setup.oracle = address(median);
    }

    function setUp() public override {
        super.setUp();
        Listing[] memory listings = new Listing[](5);
        for (uint256 i; i < 5; ++i) {
            address token = address(tokens[i]);
            uint128 price = oracle.priceOf(token);
            listings[i] = Listing({token: token, sources: new IPriceSource[](3)});
            for (uint256 j; j < 3; ++j) {
                feeds[i][j] = new MockSource(token, j < 2 ? SourceKind.PUSH : SourceKind.TWAP, price);
                listings[i].sources[j] = feeds[i][j];
            }
        }
        bytes memory code = vm.getCode("MedianOracle.sol:MedianOracle");
        median = IPriceOracle(_create(code, abi.encode(listings)));
        this.deploy(_setup(), _targets());
        _fill();
    }

    // ------------------------------------------------------------------------------------ the reason why not

    function test_an_address_without_code_is_said_not_to_exist() public {
        VaultSeen memory seen = _look(stranger);
        no(seen.exists || seen.ready, "exists");
        eq(seen.vault, stranger, "address");
    }

    function test_a_halted_vault_refuses_as_the_lens_says() public {
        _halt();
        _refusesWith(abi.encodeWithSelector(IVaultCore.NotActive.selector));
    }

    function test_a_cooling_vault_refuses_as_the_lens_says() public {
        _rebalance(WETH_USDC, 10e18);
        _refusesWith(abi.encodeWithSelector(IVaultCore.TooSoon.selector, START + 300));
    }

    function test_a_vault_with_an_unpriced_counted_asset_refuses_as_the_lens_says() public {
        feeds[WBTC][0].setVerdict(Verdict.STALE);
        feeds[WBTC][1].setVerdict(Verdict.STALE);
        _refusesWith(abi.encodeWithSelector(IVaultCore.PriceMissing.selector, WBTC));
    }

    function test_a_price_outside_the_sanity_band_refuses_as_the_lens_says() public {
        for (uint256 j; j < 3; ++j) {
            feeds[WBTC][j].setPrice(300_001e18);
        }
        _refusesWith(abi.encodeWithSelector(IVaultCore.PriceMissing.selector, WBTC));
        VaultSeen memory seen = _look(address(vault));
        no(seen.assets[WBTC].usable, "usable");
        eq(seen.assets[WBTC].price.mid, 300_001e18, "shown all the same");
    }

    function test_an_empty_vault_refuses_as_the_lens_says() public {
        for (uint8 i; i < 5; ++i) {
            tokens[i].burn(address(vault), _held(i));
        }
        _refusesWith(abi.encodeWithSelector(IVaultCore.EmptyVault.selector));
    }

    function test_a_vault_near_its_targets_refuses_as_the_lens_says() public {
        tokens[WETH].burn(address(vault), 100e18);
        tokens[WBTC].mint(address(vault), 1e8);
        tokens[USDC].mint(address(vault), 150_000e6);
        VaultSeen memory seen = _look(address(vault));
        _refusesWith(abi.encodeWithSelector(IVaultCore.DriftTooSmall.selector, seen.drift, 25e14));
    }

    function test_a_token_that_reverts_costs_its_own_fields_and_is_the_refusal() public {
        tokens[GRAIN].setTelling(Balance.REVERTS);
        _refusesWith(abi.encodeWithSelector(OddToken.Paused.selector));
        VaultSeen memory seen = _look(address(vault));
        no(seen.assets[GRAIN].answered, "answered");
        yes(seen.assets[GRAIN].heard && seen.assets[GRAIN].voices.length == 3, "its voices");
        eq(seen.assets[WETH].balance, 300e18, "the other balances");
        eq(seen.nav, 0, "nav");
    }

    function test_a_token_that_burns_gas_or_says_nothing_does_not_sink_the_lens() public {
        tokens[GRAIN].setTelling(Balance.BURNS_GAS);
        no(_look(address(vault)).ready, "burns gas");
        tokens[GRAIN].setTelling(Balance.ANSWERS_NOTHING);
        VaultSeen memory seen = _look(address(vault));
        no(seen.ready || seen.assets[GRAIN].answered, "says nothing");
        gt(seen.refusal.length, 0, "a failure without a word still has one");
    }

    function test_an_oracle_that_fails_costs_the_prices_and_is_the_refusal() public {
        vm.etch(address(median), hex"60006000fd");
        VaultSeen memory seen = _look(address(vault));
        no(seen.ready || seen.assets[WETH].heard, "ready");
        gt(seen.refusal.length, 0, "refusal");
        eq(seen.assets[WETH].balance, 300e18, "balances");
    }

    // ------------------------------------------------------------------------------------------- what it shows

    function test_nav_and_drift_are_the_ones_the_vault_trades_on() public {
        VaultSeen memory seen = _look(address(vault));
        yes(seen.ready, "ready");
        eq(seen.refusal.length, 0, "refusal");
        Report memory report = _rebalance(WETH_USDC, 10e18);
        eq(seen.nav, report.navBefore, "nav");
        eq(seen.drift, report.driftBefore, "drift");
        eq(seen.nav, NAV, "nav in dollars");
        eq(seen.drift, 2e17, "20 %");
    }

    function test_voices_are_shown_one_by_one_with_those_that_made_the_price() public {
        feeds[WETH][0].setPrice(3000e18);
        feeds[WETH][2].setPrice(2001e18);
        AssetSeen memory asset = _look(address(vault)).assets[WETH];
        eq(asset.price.mid, 2000.5e18, "price");
        eq(asset.all.mid, 2000.5e18, "all");
        yes(asset.heard && asset.usable && asset.counted, "flags");
        no(asset.voices[0].inCluster, "the liar");
        yes(asset.voices[1].inCluster && asset.voices[2].inCluster, "the others");
        eq(asset.voices[0].source, address(feeds[WETH][0]), "source");
        eq(asset.voices[2].updatedAt, START, "time");
        eq(asset.value, 300 * 2000.5e18, "value");
    }

    function test_an_asset_without_target_and_balance_is_not_counted_but_priced() public {
        AssetSeen memory asset = _look(address(vault)).assets[DAI];
        no(asset.counted, "counted");
        eq(asset.price.mid, 1e18, "price");
        eq(asset.value, 0, "value");
    }

    function test_rules_roles_and_state_are_the_rulebooks_and_the_vaults() public {
        VaultSeen memory seen = _look(address(vault));
        eq(abi.encode(seen.rules), abi.encode(rulebook.rules()), "rules");
        eq(abi.encode(seen.routes), abi.encode(rulebook.routes()), "routes");
        eq(abi.encode(seen.claims), abi.encode(rulebook.claims()), "claims");
        eq(abi.encode(seen.keepers), abi.encode(rulebook.keepers()), "keepers");
        eq(abi.encode(seen.guardians), abi.encode(rulebook.guardians()), "guardians");
        eq(abi.encode(seen.state), abi.encode(vault.state()), "state");
        eq(abi.encode(seen.headroom), abi.encode(vault.headroom()), "headroom");
        eq(bytes(seen.version), bytes(vault.version()), "version");
        eq(seen.rulebook, address(rulebook), "rulebook");
        eq(seen.owner, owner, "owner");
        eq(seen.pendingOwner, address(0), "pending owner");
        eq(seen.payout, payout, "payout");
        eq(seen.targetSum, BPS, "targets");
        yes(seen.state.mode == Mode.ACTIVE, "mode");
    }

    function test_accounts_are_shown_with_role_mandate_and_native_balance() public {
        vm.deal(keeper, 3 ether);
        vm.warp(START + 2 hours);
        address[] memory accounts = new address[](3);
        (accounts[0], accounts[1], accounts[2]) = (keeper, stranger, lapsing);
        Tick memory tick = _tick(_addresses(address(vault)), accounts);
        VaultSeen memory seen = tick.vaults[0];
        eq(tick.balances[0], 3 ether, "balance");
        yes(seen.standings[0].role == Role.KEEPER, "keeper");
        eq(seen.standings[0].expires, START + MANDATE, "mandate");
        yes(seen.standings[1].role == Role.NONE && seen.standings[1].expires == 0, "stranger");
        yes(seen.standings[2].role == Role.NONE && seen.standings[2].expires == START + 1 hours, "lapsed");
        eq(seen.standings[2].account, lapsing, "account");
    }

    function test_the_block_is_shown() public {
        vm.fee(7 gwei);
        Tick memory tick = _tick(new address[](0), new address[](0));
        eq(tick.seen.chainId, block.chainid, "chain");
        eq(tick.seen.number, block.number, "number");
        eq(tick.seen.timestamp, START, "time");
        eq(tick.seen.baseFee, 7 gwei, "base fee");
    }

    function test_a_vault_of_five_assets_fits_the_sizes_that_a_node_allows() public {
        bytes memory one = _raw(_addresses(address(vault)), _addresses(keeper));
        le(one.length, MOST_CODE * 7 / 10, "five assets, 15 voices and 14 routes");
        le(vm.getCode("VaultLens.sol:VaultLens").length, MOST_INITCODE - 64 * 32, "creation code");
    }

    // ------------------------------------------------------------------------------------------------- looking

    /// The lens and the vault itself refuse with the same words.
    function _refusesWith(bytes memory why) private {
        VaultSeen memory seen = _look(address(vault));
        no(seen.ready, "ready");
        eq(seen.refusal, why, "the lens");
        Order[] memory orders = _order(WETH_USDC, 1e18);
        Terms memory terms = _terms();
        vm.prank(keeper);
        (bool done, bytes memory said) = address(vault).call(abi.encodeCall(IVaultCore.rebalance, (orders, terms)));
        no(done, "rebalanced");
        eq(said, why, "the vault");
    }

    function _look(address at) private returns (VaultSeen memory) {
        return _tick(_addresses(at), new address[](0)).vaults[0];
    }

    function _tick(address[] memory vaults, address[] memory accounts) private returns (Tick memory) {
        return abi.decode(_raw(vaults, accounts), (Tick));
    }

    function _raw(address[] memory vaults, address[] memory accounts) private returns (bytes memory) {
        return _create(vm.getCode("VaultLens.sol:VaultLens"), abi.encode(vaults, accounts)).code;
    }

    function _addresses(address a) private pure returns (address[] memory list) {
        list = new address[](1);
        list[0] = a;
    }
}
