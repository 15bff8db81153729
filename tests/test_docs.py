"""The documentation's commands: each is run, or at least understood, by the program it names."""

import os
import re
import shlex
from dataclasses import fields
from pathlib import Path

import click
import pytest
import yaml

from bantin.cli import main
from bantin.settings import CHECKOUT
from cleaning.rules import RULES
from model.alarm import Kind
from model.article import Article
from model.capture import Capture
from model.discovery import Discovery, Listing
from model.report import RunReport
from model.source import Source

PAGES = [CHECKOUT / "README.md", *sorted((CHECKOUT / "docs").glob("*.md"))]


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page.read_text("utf-8"), re.DOTALL)


COMMANDS = [
    (page.name, line.split("#")[0].strip())
    for page in PAGES
    for block in blocks(page, "sh")
    for line in block.splitlines()
    if re.search(r"\bbantin ", line)
]


@pytest.mark.parametrize(("page", "line"), COMMANDS)
def test_a_documented_command_is_one_the_program_knows(
    page: str, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "page.html").touch()
    words = shlex.split(re.split(r" (?:>|&&|\|) ", line.split("bantin ", 1)[1])[0])
    command: click.Command = main
    context = click.Context(main, info_name="bantin")
    while isinstance(command, click.Group):
        found = command.get_command(context, words[0])
        assert found is not None, f"{page}: {line}"
        command, words = found, words[1:]
    command.make_context(command.name, words, parent=context)  # raises where an argument is not understood


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8")):
        assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_example_of_a_source_is_right_and_every_field_is_documented() -> None:
    page = CHECKOUT / "docs" / "add-a-source.md"
    example = blocks(page, "yaml")[0]
    source = Source.model_validate(yaml.safe_load(example))
    assert source.is_article("https://tin.example/le-hoi-post12.html")
    text = page.read_text("utf-8")
    for section in ("fetch", "clean"):
        model = type(getattr(source, section))
        assert [name for name in model.model_fields if name not in text] == []


@pytest.mark.parametrize(("section", "record"), [("Articles", Article), ("Captures", Capture), ("Reports", RunReport)])
def test_every_column_and_field_of_the_archive_is_documented(section: str, record: type) -> None:
    page = (CHECKOUT / "docs" / "archive-format.md").read_text("utf-8")
    text = page.partition(f"## {section}\n")[2].partition("\n## ")[0]
    assert [one.name for one in fields(record) if f"`{one.name}`" not in text] == []


def test_every_way_in_of_the_table_is_one_that_a_source_may_have() -> None:
    page = CHECKOUT / "docs" / "add-a-source.md"
    base = yaml.safe_load(blocks(page, "yaml")[0])
    table = page.read_text("utf-8").partition("## Which way in")[2].partition('A "load more"')[0]
    ways = [row.split("|")[2].strip(" `") for row in table.splitlines() if row.startswith("| ") and "`" in row][1:]
    ways += [yaml.safe_dump(yaml.safe_load(blocks(page, "yaml")[1])["discovery"])]
    assert len(ways) >= 14
    named = set()
    for way in ways:
        discovery = yaml.safe_load(way)
        named |= set(discovery) | {field for listing in discovery.get("listings", []) for field in listing}
        only = {"feeds", "sitemaps", "listings", "announced", "crawl"} & set(discovery)
        Source.model_validate({**base, "discovery": discovery if only else {**base["discovery"], **discovery}})
    assert named >= {*Discovery.model_fields, *Listing.model_fields} - {"max_age_days", "limits"}


def rules_table() -> str:
    """The furniture rules as a table, a line each."""
    rows = ["| rule | kind | languages | removes | for example | shown by |", "|---|---|---|---|---|---|"]
    for rule in RULES:
        languages = " ".join(rule.languages) or "any"
        example = rule.example.replace("|", "&#124;").replace("`", "")
        example = f"`{example}`" if rule.takes in ("mark", "element", "reason") else example
        rows.append(f"| `{rule.name}` | {rule.takes} | {languages} | {rule.removes} | {example} | {rule.page} |")
    return "\n".join(rows)


def test_the_table_of_rules_is_made_from_the_rules() -> None:
    page = CHECKOUT / "docs" / "cleaning.md"
    text = page.read_text("utf-8")
    head, _, rest = text.partition(" -->\n")
    table, _, tail = rest.partition("<!-- /rules -->")
    if os.environ.get("BANTIN_WRITE_DOCS"):
        page.write_text(f"{head} -->\n\n{rules_table()}\n\n<!-- /rules -->{tail}", "utf-8")
    else:
        assert table.strip() == rules_table(), "write it again, as its comment says"


def test_the_readme_is_short_and_begins_with_the_two_commands() -> None:
    lines = (CHECKOUT / "README.md").read_text("utf-8").splitlines()
    assert len(lines) <= 120
    assert "pip install uv && uv run bantin demo" in lines[:10]
    assert "pip install uv && uv run pytest" in lines[:10]


def test_every_kind_of_alarm_is_documented_once() -> None:
    page = (CHECKOUT / "docs" / "monitoring.md").read_text("utf-8")
    table = page.partition("| kind |")[2].partition("\n\n")[0]
    assert sorted(re.findall(r"^\| ([a-z][^|]*?) \|", table, re.MULTILINE)) == sorted(Kind)
