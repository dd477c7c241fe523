"""Whose record a case gets where records are mixed up: always another patient's."""

from collections.abc import Iterable

from dermatrust.clinic.chance import shuffled
from dermatrust.errors import DataError
from dermatrust.records import Case, ClinicalContext


class MixUp:
    """Records exchanged between patients in one ring.

    Patients stand in a ring in an order that follows from the seed and their ids alone, and each gets the record of
    the next. So nobody keeps his own, and each patient's record goes to exactly one other patient. Where the next
    patient has fewer cases, his cases serve more than once; where he has more, some serve nobody. A case without a
    patient id is a patient of its own.

    Args:
        cases: Every case of the dataset, also those that are not asked about.
        seed: Of the order.

    Example:
        >>> cases = [Case(id="a", patient_id="p"), Case(id="b", patient_id="p"), Case(id="c", patient_id="q")]
        >>> mixed = MixUp(cases, 0)
        >>> mixed.donor(cases[0]), mixed.donor(cases[1]), mixed.donor(cases[2]) in ("a", "b")
        ('c', 'c', True)
    """

    def __init__(self, cases: Iterable[Case], seed: int) -> None:
        self._contexts: dict[str, ClinicalContext] = {}
        self._of_patient: dict[str, list[str]] = {}
        for case in cases:
            self._contexts[case.id] = case.context
            self._of_patient.setdefault(patient_of(case), []).append(case.id)
        ring = shuffled(self._of_patient, seed, "erroneous")
        self._next = dict(zip(ring, [*ring[1:], *ring[:1]], strict=True))
        for patient, ids in self._of_patient.items():
            self._of_patient[patient] = shuffled(ids, seed, "erroneous", patient)
        self._place = {name: place for ids in self._of_patient.values() for place, name in enumerate(ids)}

    def donor(self, case: Case) -> str:
        """Return the id of the case whose record this one gets.

        Raises:
            DataError: There is no other patient.
        """
        if len(self._next) < 2:
            raise DataError("--context erroneous", "the dataset has one patient", "two, to mix up their records")
        theirs = self._of_patient[self._next[patient_of(case)]]
        return theirs[self._place[case.id] % len(theirs)]

    def context(self, case: Case) -> ClinicalContext:
        """Return the record of the donor."""
        return self._contexts[self.donor(case)]


def patient_of(case: Case) -> str:
    """Return the patient of a case; a case of whom nobody is recorded is a patient of its own.

    Example:
        >>> patient_of(Case(id="a", patient_id="p")), patient_of(Case(id="a"))
        ('patient p', 'case a')
    """
    return f"case {case.id}" if case.patient_id is None else f"patient {case.patient_id}"
