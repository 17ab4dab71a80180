"""Synthetix's StakingRewards with mainnet's own bytecode: stake WETH, earn LINK over seven days."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from keeper.devnet.artifacts import Artifact
from keeper.devnet.book import Token
from keeper.devnet.kit import Chain

REWARD = 70_000 * 10**18
"""Base units of LINK that the first seven days pay, all stakers together."""


def furnish(chain: Chain, vendor: Path, *, staked: Token, paid: Token) -> dict[str, str]:
    """Deploy it, give it the reward from the chain's sender, who owns it, and start the seven days; address by name."""
    path = vendor / "synthetix" / "publish" / "deployed" / "mainnet" / "deployment.json"
    source: dict[str, Any] = json.loads(path.read_text())["sources"]["StakingRewards"]
    code = str(source["bytecode"]).removeprefix("0x")
    artifact = Artifact("StakingRewards", code, {}, ("address", "address", "address", "address"))
    at = chain.new(artifact, chain.sender, chain.sender, paid.address, staked.address)
    chain.send(paid.address, "transfer(address,uint256)", at, REWARD)
    chain.send(at, "notifyRewardAmount(uint256)", REWARD)
    return {"staking_rewards": at}
