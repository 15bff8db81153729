"""Walls: pages that a firewall or a captcha puts before the content, often with status 200.

Each kind of wall is known by its markup or its words. Neither proves much alone: Cloudflare and Imperva put scripts of
theirs into ordinary pages, comment forms have captchas, and articles are written about both. So a wall is a small page
as well, with hardly any prose, hardly any links, and nothing to write into.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from lxml.etree import ParserError
from lxml.html import HtmlElement, HTMLParser, document_fromstring

from model.capture import Kind
from storage.exchange import Exchange, header_texts, header_values

MAX_WALL_BYTES = 60_000
STATUSES = (200, 202, 403, 405, 429, 503)
KINDS = (Kind.ARTICLE, Kind.LISTING, Kind.FEED)

_MAX_LINKS = 12


@dataclass(frozen=True, slots=True)
class _Wall:
    """One kind of wall: a page with at most `max_chars` of visible text, in which each pattern given is found.
    Patterns are in lower case."""

    name: str
    max_chars: int
    markup: str = ""
    title: str = ""
    text: str = ""

    def is_before(self, markup: str, title: str, text: str) -> bool:
        """Whether a page of these is this wall."""
        return len(text) <= self.max_chars and all(
            re.search(pattern, where)
            for pattern, where in ((self.markup, markup), (self.title, title), (self.text, f"{title} {text}"))
        )


_WALLS = (
    # Ordinary pages behind Cloudflare load …/challenge-platform/scripts/jsd/main.js; only challenges are orchestrated.
    _Wall(
        "Cloudflare challenge",
        1_500,
        markup=r"_cf_chl_opt|cf-browser-verification|/cdn-cgi/l/chk_"
        r"|/cdn-cgi/challenge-platform/[^\"'\s]{0,80}orchestrate/",
    ),
    _Wall("Cloudflare challenge", 1_000, title=r"^just a moment(?:\.\.\.|…)?$"),
    _Wall(
        "Cloudflare challenge",
        800,
        text=r"checking (?:your browser before accessing|if the site connection is secure)"
        r"|needs to review the security of your connection|enable javascript and cookies to continue",
    ),
    _Wall("Cloudflare block", 2_500, title=r"^attention required!? ?\| ?cloudflare$"),
    _Wall("Cloudflare block", 2_500, markup="/cdn-cgi/", text=r"cloudflare ray id"),
    _Wall("Imperva", 800, text=r"(?:incapsula|imperva) incident id|pardon our interruption"),
    _Wall("Imperva", 60, markup=r"<(?:script|iframe)[^<>]*/_incapsula_resource"),
    _Wall("Akamai", 600, text=r"^access denied.*you don.t have permission to access.*\breference ?#"),
    _Wall("Sucuri", 1_500, text=r"sucuri website firewall"),
    _Wall("Sucuri", 300, markup=r"sucuri_cloudproxy"),
    _Wall("DDoS-Guard", 1_000, title=r"^ddos-guard$"),
    _Wall("DDoS-Guard", 600, markup=r"/\.well-known/ddos-guard/|check\.ddos-guard\.net"),
    _Wall("F5", 800, text=r"the requested url was rejected\. please consult with your administrator"),
    _Wall("captcha", 400, markup=r"captcha-delivery\.com|awswafintegration|\bpx-captcha\b"),
    _Wall(
        "captcha",
        400,
        markup=r"\b(?:g-recaptcha|h-captcha|cf-turnstile|(?:grecaptcha|hcaptcha|turnstile)\.render)\b",
    ),
    # What follows is said in articles too: such a page holds little else.
    _Wall(
        "captcha",
        300,
        text=r"verify (?:that )?you are (?:a )?(?:human|not a (?:ro)?bot)|are you a (?:human|robot)\?"
        r"|i['’]?m not a robot|please complete the (?:security check|captcha)"
        r"|unusual traffic from your (?:computer )?network|access to this page has been denied",
    ),
    _Wall(
        "captcha",
        300,
        text=r"(?:xác (?:minh|nhận|thực)|chứng (?:minh|tỏ)) (?:rằng )?(?:bạn |quý khách )?"
        r"(?:không phải (?:là )?(?:robot|rô-?bốt|người máy|máy)|là (?:con )?người)"
        r"|(?:tôi|bạn) không phải (?:là )?(?:robot|rô-?bốt|người máy)"
        r"|nhập (?:mã )?(?:xác (?:nhận|minh|thực)|bảo vệ|captcha)[^.]{0,40} để tiếp tục"
        r"|(?:kiểm tra|xác minh) trình duyệt của (?:bạn|quý khách)",
    ),
    _Wall(
        "refusal",
        300,
        text=r"(?:truy cập|địa chỉ ip|ip|yêu cầu) của (?:bạn|quý khách) (?:đã )?(?:tạm thời )?bị"
        r" (?:từ chối|chặn|khóa|khoá)"
        r"|(?:phát hiện|có) (?:lưu lượng )?truy cập bất thường từ",
    ),
)
_FEED = re.compile(rb"\s*(?:<\?xml[^>]*>\s*|<!--.{0,2000}?-->\s*)*<(?:rss|feed|rdf:rdf|urlset)\b", re.DOTALL)
_UNSEEN = ".//script|.//style|.//template|.//svg|.//head/title|.//comment()"
_NO_WALL = "|".join(
    (
        ".//textarea[not(contains(@name, 'captcha'))]",
        ".//input[@type='password']",
        ".//article",
        ".//meta[@property='og:type' and @content='article']",
        ".//*[@itemprop='articleBody']",
        ".//*[@id='root' or @id='app' or @id='__next' or @id='__nuxt']",  # an application that JavaScript fills
    )
)
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")

_COOKIE_WALL_BYTES = 15_000
_COOKIE_WALL_CHARS = 200
_SETS_COOKIE = re.compile(r"document\.cookie\s*=(?!=)")
_LOADS_AGAIN = re.compile(r"\blocation\.(?:reload|replace|assign)\s*\(|\blocation(?:\.href)?\s*=(?!=)")


def find_block(exchange: Exchange, body: bytes) -> str | None:
    """What to hold against an answer whose content-decoded body is a wall; None where it is none, or where walls do not
    matter: robots.txt and assets are read by nobody who would take one for content."""
    if exchange.kind not in KINDS:
        return None
    reason = block_reason(exchange.status, body, header_values(header_texts(exchange)))
    return f"blocked: {reason}" if reason else None


def block_reason(status: int, body: bytes, headers: Mapping[str, str] | None = None) -> str | None:
    """Which wall the page with this content-decoded `body` is; None where it is none.

    `headers` are the answer's, by name in lower case.
    """
    if status not in STATUSES:
        return None
    if (headers or {}).get("cf-mitigated") == "challenge":
        return "Cloudflare challenge"  # https://developers.cloudflare.com/cloudflare-challenges/ names this field
    if len(body) >= MAX_WALL_BYTES or body.count(b"<a ") > _MAX_LINKS or _FEED.match(body):
        return None
    markup = unicodedata.normalize("NFC", _CONTROLS.sub(" ", body.decode("utf-8", "replace"))).lower()
    tree = _parse(markup)
    if tree is None or tree.xpath(_NO_WALL) or len(tree.xpath(".//a[@href]")) > _MAX_LINKS:
        return None
    scripts = [script.text or "" for script in tree.iter("script")]
    title = " ".join((tree.findtext(".//title") or "").split())
    text = _visible_text(tree)
    if wall := next((wall for wall in _WALLS if wall.is_before(markup, title, text)), None):
        return wall.name
    if len(body) <= _COOKIE_WALL_BYTES and len(text) <= _COOKIE_WALL_CHARS and any(map(_is_cookie_wall, scripts)):
        return "JavaScript that sets a cookie and loads the page again"
    return None


def _parse(markup: str) -> HtmlElement | None:
    if "<" not in markup:
        return None
    try:
        return document_fromstring(markup.encode(), parser=HTMLParser(encoding="utf-8"))
    except ParserError:  # nothing but space and comments
        return None


def _visible_text(tree: HtmlElement) -> str:
    """The page's text without its title; takes from `tree` what nobody sees."""
    for unseen in tree.xpath(_UNSEEN):
        unseen.drop_tree()
    return " ".join(" ".join(tree.itertext()).split())


def _is_cookie_wall(script: str) -> bool:
    return bool(_SETS_COOKIE.search(script) and _LOADS_AGAIN.search(script))
