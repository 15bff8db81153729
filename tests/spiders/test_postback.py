"""The further pages of a list that ASP.NET WebForms serves."""

import contextlib
import time
from urllib.parse import parse_qsl

import pytest
from scrapy.http import HtmlResponse

from spiders.discovery import DiscoveryError
from spiders.paging import next_page, page_links
from tests.spiders.documents import damaged
from tests.spiders.listings import URL, after, form, listing, page, text


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


def test_a_long_pager_is_read() -> None:
    started = time.perf_counter()
    pager = "".join(link(str(number), do(str(number))) for number in range(9, 20_000))
    assert next_page(page(webforms(pager)), listing(postback={}), None, {}) is None
    assert next_page(page(webforms("__doPostBack('" * 100_000)), listing(postback={}), None, {}) is None
    assert time.perf_counter() - started < 20


@pytest.mark.parametrize("seed", range(3))
def test_damaged_answers_cost_no_more_than_themselves(seed: int) -> None:
    panel = f"<div><a href='/lua-3.html'>Lúa</a></div>{link('2', do('2'))}"
    way = listing(postback={})
    whole = [webforms(link("2", do("2"))), delta(("updatePanel", "p", panel))]
    read = 0
    for body in damaged([one.encode() for one in whole], seed, 100):
        with contextlib.suppress(DiscoveryError):
            found = next_page(HtmlResponse(URL, body=body), way, 1, {})
            read += found is not None and found.request.url.startswith("https://")
    assert read > 30
