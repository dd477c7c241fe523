"""Names of diagnoses that the lexicon does not know, with those it knows that are spelt most like them."""

import csv
import io
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from dermatrust.bench.text import counted
from dermatrust.clinic.ladder import diagnosis_said
from dermatrust.datasets.labels import written_alike
from dermatrust.lexicon import load_lexicon
from dermatrust.lexicon.nearest import nearest_diagnoses
from dermatrust.store.answers import AnswerColumns

N_NEAREST = 3
MOST_SEARCHED = 500
"""Names, the most frequent first, for which near ones are searched: a search takes some hundredths of a second."""
COLUMNS = ("name", "where", "n", "nearest_1", "nearest_2", "nearest_3")


@dataclass(frozen=True, slots=True)
class UnknownName:
    """A name that the lexicon does not know.

    Attributes:
        name: As written; of several spellings that differ in case, plural and the like alone, the first.
        where: "truth" for a label of the dataset, "answer" for what a model said.
        n: Cases with the label, or answers that name it.
        nearest: Diagnoses spelt most like it, for a reader to choose from; empty where none is near or nobody searched.
    """

    name: str
    where: str
    n: int
    nearest: tuple[str, ...]


def unknown_names(answers: AnswerColumns) -> tuple[UnknownName, ...]:
    """Return the names unknown to the lexicon, labels first, the most frequent first.

    An unknown label can only be matched exactly, and an unknown answer too: neither is a miss that was proven.
    """
    lexicon = load_lexicon()
    labels = dict(zip(answers.case_id, answers.label, strict=True)).values()
    written: dict[tuple[str, ...], str] = {}
    unknown = (label for label in labels if label is not None and lexicon.diagnosis(label) is None)
    truths = Counter(written_alike(label, written) for label in unknown)
    said: Counter[tuple[str, ...]] = Counter()
    for text, n in Counter(answers.said).items():
        names = (name for name in json.loads(text) if diagnosis_said(name, lexicon) is None)
        for key in dict.fromkeys(written_alike(name, written) for name in names):
            said[key] += n
    found = [("truth", *item) for item in truths.most_common()] + [("answer", *item) for item in said.most_common()]
    return tuple(
        UnknownName(
            written[key], where, n, nearest_diagnoses(written[key], n=N_NEAREST) if number < MOST_SEARCHED else ()
        )
        for number, (where, key, n) in enumerate(found)
    )


def unknown_csv(names: Sequence[UnknownName]) -> str:
    """Return the names as CSV (RFC 4180), with a header line."""
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    for one in names:
        writer.writerow([one.name, one.where, one.n, *one.nearest, *[""] * (N_NEAREST - len(one.nearest))])
    return file.getvalue()


def unknown_warning(names: Sequence[UnknownName], path: str) -> str:
    """Return one line about them, or nothing where there are none."""
    if not names:
        return ""
    counts = Counter(one.where for one in names)
    parts = [counted(counts["truth"], "label")] if counts["truth"] else []
    parts += [f"{counted(counts['answer'], 'name')} in answers"] if counts["answer"] else []
    first = names[0]
    near = f", spelt most like {' or '.join(first.nearest)}" if first.nearest else ""
    return f"the lexicon does not know {' and '.join(parts)}, such as {first.name!r}{near}: see {path}"
