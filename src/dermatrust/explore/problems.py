"""Why a page cannot be shown, as a page."""

from starlette.responses import HTMLResponse

from dermatrust.explore.files import live
from dermatrust.report.page import page_environment


class ExploreProblem(Exception):  # noqa: N818  # an answer, not a failure of ours
    """A page other than the one asked for.

    Attributes:
        status: HTTP status.
        title: What is the matter, in a few words.
        text: What it is and what to do.
    """

    def __init__(self, status: int, title: str, text: str) -> None:
        super().__init__(f"{title}: {text}")
        self.status = status
        self.title = title
        self.text = text


def problem_page(problem: ExploreProblem) -> HTMLResponse:
    """Return the page."""
    shown = {
        "synthetic": False,
        "leaving": "",
        "place": "",
        "places": (),
        "has_benchmarks": False,
        "save": "",
        "problem": problem,
    } | live()
    text = page_environment().get_template("explore_problem.html").render(shown)
    return HTMLResponse(text.encode("utf-8", errors="xmlcharrefreplace"), problem.status)
