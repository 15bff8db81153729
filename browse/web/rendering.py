"""From a page's model to what is sent: HTML by a template, or JSON.

`page` registers a view under its address and, for its `.json` twin, under the same one with that ending. A view returns
the model; templates see it as `page`, and the request's language as `words`.
"""

import inspect
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from starlette.requests import Request
from starlette.responses import HTMLResponse

from browse.escaping import safe
from browse.web.charts import sparkline, timeline
from browse.web.i18n import LANGUAGES, PARAMETER, Words, language_of, translations
from model.causes import message_of

_FOLDER = Path(__file__).parent / "templates"
View = Callable[..., Any]


def page(
    router: APIRouter, path: str, template: str, *, json_path: str | None = None, **options: Any
) -> Callable[[View], View]:
    """Registers what follows as the page at `path`, shown by `template`, and its `.json` twin. The view's first
    parameter is `request: Request`; `options` go to FastAPI for both."""

    def register(view: View) -> View:
        model = inspect.get_annotations(view, eval_str=True)["return"]

        @wraps(view)
        def html(*args: Any, **kwargs: Any) -> Any:
            return render(kwargs["request"], template, view(*args, **kwargs))

        html.__annotations__ = {**view.__annotations__, "return": HTMLResponse}
        html.__signature__ = inspect.signature(view).replace(return_annotation=HTMLResponse)  # type: ignore[attr-defined]
        name = view.__name__
        twin = json_path or f"{path.rstrip('/')}.json"
        router.get(twin, response_model=model, name=f"{name}_json", **options)(view)
        router.get(path, response_class=HTMLResponse, response_model=None, name=name, **options)(html)
        return view

    return register


def render(request: Request, template: str, model: object, status: int = 200) -> HTMLResponse:
    """The page that `template` makes of the model."""
    words = words_of(request)
    language = words.language
    text = _environment(language).get_template(template).render(page=model, request=request, words=words)
    response = HTMLResponse(text, status, headers={"Content-Language": language, "Vary": "Cookie, Accept-Language"})
    if request.query_params.get(PARAMETER) == language:
        path = request.scope.get("root_path") or "/"
        response.set_cookie(PARAMETER, language, max_age=365 * 86_400, path=path, samesite="lax", httponly=True)
    return response


def words_of(request: Request) -> Words:
    """How the language of a request writes things."""
    return Words(language_of(request), request.app.state.settings.timezone)


def href(request: Request, path: str, **values: Any) -> str:
    """An address within the application, wherever it is mounted. Values that are None or empty are left out; lists are
    repeated."""
    given = {name: value for name, value in values.items() if value not in (None, "", [], ())}
    query = urlencode(given, doseq=True)
    return f"{request.scope.get('root_path', '')}{path}" + (f"?{query}" if query else "")


@pass_context
def _url(context: Context, path: str, **values: Any) -> str:
    return href(context["request"], path, **values)


@pass_context
def _here(context: Context, **values: Any) -> str:
    """The address of the page that is shown, with some of its parameters changed; a list takes the place of all of a
    name's values."""
    request: Request = context["request"]
    path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
    path = "/" + quote(path.lstrip("/"), safe="/@:")  # `//elsewhere` and `/\elsewhere` would lead elsewhere
    kept: dict[str, Any] = {}
    for name, value in request.query_params.multi_items():
        if name not in (*values, "page", PARAMETER):
            kept.setdefault(name, []).append(value)
    return href(request, path, **kept, **values)


@pass_context
def _source_name(context: Context, source: str) -> str:
    """What a source is called; its id where nobody knows more."""
    known = context["request"].app.state.archive.catalog.source(source)
    return safe(known.name if known else source)


_environments: dict[str, Environment] = {}


def _environment(language: str) -> Environment:
    if language not in _environments:
        environment = Environment(
            loader=FileSystemLoader(_FOLDER),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.i18n"],
            auto_reload=False,
        )
        environment.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined]
        environment.filters["safe_text"] = safe
        environment.globals.update(url=_url, here=_here, source_name=_source_name, chart=timeline, sparkline=sparkline)
        environment.globals.update(LANGUAGES=LANGUAGES, HL=PARAMETER, message_of=message_of)
        _environments[language] = environment
    return _environments[language]
