"""Describing a dataset folder: how many cases of each kind, with what is missing as a row of its own."""

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from dermatrust.datasets.counted import counted
from dermatrust.records import Case, Narrative, Record
from dermatrust.store.folder import DatasetFolder

MISSING = "(missing)"
_SKIN_TYPES = {number: f"{roman} ({number})" for number, roman in enumerate(("I", "II", "III", "IV", "V", "VI"), 1)}
_LEADING_NUMBER = re.compile(r"\d+")
_ROWS_SHOWN = 12


class Description(Record):
    """Counts of a dataset. Every table of cases adds up to `n_cases`."""

    name: str
    version: str
    licence: str
    may_leave_machine: bool
    synthetic: bool
    n_cases: int
    n_images: int
    n_patients: int
    n_cases_without_patient: int
    tables: dict[str, dict[str, int]]
    """What is counted, e.g. "skin type", to value to number of cases; the commonest value first."""

    def to_text(self) -> str:
        """Return the description for reading; long tables are cut, and say so."""
        synthetic = " · synthetic" if self.synthetic else ""
        leave = "may" if self.may_leave_machine else "may not"
        head = [
            f"{self.name} ({self.version}){synthetic} · licence {self.licence} · {leave} leave this machine",
            f"{counted(self.n_cases, 'case')}, {counted(self.n_images, 'image')}, "
            f"{counted(self.n_patients, 'patient')} ({self._without_patient()})",
        ]
        return "\n".join([*head, *(line for name, rows in self.tables.items() for line in self._table(name, rows))])

    def _without_patient(self) -> str:
        return f"{counted(self.n_cases_without_patient, 'case')} without a named patient"

    def _table(self, name: str, rows: dict[str, int]) -> list[str]:
        shown = list(rows.items())[:_ROWS_SHOWN]
        if len(rows) > _ROWS_SHOWN:
            kept = [row for row in shown if row[0] != MISSING][: _ROWS_SHOWN - 2]
            missing = [(MISSING, rows[MISSING])] if MISSING in rows else []
            rest = self.n_cases - sum(n for _, n in (*kept, *missing))
            shown = [*kept, (f"({len(rows) - len(kept) - len(missing)} others)", rest), *missing]
        share = 100 / max(self.n_cases, 1)
        return ["", name, *(f"  {n:>7}  {share * n:5.1f} %  {value}" for value, n in shown)]


_COUNTED: dict[str, Callable[[Case], object]] = {
    "label": lambda case: case.label,
    "category": lambda case: case.category,
    "urgency": lambda case: case.urgency_text,
    "skin type (Fitzpatrick)": lambda case: _SKIN_TYPES[case.fitzpatrick] if case.fitzpatrick else case.skin_group,
    "sex": lambda case: case.context.sex,
    "age": lambda case: _age_band(case.context.age),
    "site": lambda case: case.context.site,
    "images per case": lambda case: len(case.file_names),
    "split": lambda case: case.split,
}


def describe_dataset(path: Path) -> Description:
    """Count the cases of a dataset folder.

    Raises:
        DataError: The folder or one of its records is not sound.
    """
    folder = DatasetFolder.open(path)
    kinds = {reference.case_id: _kind(reference) for reference in folder.iter_references()}
    counts: dict[str, Counter[str]] = {name: Counter() for name in (*_COUNTED, "reference")}
    patients: Counter[str | None] = Counter()
    images: set[str] = set()
    n_cases = 0
    for case in folder.iter_cases():
        n_cases += 1
        patients[case.patient_id] += 1
        images.update(case.file_names)
        for name, value_of in _COUNTED.items():
            value = value_of(case)
            counts[name][MISSING if value is None else str(value)] += 1
        counts["reference"][kinds.get(case.id, MISSING)] += 1
    n_without = patients.pop(None, 0)
    card = folder.card
    return Description(
        name=card.name,
        version=card.version,
        licence=card.licence,
        may_leave_machine=card.may_leave_machine,
        synthetic=card.synthetic,
        n_cases=n_cases,
        n_images=len(images),
        n_patients=len(patients),
        n_cases_without_patient=n_without,
        tables={name: _sorted(name, count) for name, count in counts.items()},
    )


def _kind(reference: Narrative) -> str:
    if reference.stream == "label":
        return "label"
    return "certified" if reference.certificate else "draft"


def _age_band(age: float | None) -> str | None:
    if age is None:
        return None
    decade = int(age // 10) * 10
    return "90+" if age >= 90 else f"{decade}-{decade + 9}"


def _sorted(name: str, count: Counter[str]) -> dict[str, int]:
    """Return scales in their own order and names by number; what is missing comes last."""
    scale = name in ("skin type (Fitzpatrick)", "age", "images per case")
    rows = sorted(count.items(), key=lambda row: (row[0] == MISSING, "" if scale else -row[1], _natural(row[0])))
    return dict(rows)


def _natural(value: str) -> tuple[int, str]:
    """Sort 2 before 10 and 0-9 before 10-19, and names among themselves."""
    number = _LEADING_NUMBER.match(value)
    return (int(number.group()) if number else 0, value)
