"""One page, one spelling, one id."""

import pytest

from model.url import article_id, host_of, is_home_page, normalise_url


@pytest.mark.parametrize(
    "spelling",
    [
        "HTTPS://Tin.Example:443/le-hoi?b=2&a=1",
        "https://tin.example/le-hoi?a=1&b=2#comments",
        "https://tin.example/le-hoi?a=1&utm_source=zalo&b=2&fbclid=x",
        " https://tin.example/le-hoi?a=1&b=2 ",
    ],
)
def test_spellings_of_one_address_are_one(spelling: str) -> None:
    assert normalise_url(spelling) == "https://tin.example/le-hoi?a=1&b=2"


@pytest.mark.parametrize("query", ["cid=4&id=5", "id=5&section=2&copy=1", "source=7", "ItemID=3&uid=9", "ref=trang-2"])
def test_parameters_that_may_tell_two_articles_apart_stay(query: str) -> None:
    assert normalise_url(f"http://tin.example/xem?{query}").partition("?")[2] == "&".join(sorted(query.split("&")))


def test_vietnamese_slugs_are_the_same_escaped_or_not() -> None:
    assert normalise_url("https://tin.example/lễ-hội") == normalise_url("https://tin.example/l%e1%bb%85-h%E1%BB%99i")


def test_http_and_https_are_the_same_article_and_paths_are_not() -> None:
    assert article_id("http://tin.example/a") == article_id("https://tin.example/a")
    assert article_id("https://tin.example/a") != article_id("https://tin.example/b")


def test_what_is_no_address_has_no_host() -> None:
    assert host_of("https://[::1") == ""
    assert host_of("javascript:alert(1)") == ""
    assert is_home_page("https://tin.example/")
    assert not is_home_page("https://tin.example/?id=3")
