"""How soon somebody must act on a case: what its source says, or else what the lexicon says of its diagnosis."""

import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from dermatrust.clinic.urgency_words import URGENCIES
from dermatrust.lexicon import Diagnosis, Lexicon, load_lexicon
from dermatrust.lexicon.nearest import nearest_diagnoses
from dermatrust.records import Case, Urgency

Origin = Literal["case", "label", "differential", "none"]
"""Where a level comes from; "none" where nothing tells it."""
_MOST_SHOWN = 10
EMERGENT_SEEDS = (
    "Stevens-Johnson syndrome", "toxic epidermal necrolysis", "DRESS syndrome",
    "acute generalized exanthematous pustulosis", "erythroderma", "necrotizing fasciitis", "pemphigus",
    "pemphigus vulgaris", "bullous pemphigoid", "angioedema", "staphylococcal scalded skin syndrome", "meningococcemia",
    "purpura fulminans", "eczema herpeticum", "severe cellulitis",
)  # fmt: skip
"""Diseases that must be emergent in any table of levels: the ones that dermatology textbooks treat as emergencies
(Bolognia, Schaffer & Cerroni 2018, Dermatology, 4th ed., ISBN 978-0702062759). They need clinician sign-off too."""


@dataclass(frozen=True, slots=True)
class TrueUrgency:
    """The level that an answer is held to.

    Attributes:
        level: The level; None where it is not known.
        origin: Where it comes from.
        needs_sign_off: Whether it rests on a row of the lexicon that no clinician has put a name to yet.
        unknown: The diagnosis that the lexicon does not know, where that is why there is no level.
    """

    level: Urgency | None
    origin: Origin
    needs_sign_off: bool = False
    unknown: str | None = None


def true_urgency(case: Case, lexicon: Lexicon | None = None) -> TrueUrgency:
    """Return the level of a case.

    The case's own `urgency` decides. Without one, or where an importer took it from the lexicon
    (`urgency_from_lexicon`), the label does, as the lexicon's table of diagnoses says, and without a label the
    weightiest diagnosis of the differential; of several as weighty the most pressing. A diagnosis that the lexicon does
    not know leaves the level open: no less likely one is taken in its place.

    Args:
        case: The case.
        lexicon: The packaged one if not given.

    Example:
        >>> true_urgency(Case(id="a", label="SJS")).level, true_urgency(Case(id="b", urgency="routine")).origin
        ('emergent', 'case')
        >>> true_urgency(Case(id="c", label="grumbling leg"))
        TrueUrgency(level=None, origin='label', needs_sign_off=False, unknown='grumbling leg')
    """
    if case.urgency is not None and not case.urgency_from_lexicon:
        return TrueUrgency(case.urgency, "case")
    if case.label is not None:
        return _of_names((case.label,), "label", lexicon or load_lexicon())
    if not case.differential:
        return TrueUrgency(None, "none")
    most = max(item.weight for item in case.differential)
    names = tuple(item.diagnosis for item in case.differential if item.weight == most)
    return _of_names(names, "differential", lexicon or load_lexicon())


def level_rows(lexicon: Lexicon | None = None) -> Iterator[tuple[str, Diagnosis, str]]:
    """Yield (level, diagnosis, status of the sign-off), most pressing first, as a clinician would review them.

    Example:
        >>> [(level, found.name) for level, found, status in level_rows() if found.name == "melanoma"]
        [('urgent', 'melanoma')]
    """
    lexicon = lexicon or load_lexicon()
    for level in URGENCIES:
        for diagnosis in lexicon.diagnoses.values():
            if diagnosis.urgency == level:
                unsigned = lexicon.needs_sign_off(diagnosis)
                yield level, diagnosis, "needs clinician sign-off" if unsigned else "signed off"


def levels_csv(lexicon: Lexicon | None = None) -> str:
    """Return `level_rows` as CSV (RFC 4180) with a header line: level, diagnosis, synonyms, status, source."""
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(["level", "diagnosis", "synonyms", "status", "source"])
    for level, found, status in level_rows(lexicon):
        writer.writerow([level, found.name, "|".join(found.synonyms), status, found.source])
    return file.getvalue()


def unknown_levels(cases: Sequence[Case], lexicon: Lexicon | None = None) -> str:
    """Return one line that names the diagnoses for want of which cases have no level; "" where there are none.

    Example:
        >>> unknown_levels([Case(id="a", label="psoriassis"), Case(id="b", label="acne")]).split("): ")[0]
        "no level is known of 'psoriassis' (1 case; nearest: psoriasis"
    """
    lexicon = lexicon or load_lexicon()
    found = Counter(name for case in cases if (name := true_urgency(case, lexicon).unknown) is not None)
    if not found:
        return ""
    shown = []
    for name, n in found.most_common(_MOST_SHOWN):
        near = nearest_diagnoses(name, n=1, lexicon=lexicon)
        shown.append(f"{name!r} ({n} case{'s' * (n > 1)}{f'; nearest: {near[0]}' if near else ''})")
    more = f" and {len(found) - _MOST_SHOWN} more" if len(found) > _MOST_SHOWN else ""
    return f"no level is known of {', '.join(shown)}{more}: give the cases an urgency, or extend the lexicon."


@lru_cache(maxsize=1 << 14)
def _of_names(names: tuple[str, ...], origin: Origin, lexicon: Lexicon) -> TrueUrgency:
    found = [(name, lexicon.diagnosis(name)) for name in names]
    unknown = next((name for name, diagnosis in found if diagnosis is None), None)
    if unknown is not None:
        return TrueUrgency(None, origin, unknown=unknown)
    known = [diagnosis for _, diagnosis in found if diagnosis is not None]
    chosen = min(known, key=lambda diagnosis: URGENCIES.index(diagnosis.urgency))
    return TrueUrgency(chosen.urgency, origin, lexicon.needs_sign_off(chosen))
