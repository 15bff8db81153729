"""Citations of an article, to copy or to keep as a file."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from browse.citing import Reference, bibtex, markdown, plain, reference_of, ris
from browse.web.references import Head, Ref, file_name, head_of, locate, permanent, source_name
from browse.web.rendering import page
from model.article import Article

router = APIRouter(tags=["articles"])


class Form(StrEnum):
    """The forms of a citation, by the ending of their files."""

    TXT = "txt"
    BIB = "bib"
    MD = "md"
    RIS = "ris"


_FORMS: dict[Form, tuple[str, str, Callable[[Reference], str]]] = {
    Form.TXT: ("Plain text", "text/plain", plain),
    Form.BIB: ("BibTeX", "application/x-bibtex", bibtex),
    Form.MD: ("Markdown", "text/markdown", markdown),
    Form.RIS: ("RIS", "application/x-research-info-systems", ris),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """A citation in one form; `name` is what the form is called."""

    form: Form
    name: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CitePage:
    """An article's citations. `address` leads to this text for ever."""

    head: Head
    address: str
    citations: list[Citation]


@page(router, "/articles/{ref}/cite", "cite.html")
def cite(request: Request, ref: Ref) -> CitePage:
    """The citation of an article as it was fetched, in several forms."""
    article = locate(request, ref).article
    known = _reference(request, article)
    return CitePage(
        head=head_of(request, ref, article),
        address=known.address,
        citations=[Citation(form=form, name=name, text=write(known)) for form, (name, _, write) in _FORMS.items()],
    )


@router.get("/articles/{ref}/cite.{form}", response_class=Response)
def citation_file(request: Request, ref: Ref, form: Form) -> Response:
    """One form of the citation, as a file."""
    article = locate(request, ref).article
    _, media_type, write = _FORMS[form]
    return Response(
        f"{write(_reference(request, article))}\n",
        media_type=f"{media_type}; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{file_name(article, form.value)}"'},
    )


def _reference(request: Request, article: Article) -> Reference:
    return reference_of(article, source_name(request.app.state.archive, article), permanent(request, article))
