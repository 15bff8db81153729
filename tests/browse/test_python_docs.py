"""docs/python.md and its notebook: both are run, against an archive that is as they suppose."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bantin.settings import CHECKOUT, Settings

NOTEBOOK = CHECKOUT / "docs" / "notebooks" / "archive.ipynb"


def run(code: str, folder: Path, settings: Settings) -> str:
    """What the code prints, run where that archive is the one of the environment."""
    environment = {**os.environ, **settings.environment(), "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def cells() -> list[dict[str, Any]]:
    """The notebook's cells."""
    notebook = json.loads(NOTEBOOK.read_text("utf-8"))
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    return list(notebook["cells"])


def test_the_pages_code_runs_as_one_program(indexed: Settings, tmp_path: Path) -> None:
    (tmp_path / "archive").symlink_to(indexed.archive)
    page = (CHECKOUT / "docs" / "python.md").read_text("utf-8")
    lines = run("".join(re.findall(r"```python\n(.*?)```", page, re.DOTALL)), tmp_path, indexed).splitlines()
    assert lines[0] == "2026-11-21 Lễ hội mùa thu 1"
    assert lines[2] == "1"
    assert lines[3].endswith("Lễ hội mùa thu [('Lễ', True), (' ', False), ('hội', True), (' mùa thu.', False)]")
    assert "kimson kimson 2" in lines
    assert lines[-1].startswith("20261121T000000Z missing")


def test_the_notebooks_cells_run_in_order(indexed: Settings, tmp_path: Path, cells: list[dict[str, Any]]) -> None:
    code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    printed = run(code, tmp_path, indexed)
    assert "1 articles\n2026-11-21 kimson Lễ hội mùa thu\n" in printed
    assert "title Chợ phiên {+dời ngày+}" in printed


def test_the_notebook_is_kept_without_outputs_and_without_places_of_a_machine(cells: list[dict[str, Any]]) -> None:
    assert [cell["id"] for cell in cells if cell.get("outputs") or cell.get("execution_count")] == []
    assert len({cell["id"] for cell in cells}) == len(cells)
    assert not re.search(r"/(home|Users|root|work|tmp)/", NOTEBOOK.read_text("utf-8"))
