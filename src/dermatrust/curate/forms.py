"""Six scores as an ordinary form sends them."""

from collections.abc import Mapping

from starlette.datastructures import FormData

from dermatrust.curate.problems import RefusedError
from dermatrust.records import DIMENSIONS, Dimension


def scores_in(form: FormData) -> dict[Dimension, int]:
    """Return the scores a form holds; those left out are left out.

    Raises:
        RefusedError: One is no digit from 0 to 5.
    """
    scores = {}
    for dimension in DIMENSIONS:
        value = form.get(dimension.value)
        if value is None:
            continue
        if not isinstance(value, str) or value not in ("0", "1", "2", "3", "4", "5"):
            expected = "a whole number from 0 to 5"
            raise RefusedError("the scores", f"{dimension.title} is something else", expected, reason="off the scale")
        scores[dimension] = int(value)
    return scores


def text_in(form: Mapping[str, object], name: str) -> str:
    """Return a text field with the line ends that every text here has; browsers send others."""
    value = form.get(name, "")
    return value.replace("\r\n", "\n").replace("\r", "\n") if isinstance(value, str) else ""
