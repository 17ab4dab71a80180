"""The model beside the contract: random sequences on both, equal to the last unit after every call.

`python -m tests.keeper.model.test_envelope_twin --sequences 300 --length 20 --seed 1` plays the long version.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.keeper.model.comparing import Tally, play
from tests.keeper.model.twin import KINDS, Twin, standing

SEQUENCES, LENGTH = 30, 20


@pytest.fixture(scope="module")
def twins() -> Iterator[list[Twin]]:
    with standing() as made:
        yield made


@pytest.fixture(scope="module")
def tally() -> Tally:
    return Tally()


@pytest.mark.timeout(600)
@given(seed=st.integers(0, 2**32 - 1))
@settings(
    max_examples=SEQUENCES,
    derandomize=True,
    database=None,
    deadline=None,
    phases=(Phase.generate,),
    suppress_health_check=(HealthCheck.too_slow,),
)
def test_the_model_and_the_contract_agree_after_every_call_of_random_sequences(
    twins: list[Twin], tally: Tally, seed: int
) -> None:
    replayed(twins[seed % KINDS], seed, LENGTH, tally)


def test_the_sequences_reached_every_act_and_many_errors(tally: Tally) -> None:
    assert tally.calls >= SEQUENCES * LENGTH // 2
    assert {"rebalance", "allocate", "retarget", "harvest", "halt", "flatten", "unhalt"} <= set(tally.went)
    assert len(tally.errors) >= 15, sorted(tally.errors)


def replayed(twin: Twin, seed: int, length: int, tally: Tally) -> None:
    """One sequence from the twin's opening state, and back to it."""
    before = twin.line.result("evm_snapshot")
    try:
        play(twin, seed, length, tally)
    finally:
        assert twin.line.result("evm_revert", before)


def main() -> None:
    """The long version, with what it reached."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--sequences", type=int, default=300)
    parser.add_argument("--length", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    given_words = parser.parse_args()
    tally, began = Tally(), time.monotonic()
    with standing() as made:
        for n in range(given_words.sequences):
            replayed(made[n % KINDS], given_words.seed * 1_000_003 + n, given_words.length, tally)
    print(f"{tally.calls} calls agree, {time.monotonic() - began:.0f} s")
    for name, counts in (("went through", tally.went), ("errors", tally.errors), ("marks", tally.marks)):
        print(f"{name}: " + ", ".join(f"{key} {count}" for key, count in sorted(counts.items())))


if __name__ == "__main__":
    main()
