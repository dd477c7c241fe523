"""The fields of a clinical context by name, and contexts that lack some of them."""

from typing import Any

from dermatrust.clinic.chance import shuffled
from dermatrust.records import ClinicalContext

_MAPPINGS = ("symptoms", "history")


def known_fields(context: ClinicalContext) -> tuple[str, ...]:
    """Return what is known, by name; each symptom and each entry of the history is a field of its own.

    Example:
        >>> known_fields(ClinicalContext(age=40, symptoms={"itch": True}))
        ('age', 'symptoms.itch')
    """
    plain = [name for name in ("age", "sex", "site") if getattr(context, name) is not None]
    mapped = [f"{name}.{key}" for name in _MAPPINGS for key in getattr(context, name)]
    return (*plain, *mapped, *(("note",) if context.note else ()))


def without_fields(context: ClinicalContext, fields: tuple[str, ...]) -> ClinicalContext:
    """Return the context without some fields: what is left out is not known, and says nothing of itself.

    Example:
        >>> without_fields(ClinicalContext(age=40, sex="female"), ("age",)).age is None
        True
    """
    gone = set(fields)
    kept: dict[str, Any] = {name: None for name in ("age", "sex", "site", "note") if name in gone}
    for name in _MAPPINGS:
        kept[name] = {key: value for key, value in getattr(context, name).items() if f"{name}.{key}" not in gone}
    return context.model_copy(update=kept)


def fields_to_drop(context: ClinicalContext, n: int, case_id: str, seed: int) -> tuple[str, ...]:
    """Return which `n` known fields to leave out, all of them where there are fewer.

    Those of a larger `n` are those of a smaller one and more, so that losing more never gives anything back.
    """
    return tuple(shuffled(known_fields(context), seed, "incomplete", case_id)[:n])
