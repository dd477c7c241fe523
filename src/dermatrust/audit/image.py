"""The image audit: whether a rater without a reference looks at the photographs at all.

The same narratives are rated with the true photographs, with blank ones, with another patient's and with spoilt ones.
Whoever looks must lower the scores of a good narrative when its photographs are taken away.
"""

import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from PIL import Image

from dermatrust.atlas.degrade import DEGRADATIONS, Degradation, Severity, degrade
from dermatrust.audit.shifts import Shifts, mean_scores, shifts_of
from dermatrust.audit.variants import (
    Picture,
    Plan,
    Rated,
    Variant,
    check_same_audit,
    patient_of,
    rate_variants,
    strangers,
    write_variants,
)
from dermatrust.bench.asking import Pace
from dermatrust.bench.play import Bench
from dermatrust.bench.results import Estimate, Measure
from dermatrust.bench.run import check_models
from dermatrust.errors import DataError, ModelError
from dermatrust.records import Case, DatasetCard, Narrative
from dermatrust.store.lock import only_writer
from dermatrust.store.run import RunFolder

PICTURES = "pictures"
"""The folder of the variants, in the run folder."""
AUTHOR = "audit/image"
TRUE, BLANK, SWAPPED = "true", "blank", "swapped"
_GREY = (128, 128, 128)
Change = Callable[[Image.Image], Image.Image]


@dataclass(frozen=True, slots=True)
class ImageRow:
    """What one change of the photographs did to one rater's scores; a fall is a shift below 0."""

    rater: str
    condition: str
    shifts: Shifts


@dataclass(frozen=True, slots=True)
class ImageAudit:
    """What is left of raters' scores without the right photographs.

    Attributes:
        card: Of the dataset.
        texts: What was rated: "references" or "narratives".
        n_narratives: How many of these.
        n_patients: Patients of these, a case without a recorded one counted as one.
        rows: By rater, then condition.
        true: Rater to its scores with the true photographs.
        failures: Asks that brought no reply.
    """

    card: DatasetCard
    texts: str
    n_narratives: int
    n_patients: int
    rows: tuple[ImageRow, ...]
    true: dict[str, dict[Measure, Estimate]]
    failures: Counter[str]

    @property
    def n_missing(self) -> int:
        """Pairs of ratings that lack a score."""
        return sum(row.shifts.n_missing for row in self.rows)

    def is_looking(self, rater: str) -> bool | None:
        """Return whether a rater's macro mean falls, beyond chance, with blank and with swapped photographs.

        None where too little was rated to say.
        """
        falls = [row.shifts.macro for row in self.rows if row.rater == rater and row.condition in (BLANK, SWAPPED)]
        if not falls or not all(fall.has_interval for fall in falls):
            return None
        return all(fall.high < 0 for fall in falls)


def audit_images(
    bench: Bench, run: RunFolder, pace: Pace, *, severities: Sequence[Severity] = (3,), seed: int = 0
) -> ImageAudit:
    """Rate the same texts with true, blank, swapped and spoilt photographs, and return by how much the scores fall.

    The texts are the dataset's references, which describe their photographs well, or its narratives where it has none.
    What is rated lies in an ordinary dataset folder in the run folder. The same call again asks for what is missing.

    Args:
        bench: The dataset and its evaluators.
        run: Where everything is kept.
        pace: How fast to ask.
        severities: Of the degradations.
        seed: Of what chance decides in a degradation, and of the resampled patients.

    Raises:
        DataError: No case has both a text and a photograph, one cannot be read, or the run folder holds another audit.
        ModelError: A rater looks at no photographs, none was named, or as `run_bench`.
    """
    check_lookers(bench)
    check_models(bench)
    cases, texts, kind = _texts(bench)
    plan = plan_pictures(bench, cases, texts, severities, seed)
    with only_writer(run.path):
        check_same_audit(run, bench, [plan])
        write_variants(run.path / PICTURES, bench.dataset, plan, name="pictures")
    rated, failures = rate_variants(run.path / PICTURES, bench, run, pace)
    return ImageAudit(
        card=bench.dataset.card,
        texts=kind,
        n_narratives=len(texts),
        n_patients=len({patient_of(cases[text.case_id]) for text in texts}),
        rows=tuple(row for one in rated for row in _rows(one, plan.variants, seed)),
        true={one.rater: _true(one, plan.variants, seed) for one in rated},
        failures=failures,
    )


def check_lookers(bench: Bench) -> None:
    """Refuse raters that look at no photographs.

    Raises:
        ModelError: There is one, or there is no rater.
    """
    expected = "nano/evaluator, onnx:FOLDER, hf:PATH or a server"
    for judge in bench.judges:
        raise ModelError(judge.name, "is a judge: it reads a reference and looks at no photograph", expected)
    for evaluator in bench.evaluators:
        if not evaluator.client.needs_images:
            raise ModelError(evaluator.name, "looks at no photograph, so none can be taken away from it", expected)
    if not bench.evaluators:
        raise ModelError("the audit", "has no rater", "an evaluator with -m")


def _texts(bench: Bench) -> tuple[dict[str, Case], list[Narrative], str]:
    cases = {case.id: case for case in bench.cases() if case.file_names}
    for kind, found in (
        ("references", bench.dataset.iter_references()),
        ("narratives", bench.dataset.iter_narratives()),
    ):
        texts = [text for text in found if text.case_id in cases and text.text.strip() and text.stream != "label"]
        if texts:
            return cases, texts, kind
    raise DataError(str(bench.dataset.path), "has no case with a photograph and a text", "references or narratives")


def plan_pictures(
    bench: Bench, cases: dict[str, Case], texts: Sequence[Narrative], severities: Sequence[Severity], seed: int
) -> Plan:
    """Return every text under its case with the true photographs and with every change of them."""
    held = {text.case_id: cases[text.case_id] for text in texts}
    others = {case.id: cases[other.case_id] for case, other in strangers(list(held.values()), texts)}
    changed: dict[str, Case] = {}
    pictures: list[Picture] = []
    narratives: dict[str, Narrative] = {}
    variants: list[Variant] = []
    for text in texts:
        case, plain_id = cases[text.case_id], ""
        for condition, spoilt in _conditions(severities):
            ident = f"{case.id}~{condition}"
            if ident not in changed:
                shown = others[case.id] if condition == SWAPPED else case
                names = tuple(f"images/{len(changed):05d}-{k}.jpg" for k in range(len(shown.file_names)))
                for name, file_name in zip(names, shown.file_names, strict=True):
                    change = _blank if condition == BLANK else _spoiling(spoilt, file_name, seed)
                    pictures.append(Picture(name, bench.dataset.image_path(file_name), change))
                update = {"id": ident, "file_names": names, "patient_id": patient_of(case)}
                changed[ident] = case.model_copy(update=update)
            narrative = Narrative.candidate(case_id=ident, author=AUTHOR, text=text.text)
            plain_id = plain_id or narrative.id
            if narrative.id not in narratives:  # two models may have written the same
                narratives[narrative.id] = narrative
                variants.append(_variant(narrative, plain_id, case, condition))
    return Plan(list(changed.values()), list(narratives.values()), variants, (), pictures)


def _conditions(severities: Sequence[Severity]) -> Iterator[tuple[str, tuple[Degradation, Severity] | None]]:
    """Yield every condition, and what spoils its photographs; the true ones come first."""
    for condition in (TRUE, BLANK, SWAPPED):
        yield condition, None
    for severity in severities:
        for kind in DEGRADATIONS:
            yield f"{kind} {severity}", (kind, severity)


def _variant(narrative: Narrative, plain_id: str, case: Case, condition: str) -> Variant:
    return Variant(
        narrative_id=narrative.id, plain_id=plain_id, patient=patient_of(case), kind=condition, name=condition
    )


def _spoiling(how: tuple[Degradation, Severity] | None, file_name: str, seed: int) -> Change | None:
    """Return what spoils one photograph, if anything does; what chance decides differs between photographs."""
    if how is None:
        return None
    own = zlib.crc32(f"{seed} {file_name}".encode())
    return partial(_spoilt, kind=how[0], severity=how[1], seed=own)


def _blank(picture: Image.Image) -> Image.Image:
    return Image.new("RGB", picture.size, _GREY)


def _spoilt(picture: Image.Image, *, kind: Degradation, severity: Severity, seed: int) -> Image.Image:
    return Image.fromarray(degrade(np.asarray(picture.convert("RGB")), kind, severity, seed))


def _rows(rated: Rated, variants: Sequence[Variant], seed: int) -> Iterator[ImageRow]:
    places = {variant.narrative_id: k for k, variant in enumerate(variants)}
    for condition in dict.fromkeys(variant.kind for variant in variants if variant.kind != TRUE):
        chosen = [k for k, variant in enumerate(variants) if variant.kind == condition]
        plain = [places[variants[k].plain_id] for k in chosen]
        patients = [variants[k].patient for k in chosen]
        found = shifts_of(rated.scores[plain], rated.scores[chosen], patients, rated.is_flagged[chosen], seed=seed)
        yield ImageRow(rated.rater, condition, found)


def _true(rated: Rated, variants: Sequence[Variant], seed: int) -> dict[Measure, Estimate]:
    chosen = [k for k, variant in enumerate(variants) if variant.kind == TRUE]
    return mean_scores(rated.scores[chosen], [variants[k].patient for k in chosen], seed=seed)
