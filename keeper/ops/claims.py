"""Quotes of what the vault could harvest: asked beside the look where one is known to be due, else right after it."""

from __future__ import annotations

from dataclasses import replace

from keeper.chain import claims
from keeper.chain.claims import Question
from keeper.chain.lens import Observation
from keeper.decide.harvest import due, ways
from keeper.execute.trial import block_parameter
from keeper.model import HarvestQuote, PolicyState, Snapshot
from keeper.ops.post import Post
from keeper.units import Timestamp


def look(post: Post, state: PolicyState, known: Snapshot | None) -> Observation:
    """The vault now, exchanges asked beside it, with a quote of every claim that `known`, the tick before, says is due.

    One round trip in sequence. Raises RpcUnreachable, RpcRefused.
    """
    if known is None or post.account is None:
        return post.survey()
    now = max(post.clock.now(), known.block.timestamp + post.vault.tick_seconds)
    asked = _questions(post, known, state, Timestamp(now))
    seen = post.survey(claims.calls(asked, post.rpc.profile))
    return replace(seen, snapshot=replace(seen.snapshot, quotes=claims.quotes(post.rpc, asked, seen.beside)))


def quoted(post: Post, seen: Observation, state: PolicyState) -> Observation:
    """What was seen, with a quote of every claim that is due by its own block and has none yet, and of no other.

    No round trip where nothing is missing, else one. Raises RpcUnreachable, RpcRefused.
    """
    snapshot = seen.snapshot
    wanted = due(snapshot, state, post.vault.decision)
    have = tuple(quote for quote in snapshot.quotes if quote.claim in wanted)
    missing = tuple(claim for claim in wanted if claim not in {quote.claim for quote in have})
    if missing and post.account is not None:
        have += _ask(post, snapshot, missing)
    return replace(seen, snapshot=replace(snapshot, quotes=have))


def _ask(post: Post, snapshot: Snapshot, missing: tuple[int, ...]) -> tuple[HarvestQuote, ...]:
    asked = _routes(post, snapshot, missing)
    block = block_parameter(post.rpc, snapshot)
    answers = post.rpc.many([(method, [*given, block]) for method, given in claims.calls(asked, post.rpc.profile)])
    return claims.quotes(post.rpc, asked, answers)


def _questions(post: Post, known: Snapshot, state: PolicyState, now: Timestamp) -> tuple[Question, ...]:
    return _routes(post, known, due(known, state, post.vault.decision, now))


def _routes(post: Post, snapshot: Snapshot, wanted: tuple[int, ...]) -> tuple[Question, ...]:
    pairs = [(claim, route) for claim in wanted for route in ways(snapshot, claim)]
    return claims.questions(snapshot, pairs, post.account or "")
