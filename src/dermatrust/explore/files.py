"""What pages fetch, all of it ours: one style sheet, one script and a mark."""

import hashlib
from functools import cache
from importlib.resources import files
from typing import Any

from dermatrust.report.page import page_script, page_style


@cache
def static_files() -> dict[str, tuple[bytes, str]]:
    """Return what pages fetch: a style sheet and a script named by their content, and a mark."""
    style, script = page_style().encode(), page_script().encode()
    mark = (files("dermatrust.curate") / "static" / "mark.svg").read_bytes()
    return {
        f"explore-{hashlib.sha256(style).hexdigest()[:12]}.css": (style, "text/css"),
        f"explore-{hashlib.sha256(script).hexdigest()[:12]}.js": (script, "text/javascript"),
        "mark.svg": (mark, "image/svg+xml"),
    }


@cache
def live() -> dict[str, Any]:
    """Return what turns a page of the report into one of the explorer."""
    style, script, _ = static_files()
    return {"layout": "live.html", "is_live": True, "style_file": style, "script_file": script}
