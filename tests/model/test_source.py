"""A source file: what is read, what is refused, and how the mistakes are told."""

from pathlib import Path

import pytest

from model.errors import SourceError
from model.source import Source, dump_source, load_source, parse_source, source_files

REGISTRY = Path(__file__).parents[2] / "sources"

GOOD = """
id: tin-huyen
name: Tin huyện
url: https://tin.example/
kind: portal
languages: [vi]
schedule: "15 5 * * *"
discovery:
  listings:
    - url: https://tin.example/tin-tuc/
      page: "?page={n}"
      last: 4
articles:
  allow: ['-\\d+$']
  deny: [^/video/]
"""


@pytest.mark.parametrize("path", source_files(REGISTRY), ids=lambda path: path.stem)
def test_the_registry_is_right_and_survives_being_kept_with_a_run(path: Path) -> None:
    source = load_source(path)
    assert parse_source(dump_source(source), "kept") == source
    assert source.fetch.delay_s >= 2, "polite to servers we do not own"


def test_the_registry_holds_the_sites_the_project_began_with() -> None:
    ids = {path.stem for path in source_files(REGISTRY)}
    assert {"kimson", "vietnam-vn", "baohatinh", "baoninhbinh", "baovinhphuc"} <= ids


def test_article_rules_look_at_host_path_and_query() -> None:
    source = parse_source(GOOD, "x")
    assert source.is_article("https://tin.example/le-hoi-mua-thu-1204")
    assert source.is_article("http://TIN.example/le-hoi-mua-thu-1204")
    assert not source.is_article("https://tin.example/tin-tuc/")
    assert not source.is_article("https://tin.example/video/le-hoi-1204")
    assert not source.is_article("https://khac.example/le-hoi-mua-thu-1204")
    assert not source.is_article("https://[broken/le-hoi-1204")


def test_a_site_whose_name_has_accents_is_the_same_in_either_spelling() -> None:
    values = {**parse_source(GOOD, "x").model_dump(by_alias=True), "url": "https://báo.example/"}
    source = Source.model_validate({**values, "hosts": ["Tin-Tức.example"], "articles": {"allow": ["^/a"]}})
    assert source.all_hosts == {"xn--bo-mia.example", "xn--tin-tc-fr8b.example"}
    for host in ("báo.example", "xn--bo-mia.example", "tin-tức.example"):
        assert source.is_article(f"https://{host}/a1"), host
    assert not source.is_article("https://bao.example/a1")


def test_a_listing_numbers_its_pages_up_to_the_last() -> None:
    (listing,) = parse_source(GOOD, "x").discovery.listings
    assert listing.page_url(2) == "https://tin.example/tin-tuc/?page=2"
    assert listing.page_url(4) == "https://tin.example/tin-tuc/?page=4"
    assert listing.page_url(5) is None


def test_the_longest_prefix_gives_the_edition() -> None:
    source = Source.model_validate(
        {
            **parse_source(GOOD, "x").model_dump(),
            "languages": ["vi", "en", "id"],
            "editions": {"vi": "/", "en": "/en/", "id": "/id/"},
        }
    )
    assert source.language_of("https://tin.example/en/harvest-festival") == "en"
    assert source.language_of("https://tin.example/le-hoi-mua-thu") == "vi"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (('schedule: "15 5 * * *"', "schedule: hourly"), "x.yaml: schedule: 'hourly': expected a cron expression"),
        (('schedule: "15 5 * * *"', 'schedule: "0 0 31 2 *"'), "x.yaml: schedule: '0 0 31 2 *': expected a day that"),
        (("kind: portal", "kind: blog"), "x.yaml: kind: 'blog': Input should be 'portal', 'newspaper' or 'aggregator'"),
        (("url: https://tin.example/\n", "url: tin.example\n"), "x.yaml: url: 'tin.example': expected an absolute"),
        (("languages: [vi]", "languages: []"), "x.yaml: languages: []: List should have at least 1 item"),
        (("['-\\d+$']", "['(']"), "x.yaml: articles.allow.0: '(': expected a regular expression"),
        (("?page={n}", "?page=2"), "expected {n} where the number goes"),
        (("name: Tin huyện\n", ""), "x.yaml: name: missing: expected a value"),
        (("articles:", "colour: red\narticles:"), "x.yaml: colour: 'red': expected no field of this name"),
        (("articles:", "timezone: Mars/Olympus\narticles:"), "x.yaml: timezone: 'Mars/Olympus': expected an IANA"),
        (("articles:", "clean: {title: ['h1[']}\narticles:"), "x.yaml: clean.title.0: 'h1[': expected a CSS selector"),
        (("articles:", "fetch: {delay_s: -1}\narticles:"), "x.yaml: fetch.delay_s: -1: Input should be greater"),
        (("articles:", "fetch: {encoding: tcvn9}\narticles:"), "x.yaml: fetch.encoding: 'tcvn9': expected a character"),
        ((GOOD, "- a list"), "x.yaml: the file: ['a list']: expected a mapping"),
        ((GOOD, "id: [unclosed"), "x.yaml: line"),
    ],
)
def test_a_mistake_names_file_field_value_and_what_was_expected(change: tuple[str, str], told: str) -> None:
    assert change[0] in GOOD
    with pytest.raises(SourceError) as caught:
        parse_source(GOOD.replace(*change), "x.yaml")
    assert told in str(caught.value)
    assert len(caught.value.mistakes) == 1


def test_all_mistakes_of_a_file_are_told_together() -> None:
    with pytest.raises(SourceError) as caught:
        parse_source(GOOD.replace("kind: portal", "kind: blog").replace("15 5 * * *", "soon"), "x.yaml")
    assert len(caught.value.mistakes) == 2


def test_a_file_is_named_after_its_source(tmp_path: Path) -> None:
    file = tmp_path / "khac.yaml"
    file.write_text(GOOD, "utf-8")
    with pytest.raises(SourceError, match="expected 'khac'"):
        load_source(file)
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SourceError, match="readable UTF-8"):
        load_source(file)
