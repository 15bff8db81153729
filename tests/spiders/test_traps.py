"""Addresses that are traps, and the many that only look like it."""

import random
import time
from datetime import date

import pytest

from model.discovery import Limits
from spiders.traps import Traps

TODAY = date(2026, 11, 22)


def traps(**limits: int) -> Traps:
    return Traps(Limits(**limits), ["vi", "en", "id"], today=TODAY)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/2023/11/05/le-hoi.html",
        "/2023/11/11/le-hoi.html",
        "/2022/02/02/02/ban-tin.html",
        "/le-hoi-hoa-lu/d202611221530.htm",
        "/tin/le-hoi-2050-post12.html",
        "/ke-hoach/tam-nhin-2045/chi-tiet-123.html",
        "/PhanTrang/1747/1/x.html",
        "/PhanTrang/1747/12/x.html",
        "/van-ban/2050/quyet-dinh.html",
        "/tin-tuc/van-hoa/tin-tuc/le-hoi-1.html",
        "/vi/bai-viet/id/5",
        "/en/news/festival-en-masse.html",
        "/lich-cong-tac/2026-11-30",
        "/lich/30-11-2026",
        "/lich/2027-12-31",
        "/chi-tiet.aspx?ItemID=1975&l=vi",
        "/tin?date=2026-11-20",
        "/tin?nam=2025",
        "/?a=1&b=2&c=3&d=4&e=5&f=6&g=7&h=8",
        "/tin?action=view&id=5",
        "/tin#/2031-07-01/2031-07-01/2031-07-01",
    ],
)
def test_pages_are_no_traps(path: str) -> None:
    assert traps().check("https://kimson.example" + path) is None


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/a/b/c/d/e/f/g/h/i/k/l/m/n", "trap: path deeper than 12"),
        ("/tin/a/tin/b/tin/c", "trap: repeated path segments"),
        ("/a1/b1/a1/b1/", "trap: repeated path segments"),
        ("/x/a1/b1/c1/a1/b1/c1/y", "trap: repeated path segments"),
        ("/en/vi/en/", "trap: repeated path segments"),
        ("/Tin/tin/TIN/", "trap: repeated path segments"),
        ("/en/vi/tin.html", "trap: two languages in one path"),
        ("/vi/web/guest/en/home", "trap: two languages in one path"),
        ("/?a=1&b=2&c=3&d=4&e=5&f=6&g=7&h=8&i=9", "trap: more than 8 parameters"),
        ("/lich?month=11&year=2026", "trap: a calendar"),
        ("/lich?nam=2026&thang=1", "trap: a calendar"),
        ("/tin?year=2040", "trap: a calendar"),
        ("/lich/2031-07-01", "trap: a calendar"),
        ("/lich/01-07-2031/", "trap: a calendar"),
        ("/lich/2031-07", "trap: a calendar"),
        ("/tin/2031/07/01/", "trap: a calendar"),
        ("/tin/1955/07/01/", "trap: a calendar"),
        ("/su-kien/2031/7", "trap: a calendar"),
        ("/tin?ngay=2031-07-01", "trap: a calendar"),
        ("/tin?ngay=01%2F07%2F2031&l=vi", "trap: a calendar"),
        ("/tin?2031-07-01", "trap: a calendar"),
        ("/index.php?action=login", "trap: an action, not a page"),
        ("/index.php?x=1&do=LOGOUT&y=2", "trap: an action, not a page"),
        ("/tin-1.html?print=1", "trap: an action, not a page"),
        ("/tin-1.html?replytocom=55", "trap: an action, not a page"),
        ("/ao-dai?add-to-cart=12", "trap: an action, not a page"),
        ("/tin-1/?share=facebook", "trap: an action, not a page"),
        ("/" + "a" * 2_000, "trap: address too long"),
    ],
)
def test_traps_are_told_by_their_addresses(path: str, reason: str) -> None:
    assert traps().check("https://kimson.example" + path) == reason


def test_languages_count_only_where_they_are_given() -> None:
    assert Traps(Limits(), today=TODAY).check("https://a.example/en/vi/tin.html") is None
    assert Traps(Limits(), today=TODAY).check("https://a.example/en/vi/en/tin.html") == "trap: repeated path segments"


def test_the_limits_are_the_sources() -> None:
    assert traps(repeats=3).check("https://a.example/tin/a/tin/b/tin/c") is None
    assert traps(path_depth=2).check("https://a.example/tin/a/b") == "trap: path deeper than 2"
    assert traps(parameters=0).check("https://a.example/tin?a=1") == "trap: more than 0 parameters"


def test_a_path_has_so_many_variants_and_no_more() -> None:
    run = traps(variants=3)
    urls = [f"https://a.example/tin?sort={number}" for number in range(5)]
    assert [run.check(url) for url in urls] == [None] * 3 + ["trap: more than 3 variants of one path"] * 2
    assert run.check(urls[0]) is None, "a known variant stays one"
    assert run.check("https://a.example/van-hoa?sort=9") is None, "another path has variants of its own"
    assert run.check("https://b.example/tin?sort=9") is None
    assert run.check("https://a.example/tin") is None
    assert run.check("https://a.example/tin?id=9", is_article=True) is None, "articles may differ by their query alone"
    assert traps(variants=3).check(urls[4]) is None, "each run counts anew"


def test_what_is_a_trap_anyway_is_no_variant() -> None:
    run = traps(variants=1)
    assert run.check("https://a.example/tin?print=1") == "trap: an action, not a page"
    assert run.check("https://a.example/tin?p=1") is None


def test_the_present_is_today_unless_given() -> None:
    assert Traps(Limits()).check(f"https://a.example/lich/{date.today().year}-01-01") is None
    assert Traps(Limits()).check(f"https://a.example/lich/{date.today().year + 2}-01-01") == "trap: a calendar"


def junk(seed: int) -> list[str]:
    """Two thousand strings of pieces of addresses, and of anything else that Unicode has."""
    chance = random.Random(seed)
    pieces = [*"/////&&&==?#[]%@:;-", "http://", "//", "%zz", "::1", "..", "vi", "en", "2031-07-01", "year=", "month=9"]
    pieces += ["٢٠٣١-٠٧-٠١", "\0", "\n", "\ud800", "ộ", "𝔘", "a" * 300]

    def piece() -> str:
        return chance.choice(pieces) if chance.random() < 0.9 else chr(chance.randrange(0x11_0000))

    return ["".join(piece() for _ in range(chance.randrange(60))) for _ in range(2_000)]


@pytest.mark.parametrize("seed", range(3))
def test_junk_gets_the_same_answer_twice_and_never_an_error(seed: int) -> None:
    urls, first, second = junk(seed), traps(variants=2), traps(variants=2)
    answers = [first.check(url) for url in urls]
    assert answers == [second.check(url) for url in urls]
    assert all(answer is None or answer.startswith("trap: ") for answer in answers)
    assert len(set(answers)) > 3, "the junk reaches the rules"


def test_a_hundred_thousand_links_are_checked_in_seconds() -> None:
    run, start = traps(), time.perf_counter()
    for number in range(100_000):
        run.check(f"https://kimson.example/tin-tuc/van-hoa/le-hoi-{number}.html?page={number % 10}")
    assert time.perf_counter() - start < 10
