"""Argilla's export: the list of records that `dataset.records.to_json` writes.

A record's id is the id of the text it shows, unless its metadata or fields say otherwise as `narrative_id`. Questions
are named after the six dimensions (rating or label questions), `critique` and `edited_text` (text questions). Each user
who responded is a rater, by the user's id. Suggestions, which models make, are not read.

Source of the format: https://docs.argilla.io/latest/reference/argilla/records/records (`Record.to_dict`).
"""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dermatrust.datasets.annotations import NARRATIVE_ID, Annotation, TakenAnnotations, take_export
from dermatrust.datasets.faults import Faults
from dermatrust.store.folder import DatasetFolder

_WHAT = "what Argilla's `dataset.records.to_json` writes: a list of records"


def take_argilla(dataset: DatasetFolder, path: Path) -> TakenAnnotations:
    """Append what an export of Argilla holds to a dataset folder.

    Raises:
        DataError: The file is not such an export, or contradicts the folder; nothing is then written.
    """
    return take_export(dataset, path, _annotations, unit="record", what=_WHAT)


def _annotations(number: int, record: Any, faults: Faults) -> Iterator[Annotation]:
    responses = record.get("responses") if isinstance(record, dict) else None
    if not isinstance(responses, dict):
        faults.add(number, "has no responses", _WHAT, "Export with with_responses=True and flatten=False.")
        return
    name = _narrative_id(record)
    if name is None:
        faults.add(number, "does not say which text it shows", f"an id, or {NARRATIVE_ID} in its metadata")
        return
    by_user: defaultdict[str, dict[str, object]] = defaultdict(dict)
    for question, given in responses.items():
        for response in given if isinstance(given, list) else [given]:
            user = response.get("user_id") if isinstance(response, dict) else None
            if not isinstance(user, str) or not user.strip() or "value" not in response:
                faults.add(number, f"a response to {question!r} has no user and value", "user_id and value")
            elif question in by_user[user]:
                faults.add(number, f"{user!r} answers {question!r} twice", "one answer")
            else:
                by_user[user][question] = response["value"]
    yield from (Annotation(number, name, user, answers) for user, answers in by_user.items() if answers)


def _narrative_id(record: dict[str, Any]) -> str | None:
    for place in (record.get("metadata"), record.get("fields"), {NARRATIVE_ID: record.get("id")}):
        if isinstance(place, dict) and isinstance(place.get(NARRATIVE_ID), str):
            return str(place[NARRATIVE_ID])
    return None
