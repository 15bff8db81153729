"""Walls are told from pages, also from pages that have what walls have."""

import time

import pytest

from model.capture import Kind
from spiders.blocked import block_reason, find_block
from tests.records import exchange

PROSE = "Sáng nay, xã mở hội đua thuyền trên sông với sự tham gia của hai đội đến từ các thôn ven bờ. " * 12
MENU = "".join(f'<li><a href="/muc/{n}">Mục {n}</a></li>' for n in range(30))


def page(body: str, head: str = "") -> bytes:
    return f"<!DOCTYPE html><html><head>{head}</head><body>{body}</body></html>".encode()


CLOUDFLARE = page(
    "<h1>portal.example</h1><p>portal.example needs to review the security of your connection before proceeding.</p>"
    "<noscript>Enable JavaScript and cookies to continue</noscript>"
    "<script>window._cf_chl_opt={cvId:'3'};var a=document.createElement('script');"
    "a.src='/cdn-cgi/challenge-platform/h/b/orchestrate/chl_page/v1?ray=8f';</script>",
    "<title>Just a moment...</title>",
)
CLOUDFLARE_BLOCK = page(
    "<h1>Sorry, you have been blocked</h1><h2>You are unable to access portal.example</h2>"
    "<h2>Why have I been blocked?</h2><p>This website is using a security service to protect itself.</p>"
    '<p>Cloudflare Ray ID: <b>8f0c</b></p><a href="https://www.cloudflare.com/5xx-error-landing">Cloudflare</a>',
    '<title>Attention Required! | Cloudflare</title><link rel="stylesheet" href="/cdn-cgi/styles/cf.errors.css">',
)
IMPERVA = page(
    '<iframe src="/_Incapsula_Resource?CWUDNSAI=23">Request unsuccessful. Incapsula incident ID: 1-2</iframe>',
    '<meta name="robots" content="noindex,nofollow">',
)
AKAMAI = page(
    '<h1>Access Denied</h1>You don\'t have permission to access "http&#58;&#47;&#47;portal&#46;example&#47;" on this '
    "server.<p>Reference&#32;&#35;18&#46;2d351ab8</p>",
    "<title>Access Denied</title>",
)
SUCURI = page(
    "<h1>Sucuri WebSite Firewall - Access Denied</h1><p>If you are the site owner, whitelist your IP.</p>"
    "<p>Block ID: EXP069</p>",
    "<title>Sucuri WebSite Firewall - Access Denied</title>",
)
DDOS_GUARD = page("<h1>Checking</h1>", '<title>DDoS-Guard</title><script src="/.well-known/ddos-guard/c.js"></script>')
F5 = (
    b"<html><head><title>Request Rejected</title></head><body>The requested URL was rejected. Please consult with your "
    b"administrator.<br><br>Your support ID is: 123<br><a href='javascript:history.back();'>[Go Back]</a></body></html>"
)
RECAPTCHA = page(
    "<form method=post><p>Xin chào</p><div class='g-recaptcha' data-sitekey='x'></div>"
    "<noscript><textarea name='g-recaptcha-response'></textarea></noscript><button>Tiếp tục</button></form>"
)
VIETNAMESE = page("<p>Vui lòng xác minh bạn không phải là <b>robot</b>.</p><button>Tôi đồng ý</button>")
VIETNAMESE_NFD = (
    "<p>Vui lo\u0300ng xa\u0301c nha\u0323\u0302n ba\u0323n kho\u0302ng pha\u0309i la\u0300 robot</p>".encode()
)
COOKIE = (
    b'<html><body><script>document.cookie="D1N=0123abcd"+"; expires=Fri, 31-Dec-2099 23:59:59 GMT; path=/";'
    b"window.location.reload(true);</script></body></html>"
)
COMPUTED_COOKIE = page(
    "<script>var a=toNumbers('f6');document.cookie = '__test='+toHex(slowAES.decrypt(c,2,a,b))+'; path=/';"
    "location.href='http://portal.example/tin?i=1';</script><noscript>This site requires Javascript</noscript>",
    '<script src="/aes.js"></script>',
)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (CLOUDFLARE, "Cloudflare challenge"),
        (page("<p>Please wait.</p>", "<title>Just a moment…</title>"), "Cloudflare challenge"),
        (CLOUDFLARE_BLOCK, "Cloudflare block"),
        (IMPERVA, "Imperva"),
        (page('<script src="/_Incapsula_Resource?SWJIYLWA=1"></script>'), "Imperva"),
        (AKAMAI, "Akamai"),
        (SUCURI, "Sucuri"),
        (DDOS_GUARD, "DDoS-Guard"),
        (F5, "F5"),
        (RECAPTCHA, "captcha"),
        (page('<div class="h-captcha" data-sitekey="x"></div>'), "captcha"),
        (page('<form><div class="cf-turnstile"></div></form>'), "captcha"),
        (page("<h1>Verify you are human</h1>"), "captcha"),
        (VIETNAMESE, "captcha"),
        (VIETNAMESE_NFD, "captcha"),
        (page("<p>Nhập mã xác nhận trong hình để tiếp tục</p><img src=c.png><input name=ma>"), "captcha"),
        (page("<h1>Truy cập của bạn đã bị từ chối</h1>"), "refusal"),
        (COOKIE, "JavaScript that sets a cookie"),
        (COMPUTED_COOKIE, "JavaScript that sets a cookie"),
    ],
)
@pytest.mark.parametrize("status", [200, 403, 429, 503])
def test_a_wall_is_named(body: bytes, reason: str, status: int) -> None:
    found = block_reason(status, body)
    assert found is not None
    assert found.startswith(reason)


COMMENT_FORM = (
    '<form><textarea name="noi-dung"></textarea><div class="g-recaptcha" data-sitekey="x"></div></form>'
    '<script src="https://www.google.com/recaptcha/api.js"></script>'
)
ABOUT = (
    "<p>Nhiều người dùng gặp trang ghi “Just a moment...” hay “Vui lòng xác minh bạn không phải là robot”. Trang này "
    "do Cloudflare đặt trước nội dung; có khi là “Attention Required! | Cloudflare”, có khi là “Access Denied” với một "
    "dòng “Reference #18”. Theo các chuyên gia, reCAPTCHA và hCaptcha hỏi rằng verify you are human.</p>"
)
SCRIPTS = (
    '<script src="/_Incapsula_Resource?SWJIYLWA=1"></script><script>var a=document.createElement("script");'
    "a.src='/cdn-cgi/challenge-platform/h/b/scripts/jsd/main.js';</script>"
)
SCRIPTS_OF_WALLS = f"{SCRIPTS}<script>document.cookie='seen=1';function f(){{location.reload()}}</script>"


@pytest.mark.parametrize(
    "body",
    [
        page(f"<h1>Hội đua thuyền</h1><p>{PROSE}</p>{COMMENT_FORM}"),
        page(f"<h1>Thông báo</h1><p>Ngày mai xã họp dân.</p>{COMMENT_FORM}"),
        page(f"<h1>Thông báo</h1><p>Ngày mai xã họp dân.</p><ul>{MENU}</ul><div class='g-recaptcha'></div>"),
        page("<article><p>Ngày mai xã họp.</p></article><div class='h-captcha'></div>"),
        page(f"<h1>Vì sao web hỏi bạn có phải người máy?</h1>{ABOUT}", "<title>Vì sao web hỏi vậy?</title>"),
        page(f"<h1>Trang “Just a moment...” là gì?</h1>{ABOUT * 8}", "<title>Just a moment... là gì?</title>"),
        page(f"<h1>Hội đua thuyền</h1><p>{PROSE}</p>{SCRIPTS_OF_WALLS}"),
        page(f"<h1>Thông báo</h1><p>Ngày mai xã họp dân tại đình làng, mời bà con đến dự.</p>{SCRIPTS}"),
        page(f'<div id="app"></div>{SCRIPTS_OF_WALLS}'),
        page("<h1>Dịch vụ</h1><form><input type='password'><div class='g-recaptcha'></div></form>"),
        page(
            "<h1>Xin lỗi, trang không tồn tại</h1>", '<script src="https://www.google.com/recaptcha/api.js"></script>'
        ),
        b"<?xml version='1.0'?><rss><channel><title>Just a moment...</title></channel></rss>",
        b'{"html": "Verify you are human"}',
        b"",
        b"<!-- -->",
        b"\xff\xfe<\x00h\x00",
        CLOUDFLARE.ljust(60_000),
    ],
)
def test_a_page_is_none(body: bytes) -> None:
    assert block_reason(200, body) is None


def test_other_statuses_speak_for_themselves() -> None:
    assert [block_reason(status, CLOUDFLARE) for status in (302, 404, 500, 502)] == [None] * 4


def test_cloudflare_says_so_itself() -> None:
    assert block_reason(403, b"", {"cf-mitigated": "challenge"}) == "Cloudflare challenge"
    assert block_reason(403, b"", {"server": "cloudflare"}) is None


def test_only_what_is_read_for_its_text_can_be_blocked() -> None:
    kinds = [kind for kind in Kind if find_block(exchange(kind=kind), CLOUDFLARE)]
    assert kinds == [Kind.ARTICLE, Kind.LISTING, Kind.FEED]
    assert find_block(exchange(), CLOUDFLARE) == "blocked: Cloudflare challenge"
    headed = exchange(status=403, headers=[(b"Cf-Mitigated", b"challenge")])
    assert find_block(headed, b"") == "blocked: Cloudflare challenge"


@pytest.mark.parametrize(
    "piece",
    ["<", "<script>", "<!--", "</", "<a", "/cdn-cgi/challenge-platform/", "access denied ", "<div>", "<svg><title>"],
)
def test_hostile_pages_take_no_time(piece: str) -> None:
    start = time.monotonic()
    block_reason(200, (piece * 59_000)[:59_000].encode())
    assert time.monotonic() - start < 5
