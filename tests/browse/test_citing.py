"""Citations: given this article, this is its reference in each form, escaped for that form."""

from datetime import date

import pytest

from browse.citing import Reference, bibtex, markdown, plain, reference_of, ris
from tests.records import article

ADDRESS = "http://127.0.0.1:8080/articles/0123456789abcdef@2026-11-22T00:00:05Z"


def reference(**changes: object) -> Reference:
    return reference_of(article(**changes), "Kim Sơn", ADDRESS)


def test_a_sentence_says_who_what_where_when_and_where_it_is_kept():
    assert plain(reference()) == (
        "Hoàng Mai. “Lễ hội mùa thu”. Kim Sơn, 2026-11-21. http://portal.example/le-hoi-mua-thu-1204. "
        f"Archived 2026-11-22T00:00:05Z: {ADDRESS}"
    )


def test_bibtex_keeps_the_title_as_it_is_written():
    assert bibtex(reference()).splitlines() == [
        "@misc{hoang-mai-2026-012345,",
        "  author = {{Hoàng Mai}},",
        "  title = {{Lễ hội mùa thu}},",
        "  howpublished = {Kim Sơn},",
        "  date = {2026-11-21},",
        "  year = {2026},",
        "  url = {http://portal.example/le-hoi-mua-thu-1204},",
        "  urldate = {2026-11-22},",
        "  langid = {vi},",
        f"  note = {{Archived as 0123456789abcdef@2026-11-22T00:00:05Z: {ADDRESS}}},",
        "}",
    ]


def test_what_is_not_known_is_left_out():
    unknown = reference(author=None, published_on=None, language=None)
    assert plain(unknown).startswith("“Lễ hội mùa thu”. Kim Sơn. http")
    assert "author" not in bibtex(unknown)
    assert "langid" not in bibtex(unknown)
    assert [line[:2] for line in ris(unknown).split("\r\n")] == ["TY", "TI", "T2", "UR", "L2", "Y2", "N1", "ER"]


@pytest.mark.parametrize(
    ("title", "tex"),
    [
        ("Giá & thuế: 5%", r"Giá \& thuế: 5\%"),
        (r"}\input{/etc/passwd}", r"\}\textbackslash{}input\{/etc/passwd\}"),
        ("a_b^c~d $1 #2", r"a\_b\textasciicircum{}c\textasciitilde{}d \$1 \#2"),
        ("two\nlines\t", "two lines"),
    ],
)
def test_a_title_says_nothing_to_tex(title, tex):
    assert f"title = {{{{{tex}}}}}," in bibtex(reference(title=title))


def test_a_title_says_nothing_to_markdown():
    text = markdown(reference(title="[x](javascript:a) <b> `c` *d*\n# e", url="http://a.example/>)(<"))
    assert r"“\[x\]\(javascript\:a\) \<b\> \`c\` \*d\* \# e”" in text
    assert "(<http://a.example/%3E)(%3C>)" in text
    assert "\n" not in text


def test_an_address_that_is_none_is_no_link():
    assert "javascript" not in markdown(reference(url="javascript:alert(1)"))


def test_a_record_of_ris_has_a_tag_a_line():
    lines = ris(reference(title="a\r\nER  - ", published_on=date(2026, 11, 1))).split("\r\n")
    assert lines[:2] == ["TY  - NEWS", "TI  - a ER -"]
    assert "DA  - 2026/11/01" in lines
    assert [line[:2] for line in lines].count("ER") == 1


def test_a_language_is_one_line_whatever_the_page_says_it_is():
    hostile = reference(language="vi\r\nUR  - http://evil.example/")
    assert ris(hostile).count("\r\nUR  - ") == 1
