"""Pages that have not changed are not made again."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from browse.web.app import create_app
from browse.web.caching import Answers, Kept
from browse.web.settings import WebSettings
from tests.browse.library import Library

PAGES = ("/", "/search?q=thuy%E1%BB%81n", "/sources", "/sources/demo-portal.json", "/feed.atom", "/help")


@pytest.fixture(scope="module")
def application(library: Library, tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    return create_app(WebSettings(archive=library.archive, cache=tmp_path_factory.mktemp("cache")))


@pytest.fixture
def client(application: FastAPI) -> Iterator[TestClient]:
    """Of an application that has opened its index."""
    assert application.state.archive.index.articles
    with TestClient(application, follow_redirects=False) as client:
        yield client


@pytest.mark.parametrize("path", PAGES)
def test_who_has_a_page_is_told_that_it_is_the_same(client: TestClient, path: str) -> None:
    etag = client.get(path).headers["etag"]
    again = client.get(path, headers={"If-None-Match": f'"another", {etag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)


@pytest.mark.parametrize("path", PAGES)
def test_a_kept_answer_is_what_was_made(client: TestClient, path: str) -> None:
    first, second = client.get(path), client.get(path)
    assert (first.content, dict(first.headers)) == (second.content, dict(second.headers))


def test_a_kept_answer_needs_no_work(client: TestClient, application: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    text = client.get("/search?q=kept").text

    def fail(*_: object, **__: object) -> None:
        raise AssertionError("the index was asked")

    monkeypatch.setattr(application.state.archive.index, "search", fail)
    assert client.get("/search?q=kept").text == text


def test_each_language_coding_and_host_has_its_own(client: TestClient) -> None:
    ways = [
        {"Accept-Language": "vi"},
        {"Accept-Language": "en"},
        {"Accept-Encoding": "identity"},
        {"Host": "a.example"},
    ]
    assert len({client.get("/feed.atom", headers=headers).headers["etag"] for headers in ways}) == len(ways)
    for language in ("vi", "en"):
        assert f'<html lang="{language}">' in client.get("/help", headers={"Accept-Language": language}).text
    assert client.get("/help", headers={"Accept-Encoding": "gzip"}).headers["content-encoding"] == "gzip"
    assert "content-encoding" not in client.get("/help", headers={"Accept-Encoding": "identity"}).headers


def test_another_generation_of_the_index_makes_other_pages(
    client: TestClient, application: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = client.get("/").headers["etag"]
    monkeypatch.setattr(type(application.state.archive.index), "generation", 4_711)
    answer = client.get("/", headers={"If-None-Match": before})
    assert answer.status_code == 200
    assert answer.headers["etag"] != before


@pytest.mark.parametrize("path", ["/nowhere", "/search?page=0", "/export", "/search?hl=vi", "/static/style.css"])
def test_errors_exports_and_what_sets_a_cookie_are_not_kept(client: TestClient, path: str) -> None:
    assert not client.get(path).headers.get("etag", "").startswith("W/")


def test_before_the_index_is_open_nothing_is_kept(library: Library, tmp_path: Path) -> None:
    with TestClient(create_app(WebSettings(archive=library.archive, cache=tmp_path))) as client:
        assert "etag" not in client.get("/help").headers


def test_only_so_many_bytes_are_kept_those_used_last() -> None:
    answers = Answers(10)
    kept = {name: Kept({"type": "http.response.start"}, name.encode() * 4) for name in "abc"}
    answers.put("a", kept["a"])
    answers.put("b", kept["b"])
    assert answers.get("a") == kept["a"]
    answers.put("c", kept["c"])
    assert [answers.get(name) for name in "abc"] == [kept["a"], None, kept["c"]]
    answers.put("d", Kept({"type": "http.response.start"}, b"d" * 11))
    assert answers.get("d") is None
