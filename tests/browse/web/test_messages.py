"""The interface's messages: all are translated, and a catalog holds nothing that nobody says."""

import re
import subprocess
import sys
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from babel.messages import Catalog
from babel.messages.pofile import read_po

from bantin.settings import CHECKOUT
from browse.web.i18n import LANGUAGES, Words
from model.alarm import Kind
from model.causes import cause_of, cause_of_many, message_of

TRANSLATED = [language for language in LANGUAGES if language != "en"]
PLACEHOLDER = re.compile(r"%\(\w+\)s")


def said(folder: Path) -> Catalog:
    """The messages of code and templates."""
    file = folder / "messages.pot"
    extract = [sys.executable, "-m", "babel.messages.frontend", "-q", "extract", "-F", "pyproject.toml"]
    subprocess.run([*extract, "-k", "InvalidQuery", "-o", file, "."], cwd=CHECKOUT, check=True)
    with file.open("rb") as pot:
        return read_po(pot)


@pytest.mark.parametrize("language", TRANSLATED)
def test_all_that_is_said_is_translated_and_nothing_else(language: str, tmp_path: Path) -> None:
    with (CHECKOUT / f"browse/web/locale/{language}/LC_MESSAGES/bantin.po").open("rb") as po:
        catalog = read_po(po, locale=language)
    translated = {str(message.id) for message in catalog if message.id and _whole(message.string) and not message.fuzzy}
    assert translated == {str(message.id) for message in said(tmp_path) if message.id}


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_has_the_values_of_its_message(language: str) -> None:
    with (CHECKOUT / f"browse/web/locale/{language}/LC_MESSAGES/bantin.po").open("rb") as po:
        catalog = read_po(po, locale=language)
    for message in catalog:
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        for string in strings if message.id else ():
            assert set(PLACEHOLDER.findall(string)) == set(PLACEHOLDER.findall(ids[-1])), message.id


@pytest.mark.parametrize("language", TRANSLATED)
@pytest.mark.parametrize("kind", Kind)
def test_each_kind_of_alarm_is_told_in_the_readers_language(kind: Kind, language: str) -> None:
    assert Words(language, ZoneInfo("UTC")).gettext(kind) != kind


@pytest.mark.parametrize("language", TRANSLATED)
def test_each_likely_cause_is_told_in_the_readers_language(language: str) -> None:
    words = Words(language, ZoneInfo("UTC"))
    given = [(cause_of_many(kind), kind) for kind in Kind]
    given += [(cause_of(kind, "a%b", "c%(source)s"), kind) for kind in Kind if kind != Kind.FAILED]  # it quotes its run
    for cause, kind in given:
        message = message_of(cause, kind, "a%b", "c%(source)s")
        assert message
        assert message % {"source": "a%b", "subject": "c%(source)s"} == cause
        assert words.gettext(message, source="a%b", subject="c%(source)s") != cause


def test_a_cause_of_another_version_is_no_message() -> None:
    assert message_of("Its list has moved.", Kind.FEW, "kimson") is None
    assert message_of(cause_of(Kind.FEW, "kimson"), Kind.FEW, "hoalu") is None
    assert message_of("run 20261122T000000Z failed: 100 % of pages", Kind.FAILED) is None


@pytest.mark.parametrize("code", ["qq", "C", "x" * 300, "../../vi", "", "\0"])
def test_a_language_that_nobody_knows_is_called_by_its_code(code: str) -> None:
    assert Words("vi", ZoneInfo("UTC")).language_name(code) == code


def _whole(string: str | tuple[str, ...]) -> bool:
    return all(string) if isinstance(string, tuple) else bool(string)
