"""The explorer as a web application: eleven pages over GET, and nothing that changes anything."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlencode

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from dermatrust.curate.security import Shield
from dermatrust.errors import DataError
from dermatrust.explore import pages
from dermatrust.explore.datasets import Datasets
from dermatrust.explore.files import live, static_files
from dermatrust.explore.gate import Gate
from dermatrust.explore.problems import ExploreProblem, problem_page
from dermatrust.explore.runs import OpenRun, Runs
from dermatrust.explore.studies import benchmarks_context, study_context
from dermatrust.report.chapters import cards_notice, cards_of
from dermatrust.report.page import page_environment
from dermatrust.report.provenance import card_notice, screen_notice

PLACES = (
    ("leaderboard", "", "Leaderboard"), ("raters", "/raters", "Raters"), ("cases", "/cases", "Cases"),
    ("data", "/data", "Data"), ("methods", "/methods", "Methods"),
)  # fmt: skip
"""Pages of a run that stand in its navigation: template, address, title. Models are reached from the leaderboard."""
_UNFIT = re.compile(r"[^\w.-]+")


def explore_app(runs: Runs, datasets: Datasets, *, key: str, port: int) -> ASGIApp:
    """Return the explorer.

    Args:
        runs: What it shows.
        datasets: Where the cases behind runs are looked for.
        key: Part of the link; who does not have it sees nothing.
        port: Where it listens.
    """
    site = _Site(runs, datasets)
    routes = [
        Route("/", site.runs_page),
        Route("/static/{name}", _static),
        Route("/studies/{study}", site.study_page),
        Route("/benchmarks", site.benchmarks_page),
        *(Route(f"/runs/{{run}}{path}", page) for path, page in site.pages()),
    ]
    app = Starlette(
        routes=routes,
        exception_handlers={ExploreProblem: _on_problem, HTTPException: _on_http, DataError: _on_damage},
    )
    return Shield(Gate(app, key=key, port=port))


class _Site:
    """The pages, over what there is to show."""

    def __init__(self, runs: Runs, datasets: Datasets) -> None:
        self._runs = runs
        self._datasets = datasets

    def runs_page(self, request: Request) -> Response:
        shown = pages.runs_context(self._at(request)) | {"leaving": "", "place": "runs", "places": (), "save": ""}
        return self._page_of(request, "explore_runs.html", shown)

    def benchmarks_page(self, request: Request) -> Response:
        shown, found = benchmarks_context(self._at(request))
        if _is_file(request):
            return _file("benchmarks", "published", shown, leaving=cards_notice(found))
        leaving = screen_notice(cards_of(found))
        own = {"leaving": leaving, "place": "benchmarks", "places": (), "save": "/benchmarks?file=1"}
        return self._page_of(request, "explore_benchmarks.html", shown | own)

    def study_page(self, request: Request) -> Response:
        name = request.path_params["study"]
        try:
            found, manifest = self._at(request).study(name)
        except KeyError:
            raise ExploreProblem(404, "No such study", "It may have been moved or renamed since.") from None
        shown = study_context(name, found, manifest)
        if _is_file(request):
            return _file("study", name, shown, leaving=cards_notice(found))
        leaving = screen_notice(cards_of(found))
        save = f"/studies/{quote(name, safe='')}?file=1"
        own = {"leaving": leaving, "place": "study", "places": (), "save": save}
        return self._page_of(request, "explore_study.html", shown | own)

    def _at(self, request: Request) -> Runs:
        """Return what there was when the request came: one page reads the folders once, and does not change halfway."""
        if not hasattr(request.state, "runs"):
            request.state.runs = self._runs.now()
        runs: Runs = request.state.runs
        return runs

    def _page_of(self, request: Request, template: str, shown: dict[str, Any]) -> Response:
        """Return a page with the navigation that all have."""
        has_benchmarks = self._at(request).n_benchmarks() > 0
        return HTMLResponse(_rendered(template, shown | {"has_benchmarks": has_benchmarks}))

    def pages(self) -> list[tuple[str, Callable[[Request], Response]]]:
        """Return the pages of a run: the end of the address, and what answers there."""
        contexts: dict[str, Callable[[OpenRun, Request, str], dict[str, Any]]] = {
            "leaderboard": lambda run, request, _: pages.leaderboard_context(run, request.query_params),
            "model": lambda run, request, _: pages.model_page_context(run, request.query_params),
            "raters": lambda run, request, _: pages.raters_context(run, self._at(request)),
            "cases": lambda run, request, base: pages.cases_context(run, request.query_params, base),
            "case": self._case,
            "data": lambda run, *_: pages.data_context(run),
            "methods": lambda run, *_: run.context,
        }
        return [("" if name == "leaderboard" else f"/{name}", self._page(name, of)) for name, of in contexts.items()]

    def _case(self, run: OpenRun, request: Request, base: str) -> dict[str, Any]:
        behind = self._datasets.behind(run.manifest, run.folder.path)
        return pages.case_context(run, behind, request.query_params, base, is_file=_is_file(request))

    def _page(
        self, name: str, context_of: Callable[[OpenRun, Request, str], dict[str, Any]]
    ) -> Callable[[Request], Response]:
        def answer(request: Request) -> Response:
            run = self._open(request)
            base = f"/runs/{quote(run.name, safe='')}"
            shown = context_of(run, request, base) | {"synthetic": run.manifest.dataset.synthetic, "base": base}
            if _is_file(request):
                return _file(name, run.name, shown, leaving=_leaving(run, shown))
            places = [(place, base + path, title) for place, path, title in PLACES]
            leaving = screen_notice([run.manifest.dataset])
            own = {"place": name, "places": places, "save": _save(request, base, name), "leaving": leaving}
            return self._page_of(request, f"explore_{name}.html", shown | own)

        return answer

    def _open(self, request: Request) -> OpenRun:
        try:
            return self._at(request).open(request.path_params["run"])
        except KeyError:
            raise ExploreProblem(404, "No such run", "It may have been moved or renamed since.") from None


def _is_file(request: Request) -> bool:
    return request.query_params.get("file") == "1"


def _save(request: Request, base: str, name: str) -> str:
    query = urlencode({**request.query_params, "file": "1"})
    return f"{base}{'' if name == 'leaderboard' else f'/{name}'}?{query}"


def _leaving(run: OpenRun, shown: dict[str, Any]) -> str:
    case = shown.get("case")
    n_images = sum(1 for image in case.images if image.uri) if case else 0
    return card_notice(run.manifest.dataset, n_pages=1 if case else 0, n_images=n_images)


def _file(page: str, name: str, shown: dict[str, Any], *, leaving: str) -> Response:
    """Return a page as one file that opens from the file system and fetches nothing, like a report."""
    text = page_environment().get_template(f"explore_{page}.html").render(shown | {"leaving": leaving})
    file_name = f"{_UNFIT.sub('-', name)[:80]}-{page}.html"
    headers = {"Content-Disposition": f'attachment; filename="{file_name}"'}
    return HTMLResponse(text.encode("utf-8", errors="xmlcharrefreplace"), headers=headers)


def _rendered(template: str, shown: dict[str, Any]) -> bytes:
    text = page_environment().get_template(template).render(shown | live())
    return text.encode("utf-8", errors="xmlcharrefreplace")


def _static(request: Request) -> Response:
    found = static_files().get(request.path_params["name"])
    if found is None:
        raise HTTPException(404)
    content, kind = found
    lasting = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(content, media_type=kind, headers=lasting)


def _on_problem(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, ExploreProblem)
    return problem_page(problem)


def _on_damage(request: Request, error: Exception) -> Response:
    return _on_problem(request, ExploreProblem(422, "This run cannot be shown", str(error)))


def _on_http(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    texts = {404: "There is no such page.", 405: "The explorer shows runs and changes nothing."}
    return _on_problem(
        request, ExploreProblem(status, "Not found", texts.get(status, "The request is not understood."))
    )
