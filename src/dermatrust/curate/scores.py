"""Six scores as a person gives them: whole numbers from 0 to 5, all of them."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from dermatrust.curate.problems import RefusedError
from dermatrust.errors import shown
from dermatrust.records import DIMENSIONS, Dimension

Whole = Annotated[int, Field(ge=0, le=5, strict=True)]
"""A whole number from 0 to 5."""


def check_six(scores: Mapping[Dimension, int]) -> None:
    """Refuse scores that are not six whole numbers from 0 to 5.

    Raises:
        RefusedError: One is missing or off the scale; the message names it.

    Example:
        >>> check_six(dict.fromkeys(DIMENSIONS[:5], 3))
        Traceback (most recent call last):
        dermatrust.curate.problems.RefusedError: the scores: Description Precision is not scored; expected all six.
    """
    missing = [dimension.title for dimension in DIMENSIONS if dimension not in scores]
    if missing:
        are = "is" if len(missing) == 1 else "are"
        raise RefusedError("the scores", f"{', '.join(missing)} {are} not scored", "all six", reason="incomplete")
    for dimension in DIMENSIONS:
        score = scores[dimension]
        if type(score) is not int or not 0 <= score <= 5:
            what = f"{dimension.title} is {shown(score, 40)}"
            raise RefusedError("the scores", what, "a whole number from 0 to 5", reason="off the scale")
