"""Archived pages are hostile, and can do nothing in a reader's browser: by what is sent, and in a real one."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import pytest
from httpx import Response
from lxml import html
from playwright.sync_api import Browser, Page, expect
from starlette.testclient import TestClient

from browse.web.app import create_app
from browse.web.fragment import sanitized
from browse.web.pages.article import is_loadable
from browse.web.settings import WebSettings
from tests.browse.web import payloads
from tests.browse.web.conftest import serving
from tests.browse.web.hostile import Hostile, hostile_archive

PARTS = ("", "/removed", "/history", "/diff?whole=1", "/editions", "/raw", "/cite", "?images=1")
OURS = {"p", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "br", "blockquote", "div", "table", "caption", "thead"}
OURS |= {"tbody", "tfoot", "tr", "td", "th"}


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Hostile:
    return hostile_archive(tmp_path_factory.mktemp("hostile"))


@pytest.fixture(scope="module")
def settings(hostile: Hostile, tmp_path_factory: pytest.TempPathFactory) -> WebSettings:
    return WebSettings(archive=hostile.archive, cache=tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def client(settings: WebSettings) -> Iterator[TestClient]:
    with TestClient(create_app(settings), base_url="http://127.0.0.1", follow_redirects=False) as client:
        yield client


@pytest.fixture(scope="module")
def server(settings: WebSettings) -> Iterator[str]:
    with serving(create_app(settings)) as address:
        yield address


@pytest.mark.parametrize("fragment", payloads.FRAGMENTS)
def test_of_a_stored_fragment_only_structure_and_text_are_left(fragment: str) -> None:
    shown = sanitized(fragment)
    if not shown.strip():
        return
    for element in html.fragment_fromstring(str(shown), create_parent="div").iterdescendants():
        assert element.tag in OURS
        assert dict(element.attrib) in ({}, {"class": "scroll", "tabindex": "0"})


def test_of_a_fragment_as_the_cleaner_writes_it_nothing_is_lost() -> None:
    whole = (
        "<p>One &amp; two</p>\n<h2>Head</h2><ul><li>a<br>b</li><li>c</li></ul><blockquote><p>Said</p></blockquote>"
        '<div class="scroll" tabindex="0"><table><tr><th>x</th><td>1</td></tr></table></div>'
    )
    assert sanitized(whole.replace('<div class="scroll" tabindex="0">', "").replace("</div>", "")) == whole


def test_headings_of_a_fragment_come_in_order() -> None:
    assert sanitized("<h5>a</h5><h6>b</h6><h2>c</h2><h4>d</h4>") == "<h2>a</h2><h3>b</h3><h2>c</h2><h3>d</h3>"


@pytest.mark.parametrize("url", [*payloads.LOCAL_ADDRESSES, *payloads.ADDRESSES])
def test_no_page_names_a_picture_that_only_the_readers_network_has(url: str) -> None:
    assert not is_loadable(url) or urlsplit(url).hostname == "a.example"


def policy_of(answer: Response) -> str:
    return answer.headers["content-security-policy"]


@pytest.mark.parametrize("part", PARTS)
def test_no_page_has_markup_or_an_address_of_its_contents(client: TestClient, hostile: Hostile, part: str) -> None:
    for one in hostile.articles:
        answer = client.get(f"/articles/{one}{part}")
        assert answer.status_code == 200, answer.text
        page = html.document_fromstring(answer.text.encode(), parser=html.HTMLParser(encoding="utf-8"))
        for element in page.iter("*"):
            for name, value in element.items():
                assert not name.startswith("on")
                assert name != "style"
                if name in ("href", "src", "action"):
                    assert value.strip().partition(":")[0].lower() not in ("javascript", "data", "vbscript", "file")
            if element.tag == "a" and "//" in (element.get("href") or "").partition("?")[0]:
                assert "noreferrer" in element.get("rel", ""), element.get("href")
        assert all((one.get("src") or "").startswith("/static/") and not one.text for one in page.iter("script"))
        assert [
            one.get("src") for one in page.iter("iframe") if not (one.get("src") or "").startswith("/articles/")
        ] == []
        assert [one for one in page.iter("iframe") if one.get("sandbox") != ""] == []
        assert list(page.iter("style", "object", "embed", "base")) == []
        assert not any(control in answer.text for control in "\x1b\x07\x9b\u202e")
        assert "49" not in page.xpath("string(//h1)")
        assert "evil" not in policy_of(answer)
        assert "unsafe" not in policy_of(answer)


def test_a_spam_pages_text_is_not_shown_before_a_click(client: TestClient, hostile: Hostile) -> None:
    page = html.document_fromstring(client.get(f"/articles/{hostile.articles[4]}").text)
    (text,) = page.xpath("//div[contains(concat(' ', @class, ' '), ' text ')]")
    (around,) = text.xpath("ancestor::details")
    assert around.get("open") is None
    assert page.xpath("//*[@class='warning']")


def test_stored_pages_come_as_they_are_in_a_sandbox(client: TestClient, hostile: Hostile) -> None:
    for one, (_, body) in zip(hostile.pages, payloads.PAGES, strict=True):
        answer = client.get(f"/articles/{one}/page")
        assert answer.content == body
        assert policy_of(answer).startswith("sandbox; default-src 'none';")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-type"].startswith("text/html")
        assert "set-cookie" not in answer.headers
        kept = client.get(f"/articles/{one}/raw/body.txt")
        assert (kept.content, kept.headers["content-type"]) == (body, "text/plain")
        assert kept.headers["content-disposition"].startswith('attachment; filename="')


@pytest.mark.parametrize("form", ["txt", "bib", "md", "ris"])
def test_citations_are_one_entry_whatever_the_title(client: TestClient, hostile: Hostile, form: str) -> None:
    for one in hostile.articles:
        text = client.get(f"/articles/{one}/cite.{form}").text
        match form:
            case "txt" | "md":
                assert text.count("\n") == 1
            case "bib":
                bare = text.replace(r"\{", "").replace(r"\}", "")
                assert bare.count("{") == bare.count("}")
                assert (text[:6], text.count("\n@")) == ("@misc{", 0)
            case "ris":
                assert all(line[2:6] == "  - " for line in text.strip("\n").split("\r\n"))


class Trap(socketserver.ThreadingTCPServer):
    """The proxy that a browser sends everything through that is not for this machine: it answers nothing, and keeps the
    first line of each request."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), socketserver.StreamRequestHandler)
        self.caught: list[str] = []

    def finish_request(self, request: Any, client_address: Any) -> None:
        request.settimeout(5)
        with suppress(OSError):
            line = request.recv(200).decode("latin-1").partition("\r\n")[0]
            if "googleapis.com" not in line:  # the browser's own: it asks how to fill in forms
                self.caught.append(line)


@pytest.fixture
def trap() -> Iterator[Trap]:
    with Trap() as trap:
        threading.Thread(target=trap.serve_forever, daemon=True).start()
        yield trap
        trap.shutdown()


@pytest.fixture
def page(chromium: Browser, trap: Trap) -> Iterator[Page]:
    """A page of a browser whose every way out leads into the trap."""
    proxy = {"server": f"http://127.0.0.1:{trap.server_address[1]}", "bypass": "127.0.0.1"}
    context = chromium.new_context(proxy=proxy)  # type: ignore[arg-type]
    context.set_default_timeout(20_000)
    context.add_init_script("window.pwned = false; function pwned() { window.pwned = true }")
    yield context.new_page()
    context.close()


def test_in_a_browser_without_our_rules_the_attacks_work(page: Page, trap: Trap) -> None:
    page.set_content("<script>window.pwned = true</script><img src=http://evil.example/x.png onerror=pwned()>")
    page.wait_for_function("window.pwned")
    assert trap.caught == ["GET http://evil.example/x.png HTTP/1.1"]


def test_in_a_browser_no_script_of_an_article_runs_and_no_request_leaves(
    page: Page, server: str, hostile: Hostile, trap: Trap
) -> None:
    for number, one in enumerate(hostile.articles):
        for part in ("", PARTS[1 + number % (len(PARTS) - 2)]):
            page.goto(f"{server}/articles/{one}{part}", wait_until="load")
            assert page.evaluate("window.pwned") is False, (one, part)
            assert page.url == f"{server}/articles/{one}{part}"
    assert trap.caught == []


def test_in_a_browser_a_stored_page_does_nothing_alone_or_framed(
    page: Page, server: str, hostile: Hostile, trap: Trap
) -> None:
    for one in [hostile.articles[0], *hostile.pages]:
        page.goto(f"{server}/articles/{one}/page", wait_until="load")
        expect(page.locator("body")).to_contain_text("Read me.")
        assert page.title() != "pwned"
        assert page.url == f"{server}/articles/{one}/page"
        page.goto(f"{server}/articles/{one}/raw", wait_until="load")
        page.locator("summary").click()
        expect(page.frame_locator("iframe").locator("body")).to_contain_text("Read me.")
        assert page.evaluate("window.pwned") is False
        assert page.url == f"{server}/articles/{one}/raw"
    assert trap.caught == []
    assert page.context.cookies() == []


def test_in_a_browser_pictures_are_asked_of_their_hosts_alone_and_only_when_a_reader_wishes(
    page: Page, server: str, hostile: Hostile, trap: Trap
) -> None:
    address = f"{server}/articles/{hostile.pages[0]}"
    page.goto(address, wait_until="load")
    assert trap.caught == []
    with page.expect_request("http://portal.example/1.jpg"):  # a browser may take its time with what is far down
        page.get_by_role("button", name="Load pictures").click()
    page.wait_for_load_state("networkidle")
    assert trap.caught == ["GET http://portal.example/1.jpg HTTP/1.1"]
