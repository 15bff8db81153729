"""A text's words, in any language, spelt and folded."""

import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from browse.words import LONGEST, find_words, fold, spell, spell_and_fold, spell_and_fold_texts, stands_alone

TEXTS = st.text(st.characters(exclude_categories=["Cs"])) | st.text(
    "aàạoòếđĐưƯyýỷuÚe\u0301\u0323ßİıøΣς'’-.,0123 \n北京はガｶﾞสวัสดี서울हिم\u064e\u00ad\u200b½ﷺ🙂_¶"
)


@pytest.mark.parametrize(
    ("text", "spelt", "folded"),
    [
        ("Đường ĐƯỜNG", "đường đường", "duong duong"),
        (
            "hoà hòa, thuý thúy, khoẻ khỏe, quý qúy",
            "hoà hoà thuý thuý khoẻ khoẻ quý quý",
            "hoa hoa thuy thuy khoe khoe quy quy",
        ),
        ("hoàn thuỷ toàn", "hoàn thuỷ toàn", "hoan thuy toan"),
        ("1.500.000 1,500,000 1500000", "1500000 1500000 1500000", "1500000 1500000 1500000"),
        ("3,5 22/11/2026 1.50", "3 5 22 11 2026 1 50", "3 5 22 11 2026 1 50"),
        ("l’eau l'eau people's COVID-19 5G", "l eau l eau people s covid 19 5g", "l eau l eau people s covid 19 5g"),
        ("Straße Łódź Þór œuvre ısı", "strasse łódź þór œuvre ısı", "strasse lodz thor oeuvre isi"),
        ("ΟΔΟΣ οδός Ёлка йод", "οδοσ οδόσ ёлка йод", "οδοσ οδοσ елка иод"),
        ("北京大学 東京ﾀﾜｰ ガス", "北 京 大 学 東 京 タ ワ ー ガ ス", "北 京 大 学 東 京 タ ワ ー ガ ス"),
        ("서울에서", "서 울 에 서", "서 울 에 서"),
        ("เมือง", "เ มื อ ง", "เ มื อ ง"),
        ("ប្រទេស", "ប្ រ ទេ ស", "ប្ រ ទេ ស"),
        ("مُحَمَّد שָׁלוֹם हिन्दी", "مُحَمَّد שָׁלוֹם हिन्दी", "محمد שלום हिन्दी"),
        ("２０２６ ٣٤ infor\u00admation ﬁn", "2026 34 information fin", "2026 34 information fin"),
        ("¶ — … !? 🙂 _", "", ""),
    ],
)
def test_words_have_two_forms(text: str, spelt: str, folded: str) -> None:
    assert [" ".join(form) for form in spell_and_fold(text)] == [unicodedata.normalize("NFC", spelt), folded]
    assert [" ".join(form) for form in spell_and_fold(unicodedata.normalize("NFD", text))] == [
        " ".join(form) for form in spell_and_fold(text)
    ]


@given(TEXTS)
@example("ﷺ\u0301½")
def test_each_word_stands_where_it_is_found(text: str) -> None:
    places, forms = find_words(text)
    assert [one[0] for one in forms] == list(spell(text))
    for place, (spelt, folded) in zip(places, forms, strict=True):
        assert (spelt, folded) == (spell(place[0])[0], fold(spell(place[0])[0]))
        assert spelt
        assert folded
        assert not set(spelt + folded) & set(" \n\t¶")


@settings(deadline=None)  # what Arrow does first takes longer
@given(st.lists(TEXTS))
def test_texts_in_one_go_have_the_words_that_they_have_one_by_one(texts: list[str]) -> None:
    apart = map(spell_and_fold, texts)
    assert spell_and_fold_texts(texts) == [(" ".join(spelt), " ".join(folded), len(spelt)) for spelt, folded in apart]


@given(TEXTS)
def test_what_is_spelt_or_folded_stays_so(text: str) -> None:
    for word in spell(text):
        if len(word) < LONGEST and len(spell(word)) == 1:
            assert spell(word) == (word,)
            assert fold(fold(word)) == fold(word)


def test_a_long_word_is_told_apart_by_its_beginning() -> None:
    assert spell("a" * 1000) == spell("a" * 999) == ("a" * LONGEST,)
    assert len(spell("ﷺ" * 1000)[0]) == LONGEST


def test_characters_stand_alone_in_scripts_without_spaces() -> None:
    assert [stands_alone(one) for one in ("京", "가", "ส", "a", "đ")] == [True, True, True, False, False]
