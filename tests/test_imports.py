"""Imports go one way: dags → bantin → {spiders, cleaning, browse, demo} → storage → model (docs/architecture.md)."""

import ast
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
