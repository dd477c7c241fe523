"""Into which parts cases fall: by skin type, skin tone, age, sex, site and category."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Literal

from dermatrust.bench.results import NOT_RECORDED
from dermatrust.clinic.answer_grid import AnswerGrid
from dermatrust.lexicon import load_lexicon

Factor = Literal["skin type", "skin tone", "age", "sex", "site", "category"]
_AGES = ((18, "0-17"), (40, "18-39"), (65, "40-64"), (121, "65+"))
"""Years below which a band ends: our own bands, since the cohorts that publish ages publish no common ones."""
_TONES = ((4, "Monk 1-3"), (7, "Monk 4-6"), (11, "Monk 7-10"))
"""Light, medium and dark, as in Heldreth et al. (2024), ACM J. Responsible Comput. 1(1):1-21,
https://doi.org/10.1145/3632120."""


def case_levels(grid: AnswerGrid) -> dict[Factor, list[str]]:
    """Return the level of each case in each factor; "not recorded" where the source does not say.

    The category is DermNet's, as the lexicon files the case's label.
    """
    answers, rows = grid.answers, grid.first_rows
    return {
        "skin type": _words([answers.skin_group[row] for row in rows]),
        "skin tone": [_band(float(answers.monk[row]), _TONES) for row in rows],
        "age": [_band(float(answers.age[row]), _AGES) for row in rows],
        "sex": _words([answers.sex[row] for row in rows]),
        "site": _words([answers.site[row] for row in rows]),
        "category": [_category(answers.label[row]) for row in rows],
    }


def diseases(grid: AnswerGrid) -> list[str | None]:
    """Return the disease of each case under the lexicon's name, or the source's where it knows none."""
    return [_disease(grid.answers.label[row]) for row in grid.first_rows]


def _words(values: Sequence[str | None]) -> list[str]:
    """Return texts without their case and outer spaces, skin groups as they are."""
    return [NOT_RECORDED if not value or not value.strip() else _word(value.strip()) for value in values]


def _word(value: str) -> str:
    return value if value.isupper() or value.startswith(("I-", "III-", "V-")) else value.lower()


def _band(value: float, bands: Sequence[tuple[int, str]]) -> str:
    """Return the band of a number; NaN is in none.

    Example:
        >>> _band(17.9, _AGES), _band(18, _AGES), _band(float("nan"), _AGES), _band(7, _TONES)
        ('0-17', '18-39', 'not recorded', 'Monk 7-10')
    """
    return next((name for end, name in bands if value < end), NOT_RECORDED)


@lru_cache(maxsize=1 << 14)
def _category(label: str | None) -> str:
    found = None if label is None else load_lexicon().diagnosis(label)
    return NOT_RECORDED if found is None else found.category


@lru_cache(maxsize=1 << 14)
def _disease(label: str | None) -> str | None:
    found = None if label is None else load_lexicon().diagnosis(label)
    return label if found is None else found.name
