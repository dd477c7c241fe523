"""Rationales for what people have rated and certified, written into the dataset folder."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from operator import itemgetter
from statistics import fmean

from dermatrust.bench.asking import Pace, ask_all
from dermatrust.bench.play import Bench
from dermatrust.clients import Ask
from dermatrust.engine import Play
from dermatrust.evaluator.form import NARRATIVE, Form
from dermatrust.narrate.rationale import Explainer
from dermatrust.records import DIMENSIONS, HIGHEST_SCORE, Case, Dimension, Narrative, Rating, Rationale
from dermatrust.store.folder import DatasetFolder
from dermatrust.store.jsonl import append_records
from dermatrust.store.layout import RATIONALES
from dermatrust.store.lock import only_writer
from dermatrust.store.run import RunFolder

MEAN = "mean"
"""The rater of a rationale about the mean of several people."""


@dataclass(frozen=True, slots=True)
class Settled:
    """A narrative with the scores that are to be explained.

    Attributes:
        narrative: The text.
        rater: Whose scores they are, or "mean".
        scores: All six.
    """

    narrative: Narrative
    rater: str
    scores: Mapping[Dimension, float]


@dataclass(frozen=True, slots=True)
class Explained:
    """What asking for rationales brought.

    Attributes:
        n_new: Rationales appended.
        n_known: Those that were there already, about the same scores.
        n_incomplete: Rated narratives left out because a dimension has no score.
        flags: Flag to how many of the new ones bear it.
        lost: Why to how many were not written.
        failures: Asks that brought no reply, by model and reason.
    """

    n_new: int
    n_known: int
    n_incomplete: int
    flags: Counter[str]
    lost: Counter[str]
    failures: Counter[str]


def settled_scores(dataset: DatasetFolder, *, rater: str | None, step: str) -> tuple[list[Settled], int]:
    """Return every narrative whose six scores are settled, and how many rated ones lack a score.

    Certified references have 5 on every dimension: that is what certifying says. Narratives have the scores of the
    rater named; where none is, of whoever adjudicates, or else the mean of all people, real or simulated.

    Args:
        dataset: The folder.
        rater: Whose scores.
        step: How fine scores are: "whole", "half" or "quarter" points, to which means are rounded, halves up.
    """
    form = Form(NARRATIVE, step)
    ratings = _ratings(dataset, rater)
    settled: list[Settled] = []
    n_incomplete = 0
    for reference in dataset.iter_references():
        if reference.certificate is not None:
            settled.append(
                Settled(reference, reference.certificate.certified_by, dict.fromkeys(DIMENSIONS, HIGHEST_SCORE))
            )
    for narrative in dataset.iter_narratives():
        given = ratings.get(narrative.id, [])
        by_dimension = {d: [r.scores[d] for r in given if d in r.scores] for d in DIMENSIONS}
        if given and narrative.text.strip() and all(by_dimension.values()):
            scores = {d: form.nearest(fmean(values)) for d, values in by_dimension.items()}
            names = {rating.rater for rating in given}
            settled.append(Settled(narrative, names.pop() if len(names) == 1 else MEAN, scores))
        elif given:
            n_incomplete += 1
    return settled, n_incomplete


def _ratings(dataset: DatasetFolder, rater: str | None) -> dict[str, list[Rating]]:
    """Return narrative id to the ratings that settle its scores."""
    raters = {one.id: one for one in dataset.iter_raters()}
    found: defaultdict[str, list[Rating]] = defaultdict(list)
    settling: defaultdict[str, list[Rating]] = defaultdict(list)
    for rating in dataset.iter_ratings():
        known = raters.get(rating.rater)
        is_person = known is not None and known.kind in ("human", "simulated")
        if rating.rater == rater or (rater is None and is_person):
            found[rating.narrative_id].append(rating)
            if rater is None and known is not None and known.adjudicates:
                settling[rating.narrative_id].append(rating)
    return found | settling


def record_rationales(
    bench: Bench, explainer: Explainer, run: RunFolder, pace: Pace, *, rater: str | None, step: str, sees: bool
) -> Explained:
    """Ask for a rationale of every narrative with settled scores that has none about them; append what is new.

    Args:
        bench: The dataset and its photographs.
        explainer: Who is asked what.
        run: Where replies are kept.
        pace: How fast to ask.
        rater: Whose scores; see `settled_scores`.
        step: How fine the scores are.
        sees: Whether the explainer gets the photographs too.

    Raises:
        DataError: A record or a photograph cannot be read.
        ModelError: The model cannot be asked at all.
    """
    cases = {case.id: case for case in bench.cases()}
    settled, n_incomplete = settled_scores(bench.dataset, rater=rater, step=step)
    settled = [one for one in settled if one.narrative.case_id in cases]
    known = bench.dataset.rationales()
    wanted = [one for one in settled if not _is_known(one, known)]
    found: list[tuple[int, Rationale | str]] = []
    with only_writer(run.path):
        client = explainer.client
        plays = _plays(bench, explainer, [(one, cases[one.narrative.case_id]) for one in wanted], sees=sees)
        failures = ask_all(plays, found.append, run.replies_path, [client], {client.name: len(wanted)}, pace)
        written = [one for _, one in sorted(found, key=itemgetter(0))]
        new = [one for one in written if isinstance(one, Rationale)]
        append_records(bench.dataset.path / RATIONALES, new)
    return Explained(
        n_new=len(new), n_known=len(settled) - len(wanted), n_incomplete=n_incomplete,
        flags=Counter(chain.from_iterable(one.flags for one in new)),
        lost=Counter(f"rationale: {one}" for one in written if isinstance(one, str)), failures=failures,
    )  # fmt: skip


def _plays(
    bench: Bench, explainer: Explainer, wanted: Sequence[tuple[Settled, Case]], *, sees: bool
) -> Iterator[Play[tuple[int, Rationale | str]]]:
    async def play(number: int, one: Settled, case: Case, ask: Ask) -> tuple[int, Rationale | str]:
        images = await bench.images_of(case) if sees and explainer.client.needs_images else ()
        return number, await explainer.explain(one.narrative, one.scores, one.rater, images, ask)

    for number, (one, case) in enumerate(wanted):
        yield partial(play, number, one, case)


def _is_known(one: Settled, known: Mapping[str, Rationale]) -> bool:
    there = known.get(one.narrative.id)
    return there is not None and (there.rater, there.scores) == (one.rater, dict(one.scores))
