"""Variants of cases and narratives as an ordinary dataset folder, so that any rater can rate them and resume."""

import hashlib
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from PIL import Image

from dermatrust.agreement.clusters import Floats
from dermatrust.bench.asking import Pace
from dermatrust.bench.play import Bench
from dermatrust.bench.recorded import record_ratings
from dermatrust.errors import DataError
from dermatrust.judge.draws import combine_draws
from dermatrust.records import DIMENSIONS, Case, Flag, Narrative, Rating, Record, canonical_json, iter_records
from dermatrust.records.record import Name
from dermatrust.store.atomic import write_text
from dermatrust.store.folder import DatasetFolder, write_dataset
from dermatrust.store.jsonl import append_records, write_records
from dermatrust.store.layout import NARRATIVES
from dermatrust.store.pixels import read_pixels
from dermatrust.store.run import RunFolder

VARIANTS = "variants.jsonl"
"""Its file, in the folder of the variants: which narrative is what, and what it is compared with."""
ASKED = "asked.json"
"""In the run folder: what the audit asks, so that another audit is not mixed with it."""


_KEPT = 256
"""Files that wait to be read; `write_dataset` takes 16 pictures at a time."""


class Variant(Record):
    """One narrative that is rated, and the one it is compared with."""

    narrative_id: Name
    plain_id: Name
    """The narrative without the attack, or with the true picture; its own id where it is that itself."""
    patient: Name
    """The patient of the case, or the case where none is recorded: what intervals resample."""
    kind: Name
    """Class of the attack, or what was done to the picture."""
    name: Name
    """Which attack of its class."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture of a folder of variants.

    Attributes:
        name: In its case's `file_names`.
        source: The photograph it is made from.
        change: What is done to it; nothing unless given.
    """

    name: str
    source: Path
    change: Callable[[Image.Image], Image.Image] | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What a folder of variants holds.

    Attributes:
        cases: Cases, in the order of the folder.
        narratives: What is rated.
        variants: One for each narrative.
        references: What judges read beside them.
        pictures: The pictures of the cases.
    """

    cases: Sequence[Case]
    narratives: Sequence[Narrative]
    variants: Sequence[Variant]
    references: Sequence[Narrative] = ()
    pictures: Sequence[Picture] = ()

    @property
    def digest(self) -> str:
        """Hash of everything that is asked for, pictures aside: they follow from it and the dataset."""
        lines = (one.to_line() for one in chain(self.cases, self.narratives, self.variants, self.references))
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Rated:
    """What one rater said about variants.

    Attributes:
        rater: Its name.
        scores: Mean over its draws, shape (variants, 6); NaN where there is none.
        is_flagged: Whether a rating is flagged `injection_suspected`, shape (variants,).
        is_unfamiliar: Whether a rating is flagged `unfamiliar_text`, shape (variants,).
        has_writing: Whether a rating is flagged `writing_in_image`, shape (variants,).
    """

    rater: str
    scores: Floats
    is_flagged: np.ndarray[Any, np.dtype[np.bool_]]
    is_unfamiliar: np.ndarray[Any, np.dtype[np.bool_]]
    has_writing: np.ndarray[Any, np.dtype[np.bool_]]


def write_variants(path: Path, source: DatasetFolder, plan: Plan, *, name: str) -> None:
    """Make the folder of the variants, unless it is there; all of it or none of it.

    Args:
        path: The folder.
        source: The dataset they are made from; its card's rules hold for them too.
        plan: What it holds.
        name: Put behind the dataset's name on the card.

    Raises:
        DataError: A picture cannot be read, or the folder cannot be written.
    """
    if path.exists():
        return
    notes = f"Variants made by `dermatrust audit` to test raters: no clinical text. {source.card.notes}".strip()
    card = source.card.model_copy(update={"name": f"{source.card.name}-{name}", "notes": notes})
    building = path.with_name(f"{path.name}.building")
    shutil.rmtree(building, ignore_errors=True)  # what an interrupted audit left
    with TemporaryDirectory() as folder:
        write_dataset(building, card, plan.cases, plan.references, _made(plan.pictures, Path(folder)))
    append_records(building / NARRATIVES, plan.narratives)
    write_records(building / VARIANTS, plan.variants)
    building.rename(path)


def _made(pictures: Iterable[Picture], folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield the name of every picture and a file with it; a file made here is kept until many more were taken."""
    for number, picture in enumerate(pictures):
        (folder / f"{number - _KEPT}.png").unlink(missing_ok=True)
        if picture.change is None:
            yield picture.name, picture.source
            continue
        path = folder / f"{number}.png"
        pixels = read_pixels(picture.source, where=f"picture {picture.name}")
        picture.change(pixels).save(path, compress_level=1)
        yield picture.name, path


def check_same_audit(run: RunFolder, bench: Bench, plans: Iterable[Plan]) -> None:
    """Refuse to go on in a run folder that holds another audit, else mark it as this one's.

    Raises:
        DataError: It holds ratings of other variants, or by raters who were asked otherwise.
    """
    cards = [rater.card.model_copy(update={"version": ""}).model_dump(mode="json") for rater in bench.raters]
    asked = {"variants": [plan.digest for plan in plans], "raters": cards, "side_px": bench.images.side_px}
    path, text = run.path / ASKED, canonical_json(asked)
    if path.exists() and path.read_text(encoding="utf-8") != text:
        do = "Give this audit a name of its own with --run-id."
        raise DataError(str(run.path), "holds an audit of other texts, pictures, raters or settings", do=do)
    if not path.exists():
        write_text(path, text)


def rate_variants(path: Path, bench: Bench, run: RunFolder, pace: Pace) -> tuple[list[Rated], Counter[str]]:
    """Let the bench's raters rate what they have not rated yet, and return everything they said.

    Args:
        path: The folder of the variants.
        bench: Its judges and evaluators.
        run: Where replies are kept.
        pace: How fast to ask.

    Returns:
        One for each rater, in the bench's order, on the variants in the order of the folder; and the asks that brought
        no reply.

    Raises:
        DataError: The folder cannot be read.
        ModelError: As `run_bench`.
    """
    folder = DatasetFolder.open(path)
    recorded = record_ratings(replace(bench, dataset=folder, limit=None), run, pace)
    places = {variant.narrative_id: k for k, variant in enumerate(read_variants(path))}
    found: dict[str, dict[str, list[Rating]]] = {rater.name: {} for rater in bench.raters}
    for rating in folder.iter_ratings():
        if rating.rater in found and rating.narrative_id in places:
            found[rating.rater].setdefault(rating.narrative_id, []).append(rating)
    return [_rated(rater, ratings, places) for rater, ratings in found.items()], recorded.failures


def read_variants(path: Path) -> list[Variant]:
    """Return the variants of a folder.

    Raises:
        DataError: Their file is missing or damaged.
    """
    return list(iter_records(path / VARIANTS, Variant))


def _rated(rater: str, ratings: dict[str, list[Rating]], places: dict[str, int]) -> Rated:
    scores = np.full((len(places), len(DIMENSIONS)), np.nan)
    flags: tuple[Flag, ...] = ("injection_suspected", "unfamiliar_text", "writing_in_image")
    flagged = np.zeros((len(flags), len(places)), np.bool_)
    for narrative_id, draws in ratings.items():
        combined = combine_draws(draws)
        means = [combined[dimension].mean for dimension in DIMENSIONS]
        scores[places[narrative_id]] = [np.nan if mean is None else mean for mean in means]
        flagged[:, places[narrative_id]] = [any(flag in draw.flags for draw in draws) for flag in flags]
    return Rated(rater, scores, *flagged)


def strangers(cases: Sequence[Case], texts: Sequence[Narrative]) -> Iterator[tuple[Case, Narrative]]:
    """Yield each case with a text about another patient, with another label where there is one: a poor narrative.

    Args:
        cases: The cases.
        texts: Texts of these cases; texts that are blank are passed over. Each case begins to look in another place.

    Raises:
        DataError: All texts are about one patient.
    """
    known = {case.id: case for case in cases}
    pool = [text for text in texts if text.text.strip() and text.case_id in known]
    for number, case in enumerate(cases):
        start = (number + 1) * len(pool) // max(1, len(cases))
        others = (
            text for text in chain(pool[start:], pool[:start]) if patient_of(known[text.case_id]) != patient_of(case)
        )
        first = next(others, None)
        if first is None:
            raise DataError(
                f"case {case.id!r}", "there is no text about another patient", "texts of at least two patients"
            )
        unlike = (text for text in chain([first], others) if known[text.case_id].label != case.label)
        yield case, next(unlike, first)


def patient_of(case: Case) -> str:
    """Return what intervals resample: the patient, or the case where none is recorded, which may bear a patient's id.

    Example:
        >>> patient_of(Case(id="7")), patient_of(Case(id="c", patient_id="7"))
        ('case 7', '7')
    """
    return case.patient_id or f"case {case.id}"
