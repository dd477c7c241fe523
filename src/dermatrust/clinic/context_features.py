"""Clinical contexts as numbers for a classifier: every value a level of its own, what is missing one more."""

import math
from collections.abc import Sequence

import numpy as np

from dermatrust.agreement.clusters import Floats, Ints
from dermatrust.clinic.context_fields import known_fields
from dermatrust.records import ClinicalContext

Value = str | float
_NOTE = "note"


def field_values(context: ClinicalContext) -> dict[str, Value]:
    """Return what is known, by the names of `known_fields`; a note is free text and is left out.

    Example:
        >>> field_values(ClinicalContext(age=40, symptoms={"itch": True}, history={"width": "6.0", "smoke": "no"}))
        {'age': 40.0, 'symptoms.itch': 'True', 'history.width': 6.0, 'history.smoke': 'no'}
    """
    values: dict[str, Value] = {}
    for name in known_fields(context):
        if name != _NOTE:
            part, _, key = name.partition(".")
            found = getattr(context, part)
            values[name] = _number_or_text(found[key] if key else found)
    return values


def _number_or_text(value: object) -> Value:
    text = str(value)
    try:
        number = float(text)
    except ValueError:
        return text
    return number if math.isfinite(number) else text


def design_matrix(rows: Sequence[dict[str, Value]], known: Ints) -> tuple[Floats, tuple[str, ...]]:
    """Return one column per level, and the field of each column.

    A field whose known values are all numbers becomes the number, standardised, and its square, both 0 where it is
    missing. Any other field becomes one column of 0 and 1 for each of its values. Both have a column that is 1 where
    the field is missing.

    Args:
        rows: The fields of every case; a field that is not there is missing.
        known: Numbers of the cases that levels, means and spreads are taken from: those a classifier is fitted on.

    Returns:
        Shape (cases, columns). A value that none of the known cases has is all 0.

    Example:
        >>> matrix, fields = design_matrix([{"age": 30.0, "sex": "f"}, {"age": 50.0}, {"sex": "m"}], np.arange(2))
        >>> fields
        ('age', 'age', 'age', 'sex', 'sex')
        >>> matrix.tolist()
        [[-1.0, 1.0, 0.0, 0.0, 1.0], [1.0, 1.0, 0.0, 1.0, 0.0], [0.0, 0.0, 1.0, 0.0, 0.0]]
    """
    columns: list[Floats] = []
    fields: list[str] = []
    for name in sorted({name for row in rows for name in row}):
        values = [row.get(name) for row in rows]
        numeric = all(value is None or isinstance(value, float) for value in values)
        new = _numbers(values, known) if numeric else _levels(values, known)
        columns += new
        fields += [name] * len(new)
    matrix = np.stack(columns, axis=1) if columns else np.zeros((len(rows), 0))
    return matrix, tuple(fields)


def _numbers(values: Sequence[Value | None], known: Ints) -> list[Floats]:
    given = np.array([math.nan if value is None else float(value) for value in values])
    fitted = given[known][~np.isnan(given[known])]
    spread = float(fitted.std()) if fitted.size else 0.0
    standard = (given - (fitted.mean() if fitted.size else 0.0)) / (spread or 1.0)
    missing = np.isnan(given)
    plain = np.where(missing, 0.0, standard)
    return [plain, plain**2, missing.astype(np.float64)]


def _levels(values: Sequence[Value | None], known: Ints) -> list[Floats]:
    texts = [None if value is None else str(value) for value in values]
    seen = {texts[k] for k in known}
    levels = [None, *sorted(text for text in seen if text is not None)]
    return [np.array([text == level for text in texts], dtype=np.float64) for level in levels if level in seen]
