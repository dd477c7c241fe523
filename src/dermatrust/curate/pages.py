"""The pages' templates and the files they need; everything comes from this package, nothing from another host."""

import hashlib
import mimetypes
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape


@cache
def environment() -> Environment:
    """Return the templates; what is put into them is escaped."""
    made = Environment(
        loader=PackageLoader("dermatrust.curate"),
        autoescape=select_autoescape(("html",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["static_version"] = static_version()
    return made


@cache
def static_files() -> dict[str, tuple[bytes, str]]:
    """Return the name of every stylesheet, script and picture, to its bytes and media type."""
    return dict(_static_files())


def _static_files() -> Iterator[tuple[str, tuple[bytes, str]]]:
    for file in (files("dermatrust.curate") / "static").iterdir():
        kind = "text/javascript" if file.name.endswith(".js") else mimetypes.guess_type(file.name)[0]
        yield file.name, (file.read_bytes(), kind or "application/octet-stream")


@cache
def static_version() -> str:
    """Return a name for the files as they are, so that browsers may keep them for ever."""
    digest = hashlib.sha256()
    for name, (content, _) in sorted(static_files().items()):
        digest.update(f"{name} {len(content)}\0".encode() + content)
    return digest.hexdigest()[:12]


def page(request: Request, template: str, *, status: int = 200, **context: Any) -> HTMLResponse:
    """Return a page.

    Args:
        request: Whose answer it is. The person signed in is taken from it, and the project, which is called synthetic
            where it is.
        template: File name.
        status: HTTP status.
        context: What the template needs besides.
    """
    project, role = getattr(request.state, "place", (None, ""))
    text = environment().get_template(template).render(
        root=request.scope.get("root_path", ""),
        path=request.scope["path"],
        signed=getattr(request.state, "signed", None),
        project=project,
        role=role,
        **context,
    )  # fmt: skip
    return HTMLResponse(text, status)


def go(request: Request, path: str) -> RedirectResponse:
    """Return the answer that sends the browser to another page."""
    return RedirectResponse(request.scope.get("root_path", "") + path, 303)


def problem(request: Request, status: int, text: str, *, retry_s: int | None = None, **fields: Any) -> Response:
    """Return what went wrong in a form that fits the request: a page, or JSON for our scripts."""
    headers = None if retry_s is None else {"Retry-After": str(retry_s)}
    if wants_json(request):
        request_id = request.state.request_id
        return JSONResponse({"problem": text, "request_id": request_id, **fields}, status, headers)
    answer = page(request, "problem.html", status=status, code=status, text=text, request_id=request.state.request_id)
    answer.headers.update(headers or {})
    return answer


def wants_json(request: Request) -> bool:
    """Return whether a script of ours asks, rather than somebody who looks at a page."""
    kinds = request.headers.get("accept", "") + request.headers.get("content-type", "")
    return "application/json" in kinds
