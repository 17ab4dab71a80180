"""What the vault puts on record, and anyone's proof that it no longer holds.

A balance keeps its ten highest bits, the rate of a share its 26 highest, both rounded down; 0 and 1 are 0, and what
passes 128 bits is the most that fits them. Mirrors contracts/core/Watch.sol and the libraries Record and Compact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from keeper.model.envelope.refusals import Refused
from keeper.model.envelope.values import Market, Rules, State, Tripping
from keeper.units import BPS

BALANCE_TAIL, RATE_TAIL = 9, 25
"""Bits kept below the highest."""
RATES = 8
"""The first so many of the listed shares have their rates on record."""
RATE_LEFT_BPS = 9_990
"""A rate has fallen when it is below so much of what it was."""
_LEAST, _MOST = 2, 2**128 - 1
_PLACE_BITS = 7


def pack_down(amount: int, tail: int) -> int:
    """An amount in 7 + `tail` bits, rounded down: where its highest bit stands, and those that follow it."""
    if amount < _LEAST:
        return 0
    amount = min(amount, _MOST)
    highest = amount.bit_length() - 1
    cut = amount >> (highest - tail) if highest > tail else amount << (tail - highest)
    return (highest << tail) + cut - (1 << tail)


def opened_code(code: int, tail: int) -> int:
    """The amount that was packed, rounded down."""
    if code == 0:
        return 0
    highest = code >> tail
    cut = (code & ((1 << tail) - 1)) | (1 << tail)
    return cut << (highest - tail) if highest > tail else cut >> (tail - highest)


def balances_word(balances: Sequence[int]) -> int:
    """16 bits an asset, by its index."""
    return _word([pack_down(balance, BALANCE_TAIL) for balance in balances], BALANCE_TAIL + _PLACE_BITS)


def rates_word(rules: Rules, rates: Sequence[int]) -> int:
    """32 bits a share, in the order of the listed ones."""
    codes = [pack_down(rates[i], RATE_TAIL) for i, rule in enumerate(rules.assets) if rule.share]
    return _word(codes[:RATES], RATE_TAIL + _PLACE_BITS)


def _word(codes: Sequence[int], bits: int) -> int:
    return sum(code << (place * bits) for place, code in enumerate(codes))


def on_record(state: State, rules: Rules, market: Market, seen: Sequence[int] | None = None) -> State:
    """All on record anew, rates too. `seen`: the balances by an action's books, asked where no share is listed."""
    shares = any(rule.share for rule in rules.assets)
    held = state.balances if seen is None or shares else seen
    return replace(state, balances_seen=balances_word(held), rates_seen=rates_word(rules, market.rates))


def proof(state: State, rules: Rules, market: Market, asset: int) -> Tripping:
    """The balance is below the record, or, where more than dust is held, the rate by more than 10 bps.

    Refused: UnknownAsset, NothingTripped.
    """
    if asset >= len(rules.assets):
        raise Refused("UnknownAsset", asset)
    found = state.balances[asset]
    expected = _code_at(state.balances_seen, asset, BALANCE_TAIL)
    if found < expected:
        return Tripping(expected, found, by_rate=False)
    if rules.assets[asset].share and found > rules.assets[asset].dust:
        place = sum(rule.share for rule in rules.assets[:asset])
        expected, found = _code_at(state.rates_seen, place, RATE_TAIL), market.rates[asset]
        if found * BPS < expected * RATE_LEFT_BPS:
            return Tripping(expected, found, by_rate=True)
    raise Refused("NothingTripped", asset)


def _code_at(word: int, place: int, tail: int) -> int:
    bits = tail + _PLACE_BITS
    return opened_code((word >> (place * bits)) & ((1 << bits) - 1), tail)
