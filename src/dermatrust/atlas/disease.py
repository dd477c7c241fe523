"""The diseases the atlas draws: one row each in `tables/diseases.csv`, checked against the lexicon when read."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from dermatrust.atlas.vocabulary import (
    BORDERS,
    COLOURS,
    COUNTS,
    DISTRIBUTIONS,
    FEATURES,
    PRIMARIES,
    SHAPES,
    SITES,
    SURFACES,
    SYMPTOMS,
)
from dermatrust.errors import DataError
from dermatrust.lexicon import Diagnosis, load_lexicon
from dermatrust.lexicon.rows import Row, read_table

TABLE = Path(__file__).parent / "tables" / "diseases.csv"

Weights = tuple[tuple[str, float], ...]
"""Value to weight: a distribution if only one value holds, independent chances if several may."""

_CHOICES = {
    "sites": SITES, "primary": PRIMARIES, "shape": SHAPES, "colour_light": COLOURS, "colour_dark": COLOURS,
    "border": BORDERS, "surface": SURFACES, "count": COUNTS, "distribution": DISTRIBUTIONS,
}  # fmt: skip
_CHANCES = {"features": FEATURES, "symptoms": SYMPTOMS}

SIZE_OF_PRIMARY: dict[str, tuple[float, float]] = {
    "Macule": (1.0, 9.9), "Patch": (10.0, 300.0), "Papule": (1.0, 9.9), "Plaque": (10.0, 300.0),
    "Nodule": (10.0, 100.0), "Vesicle": (1.0, 9.9), "Bulla": (10.0, 300.0), "Pustule": (1.0, 9.9),
    "Wheal": (1.0, 300.0), "Ulcer": (1.0, 300.0), "Comedo": (1.0, 5.0),
}  # fmt: skip
"""Smallest and largest diameter, mm, with which a primary lesion still bears its name. The bound of 10 mm is that of
the ILDS glossary, Nast et al. 2016, https://doi.org/10.1111/bjd.14419; the outer bounds are ours. Other definitions:
DermNet, Terminology, https://dermnetnz.org/topics/terminology."""
_COLUMNS = (
    "id", *_CHOICES, *_CHANCES, "size_mm", "age", "female", "red_flags", "differential", "source",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Disease:
    """How one disease looks and whom it strikes. Weights of choices add up to 1; chances stand for themselves.

    Attributes:
        diagnosis: Its row in the lexicon, which has category, family, urgency and names.
        choices: Column ("sites", "primary", "shape", "colour_light", "colour_dark", "border", "surface", "count",
            "distribution") to the weights of its values.
        features: Chance of each secondary finding.
        symptoms: Chance of each symptom.
        red_flags: Chance of each warning sign, by its name in the lexicon.
        size_mm: Smallest and largest usual diameter of a lesion, mm.
        age: Youngest and oldest usual age, years.
        female: Share of women, 0-1.
        differential: Lexicon ids of what it is usually weighed against, with weights.
        source: Where a reviewer can check the row.
    """

    diagnosis: Diagnosis
    choices: dict[str, Weights]
    features: Weights
    symptoms: Weights
    red_flags: Weights
    size_mm: tuple[float, float]
    age: tuple[int, int]
    female: float
    differential: Weights
    source: str


@lru_cache(maxsize=4)
def load_diseases(path: Path = TABLE) -> tuple[Disease, ...]:
    """Return the diseases in the order of their table, read once.

    Raises:
        DataError: The table is missing, or a value in it is not a word of the atlas or the lexicon.

    Example:
        >>> [d.diagnosis.name for d in load_diseases() if d.diagnosis.id == "melanoma"]
        ['melanoma']
    """
    diseases = tuple(
        _disease(row) for row in read_table(path, _COLUMNS, may_be_empty=("features", "symptoms", "red_flags"))
    )
    ids = [one.diagnosis.id for one in diseases]
    if not diseases:
        raise DataError(str(path), "holds no disease", "one row per disease")
    if len(set(ids)) < len(ids):
        raise DataError(str(path), "has a disease twice", "one row per disease")
    return diseases


@lru_cache(maxsize=1)
def diseases_by_id() -> Mapping[str, Disease]:
    """Return the packaged diseases by their id in the lexicon, in the order of their table.

    Example:
        >>> diseases_by_id()["melanoma"].diagnosis.name
        'melanoma'
    """
    return {disease.diagnosis.id: disease for disease in load_diseases()}


def size_range(primary: str, size_mm: tuple[float, float]) -> tuple[float, float]:
    """Return the part of a disease's sizes that a primary lesion can have; empty (first > second) if there is none.

    Args:
        primary: One of `vocabulary.PRIMARIES`.
        size_mm: Smallest and largest usual diameter of the disease's lesions, mm.

    Example:
        >>> size_range("Papule", (4.0, 20.0)), size_range("Nodule", (4.0, 20.0))
        ((4.0, 9.9), (10.0, 20.0))

    Reference:
        Nast et al. 2016, ILDS glossary of cutaneous lesions, https://doi.org/10.1111/bjd.14419
    """
    smallest, largest = SIZE_OF_PRIMARY[primary]
    return max(smallest, size_mm[0]), min(largest, size_mm[1])


def _disease(row: Row) -> Disease:
    lexicon = load_lexicon()
    if row["id"] not in lexicon.diagnoses:
        raise DataError(row.where, f"id is {row['id']!r}", "an id of the lexicon's diagnoses.csv")
    flags = tuple(c.name for c in lexicon.concepts.values() if c.kind == "red_flag")
    youngest, oldest = _range(row, "age")
    if not (youngest.is_integer() and oldest.is_integer()):
        raise DataError(row.where, f"age is {row['age']!r}", "whole years, e.g. 5-60")
    disease = Disease(
        diagnosis=lexicon.diagnoses[row["id"]],
        choices={column: _distribution(row, column, known) for column, known in _CHOICES.items()},
        features=_chances(row, "features", FEATURES),
        symptoms=_chances(row, "symptoms", SYMPTOMS),
        red_flags=_chances(row, "red_flags", flags),
        size_mm=_range(row, "size_mm"),
        age=(int(youngest), int(oldest)),
        female=_share(row, "female"),
        differential=_distribution(row, "differential", tuple(lexicon.diagnoses)),
        source=row["source"],
    )
    _check_fit(row, disease)
    return disease


def _check_fit(row: Row, disease: Disease) -> None:
    """Refuse what each column allows alone but no patient has."""
    if disease.diagnosis.id in dict(disease.differential):
        raise DataError(row.where, f"differential holds {disease.diagnosis.id!r}", "other diseases than the row's own")
    for primary, _ in disease.choices["primary"]:
        low, high = size_range(primary, disease.size_mm)
        if low > high:
            raise DataError(
                row.where, f"size_mm is {row['size_mm']!r} for a {primary}", f"sizes in {SIZE_OF_PRIMARY[primary]} mm"
            )


def _weights(row: Row, column: str, known: tuple[str, ...]) -> Weights:
    """Read `value:weight|value:weight`; no weight is negative, infinite or no number."""
    found: dict[str, float] = {}
    for part in row.listed(column):
        name, _, weight = part.rpartition(":")
        if name not in known or name in found:
            raise DataError(
                row.where, f"{column} holds {part!r}", f"each once, as name:weight, of {', '.join(known[:30])}"
            )
        found[name] = _number(row, column, weight)
        if found[name] < 0:
            raise DataError(row.where, f"{column} holds {part!r}", "a weight of at least 0")
    return tuple(found.items())


def _chances(row: Row, column: str, known: tuple[str, ...]) -> Weights:
    chances = _weights(row, column, known)
    for name, chance in chances:
        if chance > 1:
            raise DataError(row.where, f"{column} gives {name!r} the chance {chance}", "a chance from 0 to 1")
    return chances


def _distribution(row: Row, column: str, known: tuple[str, ...]) -> Weights:
    weights = tuple((name, weight) for name, weight in _weights(row, column, known) if weight > 0)
    if not weights:
        raise DataError(row.where, f"{column} is {row[column]!r}", "at least one weight above 0")
    total = math.fsum(weight for _, weight in weights)
    return tuple((name, weight / total) for name, weight in weights)


def _share(row: Row, column: str) -> float:
    share = _number(row, column, row[column])
    if not 0 <= share <= 1:
        raise DataError(row.where, f"{column} is {row[column]!r}", "a share from 0 to 1")
    return share


def _range(row: Row, column: str) -> tuple[float, float]:
    low, _, high = row[column].partition("-")
    numbers = _number(row, column, low), _number(row, column, high)
    if numbers[0] >= numbers[1]:
        raise DataError(row.where, f"{column} is {row[column]!r}", "smallest-largest, e.g. 5-30")
    return numbers


def _number(row: Row, column: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise DataError(row.where, f"{column} holds {text!r}", "a number")
    return number
