"""Who may read: names of the server, the token, the identity that a reverse proxy vouches for."""

import re
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from browse.web.access import COOKIE, sign
from browse.web.app import create_app
from browse.web.settings import WebSettings
from tests.browse.library import Library

TOKEN = "a-token-that-nobody-guesses"
PROXY = "198.51.100.7"


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def asking(library: Library, cache: Path, address: str = "203.0.113.9", **settings: object) -> TestClient:
    """A client at that address, of an application with these settings."""
    app = create_app(WebSettings(archive=library.archive, cache=cache, **settings))  # type: ignore[arg-type]
    return TestClient(app, base_url="http://archive.example", follow_redirects=False, client=(address, 4711))


@pytest.mark.parametrize(
    "host", ["evil.example", "archive.example.evil.example", "", "archive.example:x@evil.example:80"]
)
def test_a_name_that_is_not_this_servers_is_refused(library: Library, cache: Path, host: str) -> None:
    answer = asking(library, cache, hosts=("localhost", "[::1]")).get("/help", headers={"Host": host})
    assert answer.status_code == 421
    assert "bản tin" not in answer.text
    assert answer.headers["content-security-policy"]


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8000", "localhost.", "[::1]", "[::1]:8000"])
def test_its_own_names_are_let_in_at_any_port(library: Library, cache: Path, host: str) -> None:
    assert asking(library, cache, hosts=("localhost", "[::1]")).get("/help", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "path", ["/", "/search", "/search.json", "/feed.atom", "/export", "/openapi.json", "/static/style.css", "/nowhere"]
)
def test_without_the_token_nothing_is_shown(library: Library, cache: Path, path: str) -> None:
    client = asking(library, cache, token=TOKEN)
    assert client.get(path).status_code == 401
    assert client.get(path, params={"token": TOKEN[:-1]}).status_code == 401
    assert client.get(path, headers={"Authorization": f"Bearer {TOKEN}x"}).status_code == 401
    assert client.get(path, headers={"Cookie": f"{COOKIE}={TOKEN}"}).status_code == 401


def test_the_token_is_given_once_and_is_a_cookie_from_then_on(library: Library, cache: Path) -> None:
    client = asking(library, cache, token=TOKEN)
    answer = client.get("/search", params={"q": 'thuyền "nan"', "token": TOKEN})
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert TOKEN not in cookie
    assert TOKEN not in answer.text
    assert "url=/search?q=thuy%E1%BB%81n+%22nan%22" in answer.text
    assert client.get("/search").status_code == 200


def test_the_cookie_of_one_token_is_none_of_another(library: Library, cache: Path) -> None:
    client = asking(library, cache, token="another-token-of-a-later-day")
    assert client.get("/", headers={"Cookie": f"{COOKIE}={sign(TOKEN)}"}).status_code == 401


def test_programs_send_the_token_as_a_bearer_and_feed_readers_in_the_address(library: Library, cache: Path) -> None:
    client = asking(library, cache, token=TOKEN)
    assert client.get("/search.json", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200
    feed = client.get("/feed.atom", params={"token": TOKEN})
    assert feed.headers["content-type"].startswith("application/atom+xml")
    assert TOKEN not in feed.text


@pytest.mark.parametrize("path", ["//evil.example/", "/%5Cevil.example/", "//[", "/%22%3E%3Cscript%3E"])
def test_signing_in_leads_nowhere_else(library: Library, cache: Path, path: str) -> None:
    answer = asking(library, cache, token=TOKEN).get(f"http://archive.example{path}?token={TOKEN}")
    assert answer.status_code == 200
    (where,) = re.findall(r'content="0;url=([^"]*)"', answer.text)
    assert re.fullmatch(r"/[^/\\].*", where)
    assert "<script" not in answer.text


def test_an_identity_counts_only_from_the_proxy(library: Library, cache: Path) -> None:
    settings = {"identity_header": "X-User", "trusted_proxies": (PROXY,)}
    named = {"X-User": "lan"}
    assert asking(library, cache, PROXY, **settings).get("/help", headers=named).status_code == 200
    assert asking(library, cache, PROXY, **settings).get("/help").status_code == 403
    assert asking(library, cache, PROXY, **settings).get("/help", headers={"X-User": " "}).status_code == 403
    assert asking(library, cache, **settings).get("/help", headers=named).status_code == 403
    twice = [("X-User", "lan"), ("X-User", "minh")]
    assert asking(library, cache, PROXY, **settings).get("/help", headers=twice).status_code == 403


def test_behind_tls_addresses_and_cookies_are_those_of_tls(library: Library, cache: Path) -> None:
    settings = {"identity_header": "X-User", "trusted_proxies": (PROXY,)}
    sent = {"X-User": "lan", "X-Forwarded-Proto": "https"}
    feed = asking(library, cache, PROXY, **settings).get("/feed.atom", headers=sent)
    assert 'href="https://archive.example/feed.atom"' in feed.text
    elsewhere = asking(library, cache).get("/feed.atom", headers=sent)
    assert 'href="http://archive.example/feed.atom"' in elsewhere.text


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "options"])
def test_it_only_reads(library: Library, cache: Path, method: str) -> None:
    assert getattr(asking(library, cache), method)("/search").status_code == 405
