"""A sound configuration and a sound deployment as text: tests change one thing in them."""

from __future__ import annotations

CONFIG = """
schema = 1
[keeper]
name = "keeper"
[chain.local]
profile = "anvil"
rpc = ["http://127.0.0.1:8545"]
clock = "chain"
[vault.treasury]
chain = "local"
manifest = "deployments/31337/treasury.json"
policy = "bands"
[policy.bands]
kind = "bands"
absolute_bps = 200
[signer.keeper]
kind = "keystore"
path = "keeper.json"
secret = "file:keeper.password"
"""

DEPLOYMENT = """
schema = 1
name = "treasury"
profile = "anvil"
[roles]
owner = "0x00000000000000000000000000000000000000a1"
payout = "0x00000000000000000000000000000000000000a1"
guardians = ["0x00000000000000000000000000000000000000a2"]
[[roles.keepers]]
address = "0x00000000000000000000000000000000000000a3"
[[assets]]
symbol = "WETH"
token = "0x00000000000000000000000000000000000000b1"
decimals = 18
target_bps = 6000
min_bps = 2000
max_bps = 8000
price_low = "100"
price_high = "20000.5"
[[assets.sources]]
kind = "aggregator"
feed = "0x00000000000000000000000000000000000000c1"
max_age = 3900
[[assets.sources]]
kind = "twap"
pool = "0x00000000000000000000000000000000000000c2"
quote = "USDC"
window = 1800
min_liquidity = 1000
[[assets]]
symbol = "USDC"
token = "0x00000000000000000000000000000000000000b2"
decimals = 6
target_bps = 4000
min_bps = 2000
max_bps = 8000
safe_rank = 1
price_low = "0.9"
price_high = "1.1"
[[assets.sources]]
kind = "aggregator"
feed = "0x00000000000000000000000000000000000000c3"
max_age = 90000
[[assets]]
symbol = "WBTC"
token = "0x00000000000000000000000000000000000000b3"
decimals = 8
target_bps = 0
min_bps = 0
max_bps = 3000
price_low = "1000"
price_high = "500000"
[[assets.sources]]
kind = "aggregator"
feed = "0x00000000000000000000000000000000000000c4"
max_age = 3900
[adapters.router]
kind = "swap_router_02"
[adapters.pool]
kind = "v3_pool"
[[routes]]
path = ["WETH", 500, "USDC"]
adapter = "pool"
venue = "0x00000000000000000000000000000000000000d1"
slip_bps = 65
[[routes]]
path = ["USDC", 3000, "WBTC", 500, "WETH"]
adapter = "router"
venue = "0x00000000000000000000000000000000000000d2"
slip_bps = 90
"""

SHARE = """
[[assets]]
symbol = "vUSDC"
token = "0x00000000000000000000000000000000000000b4"
decimals = 6
target_bps = 0
min_bps = 0
max_bps = 3000
price_low = "0.9"
price_high = "2"
[[assets.sources]]
kind = "erc4626"
underlying = "USDC"
max_growth_bps_per_year = 2000
[adapters.shares]
kind = "erc4626"
[adapters.pair]
kind = "uniswap_v2"
[[routes]]
path = ["vUSDC", "USDC"]
adapter = "shares"
venue = "0x00000000000000000000000000000000000000b4"
slip_bps = 10
[[routes]]
path = ["WETH", "WBTC"]
adapter = "pair"
venue = "0x00000000000000000000000000000000000000d3"
slip_bps = 140
"""
"""What a deployment has besides, where it lists a share and trades with a V2 pair."""

REWARDED = (
    SHARE
    + """
[[rewards]]
symbol = "LINK"
token = "0x00000000000000000000000000000000000000b5"
decimals = 18
[[rewards.sources]]
kind = "aggregator"
feed = "0x00000000000000000000000000000000000000c5"
max_age = 3900
[[rewards.sources]]
kind = "twap"
pool = "0x00000000000000000000000000000000000000c6"
quote = "WETH"
window = 1800
min_liquidity = 1000
[[claims]]
kind = "stata_rewards"
share = "vUSDC"
reward = "LINK"
daily_cap = "5000"
[[claims]]
kind = "call"
target = "0x00000000000000000000000000000000000000e1"
data = "0x3d18b912"
reward = "LINK"
daily_cap = "100.5"
enabled = false
[adapters.routed]
kind = "routed_share"
[[routes]]
path = ["LINK", 3000, "WETH", 500, "USDC"]
claim = 0
adapter = "router"
venue = "0x00000000000000000000000000000000000000d2"
slip_bps = 145
[[routes]]
path = ["WETH", 500, "vUSDC"]
adapter = "routed"
venue = "0x00000000000000000000000000000000000000d2"
slip_bps = 115
"""
)
"""What a deployment has besides, where it claims rewards and sells them, and reaches its share by the router."""
