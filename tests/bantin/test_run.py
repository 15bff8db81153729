"""A run from fetch to publish: what the archive holds afterwards, and after each way of failing and mending."""

import gzip
import json
from collections import Counter
from pathlib import Path

import pytest

from bantin.clean import clean_part
from bantin.errors import AllRejected, FetchFailed, NotReady
from bantin.fetch import Fetch
from bantin.publish import publish
from bantin.run import run_source
from bantin.settings import Settings
from browse.reading import find_article, list_articles
from demo import DemoWeb, truth
from model.article import Article
from model.source import Locality
from storage import keys, reports
from storage.errors import StorageError, StoreRefused
from storage.exchange import CUT_SHORT
from storage.store import open_store
from storage.tables import read
from tests.conftest import demo_source, trouble_source
from tests.servers.site import PAGE, Answer, serving

RUN, LATER, LAST = "20261122T000000Z", "20991230T000000Z", "20991231T000000Z"


def rows(settings: Settings, source: str, run: str = RUN) -> list[Article]:
    return read(open_store(settings.archive), keys.articles(source, run), Article)


@pytest.mark.parametrize("name", ["portal", "aggregator", "paper"])
def test_every_page_of_the_demo_becomes_its_article(web: DemoWeb, settings: Settings, name: str) -> None:
    source = demo_source(name)
    run_source(source, settings, RUN)
    found = {article.url: article for article in rows(settings, source.id)}
    expected = {url: one for url, one in truth().items() if f"//{name}." in url}
    assert set(found) == set(expected)
    for url, want in expected.items():
        got = found[url]
        assert got.title == want.title, url
        assert got.text.split("\n") == list(want.text), url
        assert (got.author, got.published_on, got.language) == (want.author, want.published_on, want.language), url
        assert not set(want.drop) & set(got.text.split("\n")), url
        assert {link.url for link in got.spam} == set(want.spam), url
        assert [image.caption for image in got.images if image.caption] == list(want.captions), url
        assert got.via_url == want.via_url, url


def test_a_second_run_finds_no_new_text_though_counters_have_changed(web: DemoWeb, settings: Settings) -> None:
    source = demo_source("portal")
    first = run_source(source, settings, RUN)
    second = run_source(source, settings, LATER)
    assert first.articles["new"] == 8
    assert second.articles == {"new": 0, "changed": 0, "unchanged": 8, "quarantined": 0}
    one, other = rows(settings, source.id), rows(settings, source.id, LATER)
    assert {a.text_sha256 for a in one} == {a.text_sha256 for a in other}
    removed = [{r.text for a in run for r in a.removed} for run in (one, other)]
    assert removed[0] != removed[1], "the counters did change"


def test_an_edit_is_a_changed_text(web: DemoWeb, settings: Settings) -> None:
    source = demo_source("portal")
    url = next(url for url in truth() if "portal.example" in url)
    run_source(source, settings, RUN)
    web.edit(url, truth()[url].text[1], "Câu này đã được sửa mà không ai nói.")
    report = run_source(source, settings, LATER)
    assert (report.articles["changed"], report.articles["unchanged"]) == (1, 7)
    assert "Câu này đã được sửa" in find_article(open_store(settings.archive), _id_of(settings, url)).text


def test_a_soft_404_is_rejected_and_reported(web: DemoWeb, settings: Settings) -> None:
    report = run_source(demo_source("portal"), settings, RUN)
    (rejection,) = report.rejections
    assert rejection["kind"] == "error-page"
    assert rejection["url"] not in {article.url for article in rows(settings, "demo-portal")}


def test_cleaning_and_publishing_again_writes_identical_bytes(web: DemoWeb, settings: Settings) -> None:
    store = open_store(settings.archive)
    parts = Fetch(demo_source("portal"), RUN, settings).run()
    written = []
    for _ in range(2):
        for part in parts:
            clean_part(part, settings)
        publish("demo-portal", RUN, settings)
        made = [keys.articles("demo-portal", RUN), *(keys.work_articles(part) for part in parts)]
        written.append([store.get(key) for key in made])
    assert written[0] == written[1]


def test_a_run_that_is_published_again_by_other_rules_keeps_the_table_it_replaces(
    web: DemoWeb, settings: Settings
) -> None:
    store, source = open_store(settings.archive), demo_source("paper")
    run_source(source, settings, RUN)
    first = store.get(keys.articles(source.id, RUN))
    run_source(source.model_copy(update={"locality": Locality(province="Ninh Bình")}), settings, RUN)
    assert {row.locality for row in rows(settings, source.id)} == {"Ninh Bình"}
    kept = [info.key for info in store.list(keys.superseded_prefix(source.id, RUN))]
    assert [store.get(key) for key in kept if key.endswith(".parquet")] == [first]
    assert len(kept) == 2, "and a note of when"


def test_a_run_that_failed_and_is_run_again_is_as_if_it_had_not(web: DemoWeb, settings: Settings) -> None:
    source = demo_source("portal", retries=0)
    failing = [url for url in truth() if "portal.example" in url][:4]
    for url in failing:
        web.fail(url, times=None)
    with pytest.raises(Exception, match="pages failed"):
        run_source(source, settings, RUN)
    assert list_articles(open_store(settings.archive)) == []
    web.heal()
    run_source(source, settings, RUN)
    assert Counter(a.url for a in rows(settings, source.id)) == Counter(u for u in truth() if "portal.example" in u)


def test_a_run_in_which_every_page_was_rejected_fails_and_publishes_nothing(web: DemoWeb, settings: Settings) -> None:
    source = trouble_source("/").model_copy(update={"articles": demo_source("portal").articles})
    source = type(source).model_validate({**source.model_dump(), "articles": {"allow": ["^/binary", "^/empty"]}})
    with pytest.raises(AllRejected, match="every one of 2 article pages was rejected") as caught:
        run_source(source, settings, RUN)
    report = reports.read_report(open_store(settings.archive), "trouble", RUN)
    assert report is not None
    assert (report.state, report.reason) == ("failed", str(caught.value))
    assert set(report.rejected) == {"not-html", "empty"}
    assert list_articles(open_store(settings.archive)) == []
    allowed = source.model_copy(update={"may_be_empty": True})
    assert run_source(allowed, settings, LATER).state == "published"


SOFT_404 = Answer("<!DOCTYPE html><title>404</title><h1>404</h1><p>Trang này không tồn tại hoặc đã bị xóa.</p>")


@pytest.mark.parametrize(("gone", "state"), [(1, "published"), (2, "published"), (3, "failed")])
def test_on_a_quiet_day_one_or_two_rejected_pages_fail_no_run_while_others_are_as_they_were(
    settings: Settings, gone: int, state: str
) -> None:
    with serving() as site:
        paths = [f"/a{number}" for number in range(5)]
        for path in paths:
            site.page(path, f"Hội đua thuyền {path}")
        site.list("/", *paths)
        run_source(site.source("/"), settings, RUN)
        for path in paths[:gone]:
            site.answers[path] = SOFT_404
        if state == "failed":
            with pytest.raises(AllRejected, match="every one of 3 article pages was rejected"):
                run_source(site.source("/"), settings, LATER)
        else:
            report = run_source(site.source("/"), settings, LATER)
            assert (report.state, dict(report.rejected)) == (state, {"error-page": gone})
            assert len(list_articles(open_store(settings.archive))) == 5, "what was stored is there"


def test_half_a_page_never_takes_the_place_of_a_whole_one(settings: Settings) -> None:
    with serving() as site:
        site.list("/", "/a1")
        body = gzip.compress(PAGE.format(title="Hội đua thuyền").encode())
        site.answers["/a1"] = Answer(body, headers={"Content-Encoding": "gzip"})
        run_source(site.source("/"), settings, RUN)
        (before,) = list_articles(open_store(settings.archive))
        site.answers["/a1"] = Answer(body[:-100], headers={"Content-Encoding": "gzip"})
        report = run_source(site.source("/"), settings, LATER)
        assert [error["error"] for error in report.errors] == [CUT_SHORT]
        assert list_articles(open_store(settings.archive)) == [before]


def test_a_wall_before_the_page_is_a_failure_that_says_so_and_is_asked_for_again(
    web: DemoWeb, settings: Settings
) -> None:
    source = trouble_source("/", error_tolerance=0)
    source = type(source).model_validate({**source.model_dump(), "articles": {"allow": ["^/captcha", "^/redirect/2"]}})
    with pytest.raises(FetchFailed, match=r"1 of 2 pages failed .* blocked: "):
        run_source(source, settings, RUN)
    report = reports.read_report(open_store(settings.archive), "trouble", RUN)
    assert report is not None
    assert (report.captures["article blocked"], report.blocked) == (1, 1)
    patient = source.model_copy(update={"fetch": source.fetch.model_copy(update={"error_tolerance": 1})})
    assert "1 blocked" in run_source(patient, settings, "20261123T000000Z").summary
    asked = web.count("http://trouble.example/captcha")
    run_source(patient, settings, "20261123T010000Z")
    assert web.count("http://trouble.example/captcha") == asked + 1


def test_steps_out_of_order_say_what_is_missing(web: DemoWeb, settings: Settings) -> None:
    with pytest.raises(NotReady, match="expected the run to have been fetched"):
        publish("demo-portal", RUN, settings)
    (part,) = Fetch(demo_source("portal"), RUN, settings).run()
    with pytest.raises(NotReady, match="to be cleaned"):
        publish("demo-portal", RUN, settings)
    clean_part(part, settings)
    publish("demo-portal", RUN, settings)


def test_two_addresses_of_one_page_are_one_row(web: DemoWeb, settings: Settings) -> None:
    source = trouble_source("/")
    source = type(source).model_validate(
        {**source.model_dump(), "articles": {"allow": ["^/redirect/0$", "^/redirect/2$"]}}
    )
    source = type(source).model_validate(
        {**source.model_dump(), "discovery": {"listings": [{"url": "http://trouble.example/"}]}}
    )
    run_source(source, settings, RUN)
    assert len({a.id for a in rows(settings, "trouble")}) == len(rows(settings, "trouble"))


@pytest.mark.parametrize("archive", ["/proc/bantin", "/dev/null/archive", "gopher://x/y"])
def test_an_archive_that_cannot_be_written_is_named(web: DemoWeb, settings: Settings, archive: str) -> None:
    told = {
        "/proc/bantin": "cannot be created",
        "/dev/null/archive": "cannot be created",
        "gopher://x/y": "unknown kind",
    }
    with pytest.raises(StoreRefused, match=told[archive]):
        run_source(demo_source("portal"), settings.override(archive=archive), RUN)


def test_a_run_on_s3_is_the_same_as_in_a_folder(
    web: DemoWeb, settings: Settings, moto_s3: object, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in moto_s3.environment().items():  # type: ignore[attr-defined]
        monkeypatch.setenv(name, value)
    bucket = moto_s3.make_bucket()  # type: ignore[attr-defined]
    source = demo_source("portal")
    run_source(source, settings, RUN)
    remote = settings.override(archive=f"s3://{bucket}/news")
    run_source(source, remote, RUN)
    ours, theirs = rows(settings, source.id), rows(remote, source.id)
    assert [(a.url, a.text_sha256) for a in ours] == [(a.url, a.text_sha256) for a in theirs]


def test_a_bucket_that_does_not_exist_is_named(
    web: DemoWeb, settings: Settings, moto_s3: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in moto_s3.environment().items():  # type: ignore[attr-defined]
        monkeypatch.setenv(name, value)
    with pytest.raises(StorageError, match="khong-co"):
        run_source(demo_source("portal"), settings.override(archive="s3://khong-co/news"), RUN)


def test_the_report_is_plain_json(web: DemoWeb, settings: Settings) -> None:
    run_source(demo_source("portal"), settings, RUN)
    report = json.loads(open_store(settings.archive).get(keys.report("demo-portal", RUN)))
    assert report["captures"]["article 200"] == 9
    assert report["spam"][0]["page"].startswith("http://portal.example/")
    assert report["removed"]["counter"] == 8


def _id_of(settings: Settings, url: str) -> str:
    return next(entry.id for entry in list_articles(open_store(settings.archive)) if entry.url == url)
