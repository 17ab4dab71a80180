"""The manifest of a deployment: what was meant, with what only the chain can say (code, immutables, aggregators)."""

from __future__ import annotations

import dataclasses

from keeper.config.deployment import DeploymentFile
from keeper.config.kinds import ZERO_ADDRESS, price
from keeper.errors import DiffersError
from keeper.manifest import (
    AssetRecord,
    BlockRecord,
    ChainRecord,
    ClaimRecord,
    CompilerRecord,
    KeeperRecord,
    Manifest,
    Part,
    PartsRecord,
    Published,
    RewardRecord,
    RolesRecord,
    RouteRecord,
    SourcePart,
)
from scripts import artifacts, facts, wiring
from scripts.building import Buildings, Built
from scripts.reading import Reader
from scripts.toolchain import SOLC_VERSION


def record(deployment: DeploymentFile, buildings: Buildings, reader: Reader, *, deployer: str, now: int) -> Manifest:
    """The manifest as meant, owned by `deployer` with the Safe named; `now` is when the mandates began.

    Raises DiffersError where code on the chain is not what was compiled.
    """
    contracts = sorted({built.contract for built in buildings.all.values()})
    parts = _parts(deployment, buildings, reader)
    at = {name: built.address for name, built in buildings.adapters.items()}
    limits = deployment.limits.to_limits(deployment.chain_profile())
    return Manifest(
        schema="ballast.manifest/1",
        name=deployment.name,
        chain=ChainRecord(id=reader.chain_id, genesis=reader.genesis, profile=deployment.profile),
        block=BlockRecord(number=reader.block, hash=reader.block_hash),
        compiler=CompilerRecord(
            solc=SOLC_VERSION,
            evm=str(artifacts.compiler_settings()["evmVersion"]),
            input_sha256=artifacts.input_digest(contracts),
        ),
        parts=parts,
        assets=_assets(deployment, reader),
        routes=_routes(deployment, at),
        rewards=_rewards(deployment, reader),
        claims=_claims(deployment),
        limits=dataclasses.asdict(limits),
        roles=RolesRecord(
            owner=deployer,
            payout=deployment.roles.payout,
            guardians=list(deployment.roles.guardians),
            keepers=[
                KeeperRecord(address=keeper.address, expires=now + keeper.mandate_days * wiring.DAY)
                for keeper in deployment.roles.keepers
            ],
            pending_owner=deployment.roles.owner,
        ),
        config_version=1,
        published=Published(sourcify=None, etherscan=None),
        surroundings={
            address: reader.code_hash(address)
            for address in _surroundings(deployment, parts, reader)
            if reader.code(address)
        },
    )


def accepted(manifest: Manifest, reader: Reader) -> Manifest:
    """The manifest after the pending owner took over, which raises the configuration's version."""
    roles = manifest.roles.model_copy(update={"owner": manifest.roles.pending_owner, "pending_owner": None})
    block = BlockRecord(number=reader.block, hash=reader.block_hash)
    return manifest.model_copy(update={"roles": roles, "block": block, "config_version": manifest.config_version + 1})


def hold_against_chain(manifest: Manifest, reader: Reader) -> None:
    """Read everything back. Raises DiffersError with every fact on which chain and manifest disagree."""
    reader.refresh()
    found = facts.differences(facts.recorded(manifest), facts.found(reader, manifest))
    if found:
        raise DiffersError(
            f"{len(found)} facts on the chain are not what was deployed",
            remedy="do not deposit; deploy again and report the lines below",
            differences=[str(difference) for difference in found],
        )


def _parts(deployment: DeploymentFile, buildings: Buildings, reader: Reader) -> PartsRecord:
    return PartsRecord(
        clerk=_part(buildings.clerk, reader),
        rulebook=_part(buildings.rulebook, reader),
        vault=_part(buildings.vault, reader),
        oracle=_part(buildings.oracle, reader),
        adapters={name: _part(built, reader) for name, built in buildings.adapters.items()},
        sources={
            wiring.source_key(priced, place): _source(
                buildings.sources[wiring.source_key(priced, place)], reader, priced.symbol, voice.kind
            )
            for priced in deployment.priced
            for place, voice in enumerate(priced.sources)
        },
    )


def _part(built: Built, reader: Reader) -> Part:
    if not artifacts.load(built.contract).matches(reader.code(built.address)):
        raise DiffersError(
            f"the code at {built.address} is not the compiled {built.contract}",
            remedy="run make setup, so that the build is that of these sources, and deploy again",
        )
    return Part(
        address=built.address,
        contract=built.contract,
        tx=built.tx,
        constructor=built.constructor,
        runtime_hash=reader.code_hash(built.address),
        immutables=facts.immutables(reader, built.contract, built.address),
    )


def _source(built: Built, reader: Reader, symbol: str, kind: str) -> SourcePart:
    part = _part(built, reader)
    return SourcePart.model_validate(
        {**part.model_dump(), "asset": symbol, "kind": kind, "behind": facts.behind(reader, part.immutables)}
    )


def _assets(deployment: DeploymentFile, reader: Reader) -> list[AssetRecord]:
    return [
        AssetRecord(
            index=index,
            symbol=asset.symbol,
            token=asset.token,
            decimals=asset.decimals,
            code_hash=reader.code_hash(asset.token),
            target_bps=asset.target_bps,
            min_bps=asset.min_bps,
            max_bps=asset.max_bps,
            safe_rank=asset.safe_rank,
            depeg_bps=asset.depeg_bps,
            dust=str(asset.dust),
            price_low=str(price(asset.price_low)),
            price_high=str(price(asset.price_high)),
            implementation=_implementation(reader, asset.token),
        )
        for index, asset in enumerate(deployment.assets)
    ]


def _routes(deployment: DeploymentFile, adapters: dict[str, str]) -> list[RouteRecord]:
    return [
        RouteRecord(
            index=index,
            asset_in=wiring.asset_in(deployment, route),
            asset_out=deployment.index_of(route.symbols[-1]),
            claim=route.claim or 0,
            slip_bps=route.slip_bps,
            enabled=route.enabled,
            adapter=adapters[route.adapter],
            venue=route.venue,
            data=wiring.route_data(deployment, route, f"routes[{index}]"),
        )
        for index, route in enumerate(deployment.routes)
    ]


def _rewards(deployment: DeploymentFile, reader: Reader) -> list[RewardRecord]:
    return [
        RewardRecord(
            symbol=reward.symbol,
            token=reward.token,
            decimals=reward.decimals,
            code_hash=reader.code_hash(reward.token),
            implementation=_implementation(reader, reward.token),
        )
        for reward in deployment.rewards
    ]


def _claims(deployment: DeploymentFile) -> list[ClaimRecord]:
    return [
        ClaimRecord(index=index, target=target, reward=reward, daily_cap=str(cap), enabled=on, data="0x" + data.hex())
        for index, (target, reward, cap, on, data) in enumerate(wiring.claims_of(deployment))
    ]


def _implementation(reader: Reader, token: str) -> str | None:
    found = reader.implementation(token)
    return None if found == ZERO_ADDRESS else found


def _surroundings(deployment: DeploymentFile, parts: PartsRecord, reader: Reader) -> list[str]:
    """Feeds, aggregators, pools, routers, factories, what claims call and token proxies lead to, the owner's Safe;
    tokens have their own record."""
    stood_on = {deployment.roles.owner, *(route.venue for route in deployment.routes)}
    stood_on |= {reader.implementation(priced.token) for priced in deployment.priced}
    stood_on |= {wiring.claim_call(deployment, claim)[0] for claim in deployment.claims}
    for source in parts.sources.values():
        stood_on |= {*source.behind.values(), *(source.immutables.get(name, "") for name in (*facts.FEEDS, "pool"))}
    stood_on |= {part.immutables.get("factory", "") for part in parts.adapters.values()}
    return sorted(stood_on - {"", ZERO_ADDRESS})
