"""Any bytes at all: no page makes the cleaner raise, and what it gives can be stored and shown (`fragments.check`).

bench/fuzz_clean.py goes on import unicodedata

from here, guided by coverage. Inputs that it found stand below as examples.
"""

import unicodedata

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from cleaning.decoding import decode
from cleaning.mojibake import mend
from cleaning.sniffing import binary_kind, text_kind
from cleaning.text import fold, tidy, words
from tests.cleaning.fragments import check, grow
from tests.cleaning.markup import page

PAGE = page(before='<ul><li><a href="/x">Tin khác</a></li></ul>', after="<p>Lượt truy cập: 12</p>").encode()

# No database of earlier failures and no deadline: each run of the suite is the same, however busy the machine.
steady = settings(
    max_examples=150, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)


@steady
@given(st.binary(min_size=4, max_size=500))
def test_markup_grown_from_fragments(data: bytes) -> None:
    check(grow(data))


@steady
@given(st.binary(max_size=3_000), st.sampled_from([None, "utf-8", "windows-1258", "viscii", "utf-16", "x-y"]))
@example(b"<p>\xff", None)
def test_any_bytes(body: bytes, charset: str | None) -> None:
    check((body, charset))


@steady
@given(st.lists(st.tuples(st.integers(0, len(PAGE)), st.integers(0, 40), st.binary(max_size=12)), max_size=12))
def test_a_page_with_damage(damage: list[tuple[int, int, bytes]]) -> None:
    body = bytearray(PAGE)
    for place, lost, put in damage:
        body[place : place + lost] = put
    check((bytes(body), "utf-8"))


@steady
@given(st.text(st.characters(exclude_categories=()), max_size=300))
def test_any_text(text: str) -> None:
    tidied = tidy(text)
    assert tidied == " ".join(tidied.split())
    tidied.encode("utf-8")
    assert tidy(words(text)) is not None
    assert fold(fold(text)) == fold(text)
    assert mend(mend(text)) == mend(text)
    text_kind(text)


@steady
@given(st.binary(max_size=400), st.none() | st.text(max_size=20))
def test_any_bytes_decode(body: bytes, charset: str | None) -> None:
    found = decode(body, charset)
    assert unicodedata.is_normalized("NFC", found.text)
    assert found == decode(body, charset)
    assert binary_kind(body) is None or isinstance(binary_kind(body), str)
