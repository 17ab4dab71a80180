"""The envelope's arithmetic on one price vector: values and goals round down, floors, losses and turnover up.

Values are Usd18, drift Share18, amounts base units. Mirrors contracts/libraries/Portfolio.sol.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from keeper.model.envelope.refusals import Refused
from keeper.units import (
    BPS,
    NO_VALUE,
    WAD,
    Share18,
    TokenUnits,
    Usd18,
    amount_for,
    mul_div_down,
    mul_div_up,
    value_of,
)


@dataclass(frozen=True, slots=True)
class Price:
    """A cluster: median, lowest and highest voice, USD of one whole token."""

    mid: Usd18
    low: Usd18
    high: Usd18

    @classmethod
    def flat(cls, price: int) -> Price:
        """One on which all voices agree."""
        return cls(Usd18(price), Usd18(price), Usd18(price))


@dataclass(frozen=True, slots=True)
class Place:
    """One asset of a book. `price` is None where it is not counted; then value and target are 0."""

    counted: bool
    balance: int
    target: int
    decimals: int
    price: Price | None
    value: Usd18 = NO_VALUE

    @property
    def sure(self) -> Price:
        """The price of a counted asset."""
        if self.price is None:
            raise ValueError("an asset that is not counted has no price in its book")
        return self.price

    def holding(self, balance: int) -> Place:
        """The same with another balance, and its value."""
        return replace(self, balance=balance, value=value_of(TokenUnits(balance), self.sure.mid, self.decimals))


@dataclass(frozen=True, slots=True)
class Book:
    """A portfolio at one price vector; `target_sum` is in bps over the counted assets."""

    places: tuple[Place, ...]
    nav: Usd18
    target_sum: int

    def goal(self, index: int, nav: int) -> Usd18:
        """What an asset should be worth at `nav`, rounded down; targets renormalised over the counted ones."""
        return Usd18(mul_div_down(nav, self.places[index].target, self.target_sum))

    def drift(self, nav: int) -> Share18:
        """Half the sum of |value - goal| over `nav`, rounded up."""
        return drift_up([(one.value, self.goal(i, nav)) for i, one in enumerate(self.places) if one.counted], nav)

    def worth(self) -> Usd18:
        """The values summed: NAV where nothing has moved since it was taken."""
        return Usd18(sum(place.value for place in self.places))

    def clamp(self, sold: int, bought: int, most: int) -> TokenUnits:
        """Units that may be sold so that at `self.nav` neither asset crosses its target, worth `most` at most."""
        over = max(self.places[sold].value - self.goal(sold, self.nav), 0)
        under = max(self.goal(bought, self.nav) - self.places[bought].value, 0)
        place = self.places[sold]
        return amount_for(Usd18(min(over, under, most)), place.sure.mid, place.decimals)

    def moved(self, sold: int, spent: int, bought: int, got: int) -> Book:
        """After a trade."""
        places = list(self.places)
        places[sold] = places[sold].holding(places[sold].balance - spent)
        places[bought] = places[bought].holding(places[bought].balance + got)
        return replace(self, places=tuple(places))


def opened(places: Sequence[Place]) -> Book:
    """The book of these assets. Refused like the vault's: PriceMissing, EmptyVault, NoTargets."""
    for index, place in enumerate(places):
        if place.counted and place.price is None:
            raise Refused("PriceMissing", index)
    valued = tuple(place.holding(place.balance) if place.counted else place for place in places)
    nav = Usd18(sum(place.value for place in valued))
    whole = sum(place.target for place in valued)
    if nav == 0:
        raise Refused("EmptyVault")
    if whole == 0:
        raise Refused("NoTargets")
    return Book(valued, nav, whole)


def drift_up(pairs: Sequence[tuple[int, int]], nav: int) -> Share18:
    """Half the sum of |value - goal| over NAV, rounded up; 0 of an empty vault."""
    return Share18(mul_div_up(sum(abs(value - goal) for value, goal in pairs), WAD, 2 * nav) if nav else 0)


def value_up(amount: int, price: int, decimals: int) -> Usd18:
    """What `amount` base units are worth, rounded up."""
    return Usd18(mul_div_up(amount, price, 10**decimals))


def floor_up(amount: int, sold: Price, decimals: int, bought: Price, decimals_bought: int, slip: int) -> TokenUnits:
    """The least to receive for `amount`, rounded up: sold at the cluster's high, bought at its low, less `slip` bps."""
    value = value_up(amount, sold.high, decimals)
    least = mul_div_up(value, BPS - slip, BPS)
    return TokenUnits(mul_div_up(least, 10**decimals_bought, bought.low))
