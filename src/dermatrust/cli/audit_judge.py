"""`dermatrust audit judge`: the known-error test of judges, and their report card."""

import hashlib
import re
import shlex
import sys
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dermatrust.cli.options import (
    FILE,
    JUDGE_OPTIONS,
    RUN_OPTIONS,
    check_have_rated,
    named_run_folder,
    open_bench,
    pace_for,
    pace_of,
    tell_failures,
    with_options,
)  # fmt: skip

if TYPE_CHECKING:
    from dermatrust.audit.judge_audit import JudgeAudit
    from dermatrust.audit.known_errors import KnownErrors
    from dermatrust.audit.translation import Translation, Translator
    from dermatrust.bench.play import Bench
    from dermatrust.store.folder import DatasetFolder
    from dermatrust.store.run import RunFolder

_PANEL = click.option("--panel", multiple=True, help="A rater of DATASET's ratings.jsonl to trust; may be repeated.")
_TRANSLATOR = (
    click.option("--translator", "-m", help="A language model that makes twins in another language."),
    click.option("--translator-prompt", default="translate", show_default=True, help="Its prompt, name or file."),
)


@click.command()
@click.argument("dataset", type=FILE)
@with_options(*JUDGE_OPTIONS, _PANEL, *_TRANSLATOR, *RUN_OPTIONS)
def judge(dataset: Path, judges: tuple[str, ...], panel: tuple[str, ...], **options: Any) -> None:
    """Make narratives with one known error each from DATASET's references, and see which errors judges see.

    Beside them stand twins that say the same in other words, order or dress, which should move no score; with
    --translator in another language too (Spanish, unless --translator-prompt says otherwise). The run folder
    gets the texts as a dataset folder, report-card.csv, report-card.json and judge-report-card.html. The same command
    again asks only what is missing; with a further judge it adds that judge.
    """
    from dermatrust.audit.candidates import read_candidates
    from dermatrust.audit.judge_audit import audit_judges
    from dermatrust.audit.judged import Resampling
    from dermatrust.bench.recorded import record_ratings
    from dermatrust.engine.privacy import check_names_may_leave
    from dermatrust.store.folder import DatasetFolder
    from dermatrust.store.lock import only_writer

    judges, folder = judges or ("lexical",), DatasetFolder.open(dataset)
    check_names_may_leave(folder, (*judges, *filter(None, [options["translator"]])))
    check_have_rated(folder, "--panel", panel)
    candidates = read_candidates(folder)  # what is wrong with them is said before anybody is asked
    asking = open_bench(dataset, models=(), judges=judges, **options | {"limit": None})
    translator = _translator(options)
    digest = _digest(folder, options, translator)
    name = re.sub(r"[^\w.-]+|^\.+", "-", folder.card.name)[:80]  # a card's name may not lead out of --out
    run = named_run_folder(options, f"audit-judge-{name}-{digest}")
    known, translation, failures = _make(folder, run, run.path / f"variants-{digest}", translator, options)
    with only_writer(run.path):
        bench = replace(asking, dataset=known.folder)
        _write_manifest(bench, run, options["seed"], translator)
    click.echo(_asks_text(len(known.variants), judges, options["repeats"]), err=True)
    recorded = record_ratings(bench, run, pace_of(bench, options))
    cards = [one.card for one in bench.judges]
    finished = datetime.now(UTC).isoformat(timespec="seconds")
    run.write_manifest(run.read_manifest().model_copy(update={"finished": finished, "judges": tuple(cards)}))
    resampling = Resampling(seed=options["seed"])
    found = audit_judges(
        folder.card, candidates, known, cards, panel=panel, resampling=resampling, translation=translation
    )
    _write(found, run)
    tell_failures(failures + recorded.failures, run)


def _asks_text(n_texts: int, judges: tuple[str, ...], repeats: int) -> str:
    """Return what will be rated, and what that costs where it costs anything."""
    n_asked = sum(judge != "lexical" for judge in judges)
    verdicts = f"; each LLM judge is asked for {n_texts * repeats:,} verdicts" if n_asked else ""
    return f"{n_texts:,} texts{verdicts}"


def _translator(options: dict[str, Any]) -> "Translator | None":
    from dermatrust.audit.translation import Translator, load_translation_prompt
    from dermatrust.clients import Sampling, open_client

    if options["translator"] is None:
        return None
    prompt = load_translation_prompt(options["translator_prompt"])
    sampling = Sampling(0.0, options["max_tokens"], options["seed"])
    return Translator(open_client(options["translator"]), prompt, sampling)


def _make(
    folder: "DatasetFolder", run: "RunFolder", path: Path, translator: "Translator | None", options: dict[str, Any]
) -> "tuple[KnownErrors, Translation | None, Counter[str]]":
    """Return the variants, how translating went, and the translator's asks that brought no reply."""
    from dermatrust.audit.known_errors import write_known_errors
    from dermatrust.audit.translation import add_translations
    from dermatrust.engine.bar import watched
    from dermatrust.store.lock import only_writer

    shown = partial(watched, desc="variants", unit="reference", is_quiet=options["quiet"])
    with only_writer(run.path):
        known = write_known_errors(folder, path, seed=options["seed"], limit=options["limit"], watched=shown)
    if translator is None:
        return known, None, Counter()
    return add_translations(known, translator, run, pace_for([translator.client], options))


def _digest(folder: "DatasetFolder", options: dict[str, Any], translator: "Translator | None") -> str:
    """Return what tells apart variants, and ways to ask about them; judges asked alike share one folder."""
    from dermatrust.audit.known_errors import known_errors_name
    from dermatrust.judge.prompt import load_judge_prompt
    from dermatrust.judge.rubric import load_rubric
    from dermatrust.records import canonical_json

    asked = {
        "variants": known_errors_name(folder, seed=options["seed"], limit=options["limit"]),
        "rubric": load_rubric(options["rubric"]).name_and_hash,
        "prompt": load_judge_prompt(options["judge_prompt"]).name_and_hash,
        "temperature": options["judge_temperature"],
        "max_tokens": options["judge_max_tokens"],
        **({} if translator is None else {"translator": translator.name, "longest": options["max_tokens"]}),
    }
    return hashlib.blake2b(canonical_json(asked).encode(), digest_size=4).hexdigest()


def _write_manifest(bench: "Bench", run: "RunFolder", seed: int, translator: "Translator | None") -> None:
    from dermatrust.bench.run import plan

    manifest = plan(bench, run, command=shlex.join(["dermatrust", *sys.argv[1:]]), seed=seed)
    if translator is not None:
        prompts = manifest.prompts | dict([translator.prompt.name_and_hash.split(":", 1)])
        config = manifest.config | {"translator": translator.client.name}
        manifest = manifest.model_copy(update={"prompts": prompts, "config": config})
    run.write_manifest(manifest)


def _write(found: "JudgeAudit", run: "RunFolder") -> None:
    """Write the card as page, CSV and JSON, and print it."""
    from dermatrust.audit.card_rows import card_csv, card_json
    from dermatrust.audit.card_text import cards_text
    from dermatrust.report.judge_card import write_judge_card
    from dermatrust.store.atomic import write_text
    from dermatrust.store.result import RESULT, write_result

    page = run.path / "judge-report-card.html"
    write_text(run.path / "report-card.csv", card_csv(found))
    write_text(run.path / "report-card.json", card_json(found))
    write_result(run.path / RESULT, found)
    write_judge_card(page, found, manifest=run.read_manifest())
    if found.dataset.synthetic:
        click.echo("synthetic dataset: no number below is clinical performance\n")
    click.echo(cards_text(found))
    click.echo(f"report card: {page}", err=True)
