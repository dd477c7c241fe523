"""Figures of parts of the cases beside what is known of the simulated model of `clinic_recovery.py`.

Nothing to run. A case's chance of a right answer follows from its skin group alone, so that of a part is the mean over
the cases of the whole population that are in it; how urgent a case is, is told alike in all parts.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from clinic_figures import GRID, accuracy_of, named
from dermatrust.bench.results import NOT_RECORDED
from dermatrust.clinic.answer import Answer
from dermatrust.clinic.answer_grid import answer_grid
from dermatrust.clinic.arms import IMAGE_ONLY, Told
from dermatrust.clinic.image_arms import parse_image_arms
from dermatrust.clinic.rows import answer_row
from dermatrust.clinic.simulated import SimulatedModel
from dermatrust.clinic.simulated_truth import true_accuracy
from dermatrust.clinic.study import Asked
from dermatrust.clinic.subgroup_levels import case_levels
from dermatrust.clinic.subgroups import SubgroupRow
from dermatrust.clinic.tasks import differential_task
from dermatrust.records import Case, ClinicalContext
from dermatrust.report.percent import Interval
from dermatrust.store.answers import read_answers, write_answers

Figure = tuple[str, Interval, float]


class PartTruths:
    """What is known of every part of the whole population, in every arm."""

    def __init__(self, model: SimulatedModel, cases: Sequence[Case]) -> None:
        task, (shown,), told = differential_task(), parse_image_arms(["all"]), Told(ClinicalContext())
        rows = []
        for case in cases:
            answer = task.read(Answer(case.id, model.name, IMAGE_ONLY, "all", text="-"))
            rows.append(answer_row(Asked(case, IMAGE_ONLY, shown, told, case, False, None), answer, task))
        with TemporaryDirectory() as folder:
            write_answers(Path(folder) / "answers.parquet", rows)
            grid = answer_grid(read_answers(Path(folder) / "answers.parquet"))
        own = [cases[row] for row in grid.first_rows]
        self.levels = {factor: np.array(levels) for factor, levels in case_levels(grid).items()}
        self.chances = {
            (arm, f"top-{k} synonym"): _chances(model, own, arm, k) for arm in (IMAGE_ONLY, GRID) for k in (1, 3)
        }
        pressing = np.array([case.urgency != "routine" for case in own])
        for arm, (sensitivity, specificity) in model.triage.items():
            answered = 1 - model.abstention
            self.chances[arm, "sensitivity"] = np.where(pressing, answered * sensitivity, np.nan)
            self.chances[arm, "specificity"] = np.where(pressing, np.nan, answered * specificity)

    def figures(self, rows: Iterable[SubgroupRow]) -> Iterator[Figure]:
        """Yield the share, the difference to the rest and the ratio of every part that is shown."""
        for row in rows:
            if row.level == NOT_RECORDED:
                continue
            level, chances = self.levels[row.factor], self.chances[accuracy_of(row), row.measure]
            is_own = level == row.level
            own, rest = (_mean(chances[which]) for which in (is_own, ~is_own & (level != NOT_RECORDED)))
            name = f"{row.measure}, {named(row)}, {row.factor} {row.level}"
            for what, found, truth in (
                ("", row.value, own), (", difference", row.difference, own - rest), (", ratio", row.ratio, own / rest)
            ):  # fmt: skip
                if found is not None and not np.isnan(found.low):
                    yield name + what, found, truth


def _mean(chances: np.ndarray) -> float:
    known = chances[~np.isnan(chances)]
    return float(known.mean()) if known.size else float("nan")


def _chances(model: SimulatedModel, cases: Sequence[Case], arm: str, k: int) -> np.ndarray:
    of_group: Mapping[str | None, float] = {
        group: true_accuracy(model, arm, k, {group: 1.0}) for group in {case.skin_group for case in cases}
    }
    return np.array([of_group[case.skin_group] for case in cases])
