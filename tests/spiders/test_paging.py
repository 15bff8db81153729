"""The further pages of a listing, in every way that sites have, and the links in what they answer."""

import contextlib
import json
import time
from typing import Any

import pytest
from pydantic import ValidationError
from scrapy.http import HtmlResponse, JsonResponse, Response, TextResponse, XmlResponse

from spiders.discovery import DiscoveryError
from spiders.paging import next_page, page_links
from tests.spiders.documents import damaged
from tests.spiders.listings import URL, after, form, listing, page, text


def test_a_list_without_a_way_has_one_page() -> None:
    assert next_page(page("<a href='?page=2'>2</a>"), listing(), None, {}) is None


# Numbered addresses


@pytest.mark.parametrize(
    ("template", "first", "expected"),
    [
        ("/tin-tuc-p{n}", 2, "https://kimson.example/tin-tuc-p2"),
        ("trang-{n}.htm", 2, "https://kimson.example/tin-tuc/trang-2.htm"),
        ("/tin-tuc-page{n}", 1, "https://kimson.example/tin-tuc-page1"),
        ("?page={n}", 0, "https://kimson.example/tin-tuc/?page=0"),
        ("/PhanTrang/1747/{n}/x.html", 2, "https://kimson.example/PhanTrang/1747/2/x.html"),
    ],
)
def test_pages_with_addresses_of_their_own(template: str, first: int, expected: str) -> None:
    found = after(page(""), listing(page=template, first=first))
    assert (found.request.method, found.url, found.number) == ("GET", expected, first)
    assert found.request.url == found.url


def test_pages_are_counted_by_steps_up_to_the_last() -> None:
    way = listing(page="?start={n}", first=20, step=20, last=50)
    assert after(page(""), way).number == 20
    assert after(page(""), way, 20).number == 40
    assert next_page(page(""), way, 40, {}) is None


# The link to the next page


def test_the_link_to_the_next_page_may_be_the_selected_or_in_it() -> None:
    body = "<ul class=pager><li class=next><a href='?p_cur=2&amp;delta=15'>Sau</a></ul><a rel=next href='/tin/2'>›</a>"
    assert after(page(body), listing(next=".pager .next")).url == "https://kimson.example/tin-tuc/?p_cur=2&delta=15"
    found = after(page(body), listing(next="a[rel=next]"), 3)
    assert (found.url, found.number) == ("https://kimson.example/tin/2", 4)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<a class=n>Sau</a>",
        "<a class=n href='javascript:void(0)'>Sau</a>",
        "<a class=n href='#'>Sau</a>",
        "<a class=n href='http://[x'>Sau</a>",
    ],
)
def test_no_link_to_the_next_page_is_the_end(body: str) -> None:
    assert next_page(page(body), listing(next="a.n"), None, {}) is None


def test_a_next_link_that_posts_back_is_told() -> None:
    with pytest.raises(DiscoveryError, match="use postback"):
        next_page(page("""<a class=n href="javascript:__doPostBack('a','')">Sau</a>"""), listing(next=".n"), 2, {})


# "Load more"


def test_a_get_has_its_number_and_variables_in_the_address() -> None:
    way = listing(more={"url": "/api/more?page={n}&cat={cat}", "find": {"cat": r'data-cat="([^"]+)"'}})
    found = after(page('<div data-cat="văn hoá/1">'), way)
    assert found.request.method == "GET"
    assert found.url == found.request.url == "https://kimson.example/api/more?page=2&cat=v%C4%83n%20ho%C3%A1%2F1"
    assert found.request.headers["X-Requested-With"] == b"XMLHttpRequest"
    assert found.request.headers["Accept"].startswith(b"application/json")
    assert found.variables == {"cat": "văn hoá/1"}


def test_a_form_is_posted() -> None:
    fields = {
        "article_category_id": "{category}",
        "site_id": "{site}",
        "page": "{n}",
        "q": '{"trang":{n}}',
        "lang": "vi-VN",
    }
    way = listing(
        more={
            "url": "/LoadArticle",
            "method": "POST",
            "form": fields,
            "find": {"category": r"categoryId\s*=\s*(\d+)", "site": r"siteId\s*=\s*(\d+)"},
        }
    )
    found = after(page("<script>var categoryId = 32, siteId = 7;</script>"), way)
    assert found.url == "https://kimson.example/LoadArticle#page=2"
    assert found.request.method == "POST"
    assert form(found.request.body) == {
        "article_category_id": "32",
        "site_id": "7",
        "page": "2",
        "q": '{"trang":2}',
        "lang": "vi-VN",
    }


def test_json_is_posted_with_values_at_any_depth() -> None:
    payload = {"page": "{n}", "filter": {"tags": ["{tag}", "trang-{n}", 5, None]}}
    way = listing(more={"url": "api", "method": "POST", "json": payload, "find": {"tag": 'tag="(.*?)"'}})
    found = after(page('<p tag="lúa {x}">'), way, 2)
    assert json.loads(found.request.body) == {"page": 3, "filter": {"tags": ["lúa {x}", "trang-3", 5, None]}}
    assert found.request.headers["Content-Type"] == b"application/json; charset=UTF-8"
    assert found.url == "https://kimson.example/tin-tuc/api#page=3"


def test_the_newest_value_of_a_variable_counts() -> None:
    way = listing(more={"url": "/more?after={cursor}", "find": {"cursor": r'"?cursor"?[:=]"(\w+)"'}})
    first = after(page('<div cursor="a1">'), way)
    second = after(JsonResponse(URL, body=b'{"cursor":"b2","items":[]}'), way, 2, **first.variables)
    third = after(JsonResponse(URL, body=b'{"items":[]}'), way, 3, **second.variables)
    assert [one.request.url[-2:] for one in (first, second, third)] == ["a1", "b2", "b2"]


def test_a_variable_that_the_first_page_lacks_is_named() -> None:
    way = listing(more={"url": "/more?c={cat}", "find": {"cat": "cat=([0-9]+)"}})
    with pytest.raises(DiscoveryError, match=r"more\.find\.cat: expected .* on https://kimson\.example/tin-tuc/"):
        next_page(page("<p>"), way, None, {})


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"url": "/m?p={page}"}, r"more\.url: expected \{n\} or a name from more\.find, found \{page\}"),
        ({"url": "/m?p={{n}}"}, r"more\.url: expected a name in single braces, found \{\{n\}\}"),
        ({"url": "/m", "method": "POST", "form": {"p": "{x}"}}, r"more\.form\.p: .* found \{x\}"),
        ({"url": "/m", "method": "POST", "json": {"p": ["{x}"]}}, r"more\.json: .* found \{x\}"),
        ({"url": "ftp://a.example/{n}"}, "expected a web address for the next page"),
    ],
)
def test_mistakes_in_a_template_are_told(more: dict[str, Any], message: str) -> None:
    with pytest.raises(DiscoveryError, match=message):
        next_page(page(""), listing(more=more), None, {})


# Links in answers

MORE = {"url": "/api/more?page={n}"}
TWO = ["https://kimson.example/le-hoi-1.html", "https://kimson.example/tin-tuc/mua-lua-2.html"]
PIECE = '<div class="item"><a href="/le-hoi-1.html">Lễ hội</a></div><p><a href="mua-lua-2.html">Mùa lúa</a></p>'


def answer(body: str, content_type: str = "application/json") -> TextResponse:
    return text(body, content_type, "https://kimson.example/api/more?page=2")


@pytest.mark.parametrize("content_type", ["text/html", "text/plain", "application/json", "image/png"])
@pytest.mark.parametrize(
    "body",
    [
        PIECE,
        "Tin mới: " + PIECE,
        "[Tin] " + PIECE,
        json.dumps({"d": PIECE}),
        json.dumps(json.dumps({"d": PIECE})),
        json.dumps({"ok": True, "n": 1e99, "list": [{"url": "/le-hoi-1.html"}, {"url": "mua-lua-2.html"}]}),
        json.dumps({"data": json.dumps([{"a": "https://kimson.example/le-hoi-1.html"}, PIECE])}),
        ")]}',\n" + json.dumps([PIECE]),
        "callback(" + json.dumps([PIECE]) + ");",
        "\ufeff  " + json.dumps([PIECE]),
        '{"x": NaN, "y": -Infinity, "z": ' + "9" * 9_000 + ', "html": ' + json.dumps(PIECE) + "}",
    ],
)
def test_answers_are_told_by_their_content(body: str, content_type: str) -> None:
    assert page_links(answer(body, content_type), listing(more=MORE)) == TWO


def test_an_answer_of_an_unknown_class_is_read_as_well() -> None:
    assert page_links(Response(URL, body=PIECE.encode()), listing(more=MORE)) == TWO
    assert page_links(XmlResponse(URL, body=PIECE.encode()), listing(more=MORE)) == TWO


def test_a_whole_page_is_read_by_its_selector_and_a_piece_where_it_can_be() -> None:
    way = listing(links=".item", more=MORE)
    assert page_links(page(f"<html><base href='/tin-tuc/'><body>{PIECE}</body></html>"), way) == TWO[:1]
    assert page_links(page(f"<html><body>{PIECE}</body></html>"), listing(links=".list a")) == []
    assert page_links(answer(PIECE), way) == TWO[:1]
    assert page_links(answer(PIECE), listing(links=".list .item a", more=MORE)) == TWO


def test_strings_that_are_no_addresses_are_left_alone() -> None:
    values = [
        "/Date(1700000000000)/",
        "text/html",
        "5/6",
        "a b /c",
        "/anh.jpg",
        "//",
        "javascript:x",
        "{}",
        "[Tin]",
        "/x y",
        "",
        "Lúa",
    ]
    assert page_links(answer(json.dumps(values)), listing(more=MORE)) == []
    assert page_links(answer(json.dumps(["//kimson.example/a", "/tin/a?b=1#c"])), listing(more=MORE)) == [
        "https://kimson.example/a",
        "https://kimson.example/tin/a?b=1#c",
    ]


def test_addresses_are_made_of_fields_where_objects_hold_none() -> None:
    way = listing(more={**MORE, "link": "/tin/{slug}-{id}.html"})
    items = [
        {"slug": "lễ hội", "id": 1},
        {"slug": "thieu"},
        {"slug": "", "id": 2},
        {"slug": "x", "id": None},
        {"slug": "lúa?", "id": "07"},
    ]
    assert page_links(answer(json.dumps({"data": {"items": items}})), way) == [
        "https://kimson.example/tin/l%E1%BB%85%20h%E1%BB%99i-1.html",
        "https://kimson.example/tin/l%C3%BAa%3F-07.html",
    ]


@pytest.mark.parametrize("body", ["", "  \n", "null", "[]", "{}", '""', "0", "false", '{"d": null}'])
def test_an_empty_answer_names_nothing(body: str) -> None:
    assert page_links(answer(body), listing(more=MORE)) == []


@pytest.mark.parametrize("body", ["Forbidden", '{"html": "<a href=\\"/1.html', '[{"a": ', "undefined"])
def test_what_is_neither_html_nor_json_is_an_error(body: str) -> None:
    with pytest.raises(DiscoveryError, match="expected HTML or JSON, found"):
        page_links(answer(body), listing(more=MORE))


def test_a_picture_is_an_error() -> None:
    picture = Response(URL, body=b"\x89PNG\r\n\x1a\n\0\0", headers={"Content-Type": "image/png"})
    with pytest.raises(DiscoveryError, match="expected HTML or JSON, found image/png"):
        page_links(picture, listing())


def test_json_without_end_is_an_error_or_soon_over() -> None:
    started = time.perf_counter()
    with pytest.raises(DiscoveryError, match="nested without end"):
        page_links(answer("[" * 100_000), listing(more=MORE))
    russian_doll = '"/a.html"'
    for _ in range(8):
        russian_doll = json.dumps([russian_doll])
    assert page_links(answer(russian_doll), listing(more=MORE)) == []
    assert len(page_links(answer(json.dumps(["[" * 1_000] * 500 + ["/a.html"])), listing(more=MORE))) == 1
    giant = json.dumps([f"/tin-{number}.html" for number in range(300_000)])
    assert len(page_links(answer(giant), listing(more=MORE))) == 10_000
    assert time.perf_counter() - started < 30


def test_a_deep_page_is_read() -> None:
    started = time.perf_counter()
    assert len(page_links(page("<div>" * 50_000 + "<a href=/x.html>"), listing())) <= 1
    assert time.perf_counter() - started < 20


def test_the_model_refuses_a_second_way() -> None:
    with pytest.raises(ValidationError, match="expected one way"):
        listing(page="?p={n}", more=MORE)


@pytest.mark.parametrize("seed", range(3))
def test_damaged_answers_never_cost_more_than_themselves(seed: int) -> None:
    ways = [listing(next="a"), listing(more={**MORE, "link": "/{id}"}), listing(links=".item")]
    whole = [json.dumps({"d": PIECE, "id": [1]}).encode(), PIECE.encode(), f"<html><body>{PIECE}".encode()]
    read = 0
    for number, body in enumerate(damaged(whole, seed, 150)):
        response = [HtmlResponse, TextResponse, Response][number % 3](URL, body=body)
        for way in ways:
            with contextlib.suppress(DiscoveryError):
                links = page_links(response, way)
                assert all(link.startswith(("http://", "https://")) for link in links)
                next_page(response, way, 1, {})
                read += bool(links)
    assert read > 100
