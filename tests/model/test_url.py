"""One page, one spelling, one id."""

import random
import unicodedata
from urllib.parse import quote

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


SESSIONS = [
    "https://tin.example/bai/1.html;jsessionid=8F1C2AD6.node2",
    "https://tin.example/bai;JSESSIONID=1/1.html",
    "https://tin.example/(S(lit3py55t21z5v55vlm25s55))/bai/1.html",
    "https://tin.example/(X(1)S(lit3py55t21z5v55vlm25s55))/bai/1.html",
    "https://tin.example/bai/1.html?PHPSESSID=4fe2&",
    "https://tin.example/bai/1.html?ASPSESSIONIDQQBRTSAB=HFKD",
    "https://tin.example/bai/1.html?jsessionid=8F1C",
]


@pytest.mark.parametrize("url", SESSIONS)
def test_a_visits_number_is_no_part_of_the_address(url: str) -> None:
    assert normalise_url(url) == "https://tin.example/bai/1.html"


@pytest.mark.parametrize(
    "url",
    [
        "https://tin.example/xem?sid=12",
        "https://tin.example/xem?session=3",
        "https://tin.example/bai;muc=2/1.html",
        "https://tin.example/(S(t))/1.html",
        "https://tin.example/phpsessid/1",
    ],
)
def test_what_only_looks_like_one_stays(url: str) -> None:
    assert normalise_url(url) == url


@pytest.mark.parametrize("url", ["https://tin.example/le-hoi-12.html", "https://tin.example/xem?a=1&b=2&id=7"])
def test_an_address_that_is_normal_already_comes_back(url: str) -> None:
    assert normalise_url(url) == url


def test_parameters_are_in_one_order_by_name_then_value() -> None:
    assert normalise_url("https://tin.example/x?a-b=1&b=2&a=2&a=1") == "https://tin.example/x?a=1&a=2&a-b=1&b=2"


def spelled(rng: random.Random, path: str, query: dict[str, str]) -> str:
    """One of the ways in which a page may be linked to."""
    path = unicodedata.normalize(rng.choice(["NFC", "NFD"]), path)
    if rng.random() < 0.5:
        path = quote(path)
    if rng.random() < 0.5:
        path = "".join(part if n % 2 == 0 else part.lower() for n, part in enumerate(_escapes(path)))
    scheme, port = rng.choice([("https", ""), ("https", ":443"), ("HTTPS", ""), ("Https", ":443")])
    host = "".join(rng.choice([char, char.upper()]) for char in "tin.example")
    extra = {"utm_source": "zalo", "fbclid": "x1", "PHPSESSID": "9f", "Utm_Medium": "s"}
    pairs = [*query.items(), *rng.sample(sorted(extra.items()), rng.randint(0, 3))]
    rng.shuffle(pairs)
    session = rng.choice(["", "", ";jsessionid=AB12.n1"])
    ending = rng.choice(["", "#binh-luan", "#"])
    return f"{scheme}://{host}{port}{path}{session}?{'&'.join(map('='.join, pairs))}{ending}"


def _escapes(path: str) -> list[str]:
    """What is plain and what is percent-encoded, in turn."""
    parts, rest = [], path
    while rest:
        plain, percent, behind = rest.partition("%")
        parts += [plain, percent + behind[:2]]
        rest = behind[2:]
    return parts


@pytest.mark.parametrize("seed", range(200))
def test_every_spelling_of_a_page_has_one_normal_form(seed: int) -> None:
    rng = random.Random(seed)
    words = ["lễ-hội", "mùa thu", "đua-thuyền", "2026", "Ẩm-thực", "xã(mới)", "a~b", "tin_tức"]
    path = "/" + "/".join(rng.sample(words, rng.randint(1, 3))) + rng.choice(["", "/", ".html"])
    query = {
        name: rng.choice(["1", "hội", ""]) for name in rng.sample(["id", "cid", "sid", "trang"], rng.randint(0, 3))
    }
    spellings = {spelled(rng, path, query) for _ in range(10)}
    keys = {normalise_url(url) for url in spellings}
    assert len(keys) == 1
    assert {normalise_url(key) for key in keys} == keys


@pytest.mark.parametrize("seed", range(20))
def test_what_was_normalised_stays_as_it_is(seed: int) -> None:
    rng = random.Random(seed)
    parts = [
        *"aK/?&=;:@!'|^+~*,. -_[]",
        "%41",
        "%c3%a9",
        "%CC%82",
        "é",
        "e\u0302",
        "//",
        "%2F",
        "%25",
        "%3F",
        "%E1",
        "%20",
    ]
    parts += [
        ";jsessionid=",
        "PHPSESSID=1",
        "utm_source=",
        "(S(lit3py55t21z5v55vlm25s55))",
        "/..",
        "#",
        "\u037e",
        "\u0338",
    ]
    normal = 0
    for _ in range(200):
        url = f"http://tin.example{rng.choice(['', ':80', ':8080'])}/" + "".join(rng.choices(parts, k=rng.randrange(9)))
        key = normalise_url(url)
        assert normalise_url(key) == key
        normal += key == url
    assert normal < 200


def test_http_and_https_are_the_same_article_and_paths_are_not() -> None:
    assert article_id("http://tin.example/a") == article_id("https://tin.example/a")
    assert article_id("https://tin.example/a") != article_id("https://tin.example/b")


def test_what_is_no_address_has_no_host() -> None:
    assert host_of("https://[::1") == ""
    assert host_of("javascript:alert(1)") == ""


@pytest.mark.parametrize("name", ["báo.example", "BÁO.Example", unicodedata.normalize("NFD", "báo.example")])
def test_a_host_is_named_as_it_is_asked_for(name: str) -> None:
    assert host_of(f"https://{name}:8443/tin") == "xn--bo-mia.example"
    assert host_of(normalise_url(f"https://{name}/tin")) == "xn--bo-mia.example"


@pytest.mark.parametrize("name", ["á" * 80, "á..example"])
def test_a_host_that_can_have_no_name_is_left_as_it_is(name: str) -> None:
    assert host_of(f"https://{name}/") == name
    assert is_home_page("https://tin.example/")
    assert not is_home_page("https://tin.example/?id=3")
