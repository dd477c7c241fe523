"""How often the intervals of `dermatrust clinic` hold what is known of a simulated model.

    python benchmarks/clinic_recovery.py [--seeds 100] [--first 0] [--patients 300] [--resamples 2000]

Each seed draws patients of the synthetic skin atlas. A simulated model of known accuracy, use of context, anchoring,
triage errors, calibration, abstention and skin-group gap writes its replies about them; these are read, matched and
counted by the very code that reads those of any model. The interval of each figure is then held against what follows
from the model's parameters (`clinic/simulated_truth.py`). Nothing here is clinical performance.

"holds" counts the seeds whose 95 % interval holds what is known; at least 93 of 100 are wanted. "off" is the mean of
figure less truth in its own standard errors (that of the mean over seeds): beyond 3 the figure itself is biased.
"width" is the mean interval's over what the figures' own spread over the seeds asks for: well below 1 it is too narrow.
Of intervals that hold 95 of 100, chance alone puts one in eight below 93. Exits with 1 where a figure falls short.
"""

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from clinic_figures import GRID, Population, differential_further, judged, triage_further, with_differential
from clinic_parts import PartTruths
from dermatrust.agreement.calibration import expected_calibration_error
from dermatrust.agreement.interval import estimate
from dermatrust.atlas.draw import draw_facts
from dermatrust.clinic.answer import Answer
from dermatrust.clinic.answer_grid import answer_grid
from dermatrust.clinic.arms import CONTEXT_ONLY, IMAGE_AND_CONTEXT, IMAGE_ONLY, PLANTED_REFERRAL, Told
from dermatrust.clinic.differential_table import differential_result
from dermatrust.clinic.image_arms import NO_IMAGES, parse_image_arms
from dermatrust.clinic.referral import Referrals
from dermatrust.clinic.rows import answer_row
from dermatrust.clinic.simulated import SimulatedModel, strangers
from dermatrust.clinic.simulated_truth import (
    shares_of,
    true_adopted,
)
from dermatrust.clinic.study import Asked
from dermatrust.clinic.subgroup_levels import case_levels, diseases
from dermatrust.clinic.subgroups import Measured, Parts, subgroup_tables
from dermatrust.clinic.tasks import differential_task, triage_task
from dermatrust.clinic.triage_table import triage_result
from dermatrust.datasets.atlas import atlas_case
from dermatrust.records import AnswerRow, Case, ClinicalContext, DatasetCard
from dermatrust.report.percent import Interval
from dermatrust.store.answers import AnswerColumns, read_answers, write_answers

ARMS = (IMAGE_ONLY, CONTEXT_ONLY, IMAGE_AND_CONTEXT, PLANTED_REFERRAL)
DARK = "V-VI"
N_POPULATION = 6_000
WANTED = 93
NORMAL = 1.96
MODEL = SimulatedModel(
    "synthetic/known",
    accuracy={IMAGE_ONLY: (0.35, 0.5, 0.6), CONTEXT_ONLY: (0.25, 0.35, 0.45), IMAGE_AND_CONTEXT: (0.5, 0.65, 0.72),
              PLANTED_REFERRAL: (0.5, 0.65, 0.72), GRID: (0.3, 0.42, 0.5)},
    gaps={DARK: 0.12}, steadiness=0.85, together=0.3, synonyms=0.3, anchoring=0.35,
    triage={IMAGE_ONLY: (0.78, 0.7), IMAGE_AND_CONTEXT: (0.84, 0.76)}, emergent=(0.7, 0.1),
    spread=0.12, overconfidence=0.2, abstention=0.06,
)  # fmt: skip
CARD = DatasetCard(
    name="recovery", version="1", source="drawn", licence="CC0-1.0", consent="nobody", synthetic=True,
    may_leave_machine=True,
)  # fmt: skip
TASK, TRIAGE = differential_task(), triage_task()
ALL_IMAGES, ON_A_GRID = parse_image_arms(["all", GRID])


@dataclass(frozen=True)
class Held:
    """One figure of one seed: its estimate, and what is known."""

    name: str
    found: Interval
    known: float


def population() -> list[list[Case]]:
    """Return the drawn patients, each with their cases."""
    patients: dict[str, list[Case]] = {}
    for number in range(N_POPULATION):
        case = with_differential(atlas_case(draw_facts(0, "recovery", number)))
        patients.setdefault(str(case.patient_id), []).append(case)
    return list(patients.values())


def drawn(patients: Sequence[Sequence[Case]], n: int, seed: int) -> list[Case]:
    """Return the cases of patients drawn with replacement; who is drawn twice is two patients."""
    chosen = np.random.default_rng(seed).integers(len(patients), size=n)
    return [
        case.model_copy(update={"id": f"{k}-{case.id}", "patient_id": f"{k}"})
        for k, number in enumerate(chosen)
        for case in patients[number]
    ]


def answered(cases: Sequence[Case], planted: Referrals, seed: int) -> AnswerColumns:
    """Return what the model names in every arm, read and scored, by way of the file that a study writes."""
    rows = []
    nothing = Told(ClinicalContext())
    for case in cases:
        wrong = planted.planted(case)
        for arm in ARMS:
            text = MODEL.differential_reply(
                case, arm, planted=(wrong or "") if arm == PLANTED_REFERRAL else "", seed=seed
            )
            shown = NO_IMAGES if arm == CONTEXT_ONLY else ALL_IMAGES
            answer = TASK.read(Answer(case.id, MODEL.name, arm, shown.name, text=text))
            rows.append(answer_row(Asked(case, arm, shown, nothing, case, False, wrong), answer, TASK))
        text = MODEL.differential_reply(case, GRID, seed=seed)
        answer = TASK.read(Answer(case.id, MODEL.name, IMAGE_ONLY, GRID, text=text))
        rows.append(answer_row(Asked(case, IMAGE_ONLY, ON_A_GRID, nothing, case, False, wrong), answer, TASK))
    return by_file(rows)


def sorted_by_urgency(cases: Sequence[Case], seed: int) -> AnswerColumns:
    """Return how urgent the model says that the cases are, likewise, without context and with it."""
    rows = []
    nothing = Told(ClinicalContext())
    for case in cases:
        for arm in (IMAGE_ONLY, IMAGE_AND_CONTEXT):
            text = MODEL.triage_reply(case, arm, seed=seed)
            answer = TRIAGE.read(Answer(case.id, MODEL.name, arm, "all", text=text))
            rows.append(answer_row(Asked(case, arm, ALL_IMAGES, nothing, case, False, None), answer, TRIAGE))
    return by_file(rows)


def by_file(rows: Sequence[AnswerRow]) -> AnswerColumns:
    """Return rows as columns, by way of the file that a study writes."""
    with TemporaryDirectory() as folder:
        write_answers(Path(folder) / "answers.parquet", rows)
        return read_answers(Path(folder) / "answers.parquet")


class Known:
    """What is known of the model on the whole population."""

    def __init__(self, patients: Sequence[Sequence[Case]]) -> None:
        cases = [case for patient in patients for case in patient]
        self.shares = shares_of([case.skin_group for case in cases])
        self.further = Population(MODEL, cases)
        self.parts = PartTruths(MODEL, cases)
        self.strangers = float(np.mean([1 / len(strangers(case)) for case in cases]))


def differential_figures(answers: AnswerColumns, known: Known, seed: int, n: int) -> Iterator[Held]:
    """Yield the figures of the differential."""
    result = differential_result(answers, CARD, base=IMAGE_ONLY, seed=seed, n_resamples=n)
    (anchoring,) = result.anchoring
    yield Held("anchoring", anchoring.adopted_1, true_adopted(MODEL, known.shares, known.strangers))
    yield from (Held(*one) for one in known.parts.figures(result.subgroups))
    for further in (differential_further(result, known.further), judged(answers, CARD.name, known.further, seed, n)):
        yield from (Held(*one) for one in further)


def confidence_figures(answers: AnswerColumns, known: Known, seed: int, n: int) -> Iterator[Held]:
    """Yield what no page shows: the error of calibration, and the gap of skin groups taken alone."""
    here = (answers.arm == IMAGE_ONLY) & (answers.image_arm == "all")
    right = np.where(np.isnan(answers.synonym[here]), np.nan, answers.synonym[here] == 1)
    stated, patients = answers.confidence[here], np.unique(answers.patient_id[here].astype(str), return_inverse=True)[1]
    table = np.stack([stated, np.where(np.isnan(stated), np.nan, right)])
    ece = estimate(expected_calibration_error(), table, patients, rng=np.random.default_rng(seed), n_resamples=n)
    yield Held("calibration error", ece, abs(MODEL.overconfidence))
    grid = answer_grid(answers)
    measured = Measured(MODEL.name, IMAGE_ONLY, "all", "top-1", right)
    levels = {"skin type": case_levels(grid)["skin type"]}
    parts = Parts(levels, diseases(grid), grid.cluster, grid.n_clusters, seed, n)
    rows, _ = subgroup_tables([measured], parts)
    (dark,) = (row for row in rows if row.level == DARK)
    yield Held("skin-group gap", dark.difference, -(1 - MODEL.abstention) * MODEL.gaps[DARK])


def triage_figures(cases: Sequence[Case], known: Known, seed: int, n: int) -> Iterator[Held]:
    """Yield the figures of triage."""
    result = triage_result(sorted_by_urgency(cases, seed), CARD, seed=seed, n_resamples=n)
    yield from (Held(*one) for one in triage_further(result, known.further))
    yield from (Held(*one) for one in known.parts.figures(result.subgroups))


def figures_of(
    seed: int, patients: Sequence[Sequence[Case]], known: Known, referrals: Referrals, n_patients: int, n: int
) -> Iterator[Held]:
    """Yield every figure of one seed."""
    cases = drawn(patients, n_patients, seed)
    answers = answered(cases, referrals, seed)
    yield from differential_figures(answers, known, seed, n)
    yield from confidence_figures(answers, known, seed, n)
    yield from triage_figures(cases, known, seed, n)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--first", type=int, default=0, help="The first seed.")
    parser.add_argument("--patients", type=int, default=300)
    parser.add_argument("--resamples", type=int, default=2_000)
    options = parser.parse_args()
    patients = population()
    known, referrals = Known(patients), Referrals([case for patient in patients for case in patient], 0)
    held: dict[str, list[Held]] = {}
    begun = time.perf_counter()
    for seed in range(options.first, options.first + options.seeds):
        for one in figures_of(seed, patients, known, referrals, options.patients, options.resamples):
            held.setdefault(one.name, []).append(one)
    seconds = time.perf_counter() - begun
    print(f"{options.seeds} seeds of {options.patients} synthetic patients, {seconds:.0f} s; how many intervals hold")
    print(f"{'':<60}{'known':>8}{'mean':>8}{'off':>7}{'width':>7}{'holds':>7}")
    suffices = True
    for name, all_of_it in held.items():
        values = np.array([one.found.value for one in all_of_it])
        truth = float(np.mean([one.known for one in all_of_it]))
        spread = max(float(values.std(ddof=1)), 1e-12)
        off = (values.mean() - truth) / (spread / np.sqrt(len(values)))
        width = np.mean([one.found.high - one.found.low for one in all_of_it]) / (2 * NORMAL * spread)
        n_holding = sum(one.found.low <= one.known <= one.found.high for one in all_of_it)
        of = f" of {len(values)}" if len(values) < options.seeds else ""  # a part may be too small to be shown
        suffices &= n_holding >= WANTED * len(values) / 100
        print(f"{name:<60}{truth:>8.3f}{values.mean():>8.3f}{off:>7.1f}{width:>7.2f}{n_holding:>7}{of}")
    print(f"at least {WANTED} of 100: {'yes' if suffices else 'no'}")
    sys.exit(0 if suffices else 1)


if __name__ == "__main__":
    main()
