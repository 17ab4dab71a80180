"""Asking real servers that misbehave: each failure is a reason in our words, in time, and nobody else's loss."""

from __future__ import annotations

import gc
import shutil
import socket
import ssl
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from keeper.prices import Heard, Product, ask
from keeper.prices.asking import LARGEST
from keeper.units import WAD
from tests.keeper.prices import stall as stalls
from tests.keeper.prices.stall import Instead, Stall, says, silent

AT = 1_800_000_000
SECRET = "hush-hush-hush"
SOON, LATE = 2_000, 300
"""Milliseconds: more than any honest answer takes here; and less than a hanging one."""


@pytest.fixture
def good() -> Iterator[Stall]:
    with Stall(AT, ETH_USD="2500.25", ETHUSD="2501").up() as stall:
        yield stall


@pytest.fixture
def bad() -> Iterator[Stall]:
    with Stall(AT, ETH_USD="2500.25", ETHUSD="2501").up() as stall:
        yield stall


def coinbase(url: str, name: str = "ETH-USD") -> Product:
    return Product(0, "WETH", "coinbase", name, "USD", url)


def kraken(url: str, name: str = "ETHUSD") -> Product:
    return Product(0, "WETH", "kraken", name, "USD", url)


def heard(*products: Product, timeout_ms: int = SOON) -> tuple[Heard, ...]:
    begun = time.monotonic()
    found = ask(products, timeout_ms).heard()
    assert time.monotonic() - begun < timeout_ms / 1_000 + 0.4
    assert tuple(one.product for one in found) == products
    return found


REFUSED: list[tuple[str, Instead, str]] = [
    ("a page", says(b"<html>502 Bad Gateway</html>", Content_Type="text/html"), "its answer is not JSON"),
    ("busy", says(b"busy", 503), "HTTP 503"),
    ("not found", says(b'{"message":"NotFound"}', 404), "HTTP 404"),
    ("too many", says(b"{}", 429, Retry_After="3600"), "HTTP 429"),
    ("nothing", says(b"", 204), "HTTP 204"),
    ("zipped", stalls.zipped, "its answer is compressed, which was not asked for"),
    ("too long", says(b" " * (LARGEST + 1)), f"its answer is longer than {LARGEST} bytes"),
    ("cut", stalls.cut, "no answer: RemoteProtocolError"),
    ("hung up", lambda visit: visit.hang_up(), "no answer: RemoteProtocolError"),
]


@pytest.mark.parametrize(("instead", "reason"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_what_is_no_answer_has_its_reason_and_the_other_exchange_is_heard(
    good: Stall, bad: Stall, instead: Instead, reason: str
) -> None:
    bad.instead = instead
    first, second = heard(kraken(bad.url), coinbase(good.url))
    assert (first.said, first.fault) == (None, reason)
    assert second.said is not None
    assert (second.said.price, second.said.at, second.fault) == (2_500 * WAD + WAD // 4, AT, "")


def test_a_redirect_is_not_followed(good: Stall, bad: Stall) -> None:
    for status in (301, 302, 307, 308):
        bad.instead = says(b"", status, Location=f"{good.url}/products/ETH-USD/ticker?key={SECRET}")
        (found,) = heard(coinbase(bad.url))
        assert found.fault == f"HTTP {status}"
    assert good.asked == []


@pytest.mark.parametrize("instead", [silent(30), stalls.dripping_head, stalls.dripping_body])
def test_what_hangs_is_left_at_the_deadline_and_takes_no_one_along(good: Stall, bad: Stall, instead: Instead) -> None:
    bad.instead = instead
    first, second = heard(kraken(bad.url), coinbase(good.url), timeout_ms=LATE)
    assert (first.said, first.fault) == (None, f"no answer within {LATE} ms")
    assert second.said is not None


def test_an_unreachable_exchange_says_so_and_not_where_it_is() -> None:
    with socket.socket() as taken:  # bound, and nobody listens
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        (found,) = heard(coinbase(f"http://127.0.0.1:{port}"))
    assert found.fault == "no answer: ConnectError"
    (found,) = heard(coinbase("http://nowhere.invalid"))
    assert found.fault == "no answer: ConnectError"


def test_a_server_without_a_certificate_is_not_believed(good: Stall) -> None:
    (found,) = heard(coinbase(good.url.replace("http:", "https:")))
    assert (found.said, found.fault) == (None, "no answer: ConnectError")


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificate, and is not on PATH")
def test_a_certificate_that_nobody_vouches_for_is_not_believed(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    kind = "req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=exchange -addext subjectAltName=IP:127.0.0.1"
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run(["openssl", *kind.split(), *files], check=True, capture_output=True, timeout=30)
    stall = Stall(AT, ETH_USD="2500.25")
    stall.secure(certificate, key)
    with stall.up():
        (found,) = heard(coinbase(stall.url))
        assert (found.said, found.fault) == (None, "no answer: ConnectError")
        assert stall.asked == []
        believing = ssl.create_default_context(cafile=certificate)
        with urllib.request.urlopen(f"{stall.url}/products/ETH-USD/ticker", context=believing, timeout=5) as answer:  # noqa: S310 - our own stall
            assert answer.status == 200, "whoever trusts it gets its answer: the certificate alone was the reason"


def test_a_lost_answer_is_asked_for_once_more(bad: Stall) -> None:
    def once(visit: stalls.Visit) -> None:
        bad.instead = None
        visit.hang_up()

    bad.instead = once
    (found,) = heard(coinbase(bad.url))
    assert found.said is not None
    assert len(bad.asked) == 2


def test_a_refusal_is_not_asked_again(bad: Stall) -> None:
    bad.instead = says(b"", 429)
    heard(coinbase(bad.url))
    assert len(bad.asked) == 1


def test_nothing_is_asked_again_once_half_of_the_time_is_gone(bad: Stall) -> None:
    bad.instead = silent(0.3)
    (found,) = heard(coinbase(bad.url), timeout_ms=500)
    assert found.fault == "no answer: RemoteProtocolError"
    assert len(bad.asked) == 1


def test_an_unknown_product_is_the_exchanges_error(good: Stall) -> None:
    first, second = heard(coinbase(good.url, "XYZ-USD"), kraken(good.url, "XYZUSD"))
    assert first.fault == "HTTP 404"
    assert second.fault == "it answers with an error: EQuery:Unknown asset pair"


def test_all_are_asked_at_once(good: Stall, bad: Stall) -> None:
    all_asked = threading.Barrier(4)

    def when_all_are_asked(visit: stalls.Visit) -> None:
        all_asked.wait(SOON / 1_000)
        visit.reply(visit.honestly())

    good.instead = bad.instead = when_all_are_asked
    found = heard(*(coinbase(good.url), kraken(good.url), coinbase(bad.url), kraken(bad.url)))
    assert all(one.said for one in found), "one after the other, nobody is ever answered"


def test_asking_does_not_wait_and_nothing_of_it_stays(good: Stall) -> None:
    asking_is_over = threading.Event()

    def after_the_asking(visit: stalls.Visit) -> None:
        if asking_is_over.wait(SOON / 1_000):
            visit.reply(visit.honestly())

    good.instead = after_the_asking
    asked = ask((coinbase(good.url),), SOON)
    asking_is_over.set()
    [found] = asked.heard()
    assert found.said, "whoever waits for the answer while asking is never answered"
    for left in [thread for thread in threading.enumerate() if thread.name == "tickers"]:
        left.join(2)
    assert not [thread for thread in threading.enumerate() if thread.name == "tickers"]
    gc.collect()  # an unclosed socket or loop would warn, and a warning is an error here


def test_nothing_of_the_environment_is_used(good: Stall, bad: Stall, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
        monkeypatch.setenv(name, bad.url)
    (found,) = heard(coinbase(good.url))
    assert found.said is not None
    assert bad.asked == []
