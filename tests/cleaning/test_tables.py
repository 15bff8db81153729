"""Tables of data keep their columns, in the text and in the fragment; tables that lay out a page gain none."""

import time

import pytest

from tests.cleaning.markup import SENTENCES, cleaned, page, paragraphs, rules

LAST = f"<p>{SENTENCES[0]}</p>"


def table(*rows: str) -> str:
    """A table of rows whose cells are separated by `|`; a cell may begin with attributes in brackets."""
    cells = [[cell.strip() for cell in row.split("|")] for row in rows]
    marked = [[f"<td {cell[1:]}</td>".replace("]", ">", 1) if cell[:1] == "[" else f"<td>{cell}</td>" for cell in row]
              for row in cells]  # fmt: skip
    return "<table>" + "".join(f"<tr>{''.join(row)}</tr>" for row in marked) + "</table>"


def rows(markup: str) -> list[str]:
    """The lines of the article's text that are rows of the table behind its paragraphs."""
    lines = cleaned(page(paragraphs(markup) + LAST)).text.split("\n")
    return lines[len(SENTENCES) : -1]


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        pytest.param(
            table("Thôn|Vòng 1|Vòng 2", "Thượng||9", "Hạ|8|&nbsp;", "|7|"),
            ["Thôn | Vòng 1 | Vòng 2", "Thượng |  | 9", "Hạ | 8 | ", " | 7 | "],
            id="empty cells",
        ),
        pytest.param(
            table("Chỉ tiêu|2024|2025", "Sản lượng|12,5|-", "Diện tích|–|40"),
            ["Chỉ tiêu | 2024 | 2025", "Sản lượng | 12,5 | -", "Diện tích | – | 40"],
            id="dashes",
        ),
        pytest.param(
            table("Thôn|[colspan=2]Điểm|Hạng", "|Vòng 1|Vòng 2|", "Thượng|8|9|1"),
            ["Thôn | Điểm |  | Hạng", " | Vòng 1 | Vòng 2 | ", "Thượng | 8 | 9 | 1"],
            id="a cell over two columns",
        ),
        pytest.param(
            table("Khối|Đội|Điểm", "[rowspan=2]Nam|Thượng|9", "Hạ|8", "Nữ|Trung|7"),
            ["Khối | Đội | Điểm", "Nam | Thượng | 9", " | Hạ | 8", "Nữ | Trung | 7"],
            id="a cell over two rows",
        ),
        pytest.param(
            table("[rowspan=2]Đội|[colspan=2]Điểm", "Vòng 1|Vòng 2", "Hạ|8|9"),
            ["Đội | Điểm | ", " | Vòng 1 | Vòng 2", "Hạ | 8 | 9"],
            id="a head of two rows",
        ),
        pytest.param(
            table("Đội|Điểm", "[colspan=2]Khối nam", "Hạ|8", "[colspan=2]Khối nữ", "Trung|7"),
            ["Đội | Điểm", "Khối nam", "Hạ | 8", "Khối nữ", "Trung | 7"],
            id="rows of one cell",
        ),
        pytest.param(
            table("|Đội||Điểm", "|Hạ||8", "|Trung||7"),
            ["Đội | Điểm", "Hạ | 8", "Trung | 7"],
            id="columns for their width only",
        ),
        pytest.param(table("•|Đội Hạ|8", "•|Đội Trung|7"), ["Đội Hạ | 8", "Đội Trung | 7"], id="a column of bullets"),
        pytest.param(
            table("Đội|[colspan=0 rowspan=x]Điểm|[colspan=-4]Hạng", "Hạ|[colspan=99999]8|1"),
            ["Đội | Điểm | Hạng", "Hạ | 8 | 1"],
            id="spans that are none",
        ),
    ],
)
def test_values_stay_in_their_columns(markup, expected):
    assert rows(markup) == expected


def test_empty_cells_are_empty_in_the_fragment():
    article = cleaned(page(paragraphs(table("[rowspan=2]Đội|[colspan=2]Điểm", "Vòng 1|Vòng 2", "Hạ||9")) + LAST))
    assert (
        "<table><tr><td>Đội</td><td>Điểm</td><td></td></tr><tr><td></td><td>Vòng 1</td><td>Vòng 2</td></tr>"
        "<tr><td>Hạ</td><td></td><td>9</td></tr></table>"
    ) in article.html


def test_the_parts_of_a_table_are_one_table():
    markup = (
        "<table><thead><tr><th>Đội</th><th>Vòng 1</th><th>Vòng 2</th></tr></thead>"
        "<tbody><tr><th>Hạ</th><td></td><td>9</td></tr></tbody></table>"
    )
    assert rows(markup) == ["Đội | Vòng 1 | Vòng 2", "Hạ |  | 9"]
    assert "<tr><th>Hạ</th><td></td><td>9</td></tr>" in cleaned(page(paragraphs(markup) + LAST)).html


def test_a_dash_that_is_no_value_is_an_ornament():
    article = cleaned(page(paragraphs(f"<p>-</p>{LAST}")))
    assert rules(article)["ornament"] == "-"


def test_tables_that_lay_out_the_page_gain_no_columns():
    laid_out = "".join(f"<tr><td width=20>&nbsp;</td><td>{one}</td><td></td></tr>" for one in SENTENCES)
    article = cleaned(page(f"<table>{laid_out}</table>"))
    assert article.text.split("\n") == list(SENTENCES)
    assert "<td>" not in article.html


def test_a_table_within_a_cell_keeps_its_columns_and_the_outer_one_gains_none():
    inner = table("Đội|Vòng 1|Vòng 2", "Hạ||9")
    laid_out = "".join(f"<tr><td></td><td>{one}</td></tr>" for one in (*SENTENCES, inner, SENTENCES[0] + " Hết."))
    text = cleaned(page(f"<table>{laid_out}</table>")).text
    assert text.split("\n")[len(SENTENCES) : -1] == ["Đội | Vòng 1 | Vòng 2", "Hạ |  | 9"]


@pytest.mark.parametrize(
    "markup",
    [
        "<table>" + "<tr><td>Hạ</td>" + "<td colspan=999>8</td>" * 200 + "</tr>" + "</table>",
        "<table><tr><td>Hạ</td>"
        + "<td rowspan=999>8</td>" * 2_000
        + "</tr>"
        + "<tr><td>Hạ</td><td>9</td></tr>" * 2_000,
        "<table><tr><td>Hạ</td>" + "<td rowspan=999>8</td>" * 2_000 + "</tr>" + "<tr></tr>" * 4_000,
        "<table><tr><td>Hạ</td><td rowspan=999 colspan=999>8</td></tr>" + "<tr><td>Hạ</td><td>9</td></tr>" * 990,
    ],
)
def test_spans_cannot_fill_a_page_with_empty_cells(markup):
    began = time.process_time()
    article = cleaned(page(paragraphs(markup)))
    assert time.process_time() - began < 10
    assert len(article.html) < 40 * len(markup)
    assert SENTENCES[-1] in article.text
