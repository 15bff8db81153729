"""What a re-clean changes, and how it is shown."""

import io

from rich.console import Console

from bantin.recleaning.changes import SAMPLES, Changes, Place, compare_tables
from bantin.recleaning.reclean import Preview
from bantin.recleaning.show_changes import diff_lines, show_preview
from model.article import Article, Removal
from storage.tables import as_table
from tests.records import article


def compare_rows(before: list[Article], after: list[Article], why: dict[Place, tuple[str, str]]) -> Changes:
    """The changes between tables of these rows."""
    return compare_tables(as_table(before, Article), as_table(after, Article), why)


def test_rows_of_one_record_are_the_same_row_though_their_id_changes() -> None:
    found = compare_rows([article()], [article(id="f" * 16, author=None)], {})
    assert (found.rows, found.changed, found.appeared, found.vanished.total()) == (1, 1, 0, 0)
    assert found.fields == {"id": 1, "author": 1}


def test_the_version_of_the_cleaner_and_a_hash_are_no_changes_of_their_own() -> None:
    assert not compare_rows([article()], [article(cleaner_version="neu", text_sha256="0" * 64)], {})


def test_a_row_that_vanishes_has_its_reason_and_one_that_appears_is_counted() -> None:
    why = {(article().warc_key, 1): ("listing", "20 links")}
    before = [article(warc_offset=1, url="http://a.example/1"), article(warc_offset=2, url="http://a.example/2")]
    found = compare_rows(before, [article(warc_offset=3, url="http://a.example/3")], why)
    assert found.vanished == {"listing": 1, "same-page": 1}
    assert [one.reason.split(":")[0] for one in found.vanished_samples] == ["listing", "same-page"]
    assert [one.url for one in found.appeared_samples] == ["http://a.example/3"]


def test_blocks_are_counted_by_rule_over_all_rows_also_those_that_stay() -> None:
    one, other = Removal(text="a", rule="share", path="p"), Removal(text="b", rule="menu", path="p")
    before = [article(warc_offset=n, removed=[one, other]) for n in range(3)]
    after = [article(warc_offset=n, removed=[one] if n else [one, one, other]) for n in range(3)]
    assert compare_rows(before, after, {}).blocks_by_rule() == [("menu", 3, 1), ("share", 3, 4)]


def test_the_order_of_a_map_is_no_change_and_that_of_a_list_is() -> None:
    before = article(origins={"title": "meta", "author": "json-ld"}, tags=["lúa", "cói"])
    after = article(origins={"author": "json-ld", "title": "meta"}, tags=["cói", "lúa"])
    found = compare_rows([before], [after], {})
    assert found.fields == {"tags": 1}
    assert [(one.before, one.after) for one in found.samples] == [(["lúa", "cói"], ["cói", "lúa"])]


def test_tables_without_a_row_have_no_changes() -> None:
    assert not compare_rows([], [], {})
    assert compare_rows([], [article()], {}).appeared == 1


def test_changes_of_many_runs_add_up_and_the_sample_stays_small() -> None:
    whole = Changes()
    for run in range(9):
        pages = [article(warc_offset=n, url=f"http://a.example/{run}-{n}") for n in range(4)]
        other = [article(warc_offset=n, url=page.url, author=None) for n, page in enumerate(pages)]
        whole.add(compare_rows(pages, other, {}))
    assert (whole.rows, whole.changed, whole.fields) == (36, 36, {"author": 36})
    assert len(whole.samples) == SAMPLES


def test_a_changed_line_is_cut_to_where_it_differs() -> None:
    long = "chữ " * 100
    (taken, put) = diff_lines(f"{long}cũ {long}", f"{long}mới {long}")
    assert (taken[0], put[0]) == ("-", "+")
    assert "cũ chữ" in taken[1]
    assert "mới chữ" in put[1]
    assert len(put[1]) < 260


def test_entries_of_lists_maps_and_nothing_are_lines() -> None:
    image = {"url": "http://a.example/1.jpg", "caption": "Đua thuyền", "credit": None}
    assert list(diff_lines([image], [])) == [("-", "http://a.example/1.jpg | Đua thuyền")]
    assert list(diff_lines(None, "Hoàng Mai")) == [("+", "Hoàng Mai")]
    assert list(diff_lines({"title": "meta"}, {"title": "json-ld"})) == [("-", "title: meta"), ("+", "title: json-ld")]


def test_what_pages_say_reaches_no_terminal_as_it_is() -> None:
    hostile = compare_rows([article()], [article(title="\x1b]0;chiếm\x07[red]Lễ[/red]")], {})
    out = io.StringIO()
    show_preview(Console(file=out, width=200), Preview(runs=1, changes=hostile))
    assert "\x1b" not in out.getvalue()
    assert "[red]Lễ[/red]" in out.getvalue()
