"""Imports go one way: dags → bantin → {spiders, cleaning, browse, demo} → storage → model (docs/architecture.md)."""

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LEVELS = {"dags": 0, "bantin": 1, "spiders": 2, "cleaning": 2, "browse": 2, "demo": 2, "storage": 3, "model": 4}


def imported(package: str) -> Iterator[tuple[str, str]]:
    """The modules that a package imports anywhere, of which file."""
    for path in sorted((ROOT / package).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                yield from ((str(path.relative_to(ROOT)), alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield str(path.relative_to(ROOT)), node.module


@pytest.mark.parametrize("package", LEVELS)
def test_imports_go_one_way(package: str) -> None:
    wrong = [
        f"{path}: {module}"
        for path, module in imported(package)
        for other in [module.partition(".")[0]]
        if other != package and LEVELS.get(other, 9) <= LEVELS[package]
    ]
    assert wrong == []


def test_packages_are_imported_from_here_wherever_one_stands(tmp_path: Path) -> None:
    packages = [package for package in LEVELS if package != "dags"]
    code = f"import json; print(json.dumps([__import__(name).__file__ for name in {packages}]))"
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, check=True)
    assert json.loads(done.stdout) == [str(ROOT / package / "__init__.py") for package in packages]


def test_no_dag_file_bears_a_packages_name() -> None:
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert not packages & {path.stem for path in (ROOT / "dags").glob("*.py")}
