"""The front page, sources and runs: what they tell, and that what they show of others' pages is text."""

from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from bantin.index import bring_up_to_date
from browse.catalog import Vanished
from browse.web.app import create_app
from browse.web.pages.home import mixed
from browse.web.settings import WebSettings
from model.article import SpamLink
from model.source import dump_source
from storage import keys
from storage.store import open_store
from tests.browse.library import EDITED, FIRST, NEW_TITLE, SECOND, Library
from tests.browse.web.odd import BROKEN, CASINO, EARLY, GONE, LOST, RUN, fill, publish_rows
from tests.records import article
from tests.settings import settings_in
from tests.stored import a_source


class Markup(HTMLParser):
    """The elements and links of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.attributes += attrs

    @property
    def links(self) -> list[str]:
        return [value or "" for name, value in self.attributes if name in ("href", "src", "action")]


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """Asks an application over odd and hostile records."""
    settings = fill(tmp_path_factory.mktemp("odd"))
    app = create_app(WebSettings(archive=settings.archive, cache=settings.cache, airflow="/"))
    with TestClient(app, follow_redirects=False) as client:
        yield client


def test_the_front_page_tells_what_is_new_what_changed_and_what_vanished(client: TestClient, library: Library) -> None:
    told = client.get("/home.json").json()
    assert (told["today"], told["sources"]) == ("2026-11-22", 4)
    (change,) = told["changed"]
    assert change["article"]["title"]["text"] == NEW_TITLE
    assert change["since"].startswith("20")
    assert change["since"] < change["until"]
    (loss,) = told["vanished"]
    assert (loss["article"]["id"], "410" in loss["page"]["how"]) == (library.lost, True)
    assert {source["id"] for source, _ in told["struck"]} == {"demo-portal", "demo-hacked"}
    assert told["failed"] == []
    page = client.get("/").text
    assert f"/articles/{library.edited}/diff?from={change['since'].replace(':', '%3A')}" in page
    assert f"/articles/{library.lost}" in page
    assert EDITED not in page  # what was edited is told by its title


def test_no_source_has_the_front_page_for_itself() -> None:
    def lost(source: str, number: int) -> Vanished:
        return Vanished(source=source, run=RUN, url=f"http://{source}.example/{number}", how="410", at=None)

    busy, quiet = [lost("busy", number) for number in range(5)], [lost("quiet", number) for number in range(2)]
    assert mixed([*busy, *quiet], 2) == [*busy[:2], *quiet, *busy[2:]]
    assert mixed(busy, 2) == busy


def test_all_sources_stand_by_province_with_their_last_run(client: TestClient) -> None:
    told = client.get("/sources.json").json()
    lines = {line["source"]["id"]: line for _, lines in told["provinces"] for line in lines}
    assert told["total"] == len(lines) == 4
    assert told["provinces"][-1][0] is None
    portal = lines["demo-portal"]
    assert (portal["articles"], portal["last"]["run"], portal["last"]["spam"]) == (8, SECOND, 9)
    assert portal["news"][-2:] == [8, 0]
    assert len(portal["news"]) == 30


def test_a_source_tells_what_it_is_and_how_its_runs_went(client: TestClient) -> None:
    told = client.get("/sources/demo-paper.json").json()
    assert [run["run"] for run in told["runs"]] == [SECOND, FIRST]
    assert sum(count for _, count in told["published"]) == told["articles"]
    assert told["coverage"]["published_on"] == 1
    assert "${BANTIN_DEMO_PROXY}" in told["rules"]
    assert told["evidence"] is None


def test_a_source_stays_tampered_with_as_long_as_its_articles_are(odd: TestClient) -> None:
    """Its newest run found nothing: what has not changed is not cleaned again."""
    ((source, run),) = odd.get("/home.json").json()["struck"]
    assert (source["id"], run["run"], run["spam"]) == ("kimson", RUN, 1)
    ((_, (line,)),) = odd.get("/sources.json").json()["provinces"]
    assert (line["last"]["run"], line["struck"]["run"]) == (BROKEN, RUN)
    assert 'class="alarm" href="/sources/kimson#evidence"' in odd.get("/sources").text


def test_a_source_whose_pages_were_cleaned_is_no_longer_tampered_with(tmp_path: Path) -> None:
    told = [{"page": "http://portal.example/x", "url": CASINO, "text": "x", "rule": "gambling"}]
    spam = [SpamLink(text="x", url=CASINO, rule="gambling", hidden=True)]
    settings = settings_in(tmp_path)
    store = open_store(settings.archive)
    for run, links in ((EARLY, spam), (RUN, [])):
        row = article(run=run, fetched_at=keys.run_time(run), text=f"Hội làng {run}", spam=links)
        store.put(keys.run_source("kimson", run), dump_source(a_source()).encode())
        publish_rows(store, run, [row], spam=told * len(links))
    bring_up_to_date(settings)
    with TestClient(create_app(WebSettings(archive=settings.archive, cache=settings.cache))) as client:
        assert client.get("/home.json").json()["struck"] == []
        assert client.get("/sources/kimson.json").json()["evidence"]["run"] == EARLY


def test_runs_are_told_by_the_same_time_everywhere(odd: TestClient) -> None:
    assert "07:00, 21 Nov 2026" in odd.get("/sources/kimson").text
    assert "Run of 07:00, 21 Nov 2026" in odd.get(f"/runs/kimson/{RUN}").text


def test_evidence_of_a_hack_is_shown(client: TestClient) -> None:
    told = client.get("/sources/demo-hacked.json").json()
    assert [page["leads_to"].startswith("http://casino.example/") for page in told["evidence"]["cloaked"]] == [True] * 2
    assert "casino.example" in client.get("/sources/demo-hacked").text


def test_a_run_tells_what_became_of_its_pages(client: TestClient, library: Library) -> None:
    told = client.get(f"/runs/demo-paper/{SECOND}.json").json()
    assert told["report"]["articles"]["changed"] == 1
    assert (told["before"], told["after"], told["airflow"]) == (FIRST, None, None)
    refs = {one["id"]: one["ref"] for one in told["articles"]}
    ref = refs[library.edited]
    assert f'href="/articles/{ref}"' in client.get(f"/runs/demo-paper/{SECOND}").text
    assert client.get(f"/articles/{ref}").status_code == 200


@pytest.mark.parametrize(
    "path",
    ["/sources/nobody", "/runs/demo-paper/20200101T000000Z", "/runs/demo-paper/today", "/runs/%2e%2e/x", "/runs/A/b"],
)
def test_what_is_not_there_is_told(client: TestClient, path: str) -> None:
    for asked in (path, f"{path}.json"):
        assert client.get(asked).status_code == 404
    assert "Traceback" not in client.get(path).text


@pytest.mark.parametrize("path", ["/", "/sources", "/sources/kimson", f"/runs/kimson/{RUN}", "/search?q=hội", "/help"])
def test_what_pages_say_is_text(odd: TestClient, path: str) -> None:
    answer = odd.get(path)
    page = Markup(answer.text)
    assert answer.status_code == 200
    assert not {"img", "b"} & set(page.elements)
    assert page.elements.count("script") == 2  # our own
    assert [name for name, _ in page.attributes if name.startswith("on") or name == "style"] == []
    assert [link for link in page.links if not link.startswith("/") and not link.startswith("#")] == []
    assert not {"\x1b", "\u202e"} & set(answer.text)


def test_injected_addresses_are_text_and_lead_to_the_archive_at_most(odd: TestClient) -> None:
    page = odd.get("/sources/kimson").text
    assert "casino.example" in page
    assert [link for link in Markup(page).links if "casino" in link] == []
    assert odd.get("/sources/kimson.json").json()["evidence"]["spam"][0]["url"] == CASINO
    assert f'href="/articles/{LOST}"' in page  # the cloaked page's own


def test_the_secrets_of_a_source_are_named_not_told(odd: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAL_KEY", "opensesame")
    assert "${PORTAL_KEY}" in (page := odd.get("/sources/kimson").text)
    assert "opensesame" not in page


def test_a_report_that_cannot_be_read_is_told_of_and_hides_nothing_else(odd: TestClient) -> None:
    told = odd.get(f"/runs/kimson/{BROKEN}.json").json()
    assert told["report"] is None
    assert "report.json" in told["problem"]
    assert odd.get(f"/runs/kimson/{BROKEN}").status_code == 200
    assert [run["state"] for run in odd.get("/sources/kimson.json").json()["runs"]] == [
        "unreadable",
        *["published"] * 2,
    ]


def test_runs_lead_to_the_ones_beside_them_and_to_airflow(odd: TestClient) -> None:
    told = odd.get(f"/runs/kimson/{RUN}.json").json()
    assert (told["before"], told["after"]) == (EARLY, BROKEN)
    assert told["airflow"]
    assert told["known"][GONE] == LOST


def test_without_an_index_every_page_says_how_to_get_one(tmp_path: Path) -> None:
    (tmp_path / "archive").mkdir()
    with TestClient(create_app(WebSettings(archive=str(tmp_path / "archive"), cache=tmp_path / "cache"))) as client:
        for path in ("/", "/search", "/sources", "/feed.atom", "/export"):
            answer = client.get(path)
            assert answer.status_code == 503
            assert "bantin index" in answer.text
        assert client.get("/help").status_code == 200


def test_a_mistake_of_ours_shows_no_traceback(
    odd: TestClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("a secret of the server")

    monkeypatch.setattr(type(odd.app.state.archive.index), "search", fail)  # type: ignore[attr-defined]
    quiet = TestClient(odd.app, raise_server_exceptions=False)
    answer = quiet.get("/search?q=never-asked-before")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
    assert answer.headers["content-security-policy"]


def test_versions_of_the_same_minute_are_told_apart_by_the_second(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    store = open_store(settings.archive)
    for run in (EARLY, f"{EARLY[:-3]}40Z"):
        store.put(keys.run_source("kimson", run), dump_source(a_source()).encode())
        row = article(run=run, fetched_at=keys.run_time(run), text=f"Hội làng năm nay, {run}")
        publish_rows(store, run, [row])
    bring_up_to_date(settings)
    with TestClient(create_app(WebSettings(archive=settings.archive, cache=settings.cache))) as client:
        page = client.get(f"/articles/{row.id}/diff").text
    assert "07:00:00, 20 Nov 2026" in page
    assert "07:00:40, 20 Nov 2026" in page
