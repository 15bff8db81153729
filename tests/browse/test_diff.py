"""What differs between two texts, word by word."""

import random
import re
import unicodedata
from datetime import date, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from bantin.timeline import show_diff
from browse.history.diff import Change, Diff, Paragraph, compare, diff, form, tokens
from browse.history.diff_forms import as_html, as_object, marked, shown
from tests.records import AT, article


def marks(old: str, new: str) -> str:
    return "\n".join(marked(paragraph) for paragraph in compare(old, new))


def of(old: str, new: str, **changes: Any) -> Diff:
    return diff(article(text=old), article(text=new, fetched_at=AT + timedelta(days=1), **changes))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("Xã mở hội sáng nay.", "Xã mở hội chiều nay.", "Xã mở hội [-sáng-]{+chiều+} nay."),
        ("Có 12 người, 5 xe.", "Có 13 người, 6 xe.", "Có [-12-]{+13+} người, [-5-]{+6+} xe."),
        ("một hai ba", "một ba", "một [-hai-] ba"),
        ("một, hai", "một hai", "một[-,-] hai"),
        ("Ủy ban xã", "ủy ban xã", "[-Ủy-]{+ủy+} ban xã"),
        ("", "mới", "{+mới+}"),
        ("Đầu.\nGiữa.\nCuối.", "Đầu.\nCuối.", "Đầu.\n[-Giữa.-]\nCuối."),
        ("Đầu.\nCuối.", "Đầu.\nGiữa.\nCuối.", "Đầu.\n{+Giữa.+}\nCuối."),
        ("Đầu. Thêm câu\nCuối.", "Đầu.\nCuối.", "Đầu. [-Thêm câu-]\nCuối."),
        ("Đầu.\nCuối.", "Đầu. Thêm câu\nCuối.", "Đầu. {+Thêm câu+}\nCuối."),
        ("กำลัง มา", "กำลา มา", "[-กำลัง-]{+กำลา+} มา"),
    ],
)
def test_words_that_were_deleted_and_inserted_are_marked(old: str, new: str, expected: str) -> None:
    assert marks(old, new) == expected


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Hòa thúy khỏe HÒA", "Hoà thuý khoẻ HOÀ"),
        ("“Hội” ‘làng’ «Vạn»", '"Hội" \'làng\' "Vạn"'),
        ("2024–2025 — xong", "2024-2025 - xong"),
        ("Đoàn  xe\u00a0đi", "Đoàn xe đi"),
        ("Một câu.\nHai câu.", "Một câu. Hai câu."),
        (unicodedata.normalize("NFD", "Lễ hội được mùa"), "Lễ hội được mùa"),
        ("hội\u200b làng", "hội làng"),
    ],
)
def test_what_is_a_matter_of_style_is_no_change(old: str, new: str) -> None:
    assert of(old, new).unchanged
    assert of(new, old).unchanged


@pytest.mark.parametrize(
    ("old", "new"), [("hoa", "hoà"), ("má", "mà"), ("xa", "xã"), ("o", "ơ"), ("10", "11"), (".", ",")]
)
def test_another_tone_letter_number_or_sign_is_a_change(old: str, new: str) -> None:
    assert not of(old, new).unchanged


WORDS = st.lists(st.sampled_from(["xã", "hội", "Hội", "hoà", "hòa", ",", ".", "\n", "“", '"', "12"]), max_size=40)


def kept(paragraphs: list[Paragraph], *changes: Change) -> list[str]:
    lines = ("".join(s.text if s.change in changes else " " for s in paragraph) for paragraph in paragraphs)
    return [token.form for token in tokens("\n".join(lines))]


@given(WORDS, WORDS)
def test_each_text_can_be_made_again_from_the_difference(old: list[str], new: list[str]) -> None:
    before, after = " ".join(old), " ".join(new)
    found = compare(before, after)
    assert kept(found, Change.KEPT, Change.DELETED) == [token.form for token in tokens(before)]
    assert kept(found, Change.KEPT, Change.INSERTED) == [token.form for token in tokens(after)]
    assert all(segment.text for paragraph in found for segment in paragraph)


@given(st.text(max_size=12))
def test_a_word_and_its_composed_spelling_are_the_same(word: str) -> None:
    assert form(unicodedata.normalize("NFD", word)) == form(unicodedata.normalize("NFC", word))


def test_texts_of_twenty_thousand_words_with_a_few_edits() -> None:
    words = syllables(20_000)
    edited = [*words[:5_000], "MỚI", *words[5_000:9_000], *words[9_100:15_000], "KHÁC", *words[15_001:]]
    for length in (60, 20_000):
        found = of(laid(words, length), laid(edited, length))
        assert found.count(Change.INSERTED) <= 2 + 6  # what is next to an edit may be ambiguous, the rest is not
        assert found.count(Change.DELETED) <= 101 + 6


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a b " * 10_000, "b a c " * 7_000),
        ("a\nb\n" * 10_000, "b\na\nc\n" * 7_000),
        ("a " * 20_000, "a " * 19_000),
    ],
)
def test_long_texts_that_repeat_themselves_are_compared_all_the_same(old: str, new: str) -> None:
    found = compare(old, new)  # difflib alone takes the square of it and more, and runs into the test's limit
    assert kept(found, Change.KEPT, Change.INSERTED) == new.split()


def test_equal_words_between_longer_changes_are_no_island() -> None:
    old = "Lãnh đạo xã đã phát biểu và trao quà cho các hộ nghèo trong thôn."
    new = "Nhân dân phấn khởi tham dự và chúc mừng đội thuyền thắng cuộc năm nay."
    assert marks(old, new) == f"[-{old[:-1]}-]{{+{new[:-1]}+}}."


def test_each_paragraph_is_compared_with_its_like() -> None:
    old = "Sáng nay tám đội đua thuyền trước đình làng.\nBan tổ chức dùng cọc tiêu nổi.\nĐội giáp Đông giữ cờ hội."
    new = "Sáng nay chín đội đua thuyền trước đình làng Vạn.\nĐội giáp Đông giữ cờ hội.\nÔng chủ tịch trao giải."
    assert marks(old, new).splitlines() == [
        "Sáng nay [-tám-]{+chín+} đội đua thuyền trước đình làng {+Vạn+}.",
        "[-Ban tổ chức dùng cọc tiêu nổi.-]",
        "Đội giáp Đông giữ cờ hội.",
        "{+Ông chủ tịch trao giải.+}",
    ]


def test_a_paragraph_that_was_split_and_edited_is_compared_as_one() -> None:
    old = "Sáng nay tám đội đua thuyền trước đình làng. Đội giáp Đông giữ cờ hội đến mùa sau."
    new = "Sáng nay chín đội đua thuyền trước đình làng.\nĐội giáp Đông giữ cờ hội đến mùa sau."
    assert marks(old, new).splitlines() == [
        "Sáng nay [-tám-]{+chín+} đội đua thuyền trước đình làng.",
        "Đội giáp Đông giữ cờ hội đến mùa sau.",
    ]


def test_fields_that_changed_are_listed() -> None:
    found = of("Chữ.", "Chữ.", title="Lễ hội mùa đông", author=None, published_on=date(2026, 11, 20), section="Xã hội")
    assert [(change.name, change.old, change.new) for change in found.fields] == [
        ("title", "Lễ hội mùa thu", "Lễ hội mùa đông"),
        ("author", "Hoàng Mai", None),
        ("published_on", "2026-11-21", "2026-11-20"),
        ("section", None, "Xã hội"),
    ]
    assert [marked(change.segments) for change in found.fields] == [
        "Lễ hội mùa [-thu-]{+đông+}",
        "[-Hoàng Mai-]",
        "[-2026-11-21-]{+2026-11-20+}",
        "{+Xã hội+}",
    ]
    assert not found.unchanged


def test_only_what_changed_is_shown_with_its_neighbours() -> None:
    old = [f"Đoạn {n}." for n in range(20)]
    new = [*old[:9], "Mới.", *old[10:]]
    parts = list(shown(of("\n".join(old), "\n".join(new))))
    assert [part if isinstance(part, int) else marked(part) for part in parts] == [
        *(8, "Đoạn 8.", "[-Đoạn 9-]{+Mới+}.", "Đoạn 10.", 9)
    ]


def test_on_a_terminal_changes_are_struck_and_underlined_as_well_as_coloured() -> None:
    console = Console(force_terminal=True, color_system="standard", width=200)
    with console.capture() as captured:
        show_diff(console, of("Xã mở hội sáng nay.", "Xã mở hội chiều nay."))
    line = captured.get().splitlines()[-1]
    assert re.search(r"\x1b\[9;31msáng\x1b\[0m\x1b\[4;32mchiều\x1b\[0m", line)


def test_html_is_text_alone() -> None:
    found = of("<script>alert(1)</script> cũ", "<img src=x onerror=alert(1)> & mới", title="<b>\x1b[31mĐậm</b>")
    tags = Tags()
    tags.feed(as_html(found))
    assert set(tags.names) <= {"section", "p", "dl", "dt", "dd", "ins", "del", "time"}
    assert tags.attributes <= {"class", "lang", "datetime"}
    assert "onerror=alert(1)" in tags.text.replace(" ", "")
    assert "\x1b" not in as_html(found)


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []
        self.attributes: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_object_has_the_whole_text_and_both_citations() -> None:
    told = as_object(of("Một.\nHai.\nBa.\nBốn.", "Một.\nHai.\nBa.\nNăm."))
    assert told["old"]["citation"] == "0123456789abcdef@2026-11-22T00:00:05Z"
    assert told["new"]["citation"] == "0123456789abcdef@2026-11-23T00:00:05Z"
    assert told["paragraphs"] == [
        [["=", "Một."]],
        [["=", "Hai."]],
        [["=", "Ba."]],
        [["-", "Bốn"], ["+", "Năm"], ["=", "."]],
    ]
    assert (told["unchanged"], told["deleted_words"], told["inserted_words"]) == (False, 1, 1)


def syllables(count: int) -> list[str]:
    """Words as frequent as those of a language: few make up most of the text."""
    rng = random.Random(7)
    onsets = re.findall(r"\w+", "b c đ g h kh l m n ng nh ph qu t th tr v x")
    rimes = re.findall(r"\w+", "a ai an anh ao ât e ên i inh o oa ong ô u uy")
    known = [onset + rime for onset in onsets for rime in rimes]
    rng.shuffle(known)
    return rng.choices(known, weights=[1 / (place + 1) for place in range(len(known))], k=count)


def laid(words: list[str], length: int) -> str:
    return "\n".join(" ".join(words[start : start + length]) for start in range(0, len(words), length))
