"""Half a page in a whole one's place, where neither a length nor a check sum tells: it is no edit."""

from collections.abc import Iterator

import pytest

from bantin.errors import FetchFailed
from bantin.run import run_source
from bantin.settings import Settings
from browse.reading import list_articles
from model.source import Source
from spiders.cut_short import STOPS, stops_within
from storage.store import open_store
from tests.servers.site import PAGE, Answer, Site, serving

RUNS = ("20261122T000000Z", "20261123T000000Z", "20261124T000000Z")
BEGINNING = """<!DOCTYPE html><html lang="vi"><head><meta charset="utf-8"><title>Hội đua thuyền</title></head><body>
<h1>Hội đua thuyền</h1><article>"""
FIRST = "<p>Sáng 12/10, tám đội thuyền về đích trên khúc sông dài hai cây số trước đình làng, giữa tiếng trống.</p>\n"
SECOND = "<p>Năm nay ban tổ chức lần đầu dùng cọc tiêu nổi, nhờ đó các đội không còn tranh nhau làn nước.</p>\n"
THIRD = "<p>Đội giáp Đông thắng với khoảng cách nửa thân thuyền và giữ cờ hội đến mùa sau, theo lệ các cụ.</p>\n"
COUNTER = "<div id='c'>Lượt truy cập: {}</div>"
END = "</article><footer>Ủy ban nhân dân xã Bến Gạo</footer><script src='/x.js'></script></body></html>\n"
WHOLE = BEGINNING + FIRST + SECOND + THIRD + END


def half(page: str = WHOLE, words: str = THIRD) -> str:
    """The page up to the middle of `words`."""
    return page[: page.index(words) + len(words) // 2]


@pytest.mark.parametrize(
    ("now", "cut"),
    [
        (half(), True),
        (half(words=SECOND), True),
        (half(words="<article>"), True),
        (half(words="Ủy ban nhân dân"), True),
        ("", True),
        ("\n  \n", True),
        (half().replace("tám đội", "mười hai đội"), True),
        (WHOLE, False),
        (WHOLE.replace(THIRD, ""), False),
        (WHOLE.replace("</html>", ""), False),
        (WHOLE.replace("</body></html>", ""), False),
        (WHOLE.replace("<script src='/x.js'></script></body></html>", ""), False),
        (BEGINNING + "<p>Bài viết không tồn tại hoặc đã bị gỡ bỏ theo yêu cầu của tác giả.</p>", False),
        ("<h1>Lỗi kết nối cơ sở dữ liệu, mời bạn đọc quay lại sau ít phút nữa</h1>", False),
        (half() + "<p>Đội giáp Đông về nhì, ban tổ chức cải chính sau khi xem lại băng ghi hình ở đích.", False),
    ],
)
def test_a_page_is_cut_short_that_stops_in_the_middle_of_the_one_that_is_stored(now: str, cut: bool) -> None:
    whole = WHOLE.encode()
    body = now.encode()
    closed = b"</body" in body or b"</html" in body
    assert (not closed and stops_within(body, whole)) == cut


def test_a_byte_in_the_middle_of_a_letter_is_a_place_to_stop_as_well() -> None:
    whole = WHOLE.encode()
    letter = whole.index("Đông".encode())
    assert stops_within(whole[: letter + 1], whole)


def test_nothing_can_be_told_from_a_stored_page_that_was_never_closed() -> None:
    assert not stops_within(half(words=SECOND).encode(), half().encode())


def test_what_stands_far_from_where_it_stood_is_another_page() -> None:
    menu = "<ul>" + "".join(f"<li><a href='/{n}'>Chuyên mục {n}</a></li>" for n in range(200)) + "</ul>"
    whole = (BEGINNING + menu + FIRST + SECOND + END).encode()
    assert not stops_within((BEGINNING + FIRST + "x" * 4_000 + menu).encode(), whole)
    assert not stops_within(whole[4_000 : whole.index(b"</ul>")], whole)


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as one:
        yield one


def source_of(site: Site) -> Source:
    site.list("/list", "/a1", "/a2")
    site.page("/a2", "Đò ngang")
    return site.source("/list", error_tolerance=1)


def closing(body: str) -> Answer:
    """An answer whose length only the connection's end tells."""
    return Answer(body, headers={"Connection": "close"})


@pytest.mark.parametrize("framed", [False, True], ids=["by the connection", "by a length"])
def test_half_a_page_is_no_edit_and_is_asked_for_again(site: Site, settings: Settings, framed: bool) -> None:
    source, answer = source_of(site), Answer if framed else closing
    site.answers["/a1"] = answer(WHOLE)
    run_source(source, settings, RUNS[0])
    before = list_articles(open_store(settings.archive))
    site.answers["/a1"] = answer(half())
    report = run_source(source, settings, RUNS[1])
    assert report.errors == [{"url": f"{site.base}/a1", "error": STOPS}]
    assert report.articles.get("changed", 0) == 0
    assert list_articles(open_store(settings.archive)) == before
    site.answers["/a1"] = answer(WHOLE.replace("nửa thân thuyền", "một thân thuyền"))
    report = run_source(source, settings, RUNS[2])
    assert (report.errors, report.articles["changed"]) == ([], 1), "the next whole page is compared and taken"


def test_half_a_page_that_keeps_its_validator_is_asked_for_in_full(site: Site, settings: Settings) -> None:
    source = source_of(site)
    site.answers["/a1"] = Answer(WHOLE, headers={"Connection": "close", "ETag": '"1"'})
    run_source(source, settings, RUNS[0])
    changed = WHOLE.replace("nửa thân thuyền", "một thân thuyền")
    site.answers["/a1"] = Answer(half(changed, THIRD[:20]), headers={"Connection": "close", "ETag": '"2"'})
    assert run_source(source, settings, RUNS[1]).errors
    site.answers["/a1"] = Answer(changed, headers={"Connection": "close", "ETag": '"2"'})
    assert run_source(source, settings, RUNS[2]).articles["changed"] == 1


def test_a_page_that_its_editor_has_shortened_is_an_edit(site: Site, settings: Settings) -> None:
    source = source_of(site)
    site.answers["/a1"] = closing(WHOLE)
    run_source(source, settings, RUNS[0])
    site.answers["/a1"] = closing(WHOLE.replace(THIRD, ""))
    report = run_source(source, settings, RUNS[1])
    assert (report.errors, report.articles["changed"]) == ([], 1)


def test_a_site_that_never_closes_its_pages_goes_on_as_before(site: Site, settings: Settings) -> None:
    source, open_page = source_of(site), WHOLE.replace("</body></html>", "")
    site.answers["/a1"] = closing(open_page)
    run_source(source, settings, RUNS[0])
    site.answers["/a1"] = closing(open_page.replace(THIRD, "<p>Đội giáp Đông rút khỏi cuộc đua, ban tổ chức báo."))
    report = run_source(source, settings, RUNS[1])
    assert (report.errors, report.articles["changed"]) == ([], 1)


def test_a_stored_page_that_cannot_be_read_holds_nothing_against_a_new_one(site: Site, settings: Settings) -> None:
    source = source_of(site)
    site.answers["/a1"] = closing(WHOLE)
    run_source(source, settings, RUNS[0])
    store = open_store(settings.archive)
    store.delete([info.key for info in store.list("raw/")])
    site.answers["/a1"] = closing(half())
    assert run_source(source, settings, RUNS[1]).errors == []


def test_half_of_all_pages_is_a_failure_of_the_run(site: Site, settings: Settings) -> None:
    links = [f"/a{number}" for number in range(5)]
    site.list("/list", *links)
    page = PAGE.format(title="Chợ phiên")
    for link in links:
        site.answers[link] = closing(page.replace("Chợ phiên", f"Chợ phiên {link}"))
    run_source(site.source("/list"), settings, RUNS[0])
    for link in links:
        site.answers[link] = closing(page.replace("Chợ phiên", f"Chợ phiên {link}")[:-120])
    with pytest.raises(FetchFailed, match=r"5 of 5 pages failed .*the page is cut short"):
        run_source(site.source("/list"), settings, RUNS[1])
