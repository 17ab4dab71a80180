"""What settings are made of: an address, and what is none."""

from __future__ import annotations

import pytest

from keeper.config.kinds import checksummed


def test_a_private_key_in_the_place_of_an_address_is_not_repeated() -> None:
    key = "0x" + "5e" * 32
    with pytest.raises(ValueError, match="a text of 66 characters is not an address") as caught:
        checksummed(key)
    assert "5e5e" not in str(caught.value)


def test_a_mistyped_address_is_repeated() -> None:
    with pytest.raises(ValueError, match="0x5e5e is not an address"):
        checksummed("0x5e5e")
