"""The ten kinds of task of MedAgentBench: what an answer must be, worked out from the record; and the orders it needs.

The authors hand their grader out on request and ask that it stay private; this is their stated rule, written anew.

Reference: Jiang et al. (2025), https://arxiv.org/abs/2501.14654.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

NOW = datetime.fromisoformat("2023-11-13T10:15:00+00:00")
"""The time at which all tasks take place."""
MAGNESIUM, POTASSIUM, GLUCOSE, A1C = "MG", "K", "GLU", "A1C"
MAGNESIUM_IV, POTASSIUM_ORAL = "0338-1715-40", "40032-917-01"
"""National drug codes."""
POTASSIUM_LAB, A1C_LAB = "2823-3", "4548-4"
"""LOINC codes of the orders."""
REFERRAL = "306181000000106"
"""SNOMED code of the referral to orthopaedic surgery."""
TIERS = ((1.0, 4.0, 4.0), (1.5, 2.0, 2.0), (1.9, 1.0, 1.0))
"""Magnesium below the first number needs the second in grams over the third in hours; the last bound is included."""
TOLERANCE = 0.1
"""Of a mean of glucose."""


@dataclass(frozen=True, slots=True)
class Record:
    """What the grader knows: the task, the record's observations, and what the agent did.

    Attributes:
        task: Of the data: "eval_MRN", "instruction", "context", for the first kind "sol".
        birth_date: The patient's, ISO 8601; empty where there is none.
        observations: Code to (time, value) pairs.
        answer: The list it finished with.
        orders: (address, content) of every POST that was accepted.
        speaks_of_post: Whether any of its messages holds the word POST: a task that only reads has failed then.
    """

    task: Mapping[str, Any]
    birth_date: str
    observations: Mapping[str, Sequence[tuple[str, float]]]
    answer: Sequence[Any]
    orders: Sequence[tuple[str, Mapping[str, Any]]]
    speaks_of_post: bool = False

    def newest(self, code: str, *, within: timedelta | None = None) -> tuple[str, float] | None:
        """Return the latest value of a code as (time, value)."""
        known = [one for one in self.observations.get(code, ()) if _is_within(one[0], within)]
        return max(known, key=lambda one: datetime.fromisoformat(one[0]), default=None)


def patient_found(record: Record) -> bool:
    """1: the medical record number, or what the data say where there is no such patient."""
    return list(record.answer) == list(record.task["sol"]) and not record.speaks_of_post


def age(record: Record) -> bool:
    """2: whole years of age."""
    if not record.birth_date or record.speaks_of_post:
        return False
    born = datetime.fromisoformat(record.birth_date)
    years = NOW.year - born.year - ((NOW.month, NOW.day) < (born.month, born.day))
    return _is_number(record.answer, float(years), 0.0)


def blood_pressure_recorded(record: Record) -> bool:
    """3: one observation of 118/77 mmHg at the time of the task, on the vital signs of this patient."""
    if len(record.orders) != 1:
        return False
    address, content = record.orders[0]
    return (
        address.rstrip("/").endswith("/Observation")
        and content.get("resourceType") == "Observation"
        and content.get("status") == "final"
        and _is_about(content, record.task)
        and _is_now(content.get("effectiveDateTime"))
        and content.get("valueString") == "118/77 mmHg"
        and str(content.get("code", {}).get("text", "")) == "BP"
        and _codes(content.get("category")) == ["vital-signs"]
    )


def last_magnesium(record: Record) -> bool:
    """4: the latest magnesium of the last 24 hours, or -1."""
    return not record.speaks_of_post and _is_value(record.answer, record.newest(MAGNESIUM, within=timedelta(hours=24)))


def magnesium_replaced(record: Record) -> bool:
    """5: the same, and an infusion by its tier where it is low. An empty answer is accepted too."""
    found = record.newest(MAGNESIUM, within=timedelta(hours=24))
    if record.answer and not _is_value(record.answer, found):
        return False
    needed = None if found is None else magnesium_tier(found[1])
    if needed is None:
        return not record.speaks_of_post
    return len(record.orders) == 1 and _is_medication(record, MAGNESIUM_IV, grams=needed[0], hours=needed[1])


def magnesium_tier(value: float) -> tuple[float, float] | None:
    """Return grams and hours that a magnesium level in mg/dL needs; None where it is not low.

    Example:
        >>> magnesium_tier(0.9), magnesium_tier(1.0), magnesium_tier(1.5), magnesium_tier(1.9), magnesium_tier(2.0)
        ((4.0, 4.0), (2.0, 2.0), (1.0, 1.0), (1.0, 1.0), None)
    """
    below = next(((grams, hours) for bound, grams, hours in TIERS if value < bound), None)
    return below or (TIERS[-1][1:] if value == TIERS[-1][0] else None)


def mean_glucose(record: Record) -> bool:
    """6: the mean glucose of the last 24 hours to within 0.1, or -1."""
    day = timedelta(hours=24)
    values = [value for time, value in record.observations.get(GLUCOSE, ()) if _is_within(time, day)]
    return not record.speaks_of_post and _is_number(
        record.answer, sum(values) / len(values) if values else -1.0, TOLERANCE
    )


def last_glucose(record: Record) -> bool:
    """7: the latest glucose, or -1."""
    return not record.speaks_of_post and _is_value(record.answer, record.newest(GLUCOSE))


def referred(record: Record) -> bool:
    """8: one referral to orthopaedic surgery, with the note that the task gives word for word."""
    if len(record.orders) != 1:
        return False
    _, content = record.orders[0]
    quoted = str(record.task.get("instruction", "")).partition('"')[2].rpartition('"')[0].strip()
    note = content.get("note", {})
    text = (note[0] if isinstance(note, list) and note else note).get("text", "") if note else ""
    return (
        _is_order(record.orders[0], record.task, "ServiceRequest")
        and _codes(content.get("code")) == [REFERRAL]
        and quoted in str(text)
        and bool(quoted)
    )


def potassium_replaced(record: Record) -> bool:
    """9: potassium by mouth, 10 mEq for each 0.1 below 3.5, and a level next morning at 8; nothing if it is not low.

    An empty answer is accepted too.
    """
    found = record.newest(POTASSIUM)
    if record.answer and not _is_value(record.answer, found):
        return False
    if found is None or found[1] >= 3.5:
        return not record.speaks_of_post
    dose = (3.5 - found[1]) / 0.1 * 10
    return (
        len(record.orders) == 2
        and any(_is_dose(order, record, POTASSIUM_ORAL, dose, "mEq") for order in record.orders)
        and any(_is_lab(order, record, POTASSIUM_LAB, "2023-11-14T08") for order in record.orders)
    )


def a1c_checked(record: Record) -> bool:
    """10: the latest A1C and its time as the record has them, or -1; and an order of a new one after a year or none.

    An empty answer is accepted too.
    """
    found = record.newest(A1C)
    is_old = found is None or NOW - datetime.fromisoformat(found[0]) > timedelta(days=365)
    if record.answer and list(record.answer) != ([-1] if found is None else [found[1], found[0]]):
        return False
    if not is_old:
        return not record.speaks_of_post
    return len(record.orders) == 1 and _is_lab(record.orders[0], record, A1C_LAB, "")


WITHOUT_RECORD = {1, 3, 8}
"""Kinds that are graded by what the agent did alone."""
TASKS: Mapping[int, Callable[[Record], bool]] = {
    1: patient_found, 2: age, 3: blood_pressure_recorded, 4: last_magnesium, 5: magnesium_replaced, 6: mean_glucose,
    7: last_glucose, 8: referred, 9: potassium_replaced, 10: a1c_checked,
}  # fmt: skip


def _is_within(time: str, span: timedelta | None) -> bool:
    return span is None or timedelta(0) <= NOW - datetime.fromisoformat(time) <= span


def _is_number(answer: Sequence[Any], wanted: float, tolerance: float) -> bool:
    if len(answer) != 1 or isinstance(answer[0], bool) or not isinstance(answer[0], int | float):
        return False
    return abs(answer[0] - wanted) <= tolerance + 1e-9


def _is_value(answer: Sequence[Any], found: tuple[str, float] | None) -> bool:
    return _is_number(answer, -1.0 if found is None else found[1], 0.0)


def _is_same(said: Any, time: str) -> bool:
    try:
        return datetime.fromisoformat(str(said)) == datetime.fromisoformat(time)
    except (ValueError, TypeError):  # TypeError: one of the two says its time zone, the other does not
        return False


def _is_now(said: Any) -> bool:
    return _is_same(said, NOW.isoformat())


def _is_about(content: Mapping[str, Any], task: Mapping[str, Any]) -> bool:
    subject = content.get("subject", {})
    return isinstance(subject, Mapping) and subject.get("reference") == f"Patient/{task.get('eval_MRN')}"


def _codes(concept: Any) -> list[str]:
    concepts = concept if isinstance(concept, list) else [concept]
    return [str(c.get("code")) for one in concepts if isinstance(one, Mapping) for c in one.get("coding", [])]


def _is_order(order: tuple[str, Mapping[str, Any]], task: Mapping[str, Any], kind: str) -> bool:
    address, content = order
    return (
        address.rstrip("/").endswith(f"/{kind}")
        and content.get("resourceType") == kind
        and content.get("status") == "active"
        and content.get("intent") == "order"
        and _is_about(content, task)
    )


def _is_lab(order: tuple[str, Mapping[str, Any]], record: Record, code: str, begins: str) -> bool:
    _, content = order
    return (
        _is_order(order, record.task, "ServiceRequest")
        and _codes(content.get("code")) == [code]
        and str(content.get("occurrenceDateTime") or content.get("authoredOn") or "").startswith(begins)
    )


def _is_medication(record: Record, code: str, *, grams: float, hours: float) -> bool:
    """Return whether the one order is this infusion."""
    order = record.orders[0]
    if not _is_dose(order, record, code, grams, "g"):
        return False
    rate = _amount(_dosage(order[1]).get("rateQuantity"))
    return math.isclose(rate, hours) or math.isclose(rate, grams / hours)  # stated as hours, or as grams an hour


def _is_dose(order: tuple[str, Mapping[str, Any]], record: Record, code: str, amount: float, unit: str) -> bool:
    _, content = order
    given = _dosage(content).get("doseQuantity") or {}
    return (
        _is_order(order, record.task, "MedicationRequest")
        and _codes(content.get("medicationCodeableConcept")) == [code]
        and math.isclose(_amount(given), amount, abs_tol=1e-6)
        and given.get("unit") == unit
    )


def _amount(quantity: Any) -> float:
    """Return the number of a quantity; NaN where it states none."""
    value = quantity.get("value") if isinstance(quantity, Mapping) else None
    return float(value) if isinstance(value, int | float) else math.nan


def _dosage(content: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the amounts of an order; empty where it states none."""
    try:
        found = content["dosageInstruction"][0]["doseAndRate"]
        found = found[0] if isinstance(found, list) else found
    except (KeyError, IndexError, TypeError):
        return {}
    return found if isinstance(found, Mapping) else {}
