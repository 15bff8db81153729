"""The engine: trafilatura's main extractor and the cascade around it, which search pages by kinds of elements.

They are instances of its modules of our own: trafilatura itself stays as it is for everybody else in the process.
"""

from importlib.util import find_spec, module_from_spec
from types import ModuleType

from trafilatura import xpaths

from cleaning.kinds import by_kind

REMOVE_COMMENTS = by_kind(xpaths.REMOVE_COMMENTS_AND_LISTS_XPATH)


def _instance(name: str) -> ModuleType:
    """Another instance of the module `name`, whose lists of searches go by kind."""
    spec = find_spec(name)
    if spec is None or spec.loader is None:
        raise ImportError(f"no module {name}: expected trafilatura as requirements.lock has it", name=name)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    for search in [one for one in vars(module) if one.endswith(("_XPATH", "_ELEMENTS"))]:
        setattr(module, search, by_kind(getattr(module, search)))
    return module


_extractor = _instance("trafilatura.main_extractor")
_cascade = _instance("trafilatura.core")
for _name in ("extract_content", "extract_comments"):
    setattr(_cascade, _name, getattr(_extractor, _name))

extract_content = _extractor.extract_content
bare_extraction = _cascade.bare_extraction
