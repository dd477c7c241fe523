"""A blinded sample on disk: a dataset folder for the workbench, a sheet to fill in, and the key to both, apart."""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from dermatrust.clinic.human_subset import Drawn
from dermatrust.records import Case, Narrative
from dermatrust.store.answers import AnswerColumns
from dermatrust.store.atomic import write_text
from dermatrust.store.folder import DatasetFolder
from dermatrust.store.jsonl import write_records
from dermatrust.store.layout import NARRATIVES
from dermatrust.store.new_dataset import write_dataset

BLINDED = "blinded"
"""The author of every text in the folder."""
SHEET = ("item", "established_diagnosis", "list", "numbers_that_name_it", "remark")
KEY = (
    "item", "case", "case_id", "model", "arm", "image_arm", "outcome", "weight", "said", "ranks", "exact", "synonym",
    "family",
)  # fmt: skip


def write_sample(path: Path, dataset: DatasetFolder, answers: AnswerColumns, sample: Sequence[Drawn]) -> int:
    """Make the dataset folder that the workbench opens, and return its number of cases.

    It holds the cases with photographs and context under opaque names, without what is true of them, and each answer
    as a text that lists its diagnoses in the model's order. No model, arm or source name is in it.

    Raises:
        DataError: The folder is not empty, or an image cannot be read.
    """
    names = {answers.case_id[one.row]: one.case for one in sample}
    missing = {name for _, name in dataset.missing_images()}
    found = [case for case in dataset.iter_cases() if case.id in names]
    shown = {case.id: [name for name in case.file_names if name not in missing] for case in found}
    n_models = len({answers.model[one.row] for one in sample})
    card = dataset.card.model_copy(
        update={
            "name": f"{dataset.card.name}-sample",
            "notes": f"A blinded sample of {len(sample)} answers by {n_models} models, for people to check; "
            "the key is kept apart.",
        }
    )
    cases = [_blinded(case, names[case.id], shown[case.id]) for case in found]
    cases.sort(key=lambda case: case.id)
    images = (
        (_image_name(names[case_id], number, name), dataset.image_path(name))
        for case_id, own in shown.items()
        for number, name in enumerate(own, 1)
    )
    n_cases = write_dataset(path, card, cases, images=images)
    write_records(path / NARRATIVES, (_text(one) for one in sample))
    return n_cases


def _blinded(case: Case, name: str, shown: Sequence[str]) -> Case:
    """Return the case with what may be seen: photographs, context, skin type."""
    return Case(
        id=name,
        file_names=tuple(_image_name(name, number, own) for number, own in enumerate(shown, 1)),
        fitzpatrick=case.fitzpatrick,
        fitzpatrick_group=case.fitzpatrick_group,
        monk=case.monk,
        context=case.context,
    )


def _image_name(case: str, number: int, name: str) -> str:
    """Return an opaque name: sources write diagnoses into theirs."""
    return f"images/{case}-{number}{Path(name).suffix.lower()}"


def _text(one: Drawn) -> Narrative:
    said = [name for _, name in sorted(zip(one.ranks, one.names, strict=True))]
    listed = "\n".join(f"{number}. {name}" for number, name in enumerate(said, 1))
    return Narrative(id=one.item, case_id=one.case, text=f"Differential diagnosis:\n{listed}", author=BLINDED)


def sheet_csv(answers: AnswerColumns, sample: Sequence[Drawn]) -> str:
    """Return a row per answer to fill in: the truth, the list in alphabetical order, and room for the numbers."""
    rows = ((one.item, answers.label[one.row], listed_names(one.names), "", "") for one in sample)
    return _csv(SHEET, rows)


def listed_names(names: Sequence[str]) -> str:
    """Return a list as the sheet shows it.

    Example:
        >>> listed_names(["acne", "rosacea"])
        '1. acne; 2. rosacea'
    """
    return "; ".join(f"{n}. {name}" for n, name in enumerate(names, 1))


def key_csv(answers: AnswerColumns, sample: Sequence[Drawn]) -> str:
    """Return what the folder and the sheet do not tell, item by item."""
    return _csv(KEY, (_key_row(answers, one) for one in sample))


def _key_row(answers: AnswerColumns, one: Drawn) -> tuple[object, ...]:
    rungs = (getattr(answers, rung)[one.row] for rung in ("exact", "synonym", "family"))
    said = (json.dumps(one.names, ensure_ascii=False), json.dumps(one.ranks))
    decided = ("" if rank != rank else int(rank) for rank in rungs)  # NaN is not itself
    return (one.item, one.case, answers.case_id[one.row], *one.stratum, f"{one.weight:.6g}", *said, *decided)


def _csv(head: Sequence[str], rows: Iterator[tuple[object, ...]]) -> str:
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(head)
    writer.writerows(rows)
    return file.getvalue()


def write_beside(path: Path, answers: AnswerColumns, sample: Sequence[Drawn]) -> tuple[Path, Path]:
    """Write sheet and key beside the folder, not into it, and return where: only the sheet goes to who checks.

    Raises:
        DataError: A file cannot be written.
    """
    sheet, key = path.with_name(f"{path.name}-sheet.csv"), path.with_name(f"{path.name}-key.csv")
    write_text(sheet, sheet_csv(answers, sample))
    write_text(key, key_csv(answers, sample))
    return sheet, key
