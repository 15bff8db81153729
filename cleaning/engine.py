"""The engine: trafilatura's main extractor and the cascade around it, which search pages by kinds of elements.

They are instances of its modules of our own: trafilatura itself stays as it is for everybody else in the process.
"""

from importlib.util import find_spec, module_from_spec
from types import ModuleType

from lxml.html import HtmlElement
from trafilatura import xpaths
from trafilatura.htmlprocessing import link_density_test

from cleaning.kinds import by_kind

REMOVE_COMMENTS = by_kind(xpaths.REMOVE_COMMENTS_AND_LISTS_XPATH)


def _instance(name: str) -> ModuleType:
    """Another instance of the module `name`, whose lists of searches go by kind."""
    spec = find_spec(name)
    if spec is None or spec.loader is None:
        raise ImportError(f"no module {name}: expected trafilatura as requirements.lock has it", name=name)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    for search in [
        one for one, value in vars(module).items() if one.endswith(("_XPATH", "_ELEMENTS")) and isinstance(value, list)
    ]:
        setattr(module, search, by_kind(getattr(module, search)))
    return module


_processing = _instance("trafilatura.htmlprocessing")
_extractor = _instance("trafilatura.main_extractor")
_cascade = _instance("trafilatura.core")


def _link_density(element: HtmlElement, favor_precision: bool = False) -> tuple[bool, bool]:
    """trafilatura's test, asked only of elements with links: most have none, which it finds out slowly."""
    if next(element.iterdescendants("ref"), None) is None:
        return False, False
    return link_density_test(element, favor_precision)


vars(_processing).update(link_density_test=_link_density)
vars(_extractor).update(delete_by_link_density=_processing.delete_by_link_density)
for _name in ("extract_content", "extract_comments"):
    setattr(_cascade, _name, getattr(_extractor, _name))

extract_content = _extractor.extract_content
main_pass = _extractor._extract  # of which extract_content keeps a copy of the page, to look at it again
bare_extraction = _cascade.bare_extraction
