"""One benchmark run, from the first ask to the table: a pure function of cases, prompts and replies."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from dermatrust import __version__
from dermatrust.bench.asking import Pace, ask_all
from dermatrust.bench.checks import check_images, check_names
from dermatrust.bench.flat import table_csv
from dermatrust.bench.kept import keep_table
from dermatrust.bench.manifests import endpoint_of, model_card, named_by, now, resumed
from dermatrust.bench.play import Bench, Sample
from dermatrust.bench.results import BenchTable
from dermatrust.bench.rows import score_rows
from dermatrust.bench.said import said_of, write_said
from dermatrust.bench.table import bench_table
from dermatrust.clients import Client
from dermatrust.engine.privacy import check_may_leave
from dermatrust.errors import DataError, ModelError
from dermatrust.records import Manifest, ScoreRow
from dermatrust.store.atomic import write_text
from dermatrust.store.lock import only_writer
from dermatrust.store.run import RunFolder
from dermatrust.store.scores import read_scores, write_scores
from dermatrust.store.spool import Spool


@dataclass(frozen=True)
class BenchResult:
    """A finished run."""

    run: RunFolder
    manifest: Manifest
    table: BenchTable
    failures: Counter[str]
    """Asks that brought no reply, by model and reason; the same command tries them again."""


def run_bench(
    bench: Bench, run: RunFolder, *, command: str, seed: int, pace: Pace, replace: bool = False
) -> BenchResult:
    """Ask what the run's store does not hold yet, score everything, and write the run folder.

    Args:
        bench: What to run.
        run: Where to. It may hold the beginning of this very run.
        command: The command line, for the manifest.
        seed: Of the resampling.
        pace: How fast to ask.
        replace: Overwrite the results of another run in this folder; its replies are kept all the same.

    Raises:
        DataError: A case cannot be read, a photograph is missing or unreadable, or no case has a reference.
        ModelError: The privacy gate refuses a model, two models share a name, or a model cannot be asked at all.
    """
    _check(bench)
    manifest = plan(bench, run, command=command, seed=seed)
    with only_writer(run.path):
        if run.manifest_path.exists():
            manifest = resumed(manifest, run, replace=replace)
        run.write_manifest(manifest)
        rows, said, failures = _ask_and_score(bench, run, pace)
        write_scores(run.scores_path, rows)
        write_said(run, said)
        kinds = {rater.name: rater.card.kind for rater in bench.raters}
        table = bench_table(read_scores(run.scores_path), seed=seed, kinds=kinds)
        write_text(run.table_path, table_csv(table, bench.dataset.card))
        keep_table(run, table)
        # A judge's card knows the version its server reports only once it has answered.
        judges = tuple(rater.card for rater in bench.raters)
        manifest = manifest.model_copy(update={"finished": now(), "judges": judges})
        run.write_manifest(manifest)
    return BenchResult(run, manifest, table, failures)


def _ask_and_score(bench: Bench, run: RunFolder, pace: Pace) -> tuple[Iterator[ScoreRow], Spool, Counter[str]]:
    """Return the rows, and what was said, in the order of cases, models and judges, however the replies came in."""
    spool, said = Spool(run.path), Spool(run.path)

    def keep(numbered: tuple[int, Sample]) -> None:
        number, sample = numbered
        spool.put(number, [tuple(row) for row in score_rows(sample)])
        said.put(number, said_of(sample))

    failures = ask_all(bench.plays(), keep, run.replies_path, all_clients(bench), planned_asks(bench), pace)
    return (ScoreRow(*row) for rows in spool for row in rows), said, failures


def all_clients(bench: Bench) -> list[Client]:
    """Return every client of a run, those of the judges included, each once."""
    judges = [judge.client for judge in bench.raters if judge.client is not None]
    return list({id(client): client for client in (*bench.clients, *judges)}.values())


def planned_asks(bench: Bench) -> dict[str, int]:
    """Return how many replies the run needs from each model."""
    n_cases = planned_cases(bench)
    planned = {client.name: n_cases for client in bench.clients}
    for judge in bench.judges:
        if judge.client is not None:
            n_asks = n_cases * len(bench.clients) * judge.card.repeats
            planned[judge.client.name] = planned.get(judge.client.name, 0) + n_asks
    for evaluator in bench.evaluators:
        planned[evaluator.client.name] = planned.get(evaluator.client.name, 0) + n_cases * len(bench.clients)
    return planned


def _check(bench: Bench) -> None:
    """Find what would spoil the run before anything is asked or paid for."""
    if not bench.judges and not bench.evaluators:
        raise ModelError("bench", "no judge was named")
    check_models(bench)
    if bench.judges and all(bench.dataset.reference(case.id) is None for case in bench.cases()):
        raise DataError(
            str(bench.dataset.path), "holds no reference narrative for any case, so there is nothing to judge against",
            "references.jsonl",
        )  # fmt: skip


def check_models(bench: Bench) -> None:
    """Refuse doubled names, models the card keeps the cases from, and a dataset whose photographs are not there."""
    check_names("model", [client.name for client in bench.clients])
    check_names("judge", [rater.name for rater in bench.raters])
    check_may_leave(bench.dataset, all_clients(bench))
    if bench.evaluators or any(client.needs_images for client in bench.clients):
        check_images(bench.dataset)


def plan(bench: Bench, run: RunFolder, *, command: str, seed: int) -> Manifest:
    """Return the manifest of a run that has not begun."""
    prompts = dict([bench.prompt.name_and_hash.split(":", 1)])
    for judge in bench.raters:
        prompts |= dict(name.split(":", 1) for name in (judge.card.rubric, judge.card.prompt) if name and ":" in name)
    return Manifest(
        run_id=run.path.name,
        code_version=__version__,
        command=command,
        dataset=bench.dataset.card,
        dataset_hash=bench.dataset.content_hash(),
        n_cases=planned_cases(bench),
        models=tuple(model_card(client) for client in bench.clients),
        judges=tuple(rater.card for rater in bench.raters),
        prompts=prompts,
        seeds={"bootstrap": seed},
        config=config_of(bench),
        started=now(),
    )


def planned_cases(bench: Bench) -> int:
    """Return how many cases the run covers."""
    n_cases = bench.dataset.n_cases
    return n_cases if bench.limit is None else min(bench.limit, n_cases)


def config_of(bench: Bench) -> dict[str, Any]:
    """Return the settings that decide what is asked."""
    return {
        "dataset": bench.dataset.path.resolve().name,
        "models": [client.name for client in bench.clients],
        "judges": [judge.name for judge in bench.judges],
        "temperature": bench.sampling.temperature,
        "max_tokens": bench.sampling.max_tokens,
        "seed": bench.sampling.seed,
        "with_context": bench.with_context,
        "side_px": bench.images.side_px,
        "limit": bench.limit,
        **({"evaluators": [evaluator.name for evaluator in bench.evaluators]} if bench.evaluators else {}),
    }


def run_name(bench: Bench) -> str:
    """Return a name that the same command on the same dataset gives again, so that it resumes its own run.

    Example: "demo-3f2a9c1b".
    """
    parts = {
        "dataset": bench.dataset.content_hash(),
        "config": config_of(bench) | {"dataset": bench.dataset.card.name},
        "prompt": bench.prompt.name_and_hash,
        "judges": [rater.card.model_dump(mode="json") for rater in bench.raters],
        "endpoints": [endpoint_of(client) for client in all_clients(bench)],
    }
    return named_by(bench.dataset.card.name, parts)
