"""How often each kind of fault was found among the references that could be checked for it, with an interval."""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from dermatrust.agreement.bootstrap import cluster_bootstrap
from dermatrust.agreement.proportion import unvaried_interval
from dermatrust.audit.finding import KINDS, LEVELS, MEDIUM, Kind, Level, ReferenceFinding
from dermatrust.audit.reading import ReadReference

N_RESAMPLES = 2_000
NOTHING = "–"
"""Printed where a number is undefined."""
_OF_A_LABEL: tuple[Kind, ...] = ("label contradicted", "label never named")
_OF_THE_STREAM: tuple[Kind, ...] = ("named too early", "template text", "too short")


@dataclass(frozen=True, slots=True)
class KindCount:
    """How often one kind of fault was found.

    Attributes:
        kind: What is wrong.
        n: Findings by level.
        n_references: References with at least one finding of this kind that is not low.
        share: Their share of all references that could be checked for it; NaN where none could.
        low: Lower end of its 95 % interval over patients; NaN with fewer than two. Where none or all of the references
            have the fault, which no resample varies, it is that of `unvaried_interval`.
        high: Upper end.
        n_checked: References that could be checked for it.
    """

    kind: Kind
    n: dict[Level, int]
    n_references: int
    share: float
    low: float
    high: float
    n_checked: int

    def cells(self) -> tuple[str, str, str, str, str, str]:
        """Return a row for people: kind, findings by level, references concerned of those checked, and their share.

        Example:
            >>> KindCount("refusal", {"high": 2, "medium": 0, "low": 5}, 2, 0.02, 0.0, 0.05, 1000).cells()
            ('refusal', '2', '0', '5', '2 of 1,000', '2.0 % [0.0, 5.0]')
            >>> nan = float("nan")
            >>> KindCount("file family", {"high": 0, "medium": 0, "low": 0}, 0, nan, nan, nan, 0).cells()
            ('file family', '–', '–', '–', 'not checked', '–')
        """
        if self.n_checked == 0:
            return self.kind, NOTHING, NOTHING, NOTHING, "not checked", NOTHING
        interval = "" if math.isnan(self.low) else f" [{100 * self.low:.1f}, {100 * self.high:.1f}]"
        high, medium, low = (f"{self.n[level]:,}" for level in LEVELS)
        of_checked = f"{self.n_references:,} of {self.n_checked:,}"
        return self.kind, high, medium, low, of_checked, f"{100 * self.share:.1f} %{interval}"


def count_kinds(
    reads: Sequence[ReadReference], findings: Sequence[ReferenceFinding], *, with_truth: Collection[str], seed: int
) -> tuple[KindCount, ...]:
    """Return one row for each kind, in the order of `KINDS`.

    Args:
        reads: Every reference of the audit, at most one per case.
        findings: What was found in them.
        with_truth: The cases of which it is recorded what their images show.
        seed: Of the resampled patients.
    """
    found = {(one.kind, one.case_id) for one in findings if one.confidence >= MEDIUM}
    table = np.array(
        [
            [float((kind, read.case.id) in found) if _is_checked(read, kind, with_truth) else np.nan for kind in KINDS]
            for read in reads
        ]
    )
    rng = np.random.default_rng(seed)
    patients = np.array(patients_of(reads))
    shares = cluster_bootstrap(table, patients, rng=rng, n_resamples=N_RESAMPLES)
    n_patients = [len(set(patients[~np.isnan(column)])) for column in table.T]
    alike = np.isin(shares.means, (0, 1))
    low, high = unvaried_interval(shares.means, n_patients, lowest=0.0, highest=1.0)
    low, high = np.where(alike, low, shares.low), np.where(alike, high, shares.high)
    return tuple(
        KindCount(
            kind=kind,
            n={level: sum(one.kind == kind and one.level == level for one in findings) for level in LEVELS},
            n_references=int(np.nansum(table[:, column])),
            share=float(shares.means[column]),
            low=float(low[column]),
            high=float(high[column]),
            n_checked=int(shares.n[column]),
        )
        for column, kind in enumerate(KINDS)
    )


def _is_checked(read: ReadReference, kind: Kind, with_truth: Collection[str]) -> bool:
    if kind in _OF_A_LABEL:
        return read.case.label is not None
    if kind in _OF_THE_STREAM:
        return read.reference.stream == "reference"
    if kind == "unsupported finding":
        return read.case.id in with_truth
    return kind != "file family" or read.case.file_family is not None


def patients_of(reads: Sequence[ReadReference]) -> list[str]:
    """Return the patient of each reference; a case without a recorded one counts as a patient of its own."""
    return [f"p {read.case.patient_id}" if read.case.patient_id else f"c {read.case.id}" for read in reads]
