"""The frame that every page shares, and the one writer of pages."""

import base64
import hashlib
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from dermatrust import __version__
from dermatrust.bench.results import MEASURES
from dermatrust.bench.text import counted, measure_title
from dermatrust.records import DIMENSIONS
from dermatrust.report.views import date_text, of_text, score_text
from dermatrust.store.atomic import replacing

_STYLES = ("report.css", "alignment.css", "judge_card.css", "clinic.css", "explore.css")
MEASURE_TITLES = tuple(map(measure_title, MEASURES))


def write_page(path: Path, template: str, **shown: Any) -> None:
    """Write one file that opens from the file system and fetches nothing.

    Args:
        path: The file to write. It is replaced as a whole, or left as it was.
        template: Name of the template; it extends `page.html`.
        shown: What the template places. `synthetic` says whether what is behind the page is drawn or simulated;
            `leaving`, where there is one, why the file may not be sent on.

    Raises:
        DataError: The file cannot be written.
    """
    chunks = page_environment().get_template(template).generate({"leaving": ""} | shown)
    with replacing(path) as out:
        for chunk in chunks:  # a page can be larger than memory should hold
            out.write(chunk.encode("utf-8", errors="xmlcharrefreplace"))


@cache
def page_environment() -> Environment:
    """Return where the templates of pages are found, and what all may use; whatever they place is escaped."""
    environment = Environment(
        loader=PackageLoader("dermatrust.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )
    style, script = page_style(), page_script()
    environment.globals |= {
        "style": Markup(style),  # noqa: S704  # our own files
        "script": Markup(script),  # noqa: S704  # our own file
        "style_hash": _csp_hash(style),
        "script_hash": _csp_hash(script),
        "layout": "page.html",
        "is_live": False,
        "base": "",
        "sorted_by": "",
        "heading": "h1",
        "version": __version__,
        "dimensions": DIMENSIONS,
        "column_titles": MEASURE_TITLES,
        "column_measures": tuple(map(str, MEASURES)),
        "counted": counted,
        "of_text": of_text,
        "score_text": score_text,
        "date_text": date_text,
    }
    return environment


def page_style() -> str:
    """Return the style sheet of every page."""
    return "\n".join(map(_source, _STYLES))


def page_script() -> str:
    """Return the script of every page."""
    return _source("print.js")


def _source(name: str) -> str:
    """Return the text of a style sheet or script that a page carries inside."""
    text = files("dermatrust.report").joinpath("templates", name).read_text("utf-8")
    return text.replace("\r\n", "\n").strip()


def _csp_hash(text: str) -> str:
    """Return what a page's policy names an inline style or script by."""
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"
