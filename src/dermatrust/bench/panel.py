"""The panel of simulated raters beside the judges of a benchmark run on the atlas."""

from dataclasses import replace

from dermatrust.atlas import Facts, Said, draw_facts
from dermatrust.atlas.raters import PANEL
from dermatrust.bench.play import Bench
from dermatrust.clients.nano import NanoClient
from dermatrust.judge.simulated import SimulatedJudge
from dermatrust.records import Case, Narrative


def with_panel(bench: Bench, *, seed: int, split: str) -> Bench:
    """Return the run with the packaged panel of simulated raters among its judges.

    Args:
        bench: A run of embedded narrators on a dataset folder of the atlas.
        seed: Of the atlas, and of the raters' noise.
        split: Split of the atlas that the folder holds.

    Returns:
        A run whose simulated raters know the truth of each case (it is drawn again from the seed) and what each
        narrator saw (it looks at the photographs again), and rate the difference with their own bias and noise.
    """
    narrators = {client.name: client for client in bench.clients if isinstance(client, NanoClient)}
    seen: dict[tuple[str, str], Said] = {}

    def facts_of(case: Case) -> Facts:
        return draw_facts(seed, split, _number(case))

    def said_of(narrative: Narrative, case: Case) -> Said:
        key = narrative.author, case.id
        if key not in seen:  # one look serves the whole panel
            paths = [(bench.dataset.image_path(name), f"case {case.id!r}, {name}") for name in case.file_names]
            images = [bench.images.prepare(path, where=where) for path, where in paths]
            seen[key] = narrators[narrative.author].perceive(images)
        return seen[key]

    def place_of(narrative: Narrative, case: Case) -> int:
        return _number(case) * len(narrators) + list(narrators).index(narrative.author)

    panel = [SimulatedJudge(rater, facts_of=facts_of, said_of=said_of, place_of=place_of, seed=seed) for rater in PANEL]
    return replace(bench, judges=[*bench.judges, *panel])


def _number(case: Case) -> int:
    return int(case.id.rpartition("-")[2])
