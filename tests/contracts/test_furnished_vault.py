"""The finished vault among real parts: Aave's incentives and scarcity, Uniswap's pools, feeds that say what they say.

No mock stands here; every number a test compares is read from the chain.
"""

from __future__ import annotations

import pytest

from keeper.devnet import aave
from keeper.units import WAD
from scripts import facts
from tests.furnished import ALLOCATE, HARVEST, MOST, REBALANCE, REPORT, RETARGET, Stage

HOUR = 3_600
DOLLAR = 10**18
USDC = 10**6
REASON = b"end".ljust(32, b"\0")

pytestmark = pytest.mark.timeout(300)


def drifted(stage: Stage, whole: int = 40) -> None:
    """So many WETH more than the targets ask for: somebody's gift, for prices and pools stay as they opened."""
    weth, user = stage.book.tokens["WETH"].address, stage.book.address("user")
    stage.hand.send(weth, "transfer(address,uint256)", stage.vault, whole * 10**18, sender=user)


def traded_once(stage: Stage) -> None:
    """A first trade, the owner's, so that the vault knows its NAV."""
    drifted(stage)
    stage.act("owner", ALLOCATE, [(stage.route("WETH", "USDC"), MOST, 0)], stage.hand.now() + HOUR)


def sales(stage: Stage) -> list[tuple[int, int, int]]:
    return [(stage.route("LINK", "USDC"), MOST, 0)]


def values(stage: Stage) -> dict[str, int]:
    """Dollars of each asset at the opening prices, 18 decimals; a share at Aave's own rate."""
    worth = {}
    for asset in stage.deployed.manifest.assets:
        held = stage.held(asset.symbol)
        if asset.symbol == "waUSDC":
            held = int(stage.hand.read(asset.token, "convertToAssets(uint256)", "uint256", held))
        price = stage.book.opening[stage.book.tokens["USDC" if asset.symbol == "waUSDC" else asset.symbol].asset]
        worth[asset.symbol] = held * price // 10**asset.decimals
    return worth


# ------------------------------------------------------------------------------------------------ harvest


def test_harvest_sells_the_incentives_of_aave_through_the_real_pools(stage: Stage) -> None:
    traded_once(stage)
    stage.later(24 * HOUR)
    before = {symbol: stage.held(symbol) for symbol in (*stage.indexes, "LINK")}
    assert before["LINK"] == 0
    epoch = stage.state().epoch
    report = stage.simulated("keeper", REPORT, HARVEST, 0, sales(stage), stage.terms())
    stage.act("keeper", HARVEST, 0, sales(stage), stage.terms())
    bought = stage.held("USDC") - before["USDC"]
    assert 10 * USDC < bought < 1_000 * USDC
    assert stage.held("LINK") == 0
    assert all(stage.held(symbol) == before[symbol] for symbol in ("WETH", "WBTC", "waUSDC", "DAI"))
    assert stage.state().epoch == epoch + 1
    nav_before, nav_after, drift_before, drift_after, turnover, loss = report
    assert abs((nav_after - nav_before) - bought * 10**12) <= 10**15
    assert (drift_before, drift_after) == (0, 0)
    assert 0 < turnover < WAD // 1_000
    assert loss <= turnover * 145 // 10_000 + 1


def test_harvest_leaves_what_it_may_not_sell_and_a_second_one_waits(stage: Stage) -> None:
    stage.later(24 * HOUR)
    stage.act("keeper", HARVEST, 0, [], stage.terms())
    claimed = stage.held("LINK")
    assert claimed > 10**18
    assert stage.refusal("keeper", HARVEST, 0, [], stage.terms()) == "TooSoon"
    stage.later(2 * HOUR)
    traded_once(stage)
    stage.act("keeper", HARVEST, 0, sales(stage), stage.terms())
    assert stage.held("LINK") == claimed  # what an earlier claim brought is the owner's: only the newly claimed is sold


def test_harvest_is_the_keepers_alone(stage: Stage) -> None:
    for role in ("guardian", "owner", "stranger"):
        assert stage.refusal(role, HARVEST, 0, [], stage.terms()) == "NotKeeper"


def test_a_sale_behind_a_skewed_pool_is_refused(stage: Stage) -> None:
    """The thief sells LINK into the pool first: the vault's own sale would come in below its floor."""
    traded_once(stage)
    stage.later(24 * HOUR)
    thief, router = stage.book.address("thief"), stage.book.contracts["swap_router_02"]
    link, weth = stage.book.tokens["LINK"].address, stage.book.tokens["WETH"].address
    amount = 20_000 * 10**18
    stage.hand.send(link, "approve(address,uint256)", router, amount, sender=thief)
    swap = "exactInputSingle((address,address,uint24,address,uint256,uint256,uint160))"
    stage.hand.send(router, swap, (link, weth, 3_000, thief, amount, 0, 0), sender=thief)
    assert stage.refusal("keeper", HARVEST, 0, sales(stage), stage.terms()) != ""
    assert stage.refusal("keeper", HARVEST, 0, [], stage.terms()) == ""


# ------------------------------------------------------------------------------------------------ retarget, revoke


def test_retarget_moves_the_goal_and_a_rebalance_follows_it(stage: Stage) -> None:
    stage.act("keeper", RETARGET, [3_800, 2_500, 2_000, 1_700, 0], stage.terms())
    assert list(stage.state().targetsBps) == [3_800, 2_500, 2_000, 1_700, 0]
    weth = stage.held("WETH")
    stage.act("keeper", REBALANCE, [(stage.route("WETH", "USDC"), MOST, 0)], stage.terms())
    assert stage.held("WETH") * 10_000 // weth == 9_500  # from 40 % of NAV to 38 %
    assert stage.refusal("keeper", RETARGET, [3_700, 2_500, 2_000, 1_800, 0], stage.terms()) == "TooSoon"


def test_a_rebalance_reaches_the_share_though_its_asset_stands_on_target(stage: Stage) -> None:
    """WETH over, waUSDC under, USDC exactly right: by way of USDC nothing could move."""
    stage.act("keeper", RETARGET, [3_800, 2_500, 2_200, 1_500, 0], stage.terms())
    stage.later(600)
    weth, share = stage.held("WETH"), stage.held("waUSDC")
    by_usdc = [(stage.route("WETH", "USDC"), MOST, 0), (stage.route("USDC", "waUSDC"), MOST, 0)]
    assert stage.refusal("keeper", REBALANCE, by_usdc, stage.terms()) == "NothingToDo"
    stage.act("keeper", REBALANCE, [(stage.route("WETH", "waUSDC"), MOST, 0)], stage.terms())
    assert stage.held("WETH") * 10_000 // weth in (9_499, 9_500)
    assert 10_950 < stage.held("waUSDC") * 10_000 // share <= 11_000
    door = stage.deployed.manifest.parts.adapters["routed"].address
    assert [stage.held(symbol, door) for symbol in ("WETH", "USDC", "waUSDC")] == [0, 0, 0]
    back = [(stage.route("waUSDC", "WBTC"), MOST, 0)]
    stage.act("owner", "setTargets(uint16[])", [3_800, 2_700, 2_000, 1_500, 0])
    stage.later(600)
    stage.act("keeper", REBALANCE, back, stage.terms())
    assert stage.held("waUSDC") * 100 // share in (99, 100)


@pytest.mark.parametrize(
    ("targets", "error"),
    [
        ([6_500, 0, 2_000, 1_500, 0], "TargetOutOfRange"),
        ([4_000, 2_500, 2_000, 1_400, 0], "BadTargets"),
        ([4_000, 2_500, 2_000, 1_500, 0], "NoChange"),
        ([3_000, 2_500, 3_000, 1_500, 0], "ShiftTooLarge"),
    ],
)
def test_retarget_stays_inside_what_the_owner_set(stage: Stage, targets: list[int], error: str) -> None:
    assert stage.refusal("keeper", RETARGET, targets, stage.terms()) == error


def test_a_revoked_keeper_steers_no_more_and_the_standby_does(stage: Stage) -> None:
    drifted(stage)
    order = [(stage.route("WETH", "USDC"), MOST, 0)]
    signed_before = stage.terms()
    assert stage.refusal("keeper", REBALANCE, order, signed_before) == ""
    stage.act("guardian", "revokeKeeper(address)", stage.book.address("keeper"), to=stage.deployed.rulebook)
    assert stage.refusal("keeper", REBALANCE, order, stage.terms()) == "NotKeeper"
    assert stage.refusal("standby", REBALANCE, order, signed_before) == "ConfigMoved"
    stage.act("standby", REBALANCE, order, stage.terms())


def test_a_revoked_guardian_halts_no_more_and_only_the_owner_revokes_one(stage: Stage) -> None:
    revoke = "revokeGuardian(address)"
    second = stage.book.address("guardian_2")
    assert stage.refusal("guardian", revoke, second, to=stage.deployed.rulebook) != ""
    stage.act("owner", revoke, second, to=stage.deployed.rulebook)
    assert stage.refusal("guardian_2", "halt(bytes32)", REASON) == "NoRole"
    assert stage.refusal("guardian", "halt(bytes32)", REASON) == ""


# ------------------------------------------------------------------------------------------------ kill, unhalt


def test_kill_leaves_nothing_but_the_stablecoin(stage: Stage) -> None:
    before = sum(values(stage).values())
    stage.act("guardian", "kill(bytes32)", REASON)
    after = values(stage)
    assert stage.state().mode == 1
    assert {symbol for symbol, worth in after.items() if worth > DOLLAR} == {"USDC"}
    assert after["USDC"] >= before * 9_900 // 10_000


def test_unhalt_waits_an_hour_and_every_budget_begins_used_up(stage: Stage) -> None:
    stage.act("guardian", "kill(bytes32)", REASON)
    epoch = stage.state().epoch
    assert stage.refusal("owner", "unhalt()") == "TooSoon"
    assert stage.refusal("guardian", "unhalt()") == "NotOwner"
    stage.later(HOUR)
    stage.act("guardian_2", "halt(bytes32)", REASON)  # halting again does not restart the clock
    stage.act("owner", "unhalt()")
    state = stage.state()
    assert (state.mode, state.haltedAt, state.epoch) == (0, 0, epoch + 1)
    headroom = stage.reader.ask("KeeperVault", stage.vault, "headroom")
    assert max(headroom) == 0
    orders = [(stage.route("USDC", symbol), MOST, 0) for symbol in ("WETH", "WBTC", "waUSDC")]
    assert stage.refusal("keeper", REBALANCE, orders, stage.terms()) != ""
    stage.later(30 * 60)
    assert min(stage.reader.ask("KeeperVault", stage.vault, "headroom")) > 0


def test_kill_redeems_what_a_scarce_aave_can_pay_and_the_rest_when_it_can(stage: Stage) -> None:
    pool, usdc, weth = stage.book.contracts["aave_pool"], stage.book.tokens["USDC"], stage.book.tokens["WETH"]
    borrower, share = stage.book.address("borrower"), stage.book.wrapped["waUSDC"].address
    left = stage.held("USDC", stage.book.reserves["USDC"].a_token)
    aave.supply(stage.hand, pool, weth, stage.held("WETH", borrower), borrower)
    aave.borrow(stage.hand, pool, usdc, left - 200_000 * USDC, borrower)
    whole = stage.held("waUSDC")
    payable = int(stage.hand.read(share, "maxRedeem(address)", "uint256", stage.vault))
    assert 0 < payable < whole // 2
    stage.act("guardian", "kill(bytes32)", REASON)
    assert 0 < whole - stage.held("waUSDC") <= payable
    assert whole - stage.held("waUSDC") > payable * 99 // 100
    assert (stage.held("WETH"), stage.held("WBTC")) == (0, 0)
    stage.hand.send(usdc.address, "approve(address,uint256)", pool, 2**256 - 1, sender=borrower)
    repay = "repay(address,uint256,uint256,address)"
    stage.hand.send(pool, repay, usdc.address, 700_000 * USDC, 2, borrower, sender=borrower)
    stage.act("guardian", "flatten()")
    assert stage.held("waUSDC") == 0


# ------------------------------------------------------------------------------------------------ depeg


def test_flatten_takes_dai_where_usdc_is_at_88_cents(stage: Stage) -> None:
    """USDC on 11 March 2023: the second safe asset is the refuge, the share leaves USDC through it, and USDC stays.

    All legs go through the same pools, and nobody here brings them back: the last waits until its discount opens.
    """
    depeg = {"USDC": 88 * DOLLAR // 100}
    stage.later(60, depeg)
    usdc = stage.held("USDC")
    stage.act("guardian", "kill(bytes32)", REASON)
    assert (stage.held("WETH"), stage.held("waUSDC")) == (0, 0)
    assert stage.held("DAI") >= (1_280_000 + 640_000 * 88 // 100) * 10**18 * 9_884 // 10_000
    before = stage.held("DAI")
    stage.later(HOUR, depeg)
    stage.act("guardian", "flatten()")
    assert stage.held("WBTC") == 0
    assert stage.held("DAI") - before >= 800_000 * 10**18 * 9_500 // 10_000
    assert stage.held("USDC") == usdc


def test_no_rebalance_buys_usdc_at_88_cents_for_what_it_was_worth(stage: Stage) -> None:
    """Pools that still trade at a dollar would overpay by 13 %: the oracle's floor refuses them."""
    stage.later(60, {"USDC": 88 * DOLLAR // 100, "ETH": 3_300 * DOLLAR})
    assert stage.refusal("keeper", REBALANCE, [(stage.route("WETH", "USDC"), MOST, 0)], stage.terms()) != ""


def test_the_facts_of_claims_and_rewards_are_compared(stage: Stage) -> None:
    recorded = facts.recorded(stage.deployed.manifest)
    assert recorded["claims"] == "1"
    assert recorded["oracle.listed"] == "6"
    assert recorded["rewards[0].sources"].count("0x") == 3
    assert recorded["claims[0].dailyCap"] == str(5_000 * DOLLAR)
    assert facts.differences(recorded, facts.found(stage.reader, stage.deployed.manifest)) == ()
