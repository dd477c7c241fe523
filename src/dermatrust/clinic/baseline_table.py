"""What baselines are worth: balanced accuracy and its like with intervals over patients, and published figures."""

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from dermatrust.agreement.interval import Estimate, estimates
from dermatrust.agreement.recall import class_recall, mean_recall, recall_terms
from dermatrust.agreement.roc_resampling import clustered_roc
from dermatrust.agreement.statistic import Statistic
from dermatrust.clinic.arms import CONTEXT_ONLY
from dermatrust.clinic.baselines import Predictions
from dermatrust.clinic.image_arms import NO_IMAGES
from dermatrust.clinic.unvaried import mean_with_width, with_width
from dermatrust.lexicon import load_lexicon

N_RESAMPLES = 2_000
_DECIMALS = 6
_HALVES = class_recall(0, 2), class_recall(1, 2)
_BOTH = Statistic(recall_terms(2), lambda sums: (_HALVES[0].value(sums) + _HALVES[1].value(sums)) / 2)
"""Mean of sensitivity and specificity: without cases of both kinds there is none, in a resample neither."""


@dataclass(frozen=True, slots=True)
class BaselineRow:
    """One baseline on some cases.

    Attributes:
        name: Of the baseline.
        about: Which cases: "all", or what they have in common.
        balanced_accuracy: Mean over the labels of the share of their cases that are got right.
        accuracy: Share of cases that are got right.
        recall: Label to the share of its cases that are got right; `n` and `n_clusters` are the label's own.
        malignancy: Area under the ROC curve of the summed chances of malignant labels; NaN where all or none are.
        malignancy_balanced: Mean of sensitivity and specificity of "the label given first is malignant".
    """

    name: str
    about: str
    balanced_accuracy: Estimate
    accuracy: Estimate
    recall: dict[str, Estimate]
    malignancy: Estimate
    malignancy_balanced: Estimate


@dataclass(frozen=True, slots=True)
class Published:
    """A figure from the literature, on other cases than yours: for orientation, never for a comparison.

    Attributes:
        who: Whose.
        what: Of what.
        value: As printed.
        source: Where it stands.
    """

    who: str
    what: str
    value: str
    source: str


_DENG = "Deng et al. (2025), Dermatology 242(2):225-234, https://doi.org/10.1159/000550153"
_GPT_4O = "GPT-4o, 1,000 random cases of PAD-UFES-20"
PUBLISHED = (
    Published(_GPT_4O, "malignant or not, balanced accuracy, clinical data only", "0.571", _DENG),
    Published(_GPT_4O, "malignant or not, balanced accuracy, photograph only", "0.602", _DENG),
    Published(_GPT_4O, "malignant or not, balanced accuracy, both", "0.622", _DENG),
)
"""All are about two classes: set them beside the columns for malignancy, never beside those for the diagnosis."""


def baseline_row(
    predictions: Predictions, *, chosen: NDArray[np.bool_] | None = None, about: str = "all", seed: int = 0,
    n_resamples: int = N_RESAMPLES, confidence: float = 0.95,
) -> BaselineRow:  # fmt: skip
    """Return a baseline's figures with percentile intervals from resampled patients.

    Args:
        predictions: Of the baseline.
        chosen: Which cases count, shape (cases,); all where none are given.
        about: What to call these cases.
        seed: Of the resampling.
        n_resamples: How many resamples.
        confidence: Nominal coverage.

    Returns:
        A label without a chosen case has an undefined recall, and does not count in the balanced accuracy.
    """
    kept = np.ones(len(predictions.cases), dtype=np.bool_) if chosen is None else chosen
    truth, k = predictions.truth[kept].astype(np.float64), len(predictions.labels)
    right = (predictions.said == predictions.truth)[kept].astype(np.float64)
    patients = np.array([case.patient_id or f"case {case.id}" for case in predictions.cases])[kept]
    table = np.stack([truth, right])
    malignant = malignant_labels(predictions.labels)
    is_cancer, called = malignant[predictions.truth[kept]], malignant[predictions.said[kept]]
    seen = np.where(np.isnan(is_cancer + called), np.nan, is_cancer == called)
    asked: list[tuple[Statistic, NDArray[np.float64]]] = [
        (mean_recall(k), table),
        (mean_recall(1), np.stack([np.zeros_like(right), right])),
        (_BOTH, np.stack([is_cancer, seen])),
        *((class_recall(number, k), table) for number in range(k)),
    ]
    found = estimates(asked, patients, rng=np.random.default_rng(seed), n_resamples=n_resamples, confidence=confidence)
    area = clustered_roc(
        is_cancer, predictions.chances[kept][:, malignant == 1].sum(axis=1), patients,
        rng=np.random.default_rng(seed), n_resamples=n_resamples, confidence=confidence,
    ).area  # fmt: skip
    recall = {
        label: _of_label(estimate, patients[truth == number], confidence)
        for number, (label, estimate) in enumerate(zip(predictions.labels, found[3:], strict=True))
    }
    balanced = mean_with_width(
        found[0], [one.value for one in recall.values()], [one.n_clusters for one in recall.values()], confidence
    )
    kinds = [np.unique(patients[is_cancer == kind]).size for kind in (0, 1)]
    halves = [half(np.stack([is_cancer, seen])) for half in _HALVES]
    both = found[2] if min(kinds) > 1 else replace(found[2], low=math.nan, high=math.nan)
    both = mean_with_width(both, halves, kinds, confidence)
    area = with_width(area, n_patients=min(kinds), confidence=confidence)
    accuracy = with_width(found[1], confidence=confidence)
    return BaselineRow(predictions.name, about, balanced, accuracy, recall, area, both)


def _of_label(found: Estimate, patients: NDArray[np.str_], confidence: float) -> Estimate:
    """Return a label's recall with the numbers of its own cases and patients; of one patient it has no interval."""
    own = replace(found, n=patients.size, n_clusters=np.unique(patients).size)
    if own.n_clusters < 2:
        return replace(own, low=math.nan, high=math.nan)
    return with_width(own, confidence=confidence)


def malignant_labels(labels: Sequence[str]) -> NDArray[np.float64]:
    """Return for each label 1 where the lexicon says that it is a cancer, 0 where not, NaN where it does not know it.

    Example:
        >>> malignant_labels(["BCC", "NEV", "qwertz"]).tolist()
        [1.0, 0.0, nan]
    """
    known = (load_lexicon().diagnosis(label) for label in labels)
    return np.array([math.nan if one is None else float(one.malignant) for one in known])


def recorded_replies(predictions: Predictions, *, longest: int = 5) -> Iterator[dict[str, str]]:
    """Yield the predictions as lines of recorded outputs, so that a baseline can stand beside models.

    They answer the arm "context only", in which no photograph is shown: `-m replay:FILE#NAME --context context-only`.
    Each is the JSON that our prompt asks for: at most `longest` labels, the likeliest first, with their chances. A
    label is written under the lexicon's name where it has one.
    """
    lexicon = load_lexicon()
    names = [known.name if (known := lexicon.diagnosis(label)) else label for label in predictions.labels]
    for case, chances in zip(predictions.cases, predictions.chances, strict=True):
        order = np.argsort(-chances, kind="stable")[:longest]
        said = [{"name": names[k], "confidence": round(float(chances[k]), _DECIMALS)} for k in order if chances[k] > 0]
        text = json.dumps({"diagnoses": said, "cannot_tell": False}, ensure_ascii=False)
        arms = {"arm": CONTEXT_ONLY, "image_arm": NO_IMAGES.name}
        yield {"case_id": case.id, "author": predictions.name} | arms | {"text": text}
