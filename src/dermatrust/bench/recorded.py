"""Narratives and ratings written into the dataset folder, for whoever works on them later."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import product
from operator import itemgetter

from dermatrust.bench.asking import Pace, ask_all
from dermatrust.bench.play import Bench, Sample, evaluate_narrative, rate_narrative
from dermatrust.bench.results import FLAGS
from dermatrust.bench.run import all_clients, check_models, planned_cases
from dermatrust.clients import Ask
from dermatrust.engine import Play
from dermatrust.errors import DataError, ModelError
from dermatrust.evaluator.evaluator import Evaluator
from dermatrust.judge.judge import Judge
from dermatrust.records import DIMENSIONS, Flag, Narrative, Rater, Rating
from dermatrust.store.jsonl import append_records
from dermatrust.store.layout import NARRATIVES, RATERS, RATINGS
from dermatrust.store.lock import only_writer
from dermatrust.store.run import RunFolder


@dataclass(frozen=True, slots=True)
class Recorded:
    """What was appended to the dataset folder, what was there already, and which asks failed.

    Attributes:
        n_new: Records that are new.
        n_known: Records that were there already.
        failures: Asks that brought no reply, by model and reason.
        flags: Flags of the new ratings, and how many bear each.
        other_rubrics: (rater, rubric or rule) to how many of its ratings follow that one, where the rater follows
            another now: their scores are not comparable with what it gives now. They stay, as whoever wrote them may
            want them.
    """

    n_new: int
    n_known: int
    failures: Counter[str]
    other_rubrics: Counter[tuple[str, str]] = field(default_factory=Counter)
    flags: dict[Flag, int] = field(default_factory=dict)


def record_narratives(bench: Bench, run: RunFolder, pace: Pace) -> Recorded:
    """Let the bench's models narrate every case; append what is new to `narratives.jsonl`.

    Raises:
        DataError: A case or a photograph cannot be read.
        ModelError: As `run_bench`.
    """
    check_models(bench)
    found: list[tuple[int, Sample]] = []

    planned = dict.fromkeys((client.name for client in bench.clients), planned_cases(bench))
    with only_writer(run.path):
        failures = ask_all(bench.plays(), found.append, run.replies_path, all_clients(bench), planned, pace)
        known = {narrative.id for narrative in bench.dataset.iter_narratives()}
        written = [sample.narrative for _, sample in sorted(found, key=itemgetter(0)) if sample.narrative is not None]
        new = [narrative for narrative in written if narrative.id not in known]
        append_records(bench.dataset.path / NARRATIVES, new)
    return Recorded(len(new), len(written) - len(new), failures)


def record_ratings(bench: Bench, run: RunFolder, pace: Pace) -> Recorded:
    """Let judges and evaluators rate every narrative of `narratives.jsonl`; append what is new to `ratings.jsonl`.

    Those that `raters.jsonl` does not know are appended to it.

    A narrative that a rater has rated is not asked for again, however the rater is asked now. A draw that a rater did
    not answer is not written: it is asked again next time.

    Raises:
        DataError: There is no narrative to rate, or a record cannot be read.
        ModelError: As `run_bench`; or an evaluator has other weights than when it first rated this dataset, and nobody
            could tell its ratings apart.
    """
    check_models(bench)
    _check_weights(bench)
    cases = {case.id: case for case in bench.cases()}
    narratives = [n for n in bench.dataset.iter_narratives() if n.case_id in cases]
    if not narratives:
        do = "Write some with `dermatrust narrate`."
        raise DataError(str(bench.dataset.path / NARRATIVES), "holds no narrative to rate", do=do)
    found: list[tuple[int, list[Rating]]] = []

    def plays() -> Iterator[Play[tuple[int, list[Rating]]]]:
        for number, (narrative, judge) in enumerate(product(narratives, bench.judges)):
            if n_rated[narrative.id, judge.name] < judge.card.repeats:
                yield partial(rate, number, narrative, judge)
        for number, (narrative, evaluator) in enumerate(product(narratives, bench.evaluators)):
            if n_rated[narrative.id, evaluator.name] < evaluator.card.repeats:
                yield partial(evaluate, len(narratives) * len(bench.judges) + number, narrative, evaluator)

    async def rate(number: int, narrative: Narrative, judge: Judge, ask: Ask) -> tuple[int, list[Rating]]:
        reference = bench.dataset.reference(narrative.case_id)
        return number, await rate_narrative(narrative, reference, cases[narrative.case_id], judge, ask)

    async def evaluate(number: int, narrative: Narrative, evaluator: Evaluator, ask: Ask) -> tuple[int, list[Rating]]:
        case = cases[narrative.case_id]
        return number, await evaluate_narrative(narrative, await bench.images_of(case), case, evaluator, ask)

    with only_writer(run.path):
        repeats = {r.name: r.card.repeats for r in bench.raters}
        n_rated = Counter((which, rater) for which, rater, draw in _drawn(bench) if draw < repeats.get(rater, 0))
        n_known = {r.name: sum(n_rated[n.id, r.name] for n in narratives) for r in bench.raters}
        planned = {
            r.client.name: len(narratives) * r.card.repeats - n_known[r.name]
            for r in bench.raters
            if r.client is not None
        }
        failures = ask_all(plays(), found.append, run.replies_path, all_clients(bench), planned, pace)
        known = _drawn(bench)  # again: another run may have written meanwhile
        new = [
            rating
            for _, ratings in sorted(found, key=itemgetter(0))
            for rating in ratings
            if _was_answered(rating) and (rating.narrative_id, rating.rater, rating.draw) not in known
        ]
        append_records(bench.dataset.path / RATINGS, new)
        registered = {rater.id for rater in bench.dataset.iter_raters()}
        weights = {evaluator.name: evaluator.weights for evaluator in bench.evaluators}
        cards = [r.card for r in bench.raters if r.name not in registered]
        if cards:
            lines = [Rater(id=c.judge, kind=c.kind, family=c.family, weights=weights.get(c.judge)) for c in cards]
            append_records(bench.dataset.path / RATERS, lines)
    counts = {flag: sum(flag in rating.flags for rating in new) for flag in FLAGS}
    flags = {flag: n for flag, n in counts.items() if n}
    return Recorded(len(new), sum(n_known.values()), failures, _other_rubrics(bench), flags)


def _check_weights(bench: Bench) -> None:
    registered = {rater.id: rater.weights for rater in bench.dataset.iter_raters()}
    for evaluator in bench.evaluators:
        before, now = registered.get(evaluator.name), evaluator.weights
        if before is not None and now != before:
            path = bench.dataset.path
            what = f"has weights {now} now, and rated {path} with {before}"
            do = f"Give its folder another name, or take its lines out of {RATERS} and {RATINGS} in {path}."
            raise ModelError(evaluator.name, what, do=do)


def _other_rubrics(bench: Bench) -> Counter[tuple[str, str]]:
    now = {rater.name: rater.card.rubric for rater in bench.raters}
    return Counter(
        (rating.rater, rating.rubric)
        for rating in bench.dataset.iter_ratings()
        if rating.rater in now and rating.rubric is not None and rating.rubric != now[rating.rater]
    )


def _drawn(bench: Bench) -> set[tuple[str, str, int]]:
    return {(r.narrative_id, r.rater, r.draw) for r in bench.dataset.iter_ratings()}


def _was_answered(rating: Rating) -> bool:
    return not all(d in rating.unscored and rating.unscored[d].reason == "no answer" for d in DIMENSIONS)
