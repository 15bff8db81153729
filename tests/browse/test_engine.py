"""What is found, in which order, and what it is counted by."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from browse.errors import NoIndex, SearchFailed
from browse.index.document import Document
from browse.index.engine import FolderIndex
from browse.index.seam import FACETS, MOST_HITS, Alike, Count, Order, SearchIndex
from browse.index.timeline import MOST_DAYS
from browse.index.writer import IndexWriter
from browse.query import InvalidQuery, parse_query
from tests.browse.documents import AT, document, found, indexed, numbers
from tests.browse.test_query import PIECES

DAY = date(2026, 11, 20)
FREE = ("author", "section", "locality", "province")
"""The facets whose values are as sites write them."""


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> FolderIndex:
    """A few articles that differ."""
    return indexed(
        tmp_path_factory.mktemp("index"),
        [
            document(
                1,
                title="Đường làng mở rộng",
                text="Xã Kim Sơn làm đường.",
                author="Nguyễn Văn Hải",
                section="Kinh tế",
                locality="Kim Sơn, Ninh Bình",
                province="Ninh Bình",
                tags=("Giao thông", "đường sá"),
                published_on=DAY,
            ),
            document(
                2,
                title="Ông Dương kể chuyện",
                text="Hòa bình ở Thúy Sơn; duong la ten.",
                source="lathanh",
                author="Hải",
                locality="Kim Sơn Tây, Ninh Bình",
                province="Ninh Bình",
                published_on=DAY - timedelta(days=1),
                versions=3,
            ),
            document(
                3,
                title="The people’s market",
                text="A market by the river, hoà bình and 1.500.000 dong.",
                source="lathanh",
                run="20261123T000000Z",
                url="https://lathanh.example/en/the-market?id=7",
                language="en",
                published_on=DAY - timedelta(days=400),
                spam=2,
            ),
            document(4, title="北京大学", text="東京タワー", language="zh", published_on=None),
            document(5, title="Cá độ bóng đá", text="đường vào sòng bạc", quarantined=True, published_on=DAY),
            document(
                6,
                title="Bóng đá làng",
                text="Sân bóng bên đường. Hai đội đua thuyền.",
                published_on=DAY,
                fetched_at=AT + timedelta(hours=1),
            ),
        ],
    )


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", {1, 2, 3, 4, 6}),
        ("duong", {1, 2, 6}),
        ("đường", {1, 2, 6}),
        ("ĐƯỜNG", {1, 2, 6}),
        ("đươ\u0300ng", {1, 2, 6}),
        ('"đường"', {1, 6}),
        ('"dương"', {2}),
        ('"duong"', {2}),
        ('"hoà bình"', {2, 3}),
        ('"hòa bình"', {2, 3}),
        ('"hoa binh"', set()),
        ("thuý", {2}),
        ("thuy*", {2, 6}),
        ('"thuy*"', {6}),
        ('"đua thuy*"', {6}),
        ("1500000", {3}),
        ("1,500,000", {3}),
        ("people", {3}),
        ("people's", {3}),
        ("京大", {4}),
        ("タワ", {4}),
        ("大京", set()),
        ("làng -bóng", {1}),
        ('-"đua thuyền" đường', {1, 2}),
        ("-đường", {3, 4}),
        ("hòa OR thuyền", {2, 3, 6}),
        ("xã đường OR market river", {1, 3}),
        ("làng OR market -sân", {1, 3}),
        ("title:làng", {1, 6}),
        ("title:đường", {1, 2}),
        ('title:"đường"', {1}),
        ('"rộng xã"', set()),  # no phrase goes on from the title into the text
        ("source:lathanh", {2, 3}),
        ("source:kimson source:lathanh duong", {1, 2, 6}),
        ("-source:kimson", {2, 3}),
        ("lang:en", {3}),
        ("author:hai", {1, 2}),
        ('author:"Nguyễn Văn Hải"', {1}),
        ("author:Hải", {2}),  # somebody is called just so
        ("section:kinh", {1}),
        ('place:"kim son"', {1, 2}),
        ('place:"Kim Sơn, Ninh Bình"', {1}),
        ('province:"Ninh Bình"', {1, 2}),
        ("tag:giao", {1}),
        ('tag:"thông đường"', set()),  # nor from tag to tag
        ("month:2026-11", {1, 2, 6}),
        ("since:2026-11-20", {1, 6}),
        ("since:2026-11-19 until:2026-11-19", {2}),
        ("until:2025", {3}),
        ("-since:2025", {4}),
        ("is:undated", {4}),
        ("is:changed", {2}),
        ("is:injected", {3}),
        ("is:quarantined", {5}),
        ("-is:quarantined đường", {1, 2, 6}),
        ("is:quarantined OR làng", {1, 5, 6}),
        ("id:0000000000000003", {3}),
        ("id:0000", {1, 2, 3, 4, 6}),
        ("run:20261123T000000Z", {3}),
        ("url:lathanh.example", {3}),
        ("https://lathanh.example/en/the-market?id=7", {3}),
    ],
)
def test_a_query_finds(index: FolderIndex, query: str, expected: set[int]) -> None:
    for order in Order:
        assert set(numbers(index, query, order)) == expected
    assert found(index, query).total == len(expected)
    assert found(index, query, limit=0).hits == []


@pytest.mark.parametrize(
    ("query", "alike"),
    [
        ('place:"kim sonn"', [Alike("locality", "kim sonn", ["Kim Sơn, Ninh Bình", "Kim Sơn Tây, Ninh Bình"])]),
        ("source:kimsn đường", [Alike("source", "kimsn", ["kimson"])]),
        ("lang:vn", [Alike("language", "vn", ["en", "vi", "zh"])]),  # none is like it, but there are three
        ("tag:giaothong", [Alike("tag", "giaothong", ["Giao thông"])]),
        (
            "source:kimsn OR author:hay",
            [Alike("source", "kimsn", ["kimson"]), Alike("author", "hay", ["Hải", "Nguyễn Văn Hải"])],
        ),
        ('place:"kim son" không', []),
        ('-place:"kim sonn"', []),
        ("title:lang month:1999-01 url:kimson.example/nothing", []),
    ],
)
def test_for_values_that_no_article_has_others_like_them_are_told(
    index: FolderIndex, query: str, alike: list[Alike]
) -> None:
    assert index.alike(parse_query(query)) == alike


def test_what_is_spelt_as_typed_comes_first(index: FolderIndex) -> None:
    assert numbers(index, "dương", Order.RELEVANCE)[0] == 2
    assert numbers(index, "đường", Order.RELEVANCE)[0] == 1


def test_titles_and_neighbours_rank_higher(tmp_path: Path) -> None:
    filler = "mưa rơi suốt đêm trên những mái nhà cũ " * 3
    texts = [f"lễ {filler} hội", f"{filler} lễ hội", f"{filler} hội lễ"]
    rows = [document(number, title="Tin ngày", text=text) for number, text in enumerate(texts)]
    rows.append(document(9, title="Lễ hội", text=f"{filler} lễ hội"))
    assert numbers(indexed(tmp_path, rows), "lễ hội", Order.RELEVANCE)[:2] == [9, 1]


def test_by_date_the_newest_day_then_what_was_fetched_last_and_the_undated_at_the_end(index: FolderIndex) -> None:
    assert numbers(index, "", Order.NEWEST) == [6, 1, 2, 3, 4]
    assert numbers(index, "", Order.OLDEST) == [3, 2, 1, 6, 4]
    assert numbers(index, "", Order.RELEVANCE) == [6, 1, 2, 3, 4]  # nothing to rank by


@given(
    st.lists(
        st.tuples(
            st.none() | st.dates(),
            st.datetimes(datetime(1970, 1, 1), datetime(2109, 1, 1), timezones=st.just(UTC)),
        ),
        min_size=2,
        unique=True,
    )
)
@settings(deadline=None)
def test_order_keys_are_in_the_order_of_dates(rows: list[tuple[date | None, datetime]]) -> None:
    from browse.index.schema import order_keys

    def by_time(row: tuple[date | None, datetime]) -> tuple[date, datetime]:
        return row[0] or date.min, row[1].replace(microsecond=row[1].microsecond // 1000 * 1000)

    dated, undated = [row for row in rows if row[0]], [row for row in rows if not row[0]]
    newest = sorted(dated, key=by_time, reverse=True) + sorted(undated, key=by_time, reverse=True)
    oldest = sorted(dated, key=by_time) + sorted(undated, key=by_time)
    keys = [order_keys(*row) for row in newest], [order_keys(*row) for row in oldest]
    assert [key[0] for key in keys[0]] == sorted((key[0] for key in keys[0]), reverse=True)
    assert [key[1] for key in keys[1]] == sorted((key[1] for key in keys[1]), reverse=True)


def test_hits_show_what_the_document_has(tmp_path: Path) -> None:
    document_ = document(
        7,
        lead="Sáng nay xã mở hội.",
        author="Hoàng Mai",
        section="Văn hóa",
        locality="Kim Sơn, Ninh Bình",
        province="Ninh Bình",
        tags=("hội", "làng"),
        published_at=datetime(2026, 11, 21, 3, tzinfo=UTC),
        image_url="https://portal.example/1.jpg",
        removed=4,
        spam=1,
        versions=2,
    )
    (hit,) = found(indexed(tmp_path, [document_]), "hoi", Order.RELEVANCE).hits
    assert hit.words == 9
    assert hit.score is not None
    assert hit.title.pieces == [("Lễ ", False), ("hội", True), (" mùa thu", False)]
    assert hit.snippet is not None
    assert (hit.snippet.text, hit.snippet.marks) == (document_.text, ((15, 18),))
    shown = [name for name in Document.__slots__ if hasattr(hit, name) and name not in ("title", "score")]
    assert len(shown) == 19
    assert {name: getattr(hit, name) for name in shown} == {name: getattr(document_, name) for name in shown}


def test_facets_and_timeline_count_all_hits(index: FolderIndex) -> None:
    answer = found(index, "", facets=FACETS, timeline=True, limit=1)
    assert answer.facets["source"] == [Count("kimson", 3), Count("lathanh", 2)]
    assert answer.facets["language"] == [Count("vi", 3), Count("en", 1), Count("zh", 1)]
    assert answer.facets["month"] == [Count("2026-11", 3), Count("2025-10", 1)]
    assert answer.facets["province"] == [Count("Ninh Bình", 2)]
    assert set(answer.facets) == set(FACETS)
    assert answer.timeline_unit == "month"
    assert answer.timeline == [(date(2025, 10, 1), 1), (date(2026, 11, 1), 3)]
    recent = found(index, "since:2026", timeline=True)
    assert recent.timeline_unit == "day"
    assert recent.timeline == [(DAY - timedelta(days=1), 1), (DAY, 2)]


def test_every_value_that_is_counted_leads_to_so_many(tmp_path: Path) -> None:
    """Also one without a word, or that looks like the query language."""
    names = ["***", "—", "😀", "*", 'nói "thật"', "A&B=C#D?/", "¶", "<b>", "a:b", "-x", "OR", "e\u0301", "ﬁ", "x" * 300]
    index = indexed(tmp_path, [document(number, **dict.fromkeys(FREE, name)) for number, name in enumerate(names, 1)])
    for field in FREE:
        counts = found(index, "", facets=[field], facet_limit=100).facets[field]
        assert {one.value for one in counts} == {*names}
        for one in counts:
            assert index.search(parse_query("", {field: [one.value]})).total == one.count


def test_counts_are_exact_whatever_segments_hold(tmp_path: Path) -> None:
    """A value that is the last in every segment, and the first in all."""
    number = 0
    with IndexWriter(tmp_path, threads=1) as writer:
        for segment in range(4):
            rows = []
            for author in [f"Nhà báo {segment}-{other}" for other in range(200) for _ in range(2)] + ["Mai"]:
                number += 1
                rows.append(document(number, author=author))
            writer.add(rows)
            writer.commit()
    answer = found(FolderIndex(tmp_path), "", facets=["author"], facet_limit=3)
    assert answer.facets["author"] == [Count("Mai", 4), Count("Nhà báo 0-0", 2), Count("Nhà báo 0-1", 2)]


def test_a_timeline_is_by_day_within_a_year(tmp_path: Path) -> None:
    rows = [document(1, published_on=DAY), document(2, published_on=DAY - timedelta(days=MOST_DAYS - 1))]
    assert found(indexed(tmp_path, rows), "", timeline=True).timeline_unit == "day"


def test_pages_follow_each_other(tmp_path: Path) -> None:
    index = indexed(tmp_path, [document(number, fetched_at=AT + timedelta(seconds=number)) for number in range(30)])
    for order in Order:
        pages = [found(index, "hội", order, offset=offset, limit=7).hits for offset in range(0, 35, 7)]
        assert sorted(int(hit.id, 16) for page in pages for hit in page) == list(range(30))
    assert found(index, "hội", offset=MOST_HITS - 5, limit=5).hits == []


@pytest.mark.parametrize("page", [{"offset": MOST_HITS - 4, "limit": 5}, {"offset": -1}, {"limit": -1}])
def test_no_page_reaches_too_far(index: FolderIndex, page: dict[str, int]) -> None:
    with pytest.raises(InvalidQuery, match="narrow the query"):
        found(index, "hội", **page)


def test_facets_have_known_names(index: FolderIndex) -> None:
    with pytest.raises(InvalidQuery, match="no facets by text"):
        found(index, "hội", facets=["text"])


def test_articles_are_got_by_id_in_the_order_asked_for(index: FolderIndex) -> None:
    ids = [f"{number:016x}" for number in (5, 99, 1)]
    assert [hit.id for hit in index.get(ids)] == [ids[0], ids[2]]
    assert index.get([]) == []


def test_ids_are_found_by_their_beginning(tmp_path: Path) -> None:
    ids = ["ab00000000000001", "ab00000000000002", "ac00000000000001"]
    index = indexed(tmp_path, [document(id=one) for one in ids])
    assert index.begins_with("AB") == ids[:2]
    assert index.begins_with("a", limit=1) == ids[:1]
    assert index.begins_with("b") == []


def test_ids_of_all_hits_come_newest_first(index: FolderIndex) -> None:
    assert [int(one, 16) for one in index.ids(parse_query("làng OR market"), 100)] == [6, 1, 3]
    assert len(index.ids(parse_query(""), 2)) == 2
    assert index.ids(parse_query(""), 0) == []


def test_articles_lead_to_those_that_name_them(tmp_path: Path) -> None:
    named = f"{1:016x}"
    rows = [document(1), document(2, refers_to=(named,)), document(3, refers_to=(named, f"{2:016x}")), document(4)]
    index = indexed(tmp_path, rows)
    assert [int(hit.id, 16) for hit in index.related(named)] == [2, 3]
    assert index.related(f"{4:016x}") == []


def test_runs_are_told(tmp_path: Path) -> None:
    runs = (("a", "20261121T000000Z"), ("b", "20261122T000000Z"))
    index = indexed(tmp_path, [document(1, runs=runs), document(2)])
    assert index.runs_of(f"{1:016x}") == list(runs)
    assert index.runs_of(f"{9:016x}") == []
    assert numbers(index, "run:20261121T000000Z") == [1]


def test_words_are_suggested_the_most_frequent_first(tmp_path: Path) -> None:
    titles = ["Lễ hội làng", "Lễ hội đua thuyền", "Lề đường", "Thuỷ lợi"]
    index = indexed(tmp_path, [document(number, title=title) for number, title in enumerate(titles)])
    assert index.suggest("le") == ["lễ", "lễ hội", "lề", "lề đường"]
    assert index.suggest("lễ") == ["lễ", "lễ hội"]
    assert index.suggest("LE HO", limit=1) == ["lễ hội"]
    assert index.suggest("thúy") == []
    assert index.suggest("thủy") == ["thuỷ", "thuỷ lợi"]
    assert index.suggest("!") == []


def test_running_questions_outlive_a_new_commit(tmp_path: Path) -> None:
    index = indexed(tmp_path, [document(number) for number in range(50)])
    assert index.as_of is None

    def ask(_: int) -> int:
        answer = found(index, "hội", facets=["source"], limit=10)
        assert answer.facets["source"] == [Count("kimson", answer.total)]
        assert len(answer.hits) == 10
        return answer.total

    with ThreadPoolExecutor(4) as readers:
        asked = readers.map(ask, range(200))
        for begin in (50, 100, 150):
            with IndexWriter(tmp_path, threads=1) as writer:
                writer.add([document(number) for number in range(begin, begin + 50)])
            index.reload(AT)
        assert set(asked) <= {50, 100, 150, 200}
    assert index.articles == found(index, "hội").total == 200
    assert index.as_of == found(index, "hội").as_of == AT


@pytest.mark.skipif(not Path("/proc/self/smaps").exists(), reason="only Linux tells what was advised")
def test_texts_are_read_without_reading_ahead(tmp_path: Path) -> None:
    index = indexed(tmp_path, [document()])
    with IndexWriter(tmp_path, threads=1) as writer:
        writer.add([document(2)])
    index.reload()
    told = Path("/proc/self/smaps").read_text().split("VmFlags:")
    flags = {before.partition(f"{tmp_path}/")[2].split("\n")[0]: after for before, after in pairwise(told)}
    stores = [name for name in flags if name.endswith(".store")]
    assert len(stores) == 2
    at_random = {name.rpartition(".")[2] for name in flags if name and " rr" in flags[name].split("\n")[0]}
    assert at_random == {"idx", "pos", "store", "term"}
    assert index.articles == 2


def test_a_folder_without_index_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NoIndex, match="bantin index"):
        FolderIndex(tmp_path)


def test_a_damaged_index_says_what_to_do(tmp_path: Path) -> None:
    indexed(tmp_path, [document()])
    (tmp_path / "meta.json").write_text("{}")
    with pytest.raises(SearchFailed, match="bantin index --rebuild"):
        FolderIndex(tmp_path)


def test_the_engine_is_what_the_pages_ask(index: FolderIndex) -> None:
    asked: SearchIndex = index
    assert asked.articles == 6


COSTLY = (
    " ".join(f"{one}*" for one in ("th", "ng", "du", "ho")),
    '"' + "la " * 90 + '"',
    " OR ".join(["duong", "la", "ten"] * 10),
    "-" + " -".join("abcdefgh"),
    "url:.*" + "a" * 300,
)


@pytest.mark.parametrize("query", COSTLY)
def test_costly_queries_are_answered(index: FolderIndex, query: str) -> None:
    for order in Order:
        assert found(index, query, order, facets=FACETS, timeline=True).total <= index.articles


@given(st.text(max_size=40) | st.lists(PIECES, max_size=10).map("".join), st.sampled_from(Order))
@settings(deadline=None)
def test_anything_that_is_understood_is_answered(index: FolderIndex, text: str, order: Order) -> None:
    try:
        query = parse_query(text)
    except InvalidQuery:
        return
    answer = index.search(query, order=order, facets=["source"], timeline=True)
    assert answer.total == len(answer.hits)
    assert len(index.ids(query, 10)) == answer.total
    index.suggest(text)
    index.begins_with(text)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=300))
@settings(deadline=None, max_examples=30)
def test_whatever_an_article_says_it_is_found(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    said = document(title=text, text=text, author=text, section=text, tags=(text,), locality=text, url=text)
    endless = document(2, text="x" * 70_000, author="y" * 70_000)
    index = indexed(tmp_path_factory.mktemp("any"), [said, endless])
    (hit,) = index.get([said.id])
    assert (hit.title.text, hit.author, hit.section, hit.tags, hit.url) == (text, text, text, (text,), text)
    assert index.articles == 2
