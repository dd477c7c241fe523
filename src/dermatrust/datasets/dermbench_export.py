"""A dataset in the format of DermBench's text release, which `dermbench.py` and `dermbench_outputs.py` read.

The format holds cases with a label, a category, a split, one image path and a certified text; candidates by models, one
per case and model; and judges' verdicts on those. Everything else is left out and counted. No image is copied; a case
without one gets a path made of its file family, since the format demands a path.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dermatrust.datasets.dermbench import CERTIFICATE, MANIFEST, RELEASED, ManifestRow
from dermatrust.datasets.dermbench_outputs import CandidateRow, JudgedRow
from dermatrust.errors import DataError
from dermatrust.records import Case, Narrative, Rating
from dermatrust.store.atomic import write_bytes
from dermatrust.store.folder import DatasetFolder
from dermatrust.store.jsonl import write_records
from dermatrust.store.new_dataset import new_folder

_NO_PATH = re.compile(r"[/\\\0]|^\.+")
CANDIDATES, JUDGED = "data/candidates.jsonl", "data/judged.jsonl"


@dataclass(frozen=True, slots=True)
class ExportedRelease:
    """What was written, and what was left out.

    Attributes:
        n_cases: Rows of the manifest, each with its text.
        n_candidates: Candidate rows.
        n_judged: Judged rows.
        left_out: Why to how many cases, images, narratives or ratings.
    """

    n_cases: int
    n_candidates: int
    n_judged: int
    left_out: Counter[str]


def export_dermbench(folder: DatasetFolder, out: Path) -> ExportedRelease:
    """Write what of a dataset the release's format can hold as a new folder.

    Args:
        folder: The dataset.
        out: The folder to make.

    Raises:
        DataError: No case can be written, `out` is not empty, or a record cannot be read.
    """
    left_out: Counter[str] = Counter()
    chosen = []
    for case in folder.iter_cases():
        reference = folder.reference(case.id)
        why = _why_not(case, reference)
        if why or reference is None:
            left_out[f"cases {why}"] += 1
            continue
        left_out["images beside a case's first"] += max(0, len(case.file_names) - 1)
        chosen.append((case, reference))
    if not chosen:
        reasons = ", ".join(f"{n} {why}" for why, n in left_out.items()) or "there are none"
        raise DataError(str(folder.path), f"has no case for this format ({reasons})", "certified references")
    candidates = _candidates(folder, {case.id for case, _ in chosen}, left_out)
    judged = _judged(folder, candidates, left_out)
    with new_folder(out) as building:
        rows = [_row(number, case, text, folder.card.name) for number, (case, text) in enumerate(chosen, start=1)]
        for row, (_, reference) in zip(rows, chosen, strict=True):
            write_bytes(building / row.cot, reference.text.encode("utf-8"), durable=False)
        write_records(building / MANIFEST, rows)
        write_records(building / CANDIDATES, map(_candidate_row, candidates.values()))
        write_records(building / JUDGED, judged)
    return ExportedRelease(len(chosen), len(candidates), len(judged), +left_out)


def _why_not(case: Case, reference: Narrative | None) -> str:
    """Return why a case does not fit the format, "" where it does."""
    if reference is None or reference.certificate is None:
        return "without a certified reference"
    lacking = [name for name in ("label", "category", "split") if getattr(case, name) is None]
    return f"without {' and '.join(lacking)}" if lacking else ""


def _row(number: int, case: Case, reference: Narrative, dataset: str) -> ManifestRow:
    source = RELEASED if reference.certificate == CERTIFICATE else dataset
    fields = {
        "id": case.id, "source": source, "split": case.split, "category": case.category, "diagnosis": case.label,
        "dermnet_image_path": _image_path(case), "cot": f"data/cot/{number:06d}.txt",
        "cot_sha256": hashlib.sha256(reference.text.encode("utf-8")).hexdigest(),
    }  # fmt: skip
    return ManifestRow.from_fields(fields, where=f"case {case.id!r}")


def _image_path(case: Case) -> str:
    """Return where the photograph is; the reader takes the file family from this, so a path is always given."""
    if case.file_names:
        return case.file_names[0].removeprefix("images/")
    folder, stem = (_NO_PATH.sub("_", name) for name in (case.category or "", case.file_family or case.id))
    return f"{folder}/{stem}-0.jpg"


def _candidates(folder: DatasetFolder, case_ids: set[str], left_out: Counter[str]) -> dict[str, Narrative]:
    """Return the candidates of these cases by id: the first of each case and model."""
    found: dict[str, Narrative] = {}
    taken: set[tuple[str, str]] = set()
    for narrative in folder.iter_narratives():
        if narrative.stream != "candidate":
            left_out["narratives that are no candidates"] += 1
        elif narrative.case_id not in case_ids:
            left_out["candidates of cases left out"] += 1
        elif (narrative.case_id, narrative.author) in taken:
            left_out["further candidates of a case and model"] += 1
        else:
            taken.add((narrative.case_id, narrative.author))
            found[narrative.id] = narrative
    return found


def _judged(folder: DatasetFolder, candidates: dict[str, Narrative], left_out: Counter[str]) -> Sequence[JudgedRow]:
    people = {rater.id for rater in folder.iter_raters() if rater.kind in ("human", "simulated")}
    rows = []
    for rating in folder.iter_ratings():
        if rating.rater in people:
            left_out["ratings by people"] += 1
        elif rating.narrative_id not in candidates:
            left_out["ratings of narratives left out"] += 1
        elif rating.draw:
            left_out["repeated ratings"] += 1
        else:
            rows.append(_judged_row(rating, candidates[rating.narrative_id]))
    return rows


def _candidate_row(narrative: Narrative) -> CandidateRow:
    return CandidateRow(id=narrative.case_id, model=narrative.author, candidate_text=narrative.text)


def _judged_row(rating: Rating, narrative: Narrative) -> JudgedRow:
    return JudgedRow(
        id=narrative.case_id, candidate_model=narrative.author, judge_model=rating.rater,
        scores={dimension.title: score for dimension, score in rating.scores.items()},
        missing_metrics=tuple(dimension.title for dimension in rating.unscored), judge_text=rating.critique,
    )  # fmt: skip
