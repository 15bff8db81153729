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
