"""The pages with known answers that the measures of cleaning read, and the functions that score them.

They are not part of this repository: a folder `shared` beside the checkout, or the one that BANTIN_SHARED names, with
`data/<set>/ground_truth.json`, `data/<set>/html/<key>.html.gz` and `bench/score_extraction.py`.
"""

import contextlib
import hashlib
import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

CHECKOUT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("BANTIN_SHARED", CHECKOUT.parent / "shared"))
SETS = ("aeb", "fundus", "wcxb")

sys.path.insert(0, str(CHECKOUT))


def scoring() -> ModuleType | None:
    """The module that scores extractors; None where the folder is missing, which is said on standard error."""
    path = SHARED / "bench" / "score_extraction.py"
    if not path.is_file():
        print(f"skipped: no {path}: set BANTIN_SHARED to the folder of pages with known answers", file=sys.stderr)
        return None
    spec = importlib.util.spec_from_file_location("score_extraction", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def truths(module: ModuleType, name: str) -> dict[str, dict[str, Any]]:
    """The known answers of a set, by key; empty where it is missing, which is said."""
    if not (SHARED / "data" / name / "ground_truth.json").is_file():
        print(f"{name}: skipped: no {SHARED / 'data' / name}", file=sys.stderr)
        return {}
    found: dict[str, dict[str, Any]] = module.load_truth(SHARED / "data" / name)
    return found


def page(module: ModuleType, name: str, key: str) -> bytes:
    """The bytes of a page."""
    body: bytes = module.read_page(SHARED / "data" / name, key)
    return body


def held_out(key: str) -> bool:
    """Whether a page is one of the third that no rule was tuned on."""
    return int(hashlib.sha256(key.encode()).hexdigest(), 16) % 3 == 0


def by_trafilatura(html: bytes, url: str) -> dict[str, Any]:
    """What trafilatura makes of a page by its defaults, with metadata and without readers' comments."""
    import trafilatura

    markup: str | bytes = html
    with contextlib.suppress(UnicodeDecodeError):  # then it detects the encoding itself
        markup = html.decode("utf-8")
    found = trafilatura.bare_extraction(markup, url=url or None, include_comments=False, with_metadata=True)
    if found is None:
        return {}
    return {"text": found.text, "title": found.title, "author": found.author, "date": found.date}
