"""What a run's cases are made of, to say what besides the model makes two datasets unlike."""

from collections import Counter
from collections.abc import Iterable

from dermatrust.bench.results import NOT_RECORDED
from dermatrust.clinic.answer_grid import AnswerGrid
from dermatrust.clinic.gap_results import Makeup
from dermatrust.clinic.ladder import known_diagnosis
from dermatrust.lexicon import load_lexicon
from dermatrust.lexicon.forms import normalised
from dermatrust.records import SKIN_GROUPS, Manifest

_URGENCIES = ("emergent", "urgent", "routine")
_N_COMMONEST = 3


def makeup(manifest: Manifest, grid: AnswerGrid) -> Makeup:
    """Return what the cases of one run are made of."""
    rows, answers = grid.first_rows, grid.answers
    diseases = Counter(name for name in disease_names(grid) if name is not None)
    lexicon = load_lexicon()
    labels = [answers.label[row] for row in rows]
    without = sum(answers.patient_id[row] is None for row in rows)
    urgencies = [answers.true_urgency[row] for row in rows]
    return Makeup(
        run_id=manifest.run_id,
        card=manifest.dataset,
        n_cases=grid.n_cases,
        n_patients=grid.n_clusters - without,
        n_cases_without_patient=without,
        n_diagnoses=len(diseases),
        n_unknown=sum(label is None or known_diagnosis(label, lexicon) is None for label in labels),
        commonest=tuple(diseases.most_common(_N_COMMONEST)),
        skin_groups=_counts([answers.skin_group[row] for row in rows], SKIN_GROUPS),
        urgencies=_counts(urgencies, _URGENCIES) if any(urgencies) else {},
        code_version=manifest.code_version,
    )


def disease_names(grid: AnswerGrid) -> list[str | None]:
    """Return each case's disease under one name: the lexicon's where it knows the label, else the label's own words."""
    lexicon = load_lexicon()
    names: list[str | None] = []
    for row in grid.first_rows:
        label = grid.answers.label[row]
        known = known_diagnosis(label, lexicon) if label is not None else None
        names.append(known.name if known else (normalised(label) or None) if label is not None else None)
    return names


def _counts(levels: Iterable[str | None], known: tuple[str, ...]) -> dict[str, int]:
    """Return how many cases have each level, all levels in order, those without one last."""
    counted = Counter(level if level is not None else NOT_RECORDED for level in levels)
    return {name: counted[name] for name in (*known, NOT_RECORDED)}
