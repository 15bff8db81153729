"""The further pages of a listing, in every way that sites have, and the links in what they answer."""

import contextlib
import json
import random
import time
from typing import Any
from urllib.parse import parse_qsl

import pytest
from pydantic import ValidationError
from scrapy.http import HtmlResponse, JsonResponse, Response, TextResponse, XmlResponse

from model.source import Listing
from spiders.discovery import DiscoveryError
from spiders.paging import NextPage, next_page, page_links

URL = "https://kimson.example/tin-tuc/"


def listing(**way: Any) -> Listing:
    return Listing.model_validate({"url": URL, **way})


def page(body: str, url: str = URL, encoding: str = "utf-8") -> HtmlResponse:
    return HtmlResponse(url, body=body.encode(encoding), encoding=encoding)


def text(body: str, content_type: str = "text/plain", url: str = URL) -> TextResponse:
    kind = HtmlResponse if content_type == "text/html" else TextResponse
    return kind(url, body=body.encode(), headers={"Content-Type": content_type}, encoding="utf-8")


def after(response: Response, way: Listing, number: int | None = None, **variables: str) -> NextPage:
    found = next_page(response, way, number, variables)
    assert found is not None
    return found


def form(request_body: bytes) -> dict[str, str]:
    return dict(parse_qsl(request_body.decode(), keep_blank_values=True))


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


# ASP.NET WebForms


def webforms(pager: str) -> str:
    return f"""<html><body><form method="post" action="./Tin.aspx?c=5" id="aspnetForm">
    <input type="hidden" name="__EVENTTARGET" value="old"><input type="hidden" name="__EVENTARGUMENT" value="">
    <input type="hidden" name="__VIEWSTATE" value="/wEPDw+ộ=="><input type="hidden" name="__EVENTVALIDATION" value="ev">
    <input type="text" name="q" value="lúa"><input type="submit" name="search" value="Tìm">
    <select name="nam"><option value="2025">2025<option selected value="2026">2026</select>
    {pager}</form></body></html>"""


def link(label: str, script: str, attribute: str = "href") -> str:
    return f'<a {attribute}="{script}">{label}</a> '


def do(argument: str, target: str = "ctl00$Pager") -> str:
    return f"javascript:__doPostBack(&#39;{target}&#39;,&#39;{argument}&#39;)"


def test_the_form_is_sent_again_with_the_named_control() -> None:
    way = listing(postback={"target": "ctl00$List", "argument": "Page${n}"})
    found = after(page(webforms("")), way)
    assert found.request.method == "POST"
    assert found.request.url == "https://kimson.example/tin-tuc/Tin.aspx?c=5"
    assert found.url == "https://kimson.example/tin-tuc/Tin.aspx?c=5#page=2"
    assert form(found.request.body) == {
        "__EVENTTARGET": "ctl00$List",
        "__EVENTARGUMENT": "Page$2",
        "__VIEWSTATE": "/wEPDw+ộ==",
        "__EVENTVALIDATION": "ev",
        "q": "lúa",
        "nam": "2026",
    }
    assert found.request.headers["Content-Type"] == b"application/x-www-form-urlencoded"
    assert "X-MicrosoftAjax" not in found.request.headers


def test_what_the_encoding_lacks_is_sent_as_browsers_do() -> None:
    body = webforms("").replace("ộ", "&#7897;").replace("ú", "&uacute;")
    found = after(page(body, encoding="windows-1252"), listing(postback={"target": "a"}))
    assert dict(parse_qsl(found.request.body.decode(), encoding="windows-1252"))["__VIEWSTATE"] == "/wEPDw+&#7897;=="


WITH_OPTIONS = "javascript:WebForm_DoPostBackWithOptions(new WebForm_PostBackOptions("
WITH_OPTIONS += "&quot;ctl00$Pager&quot;, &quot;2&quot;, true))"


@pytest.mark.parametrize(
    "pager",
    [
        link("2", do("2")),
        link(" Trang 2 ", do("2")),
        link("[02]", do("2")),
        link("2", "javascript:__doPostBack('ctl00$Pager','2')"),
        link("2", "javascript:__doPostBack(&amp;#39;ctl00$Pager&amp;#39;,&amp;#39;2&amp;#39;)"),
        link("2", "javascript:__doPostBack(%27ctl00$Pager%27,%272%27)"),
        link("2", "__doPostBack('ctl00$Pager', '2'); return false;", "onclick"),
        link("2", WITH_OPTIONS),
        link("<span><b>2</b></span>", do("2")),
        link("1", do("1")) + link("3", do("3")) + link("2", do("2")) + link("12", do("12")),
        link("…", do("11")) + link("2", do("2")),
        link("2", do("9437", "ctl00$Calendar1")) + link("2", do("2")),
        link("2", do("x", "ctl00$Menu")) + link("2", do("2")),
    ],
)
def test_the_link_that_bears_the_number_says_what_to_send(pager: str) -> None:
    sent = form(after(page(webforms(pager)), listing(postback={})).request.body)
    assert (sent["__EVENTTARGET"], sent["__EVENTARGUMENT"]) == ("ctl00$Pager", "2")


@pytest.mark.parametrize(
    "label", ["...", "…", "›", "»", "Next", "Sau", "Trang sau", "Trang sau »", "SAU ›", "Tiếp theo"]
)
def test_without_the_number_the_next_group_is_asked_for(label: str) -> None:
    pager = (
        "".join(link(str(number), do(str(number))) for number in range(1, 10))
        + "<span>10</span>"
        + link(label, do("n"))
    )
    found = after(page(webforms(pager)), listing(postback={}, last=50), 10)
    assert found.number == 11
    assert form(found.request.body)["__EVENTARGUMENT"] == "n"


@pytest.mark.parametrize(
    "pager",
    [
        "",
        link("...", do("Page$10")) + link("11", do("11")) + link("12", do("12")) + "<span>13</span>",
        link("...", do("Page$10")) + "<span>13</span>",
        link("14", do("9449", "ctl00$Calendar1")),
        link("14", "/tin?page=14"),
        link("14", "javascript:__doPostBack("),
    ],
)
def test_a_pager_that_leads_back_or_nowhere_is_the_end(pager: str) -> None:
    assert next_page(page(webforms(pager)), listing(postback={}, last=50), 13, {}) is None


def test_a_page_without_a_form_is_an_error() -> None:
    with pytest.raises(DiscoveryError, match="__VIEWSTATE"):
        next_page(page("<p>Xin chào</p>"), listing(postback={"target": "x"}), None, {})


def delta(*parts: tuple[str, str, str]) -> str:
    def units(content: str) -> int:
        return len(content.encode("utf-16-le")) // 2

    return "1|#||4|" + "".join(f"{units(content)}|{kind}|{name}|{content}|" for kind, name, content in parts)


def test_an_answer_in_pieces_is_understood_and_its_state_carried_on() -> None:
    panel = f"<div>🌾 Lúa | mùa <a href='/lua-3.html'>Lúa</a></div>{link('3', do('3'))}"
    answer = text(
        delta(("updatePanel", "ctl00_p", panel), ("hiddenField", "__VIEWSTATE", "new|"), ("formAction", "", "./T.aspx"))
    )
    way = listing(postback={})
    first = after(page(webforms(link("2", do("2")))), way)
    found = after(answer, way, 2, **first.variables)
    sent = form(found.request.body)
    assert found.request.url == "https://kimson.example/tin-tuc/T.aspx"
    assert (sent["__EVENTARGUMENT"], sent["__VIEWSTATE"], sent["q"], sent["nam"]) == ("3", "new|", "lúa", "2026")
    assert page_links(answer, way) == ["https://kimson.example/lua-3.html"]


def test_an_answer_in_pieces_may_be_an_error_or_broken() -> None:
    with pytest.raises(DiscoveryError, match="the server's error: Hết phiên"):
        page_links(text(delta(("error", "500", "Hết phiên"))), listing(postback={}))
    whole = delta(("updatePanel", "a", "<a href='/1.html'>1</a>"), ("updatePanel", "b", "<a href='/2.html'>2</a>"))
    assert page_links(text(whole[:-30]), listing(postback={})) == ["https://kimson.example/1.html"]
    assert page_links(text("1|#||x|y|z|" * 1000), listing(postback={})) == []


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


def test_a_deep_page_and_a_long_pager_are_read() -> None:
    started = time.perf_counter()
    assert len(page_links(page("<div>" * 50_000 + "<a href=/x.html>"), listing())) <= 1
    pager = "".join(link(str(number), do(str(number))) for number in range(9, 20_000))
    assert next_page(page(webforms(pager)), listing(postback={}), None, {}) is None
    assert next_page(page(webforms("__doPostBack('" * 100_000)), listing(postback={}), None, {}) is None
    assert time.perf_counter() - started < 20


def test_the_model_refuses_a_second_way() -> None:
    with pytest.raises(ValidationError, match="expected one way"):
        listing(page="?p={n}", more=MORE)


@pytest.mark.parametrize("seed", range(3))
def test_damaged_answers_never_cost_more_than_themselves(seed: int) -> None:
    chance = random.Random(seed)
    ways = [listing(next="a"), listing(postback={}), listing(more={**MORE, "link": "/{id}"}), listing(links=".item")]
    whole = [
        webforms(link("2", do("2"))),
        delta(("updatePanel", "p", PIECE)),
        json.dumps({"d": PIECE, "id": [1]}),
        PIECE,
    ]
    read = 0
    for _ in range(150):
        body = bytearray(chance.choice(whole).encode())
        for _ in range(chance.randrange(8)):
            at = chance.randrange(len(body))
            body[at : at + chance.randrange(4)] = chance.randbytes(chance.randrange(4))
        response = chance.choice([HtmlResponse, TextResponse, Response])(URL, body=bytes(body))
        for way in ways:
            with contextlib.suppress(DiscoveryError):
                links = page_links(response, way)
                assert all(link.startswith(("http://", "https://")) for link in links)
                next_page(response, way, 1, {})
                read += bool(links)
    assert read > 100
