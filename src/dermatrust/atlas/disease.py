"""The diseases the atlas draws: one row each in `tables/diseases.csv`, checked against the lexicon when read."""

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
    if len(set(ids)) < len(ids):
        raise DataError(str(path), "has a disease twice", "one row per disease")
    return diseases


def _disease(row: Row) -> Disease:
    lexicon = load_lexicon()
    if row["id"] not in lexicon.diagnoses:
        raise DataError(row.where, f"id is {row['id']!r}", "an id of the lexicon's diagnoses.csv")
    flags = tuple(c.name for c in lexicon.concepts.values() if c.kind == "red_flag")
    low, high = _range(row, "size_mm")
    youngest, oldest = _range(row, "age")
    return Disease(
        diagnosis=lexicon.diagnoses[row["id"]],
        choices={column: _distribution(_weights(row, column, known)) for column, known in _CHOICES.items()},
        features=_weights(row, "features", FEATURES),
        symptoms=_weights(row, "symptoms", SYMPTOMS),
        red_flags=_weights(row, "red_flags", flags),
        size_mm=(low, high),
        age=(int(youngest), int(oldest)),
        female=float(row["female"]),
        differential=_distribution(_weights(row, "differential", tuple(lexicon.diagnoses))),
        source=row["source"],
    )


def _weights(row: Row, column: str, known: tuple[str, ...]) -> Weights:
    """Read `value:weight|value:weight`."""
    found: dict[str, float] = {}
    for part in filter(None, row[column].split("|")):
        name, _, weight = part.rpartition(":")
        if name not in known or name in found:
            raise DataError(
                row.where, f"{column} holds {part!r}", f"each once, as name:weight, of {', '.join(known[:30])}"
            )
        try:
            found[name] = float(weight)
        except ValueError:
            raise DataError(row.where, f"{column} holds {part!r}", "name:weight") from None
    return tuple(found.items())


def _distribution(weights: Weights) -> Weights:
    total = sum(weight for _, weight in weights)
    return tuple((name, weight / total) for name, weight in weights)


def _range(row: Row, column: str) -> tuple[float, float]:
    low, _, high = row[column].partition("-")
    try:
        numbers = float(low), float(high)
    except ValueError:
        raise DataError(row.where, f"{column} is {row[column]!r}", "smallest-largest, e.g. 5-30") from None
    if not 0 <= numbers[0] < numbers[1]:
        raise DataError(row.where, f"{column} is {row[column]!r}", "smallest before largest")
    return numbers
