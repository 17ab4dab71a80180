"""The model beside the contract: random sequences on both, equal to the last unit after every call.

`python -m tests.keeper.model.test_envelope_twin --sequences 300 --length 20 --seed 1` plays the long version.
"""

from __future__ import annotations

import argparse
import time

import pytest

from tests.keeper.model.comparing import Tally, play
from tests.keeper.model.twin import KINDS, Twin, standing

SEQUENCES, LENGTH, SEED = 30, 20, 7
ACTS = {"rebalance", "allocate", "retarget", "setTargets", "harvest", "halt", "kill", "flatten", "unhalt", "withdraw"}
ACTS |= {"trip", "rescueNative"}
MARKS = {
    "several trades",
    "a sale of a reward",
    "a leg sold",
    "a leg failed",
    "a loss",
    "a gain",
    "a rate that fell",
    "a balance that vanished",
}


@pytest.mark.timeout(600)
def test_the_model_and_the_contract_agree_after_every_call_of_random_sequences() -> None:
    tally = played_on_both(SEQUENCES, LENGTH, SEED)
    assert tally.calls == SEQUENCES * LENGTH
    assert set(tally.went) >= ACTS, f"never went through: {ACTS - set(tally.went)}"
    assert {mark for mark, count in tally.marks.items() if count} >= MARKS, tally.marks
    assert len(tally.errors) >= 25, sorted(tally.errors)


def played_on_both(sequences: int, length: int, seed: int) -> Tally:
    """That many sequences, in turn on each of the twins, each from its opening state."""
    tally = Tally()
    with standing() as twins:
        for n in range(sequences):
            replayed(twins[n % KINDS], seed * 1_000_003 + n, length, tally)
    return tally


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
    began = time.monotonic()
    tally = played_on_both(given_words.sequences, given_words.length, given_words.seed)
    print(f"{tally.calls} calls agree, {time.monotonic() - began:.0f} s")
    for name, counts in (("went through", tally.went), ("errors", tally.errors), ("marks", tally.marks)):
        print(f"{name}: " + ", ".join(f"{key} {count}" for key, count in sorted(counts.items())))


if __name__ == "__main__":
    main()
