"""The construction of references and regular narratives, written into the dataset folder."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from operator import itemgetter

from dermatrust.bench.asking import Pace, ask_all
from dermatrust.bench.play import Bench
from dermatrust.bench.run import all_clients, check_models, planned_cases
from dermatrust.clients import Ask
from dermatrust.engine import Play
from dermatrust.narrate.streams import Builder, Built, ReasonedStream
from dermatrust.records import Case, Narrative
from dermatrust.store.folder import DatasetFolder
from dermatrust.store.jsonl import append_records
from dermatrust.store.layout import DRAFTS, NARRATIVES, REFERENCES
from dermatrust.store.lock import only_writer
from dermatrust.store.run import RunFolder


@dataclass(frozen=True, slots=True)
class Construction:
    """What a construction brought.

    Attributes:
        n_cases: Cases it was about.
        n_new: File to how many of its lines are new.
        n_known: Texts that were there already.
        n_certified: Cases whose reference is certified, which none is written beside.
        n_drafted: Cases left alone because they have a reference that nobody certified.
        n_unlabelled: Cases without a label, for which there is no reference to reason to.
        flags: Flag to how many of the new texts bear it.
        lost: "step: why" to how many texts were not written.
        failures: Asks that brought no reply, by model and reason; the same command tries them again.
    """

    n_cases: int
    n_new: dict[str, int]
    n_known: int
    n_certified: int
    n_drafted: int
    n_unlabelled: int
    flags: Counter[str]
    lost: Counter[str]
    failures: Counter[str]


def record_construction(
    bench: Bench, builder: Builder, run: RunFolder, pace: Pace, *, replace_uncertified: bool = False
) -> Construction:
    """Build both streams for every case; append what is new to drafts, references and narratives.

    No reference is written for a case whose reference is certified, nor, unless told to replace those, for one that has
    another.

    Args:
        bench: The dataset, its photographs, and the captioner and the reasoner as its clients.
        builder: Who is asked what.
        run: Where replies are kept.
        pace: How fast to ask.
        replace_uncertified: Draft a new reference where there is one that nobody certified; the new one is then read.

    Raises:
        DataError: A case, a photograph or a record cannot be read.
        ModelError: The privacy gate refuses a model, or a model cannot be asked at all.
    """
    check_models(bench)
    found: list[tuple[int, Built]] = []
    with only_writer(run.path):
        standing = _standing(bench.dataset)
        plan = [(case, _streams(case, standing, replace_uncertified)) for case in bench.cases()]
        n_asks = 2 * sum(len(streams) for _, streams in plan)
        planned = {builder.reasoner.name: n_asks}
        planned[builder.captioner.name] = planned.get(builder.captioner.name, 0) + planned_cases(bench)
        plays = _plays(bench, builder, plan)
        failures = ask_all(plays, found.append, run.replies_path, all_clients(bench), planned, pace)
        built = [part for _, part in sorted(found, key=itemgetter(0))]
        n_new, n_known, flags = _append(bench.dataset, built)
    kinds = Counter(standing[case.id] for case, _ in plan if case.id in standing)
    return Construction(
        n_cases=len(plan), n_new=n_new, n_known=n_known, n_certified=kinds[True],
        n_drafted=0 if replace_uncertified else kinds[False], n_unlabelled=sum(not case.label for case, _ in plan),
        flags=flags, lost=Counter(f"{one.step}: {one.why}" for part in built for one in part.lost), failures=failures,
    )  # fmt: skip


def _standing(dataset: DatasetFolder) -> dict[str, bool]:
    """Return every case that has a reference, and whether it is certified."""
    return {reference.case_id: reference.certificate is not None for reference in dataset.iter_references()}


def _streams(case: Case, standing: dict[str, bool], replace_uncertified: bool) -> tuple[ReasonedStream, ...]:
    is_free = case.id not in standing or (replace_uncertified and not standing[case.id])
    return ("reference", "regular") if case.label and is_free else ("regular",)


def _plays(
    bench: Bench, builder: Builder, plan: list[tuple[Case, tuple[ReasonedStream, ...]]]
) -> Iterator[Play[tuple[int, Built]]]:
    looks = builder.captioner.needs_images or (builder.reasoner_sees and builder.reasoner.needs_images)

    async def play(number: int, case: Case, streams: tuple[ReasonedStream, ...], ask: Ask) -> tuple[int, Built]:
        images = await bench.images_of(case) if looks else ()
        return number, await builder.build(case, images, ask, streams)

    for number, (case, streams) in enumerate(plan):
        yield partial(play, number, case, streams)


def _append(dataset: DatasetFolder, built: list[Built]) -> tuple[dict[str, int], int, Counter[str]]:
    """Append what the folder lacks; return file to new lines, how many were known, and the new ones' flags."""
    certified = {case for case, is_certified in _standing(dataset).items() if is_certified}  # again: time has passed
    chains = [chain for part in built for chain in part.chains]
    texts = {
        DRAFTS: ([draft for part in built for draft in part.drafts], dataset.iter_drafts()),
        REFERENCES: (
            [chain for chain in chains if chain.stream == "reference" and chain.case_id not in certified],
            dataset.iter_references(),
        ),
        NARRATIVES: ([chain for chain in chains if chain.stream == "regular"], dataset.iter_narratives()),
    }
    n_new: dict[str, int] = {}
    n_known, flags = 0, Counter[str]()
    for name, (written, there) in texts.items():
        known = {narrative.id for narrative in there}
        new: dict[str, Narrative] = {one.id: one for one in written if one.id not in known}
        append_records(dataset.path / name, new.values())
        n_new[name] = len(new)
        n_known += len(written) - len(new)
        flags.update(flag for one in new.values() for flag in one.flags)
    return n_new, n_known, flags
