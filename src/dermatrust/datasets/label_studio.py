"""Label Studio's export "JSON": tasks, each with its annotations.

A task's `data` says which text it shows, as `narrative_id`. Controls are named after the six dimensions (Number, Rating
or Choices), `critique` and `edited_text` (TextArea). A rating's stars begin at 1: to give a 0 use Number or Choices.
Cancelled annotations are left out. Whoever annotated goes by the email address, or by the number where there is none.

Source of the format: https://labelstud.io/guide/task_format, https://labelstud.io/guide/export.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from dermatrust.datasets.annotations import NARRATIVE_ID, Annotation, TakenAnnotations, take_export
from dermatrust.datasets.faults import Faults
from dermatrust.store.folder import DatasetFolder

_WHAT = "Label Studio's export of the type JSON: a list of tasks"


def take_label_studio(dataset: DatasetFolder, path: Path) -> TakenAnnotations:
    """Append what an export of Label Studio holds to a dataset folder.

    Raises:
        DataError: The file is not such an export, or contradicts the folder; nothing is then written.
    """
    return take_export(dataset, path, _annotations, unit="task", what=_WHAT)


def _annotations(number: int, task: Any, faults: Faults) -> Iterator[Annotation]:
    data = task.get("data") if isinstance(task, dict) else None
    given = task.get("annotations") if isinstance(task, dict) else None
    if not isinstance(data, dict) or not isinstance(given, list):
        faults.add(number, "has no data and annotations", _WHAT, "Export as JSON, not as JSON-MIN.")
        return
    name = data.get(NARRATIVE_ID)
    if not isinstance(name, str):
        faults.add(number, f"its data name no {NARRATIVE_ID}", "the id of the text it shows")
        return
    for annotation in given:
        if not isinstance(annotation, dict) or not isinstance(annotation.get("result"), list):
            faults.add(number, "an annotation has no result", "a list")
        elif not annotation.get("was_cancelled"):
            rater = _rater(annotation.get("completed_by"))
            answers = _answers(number, annotation["result"], faults)
            if rater is None:
                faults.add(number, "does not say who annotated", "completed_by: a number, or an object with an email")
            elif answers:
                yield Annotation(number, name, rater, answers)


def _rater(who: Any) -> str | None:
    if isinstance(who, dict):
        who = who.get("email") or who.get("id")
    if isinstance(who, bool) or not isinstance(who, int | str) or not str(who).strip():
        return None
    return str(who).strip()


def _answers(number: int, result: list[Any], faults: Faults) -> dict[str, object]:
    answers: dict[str, object] = {}
    for region in result:
        name = region.get("from_name") if isinstance(region, dict) else None
        value = region.get("value") if isinstance(region, dict) else None
        kind = region.get("type") if isinstance(region, dict) else None
        if not isinstance(name, str) or not isinstance(value, Mapping):
            faults.add(number, "a result names no control and value", "from_name, type and value")
        elif name in answers:
            faults.add(number, f"answers {name!r} twice", "one answer")
        else:
            answers[name] = _value(str(kind), value)
    return answers


def _value(kind: str, value: Mapping[str, Any]) -> object:
    """Return a region's value: the number, the one choice, or the paragraphs of a text."""
    if kind == "textarea":
        text = value.get("text")
        return "\n".join(map(str, text)) if isinstance(text, list) else text
    if kind == "choices":
        choices = value.get("choices")
        return choices[0] if isinstance(choices, list) and len(choices) == 1 else choices
    return value.get(kind)
