"""robots.txt: one crawl of many sites, each with one of its own, looked at site by site."""

import socket
from codecs import BOM_UTF8
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest
from scrapy.robotstxt import ProtegoRobotParser

from bantin.fetch import committed_captures
from model.capture import Capture, Kind
from spiders.robots import FORBIDDEN, MAX_BYTES, UNREACHABLE, Rules, relevant_lines
from storage.store import open_store
from tests.servers.scripted import ScriptedSite, crawl, scripted, source_of
from tests.servers.site import Answer
from tests.settings import settings_in

NOTHING_ALLOWED = "User-agent: *\nDisallow: /a\n"
RUN = "20261122T000000Z"

NAMES = ["main", "rules", "bom", "html", "missing", "denied", "busy", "broken", "silent"]
NAMES += ["hops", "circle", "moved", "nowhere", "big", "slow"]
PAGES = ["/a", "/a-private", "/a-private/2", "/a-private/3"]


@dataclass
class Crawled:
    """The sites by name, the log's lines and what was captured."""

    sites: dict[str, ScriptedSite]
    closed: str
    lines: list[str]
    captures: list[Capture]

    def asked(self, name: str, path: str = "/a") -> int:
        return self.sites[name].asked(path)

    def problem(self, base: str) -> str | None:
        """Why robots.txt of a site could not be read, as the log tells."""
        start = f"{base}/robots.txt could not be read ("
        found = [line for line in self.lines if line.startswith(start)]
        return found[0].removeprefix(start).partition("): nothing")[0] if found else None


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crawled]:
    """One crawl of all."""
    with ExitStack() as stack:
        sites = {name: stack.enter_context(scripted()) for name in NAMES}
        elsewhere = stack.enter_context(scripted("127.0.0.2"))
        unused = stack.enter_context(socket.socket())
        unused.bind(("127.0.0.1", 0))  # and not listening: a connection is refused
        closed = f"http://127.0.0.1:{unused.getsockname()[1]}"
        links = [url for site in sites.values() for url in site.pages(*PAGES)]
        _answer_robots(sites, elsewhere)
        start = sites["main"].listing("/list", *links, f"{closed}/a")
        settings = settings_in(tmp_path_factory.mktemp("robots"))
        lines = crawl(source_of(start, timeout_s=1), settings)
        captures = committed_captures(open_store(settings.archive), "scripted", RUN) or []
        yield Crawled({**sites, "elsewhere": elsewhere}, closed, lines, captures)


def _answer_robots(sites: dict[str, ScriptedSite], elsewhere: ScriptedSite) -> None:
    def answer(name: str, body: str | bytes = "", status: int = 200, location: str | None = None) -> None:
        sites[name].script("/robots.txt", Answer(body, status, {"Location": location} if location else {}))

    answer("rules", "User-agent: *\nDisallow: /\n\nUser-agent: Bantin\nDisallow: /a-private\n")
    answer("bom", BOM_UTF8 + NOTHING_ALLOWED.encode())
    answer("html", f"\n<!DOCTYPE html><title>Trang chủ</title><pre>\n{NOTHING_ALLOWED}</pre>")
    answer("denied", NOTHING_ALLOWED, 403)
    answer("busy", "", 429)
    answer("broken", NOTHING_ALLOWED, 503)
    sites["silent"].delays_s["/robots.txt"] = 1.5
    for name, hops in {"hops": 5, "circle": 6}.items():
        answer(name, "", 302, "/1")
        for hop in range(1, hops):
            sites[name].script(f"/{hop}", Answer("", 302, {"Location": f"/{hop + 1}"}))
        sites[name].script(f"/{hops}", Answer(NOTHING_ALLOWED))
    answer("moved", "", 301, f"{elsewhere.base}/robots.txt")
    elsewhere.script("/robots.txt", Answer(NOTHING_ALLOWED))
    answer("nowhere", "", 302, "ftp://127.0.0.1/robots.txt")
    answer("big", "User-agent: *\nDisallow: /a-private\n" + "# \n" * (MAX_BYTES // 3) + "Disallow: /a\n")
    answer("slow", "User-agent: *\nDisallow: /a-private\n")
    sites["slow"].delays_s["/robots.txt"] = 0.3


def test_each_site_is_asked_once(crawled: Crawled) -> None:
    assert {name: crawled.asked(name, "/robots.txt") for name in NAMES} == dict.fromkeys(NAMES, 1)


def test_our_own_rules_count_where_there_are_some(crawled: Crawled) -> None:
    assert (crawled.asked("rules"), crawled.asked("rules", "/a-private")) == (1, 0)


def test_requests_that_wait_for_the_rules_obey_them_too(crawled: Crawled) -> None:
    assert crawled.asked("slow") == 1
    assert [crawled.asked("slow", path) for path in PAGES[1:]] == [0, 0, 0]


def test_a_byte_order_mark_does_not_hide_the_first_line(crawled: Crawled) -> None:
    assert crawled.asked("bom") == 0


def test_a_page_served_as_robots_txt_holds_no_rules(crawled: Crawled) -> None:
    assert crawled.asked("html") == 1


@pytest.mark.parametrize("name", ["missing", "denied"])
def test_a_site_that_has_none_allows_all(crawled: Crawled, name: str) -> None:
    assert crawled.asked(name) == 1


@pytest.mark.parametrize(
    ("name", "problem"), [("busy", "HTTP 429"), ("broken", "HTTP 503"), ("silent", "longer than 1.0 seconds")]
)
def test_where_it_cannot_be_read_nothing_is_asked_for(crawled: Crawled, name: str, problem: str) -> None:
    assert [crawled.asked(name, path) for path in PAGES] == [0] * len(PAGES)
    assert problem in (crawled.problem(crawled.sites[name].base) or "")


def test_a_refused_connection_is_a_reason_too(crawled: Crawled) -> None:
    assert "refused" in (crawled.problem(crawled.closed) or "")


def test_five_redirects_are_followed(crawled: Crawled) -> None:
    assert crawled.asked("hops", "/5") == 1
    assert crawled.asked("hops") == 0


def test_after_more_it_counts_as_unavailable(crawled: Crawled) -> None:
    assert crawled.asked("circle", "/6") == 0
    assert crawled.asked("circle") == 1


def test_a_redirect_to_another_host_is_followed(crawled: Crawled) -> None:
    assert crawled.asked("elsewhere", "/robots.txt") == 1
    assert crawled.asked("moved") == 0


def test_a_redirect_that_leads_to_no_web_address_allows_all(crawled: Crawled) -> None:
    assert crawled.asked("nowhere") == 1


def test_what_lies_past_500_kib_is_not_read(crawled: Crawled) -> None:
    assert (crawled.asked("big"), crawled.asked("big", "/a-private")) == (1, 0)


def test_every_answer_is_captured_redirects_included(crawled: Crawled) -> None:
    robots = {c.final_url: c.status for c in crawled.captures if c.kind == Kind.ROBOTS}
    moved, elsewhere, hops = (crawled.sites[name].base for name in ("moved", "elsewhere", "hops"))
    assert robots[f"{moved}/robots.txt"] == 301
    assert robots[f"{elsewhere}/robots.txt"] == 200
    assert [robots[f"{hops}/{n}"] for n in range(1, 6)] == [302, 302, 302, 302, 200]


def test_a_reason_tells_forbidden_from_unreadable() -> None:
    url = "http://a.example/a"
    assert Rules("bantin").refusal(url) is None
    assert Rules("bantin", ProtegoRobotParser(NOTHING_ALLOWED.encode(), None)).refusal(url) == FORBIDDEN
    assert Rules("bantin", problem="HTTP 503").refusal(url) == f"{UNREACHABLE}: HTTP 503"


def allowed(lines: str | bytes) -> bool:
    """Whether a robots.txt of these lines allows /a."""
    body = lines if isinstance(lines, bytes) else lines.encode()
    return ProtegoRobotParser(relevant_lines(body, "bantin"), None).allowed("http://a.example/a", "bantin")


def test_a_line_that_the_limit_cuts_is_no_rule() -> None:
    line = b"Disallow: /a-very-long-path\n"
    body = b"User-agent: *\n" + line * (MAX_BYTES // len(line) + 10)
    kept = relevant_lines(body, "bantin")
    assert MAX_BYTES - len(line) < len(kept) <= MAX_BYTES
    assert kept.endswith(line.strip())
    assert relevant_lines(b"x" * (MAX_BYTES + 1), "bantin") == b""


@pytest.mark.parametrize("name", ["bantin", "BANTIN", "Bantin/2.0", "bantin*", "*"])
@pytest.mark.parametrize("field", ["User-agent: ", "user-agent:", "USER-AGENT : ", "Useragent ", "  User agent: "])
def test_a_group_is_ours_by_its_name(field: str, name: str) -> None:
    assert not allowed(f"{field}{name} # chúng tôi\nDisallow: /a\n")


@pytest.mark.parametrize("name", ["b", "ban", "bantin-news", "bantinbot", "otherbot", "tin", "Googlebot"])
def test_a_group_of_another_name_is_not_ours(name: str) -> None:
    assert allowed(f"User-agent: {name}\nDisallow: /a\n")


def test_a_group_may_have_several_names_and_be_told_in_parts() -> None:
    assert not allowed("User-agent: Googlebot\nUser-agent: bantin\nDisallow: /a\n\nUser-agent: *\nAllow: /\n")
    assert not allowed("User-agent: bantin\nAllow: /x\n\nUser-agent: x\nAllow: /\n\nUser-agent: bantin\nDisallow: /a\n")
    assert allowed("User-agent: bantin\nAllow: /a\n\nUser-agent: *\nDisallow: /\n")


def test_thousands_of_names_before_thousands_of_rules_cost_no_more_than_their_lines() -> None:
    names, rules = "".join(f"User-agent: bot{n}\n" for n in range(10_000)), "Disallow: /a\n" * 10_000
    kept = relevant_lines(f"{names}User-agent: bantin\n{rules}".encode(), "bantin").splitlines()
    assert {line for line in kept if line.startswith(b"User")} == {b"User-agent: other", b"User-agent: bantin"}
    assert not allowed(b"\n".join(kept))


def test_sitemaps_are_named_outside_of_groups() -> None:
    lines = b"Sitemap: https://a.example/1.xml\nUser-agent: x\nDisallow: /\nsitemap: https://a.example/2.xml"
    parser = ProtegoRobotParser(relevant_lines(lines, "bantin"), None)
    assert list(parser.rp.sitemaps) == ["https://a.example/1.xml", "https://a.example/2.xml"]


def test_another_encoding_than_utf_8_gives_no_rules_and_no_error() -> None:
    assert allowed(NOTHING_ALLOWED.encode("utf-32"))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-8-sig"])
def test_what_windows_saves_as_unicode_is_obeyed(encoding: str) -> None:
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    lines = f"{mark}# chỉ dành cho bạn đọc\r\n{NOTHING_ALLOWED}"
    assert not allowed(lines.encode(encoding))
    assert not allowed(lines.encode(encoding) + b"\0"), "a byte too many is none of our concern"
