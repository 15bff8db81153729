"""Tables: which of them hold data, and in which column each of their cells stands."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from lxml.html import HtmlElement

from cleaning.lines import Line

CELLS = ("td", "th")

_CELL_CHARS = 400  # a table with longer cells lays out a page
_SPAN_DIGITS = 3
_SLOTS_A_CELL = 4  # spans that make more places of a table than so many times its cells are no one's work
_SLOTS = 10_000

Row = list[HtmlElement | None]


@dataclass(frozen=True, slots=True)
class DataTables:
    """The tables that hold data. `rows` has for each row with text its cells by column, None in the places over which a
    cell beside or above it spans; columns in which nothing is written are in none. `columns` are the cells that stand
    in one with letters or numbers."""

    tables: frozenset[HtmlElement] = frozenset()
    rows: dict[HtmlElement, Row] = field(default_factory=dict)
    columns: frozenset[HtmlElement] = frozenset()

    def has_value(self, line: Line) -> bool:
        """Whether `line` is a value of a table, though it be without a letter: `-` for none."""
        return bool(self.tables) and cell_of(line.block) in self.columns


def data_tables(lines: Sequence[Line]) -> DataTables:
    """The tables around `lines` that hold data: two rows or more of short cells. Others lay out the page, as old ones
    do."""
    texts: dict[HtmlElement, dict[HtmlElement, dict[HtmlElement, str]]] = {}
    nests: set[HtmlElement] = set()
    for line in lines:
        cell = cell_of(line.block)
        if cell is None or (row := cell.getparent()) is None or (table := table_of(cell)) is None:
            continue
        nests.update(table.iterancestors("table"))
        cells = texts.setdefault(table, {}).setdefault(row, {})
        cells[cell] = cells.get(cell, "") + line.text
    tables = {
        table: said
        for table, said in texts.items()
        if table not in nests
        and sum(len(row) > 1 for row in said.values()) > 1
        and max(len(text) for row in said.values() for text in row.values()) <= _CELL_CHARS
    }
    rows: dict[HtmlElement, Row] = {}
    columns: set[HtmlElement] = set()
    for table, said in tables.items():
        written = {cell for row in said.values() for cell, text in row.items() if any(map(str.isalnum, text))}
        grid = _grid(table)
        numbers = {number for row in grid.values() for number, cell in _columns(row) if cell in written}
        columns.update(cell for row in grid.values() for number, cell in _columns(row) if number in numbers)
        for row, slots in grid.items():
            rows[row] = [slot for number, slot in enumerate(slots) if number in numbers or len(slots) == 1]
    return DataTables(frozenset(tables), rows, frozenset(columns))


def table_of(element: HtmlElement) -> HtmlElement | None:
    """The table that `element` is or stands in."""
    return element if element.tag == "table" else next(element.iterancestors("table"), None)


def cell_of(element: HtmlElement) -> HtmlElement | None:
    """The cell that `element` is or stands in."""
    return element if element.tag in CELLS else next(element.iterancestors(*CELLS), None)


def row_groups(table: HtmlElement) -> Iterator[Iterator[HtmlElement]]:
    """The rows of `table` itself, without those of tables within, by the part of it they stand in."""
    for part in (table, *table.iterchildren("thead", "tbody", "tfoot")):
        yield part.iterchildren("tr")


def _grid(table: HtmlElement, *, spans: bool = True) -> dict[HtmlElement, Row]:
    """The cells of each row by column. Spans are left aside where they would fill a page with empty places."""
    grid: dict[HtmlElement, Row] = {}
    most = _SLOTS
    for group in row_groups(table):
        hanging: dict[int, int] = {}  # by column: into how many rows more a cell from above reaches
        for row in group:
            slots: Row = []
            reaching: dict[int, int] = {}
            most -= len(hanging)
            cells = list(row.iterchildren(*CELLS))
            for cell in cells:
                _reach(slots, hanging)
                width, height = (_span(cell, "colspan"), _span(cell, "rowspan")) if spans else (1, 1)
                if height > 1:
                    reaching.update(dict.fromkeys(range(len(slots), len(slots) + width), height - 1))
                slots += [cell, *[None] * (width - 1)]
                most += _SLOTS_A_CELL - width
                if most < 0 and spans:
                    return _grid(table, spans=False)
            _reach(slots, hanging)
            grid[row] = slots if hanging or len(cells) > 1 else slots[:1]
            hanging = {at: left - 1 for at, left in hanging.items() if left > 1} | reaching
            if most < 0 and spans:
                return _grid(table, spans=False)
    return grid


def _reach(slots: Row, hanging: dict[int, int]) -> None:
    """Add the places that cells from above reach into."""
    while len(slots) in hanging:
        slots.append(None)


def _span(cell: HtmlElement, name: str) -> int:
    value = (cell.get(name) or "").strip()
    return max(1, int(value)) if value.isdecimal() and len(value) <= _SPAN_DIGITS else 1


def _columns(slots: Row) -> Iterator[tuple[int, HtmlElement]]:
    """The cells of a row with the numbers of their columns; none where it is one cell, which heads what follows."""
    if len(slots) > 1:
        yield from ((number, cell) for number, cell in enumerate(slots) if cell is not None)
