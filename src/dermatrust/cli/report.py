"""`dermatrust report`: one HTML file from finished runs, studies and audits."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from dermatrust.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dermatrust.records import Manifest
    from dermatrust.report.chapters import Found

_FOLDERS = (
    "the folder of a finished `bench`, `run`, `replay --out`, `clinic ddx`, `triage`, "
    "`stress`, `gap` or `baseline --out`, `align --out`, "
    "`audit judge`, `audit references`, `audit image` or `audit injection`"
)
_DO = "What `judge` and `rate` write stands in their dataset: `align DATASET --out FOLDER` makes a study of it."


@click.command()
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--out", "-o", type=click.Path(path_type=Path), default=Path("report.html"), show_default=True, help="The page."
)
@click.option("--output", type=click.Path(path_type=Path), hidden=True, help="What --out was called.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of the resampling.")
def report(runs: tuple[Path, ...], out: Path, output: Path | None, seed: int) -> None:
    """Put finished RUNS into one HTML file: models beside what says whether their scores can be trusted.

    RUNS are the folders that bench, run, clinic, align and audit judge, references, image or injection wrote. Benches
    must be of one dataset, and are compared in one table, without case pages; protocols that were run are compared
    where they asked the same; of everything else there is one at most. A bench's own report.html has its case pages.
    """
    from dermatrust.report import write_trust_report
    from dermatrust.store.result import RESULT

    results = [path for path in runs if (path / RESULT).exists()]
    benches = [path for path in runs if path not in results]
    _check_are_finished(benches)
    placed, manifests = _found(results)
    found = [one for _, one in placed]
    manifest = _joined(benches) if benches else None
    _check_one_truth(placed, manifest)
    page = output or out
    if manifest is None:
        write_trust_report(page, found, manifests)
    else:
        _write_with_models(page, benches, manifest, found, manifests, seed)
    click.echo(f"report: {page}", err=True)


def _check_are_finished(paths: "Sequence[Path]") -> None:
    """Refuse folders that hold nothing a report shows, such as datasets, and the runs of judge and rate."""
    from dermatrust.store.run import RunFolder

    for path in paths:
        run = RunFolder(path)
        if not path.is_dir():
            raise DataError(str(path), "is no folder" if path.exists() else "does not exist", _FOLDERS)
        config = run.read_manifest().config if run.manifest_path.exists() and not run.scores_path.exists() else {}
        if config.get("task") or config.get("protocol"):
            do = "Run the command that began it again: what was answered is kept."
            what = "a clinical study" if config.get("task") else f"a run of {config['protocol']}"
            raise DataError(str(path), f"is {what} that is not finished", _FOLDERS, do)
        if not (run.manifest_path.exists() and run.scores_path.exists()):
            raise DataError(str(path), "holds nothing that a report shows", _FOLDERS, _DO)


def _write_with_models(
    output: Path, benches: "Sequence[Path]", manifest: "Manifest", found: "Sequence[Found]",
    manifests: "dict[str, Manifest]", seed: int,
) -> None:  # fmt: skip
    """Write the report of runs of models, and print their table."""
    from dermatrust.bench.table import bench_table
    from dermatrust.bench.text import table_text
    from dermatrust.report import write_report
    from dermatrust.store.run import RunFolder
    from dermatrust.store.scores import join_scores, read_scores

    kinds = {card.judge: card.kind for card in manifest.judges}
    scores = join_scores([read_scores(RunFolder(path).scores_path) for path in benches])
    table = bench_table(scores, seed=seed, kinds=kinds)
    write_report(
        output, manifest=manifest, table=table, pages=(), n_cases_total=manifest.n_cases, found=found,
        manifests=manifests,
    )  # fmt: skip
    if manifest.dataset.synthetic:
        click.echo("synthetic dataset: no number below is clinical performance\n")
    click.echo(table_text(table))


def _found(results: "Sequence[Path]") -> "tuple[list[tuple[Path, Found]], dict[str, Manifest]]":
    """Return what the folders of studies and audits hold, one of a kind, and the manifest of each that is a run.

    What protocols found stands for one, after all others.
    """
    from dermatrust.report.chapters import KINDS, class_of
    from dermatrust.store.result import RESULT, read_kind, read_result
    from dermatrust.store.run import RunFolder

    held: dict[str, Path] = {}
    found: list[tuple[Path, Found]] = []
    manifests: dict[str, Manifest] = {}
    protocols = [path for path in results if read_kind(path / RESULT) == "ProtocolResult"]
    for path in results:
        if path in protocols:
            continue
        name = read_kind(path / RESULT)
        if name not in KINDS:
            raise DataError(str(path / RESULT), f"holds {name!r}", f"one of {', '.join(KINDS)}")
        if name in held:
            what = f"is a second {KINDS[name].title.lower()}, beside {held[name]}"
            raise DataError(str(path), what, "one of a kind", "Make a report of each.")
        held[name] = path
        found.append((path, read_result(path / RESULT, class_of(name))))
        if (run := RunFolder(path)).manifest_path.exists():
            manifests[name] = run.read_manifest()
    return [*found, *_protocol_runs(protocols)], manifests


def _protocol_runs(paths: "Sequence[Path]") -> "Iterator[tuple[Path, Found]]":
    """Yield what protocols found, as one, if there is any."""
    from dermatrust.protocols.result import ProtocolResult
    from dermatrust.protocols.several import ProtocolRuns
    from dermatrust.store.result import RESULT, read_result

    if paths:
        yield paths[0], ProtocolRuns(tuple(read_result(path / RESULT, ProtocolResult) for path in paths))


def _check_one_truth(placed: "Sequence[tuple[Path, Found]]", manifest: "Manifest | None") -> None:
    """Refuse to put what is synthetic and what is real on one page: its marks would say nothing."""
    from dermatrust.report.chapters import dataset_of

    cards = [dataset_of(one) for _, one in placed]
    first = manifest.dataset if manifest is not None else cards[0]
    for card, (path, _) in zip(cards, placed, strict=True):
        if card.synthetic != first.synthetic:
            words = {True: "synthetic", False: "not synthetic"}
            what = f"is of {card.name}, which is {words[card.synthetic]}; {first.name} is {words[first.synthetic]}"
            raise DataError(str(path), what, do="Make a report of each.")
        if card.name != first.name:
            click.echo(
                f"{path}: is of {card.name}, and stands beside {first.name}; its part of the page says so", err=True
            )


def _joined(runs: "Sequence[Path]") -> "Manifest":
    """Return one manifest for all runs of models; they must be of one dataset and of different models or judges."""
    from dermatrust.store.run import RunFolder

    manifests = [RunFolder(path).read_manifest() for path in runs]
    first = manifests[0]
    pairs: set[tuple[str, str]] = set()
    cards = {judge.judge: judge for manifest in reversed(manifests) for judge in manifest.judges}
    for manifest, run in zip(manifests, runs, strict=True):
        if manifest.dataset_hash != first.dataset_hash or manifest.n_cases != first.n_cases:
            do = "Runs are compared on the same cases only."
            raise DataError(str(run), f"is not of the same cases as {runs[0]}", do=do)
        for judge in manifest.judges:
            if judge.model_copy(update={"version": ""}) != cards[judge.judge].model_copy(update={"version": ""}):
                what = f"used the judge {judge.judge!r} with another rubric, prompt or setting than {runs[0]}"
                raise DataError(str(run), what, do="Such scores cannot be compared.")
        here = {(model.model, judge.judge) for model in manifest.models for judge in manifest.judges}
        if pairs & here:
            author, rater = min(pairs & here)
            raise DataError(str(run), f"has {author!r} judged by {rater!r} again", "each model and judge in one run")
        pairs |= here
    return first.model_copy(
        update={
            "run_id": " + ".join(manifest.run_id for manifest in manifests),
            "models": tuple({m.model: m for manifest in manifests for m in manifest.models}.values()),
            "judges": tuple({j.judge: j for manifest in manifests for j in manifest.judges}.values()),
            "prompts": {name: digest for manifest in manifests for name, digest in manifest.prompts.items()},
        }
    )
