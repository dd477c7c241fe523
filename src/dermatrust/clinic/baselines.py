"""Baselines that look at no photograph: the most frequent diagnosis, and classifiers of the clinical context alone.

What a model is worth begins where these end. Each is fitted on other patients than those it is asked about.
"""

import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dermatrust.agreement.clusters import Floats, Ints
from dermatrust.clinic.context_features import Value, design_matrix, field_values
from dermatrust.clinic.truth import label_of
from dermatrust.errors import DataError, ModelError
from dermatrust.records import Case

FREQUENT = "baseline/most-frequent"
CONTEXT = "baseline/context"
EMPTY_FIELDS = "baseline/empty-fields"
"""Knows which fields are empty, and nothing of what the others say."""
BASELINES = (FREQUENT, CONTEXT, EMPTY_FIELDS)
N_FOLDS = 5
_STRENGTH = 1.0
_MOST_STEPS = 2_000


@dataclass(frozen=True)
class Predictions:
    """What one baseline says of every case, each said without having seen a case of that patient.

    Attributes:
        name: Of the baseline.
        cases: Those with a label, in the order of the dataset.
        labels: Distinct labels, sorted.
        truth: Number of each case's label, shape (cases,).
        chances: Chance of every label, shape (cases, labels); rows add up to 1.
    """

    name: str
    cases: tuple[Case, ...]
    labels: tuple[str, ...]
    truth: Ints
    chances: Floats

    @property
    def said(self) -> Ints:
        """Number of the label it gives first, shape (cases,)."""
        said: Ints = self.chances.argmax(axis=1)
        return said


def predict(
    name: str, cases: Sequence[Case], *, seed: int = 0, n_folds: int = N_FOLDS,
    without: Sequence[str] = (), only: Sequence[str] = (),
) -> Predictions:  # fmt: skip
    """Return what a baseline says of every labelled case, by cross-validation in which no patient is in two folds.

    "baseline/most-frequent" gives the shares of the labels among the other folds. The two others are multinomial
    logistic regressions with an L2 penalty of strength 1 on `design_matrix`. Every label weighs the same in them,
    however many cases it has (scikit-learn's `class_weight="balanced"`), as balanced accuracy weighs it: their accuracy
    can be below that of the most frequent label.

    Args:
        name: One of `BASELINES`.
        cases: Those without a label are left out.
        seed: Of the folds. The same cases and seed give the same predictions.
        n_folds: At least 2.
        without: Fields, named as by `known_fields`, that it may not use.
        only: The only fields that it may use, where any are given.

    Raises:
        ModelError: There is no such baseline, or scikit-learn (the extra `clinic`) is not installed.
        DataError: There are fewer than two labels, fewer patients than folds, or no field is left to use.

    Reference:
        Hastie, Tibshirani & Friedman (2009), The Elements of Statistical Learning, sections 4.4 and 7.10,
        https://doi.org/10.1007/978-0-387-84858-7.
    """
    if name not in BASELINES:
        raise ModelError(name, "is no baseline", f"one of {', '.join(BASELINES)}")
    kept = tuple(case for case in cases if label_of(case) is not None)
    given = [str(label_of(case)) for case in kept]
    labels = tuple(sorted(set(given)))
    if len(labels) < 2:
        raise DataError("the cases", f"have {len(labels)} label", "at least two different ones")
    truth: Ints = np.array([labels.index(label) for label in given], dtype=np.int64)
    rows = [] if name == FREQUENT else _rows(kept, name, frozenset(without), frozenset(only))
    chances = np.zeros((len(kept), len(labels)))
    for fitted, asked in patient_folds(kept, truth, seed=seed, n_folds=n_folds):
        counts = np.bincount(truth[fitted], minlength=len(labels))
        if name == FREQUENT:
            chances[asked] = counts / counts.sum()
            continue
        matrix, _ = design_matrix(rows, fitted)
        chances[np.ix_(asked, np.flatnonzero(counts))] = _fitted(matrix[fitted], truth[fitted])(matrix[asked])
    return Predictions(name, kept, labels, truth, chances)


def _rows(cases: Sequence[Case], name: str, without: frozenset[str], only: frozenset[str]) -> list[dict[str, Value]]:
    rows = [field_values(case.context) for case in cases]
    known = {field for row in rows for field in row}
    for field in (*sorted(without), *sorted(only)):
        if field not in known:
            expected = f"one of {', '.join(sorted(known))}"
            raise DataError("the cases", f"have no field {field!r} in their context", expected)
    used = sorted((only or known) - without)
    if not used:
        raise DataError("the cases", "have no context that a baseline could use", "age, sex, site, symptoms or history")
    if name == EMPTY_FIELDS:
        return [{field: "known" for field in used if field in row} for row in rows]
    return [{field: row[field] for field in used if field in row} for row in rows]


def patient_folds(
    cases: Sequence[Case], truth: Ints, *, seed: int, n_folds: int
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Yield (cases to fit on, cases to ask about) so that labels are spread evenly and no patient is in both.

    A case without a recorded patient is a patient of its own.

    Raises:
        ModelError: scikit-learn is not installed.
        DataError: There are fewer patients than folds.
    """
    patients = [case.patient_id or f"case {case.id}" for case in cases]
    if n_folds < 2 or len(set(patients)) < n_folds:
        raise DataError("the cases", f"are of {len(set(patients))} patients", f"at least {max(2, n_folds)}, one a fold")
    _check_installed()
    from sklearn.model_selection import StratifiedGroupKFold

    if np.bincount(truth).max() < n_folds:
        raise DataError(
            "the cases",
            f"hold no label with {n_folds} cases",
            "a label with a case for each fold",
            "Give fewer --folds.",
        )
    folds = StratifiedGroupKFold(n_splits=n_folds, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The least populated class")  # a rare label is in some folds only
        yield from list(folds.split(np.zeros(len(cases)), truth, patients))


def _fitted(matrix: Floats, truth: Ints) -> Callable[[Floats], Floats]:
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    # One thread: several that wait for each other on busy cores took twenty times as long.
    with threadpool_limits(limits=1), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The number of unique classes")  # they are labels, however few cases
        model = LogisticRegression(C=_STRENGTH, max_iter=_MOST_STEPS, class_weight="balanced").fit(matrix, truth)

    def chances(asked: Floats) -> Floats:
        found: Floats = model.predict_proba(asked) if len(asked) else np.zeros((0, len(model.classes_)))
        return found

    return chances


def _check_installed() -> None:
    try:
        import sklearn  # noqa: F401
    except ImportError:
        do = "pip install 'dermatrust[clinic]'"
        raise ModelError("clinic baseline", "scikit-learn is not installed", do=do) from None


def commonest_emptiness(cases: Sequence[Case]) -> NDArray[np.bool_]:
    """Return which cases have the commonest set of empty fields: among these, emptiness tells nothing.

    Example:
        >>> from dermatrust.records import ClinicalContext
        >>> contexts = [ClinicalContext(age=40), ClinicalContext(age=50), ClinicalContext()]
        >>> commonest_emptiness([Case(id=str(k), context=one) for k, one in enumerate(contexts)]).tolist()
        [True, True, False]
    """
    patterns = [tuple(sorted(field_values(case.context))) for case in cases]
    commonest = Counter(patterns).most_common(1)[0][0] if patterns else ()
    return np.array([pattern == commonest for pattern in patterns], dtype=np.bool_)
