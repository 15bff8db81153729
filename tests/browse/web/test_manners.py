"""What any client may expect of a server, whatever it is that it shows. There is no article here, and no index."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from browse.web.app import create_app
from browse.web.settings import WebSettings


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    """Asks an application over an empty archive."""
    settings = WebSettings(archive=str(tmp_path / "archive"), cache=tmp_path / "cache")
    with TestClient(create_app(settings), base_url="http://archive.example", follow_redirects=False) as client:
        yield client


@pytest.mark.parametrize("path", ["//evil.example/", "/%5Cevil.example/", "///evil.example", "/x%3Fy"])
def test_the_other_language_of_a_page_is_on_this_server(client: TestClient, path: str) -> None:
    text = client.get(f"http://archive.example{path}").text
    (where,) = re.findall(r'href="([^"]*)" lang="vi"', text)
    assert re.fullmatch(r"/[^/\\?]*/?\?hl=vi", where)


def test_readers_behind_one_proxy_do_not_use_up_each_others_requests(tmp_path: Path) -> None:
    settings = WebSettings(
        archive=str(tmp_path / "archive"),
        cache=tmp_path / "cache",
        identity_header="X-User",
        trusted_proxies=("198.51.100.7",),
        requests_per_s=0.1,
    )
    client = TestClient(create_app(settings), client=("198.51.100.7", 4711))
    asked = [client.get("/help", headers={"X-User": name}).status_code for name in ("lan", "lan", "minh")]
    assert asked == [200, 429, 200]


@pytest.mark.parametrize("path", ["/help", "/help.json", "/openapi.json", "/static/style.css", "/nowhere", "/"])
def test_head_is_get_without_a_body(client: TestClient, path: str) -> None:
    get, head = client.get(path), client.head(path)
    assert (head.status_code, dict(head.headers)) == (get.status_code, dict(get.headers))
    assert head.content == b""


@pytest.mark.parametrize("path", ["/help", "/search.json", "/export", "/static/style.css"])
def test_other_methods_are_told_what_there_is(client: TestClient, path: str) -> None:
    answer = client.post(path)
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")


@pytest.mark.parametrize(
    "path", ["/help", "/help?hl=vi", "/help.json", "/nowhere", "/search", "/articles/0123456789abcdef"]
)
def test_nothing_of_the_archive_stays_in_a_cache_that_others_use(client: TestClient, path: str) -> None:
    assert client.get(path).headers["cache-control"] == "private, no-cache"


@pytest.mark.parametrize("path", ["/", "/search.json", "/articles/0123456789abcdef", "/articles/0123456789abcdef.json"])
def test_an_error_does_not_say_where_the_archive_lies(client: TestClient, tmp_path: Path, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code in (404, 503)
    assert "the archive" in answer.text
    assert str(tmp_path) not in answer.text


def test_where_a_file_is_missing_the_page_is_that_of_any_other_error(client: TestClient) -> None:
    text = client.get("/static/nothing.css").text
    assert 'href="/static/style.css"' in text
    assert '<a href="/">' in text
