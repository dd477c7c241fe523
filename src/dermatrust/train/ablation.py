"""What each part of DermEval's training is worth, in one command.

    python -m dermatrust.train.ablation configs/nano.yaml --run runs/train-nano --blank runs/train-nano-blank
    python -m dermatrust.train.ablation configs/nano_held_back.yaml --run runs/train-nano-held-back --samples 0

The first recipe learns from all diseases and phrasings; the second keeps some back, so its tables show unseen ones.

Measured on drawn cases that no training saw: predict-the-mean, an evaluator without eyes, the lexical judge (which
reads the reference) and stage 1; then what more samples of stage 1, or as many of each stage-2 objective, change, at
equal samples and at equal time, over several seeds. Everything is synthetic. Needs the extra `train`.
"""

import copy
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
import numpy as np
import torch
from accelerate import Accelerator
from numpy.typing import NDArray

from dermatrust.agreement.bootstrap import BootstrapMeans
from dermatrust.agreement.consensus import other_clusters_means, others_means, panel_means
from dermatrust.atlas.raters import PANEL
from dermatrust.bench.results import MEASURES
from dermatrust.bench.text import measure_title
from dermatrust.clients.nano import PREFIX
from dermatrust.datasets.atlas_chunk import HYBRID_AUTHOR
from dermatrust.evaluator.policy import Policy
from dermatrust.evaluator.stored import load_policy
from dermatrust.judge.lexical import judge_lexically
from dermatrust.records import DIMENSIONS
from dermatrust.store.atomic import write_text
from dermatrust.store.folder import DatasetFolder
from dermatrust.train.examples import Examples, read_examples
from dermatrust.train.features import Features, look_at
from dermatrust.train.fresh import seeded
from dermatrust.train.measure import Part, errors, of_values, open_part, rows_of, score, score_with_critique
from dermatrust.train.recipe import Drawn, Recipe, Stage2Recipe, load_recipe
from dermatrust.train.run import Run, Taught, draw_part, folder_of, read_all, shown_to_tower

Floats = NDArray[np.float64]
SEED = 33
"""Of the held-out parts; training draws from other seeds, and nothing was chosen by their figures."""
RATED, UNSEEN, UNSEEN_PHRASINGS = "held-out cases", "unseen diseases", "unseen phrasings"
PARTS: dict[str, dict[str, Any]] = {
    RATED: {"split": "test", "n": 600},
    UNSEEN: {"split": "unseen", "n": 300},
    UNSEEN_PHRASINGS: {"split": "phrasings", "n": 300, "phrasing": "unseen"},
    "degraded images": {"split": "degraded", "n": 300, "degrade": "random"},
    "texts of two patients": {"split": "mixed", "n": 300, "hybrids": 1},
    "the narrators' texts": {"split": "narrated", "n": 100, "narrators": True},
}
"""All of new patients. Each but the first differs from it in one thing more."""
AUTHORS = {"texts of two patients": HYBRID_AUTHOR, "the narrators' texts": PREFIX}
"""Whose texts alone a part has."""
OBJECTIVES: dict[str, dict[str, Any]] = {
    "go on with stage 1": {"objective": "text"},
    "SOREB, critique drawn (the paper)": {"objective": "soreb", "order": "critique first"},
    "SOREB, scores drawn": {"objective": "soreb", "order": "scores first"},
    "RLOO, 8 draws of the scores": {"objective": "rloo", "draws": 8, "order": "scores first"},
    "GRPO, 8 draws of the scores": {"objective": "grpo", "draws": 8, "order": "scores first"},
    "expected-score loss": {"objective": "expected score"},
    "ordinal loss": {"objective": "ordinal"},
}
TITLES = [measure_title(measure) for measure in MEASURES]


def open_parts(recipe: Recipe, policy: Policy, folder: Path, *, workers: int) -> dict[str, Part]:
    """Return the held-out parts, drawn when they are not there yet.

    Unseen diseases are those that every source of the recipe leaves out, its tower's too, and phrasings are unseen
    where every source holds some back; where nothing is, that part is left out. Every other part has the diseases and
    the phrasings of the training.
    """
    sources = [source.atlas for source in (*recipe.data, *shown_to_tower(recipe)) if source.atlas is not None]
    unseen = set.intersection(*(set(source.without) for source in sources)) if sources else set()
    phrasing = "known" if sources and all(source.phrasing == "known" for source in sources) else "all"
    missing = {UNSEEN: not unseen, UNSEEN_PHRASINGS: phrasing == "all"}
    found = {}
    for name, fields in PARTS.items():
        if missing.get(name):
            continue
        path = part_folder(folder, name)
        if not path.exists():
            without = everything_but(unseen) if name == UNSEEN else tuple(sorted(unseen))
            drawn = Drawn(**{"phrasing": phrasing} | fields, without=without, seed=SEED)
            draw_part(path, drawn, workers=workers, raters=len(PANEL) if name == RATED else 0)
        found[name] = open_part(name, path, policy, path.with_suffix(".npy"), author=AUTHORS.get(name, ""))
    return found


def part_folder(folder: Path, name: str) -> Path:
    """Return where a held-out part lies."""
    return folder / f"{PARTS[name]['split']}-{SEED}"


def everything_but(names: set[str]) -> tuple[str, ...]:
    """Return the diseases of the atlas that are not named."""
    from dermatrust.atlas.disease import diseases_by_id

    return tuple(name for name in diseases_by_id() if name not in names)


def lexical_scores(folder: Path, part: Part) -> Floats:
    """Return what the lexical judge, who reads the reference, gives the narratives of a part."""
    dataset = DatasetFolder.open(folder)
    cases = {case.id: case for case in dataset.iter_cases()}
    found = np.full(part.targets.shape, np.nan)
    for k, example in enumerate(part.examples):
        case, reference = cases[example.case_id], dataset.reference(example.case_id)
        assert reference is not None  # every drawn case has one
        scores = judge_lexically(example.narrative, reference.text, label=case.label, urgency=case.urgency).scores
        found[k] = [scores.get(dimension, np.nan) for dimension in DIMENSIONS]
    return found


@dataclass(frozen=True, slots=True)
class Continued:
    """A policy after some more training.

    Attributes:
        scores: Of the held-out cases, shape (narratives, 6).
        samples: Examples it saw.
        seconds: Time it took.
        drawing: Share of it spent in drawing.
    """

    scores: Floats
    samples: int
    seconds: float
    drawing: float


def go_on(
    policy: Policy, recipe: Recipe, taught: Taught, fields: dict[str, Any], part: Part, seed: int,
    **limits: Any,
) -> Continued:  # fmt: skip
    """Train a copy of a policy on with one objective, and measure it.

    Args:
        policy: Where to begin; it is not changed.
        recipe: Of the run it comes from.
        taught: Examples.
        fields: Of the objective.
        part: Where to measure.
        seed: Of order and draws.
        limits: `epochs` or `seconds`.
    """
    stage = Stage2Recipe(
        batch=8, learning_rate=2e-4, warmup=0.05, keep_every=10**6, max_new_tokens=160, **fields, **limits
    )
    own = copy.deepcopy(policy)
    for name, weight in own.named_parameters():
        weight.requires_grad = "vision_tower" not in name
    seeded(seed)
    accelerator = Accelerator(mixed_precision="bf16" if recipe.precision == "bfloat16" else "no")
    with TemporaryDirectory() as folder:
        run = Run(recipe.model_copy(update={"seed": seed}), Path(folder), "ablation", accelerator, True)
        step = taught.second(own, recipe.form.orders, stage, lambda rewards: rewards)
        state = run.stage(own, stage, taught.lengths, step, "stage2")
    likeliest, _ = score(own, rows_of(own, part), by_readout=False)
    return Continued(likeliest, state.samples, state.seconds, state.drawing_s / max(state.seconds, 1e-9))


def cells(found: BootstrapMeans) -> str:
    """Return seven means with intervals as cells of a Markdown row."""
    triples = zip(found.means, found.low, found.high, strict=True)
    return " | ".join(f"{mean:.2f} [{low:.2f}, {high:.2f}]" for mean, low, high in triples)


def header(*first: str) -> str:
    """Return the two lines that begin a Markdown table."""
    names = [*first, *TITLES]
    return f"| {' | '.join(names)} |\n|{'---|' * len(names)}"


def main_table(parts: dict[str, Part], folder: Path, policy: Policy, blank: Policy | None) -> list[str]:
    """Return the lines of the table of errors: each part, each way to score."""
    lines = [header("cases", "evaluator")]
    for name, part in parts.items():
        rows = rows_of(policy, part)
        likeliest, expected = score(policy, rows)
        critique = score_with_critique(policy, rows)
        ways = {"predict the mean": np.broadcast_to(parts[RATED].targets.mean(axis=0), part.targets.shape)}
        if blank is not None:
            ways["text only (trained without images)"] = score(blank, rows_of(blank, part, images="blank"))[0]
        ways |= {
            "lexical judge (reads the reference)": lexical_scores(part_folder(folder, name), part),
            "DermEval, scores first": likeliest,
            "DermEval, scores first, expected value": expected,
        }
        if policy.readout is not None:
            ways["DermEval, scores first, without the readout"] = score(policy, rows, by_readout=False)[0]
        ways[f"DermEval, critique first (parsed {np.mean(~np.isnan(critique)):.1%})"] = critique
        lines += [f"| {name} ({len(rows)}) | {way} | {cells(errors(scores, part))} |" for way, scores in ways.items()]
    return lines


def panel_scores(folder: Path, part: Part) -> Floats:
    """Return what simulated raters give the narratives of a part, shape (raters, narratives, 6), NaN for missing."""
    found = np.full((len(PANEL), *part.targets.shape), np.nan)
    for k, rater in enumerate(PANEL):
        given = {(e.case_id, e.narrative): e.evaluation.scores for e in read_examples(folder, rater=rater.name).rows}
        for i, example in enumerate(part.examples):
            scores = given.get((example.case_id, example.narrative), {})
            found[k, i] = [scores.get(dimension, np.nan) for dimension in DIMENSIONS]
    return found


def panel_table(policy: Policy, part: Part, folder: Path) -> list[str]:
    """Return the lines of the table of errors against simulated raters.

    Everybody is held against the same: the mean of each two of the three raters; a rater against its two colleagues.
    """
    members = panel_scores(folder, part)
    likeliest, expected = score(policy, rows_of(policy, part))
    given = {
        "predict the mean": other_clusters_means(panel_means(members), part.patients),
        "one of the panel": members,
        "lexical judge (reads the reference)": lexical_scores(folder, part),
        "DermEval, scores first": likeliest,
        "DermEval, scores first, expected value": expected,
        "the true scores": part.targets,
    }
    wrong = {who: against_colleagues(scores, members) for who, scores in given.items()}
    return [header("who"), *(f"| {who} | {cells(of_values(values, part))} |" for who, values in wrong.items())]


def against_colleagues(scores: Floats, members: Floats) -> Floats:
    """Return the mean absolute difference from the mean of a panel's other raters, each left out once.

    Args:
        scores: Of one who is not in the panel, shape (narratives, 6), or of its members, like the next.
        members: What the panel gives, shape (raters, narratives, 6), NaN for missing.

    Returns:
        Shape (narratives, 6); NaN where nothing can be compared.
    """
    return panel_means(np.abs(scores - others_means(members)))


def image_table(policy: Policy, part: Part) -> list[str]:
    """Return the lines of the table of what the images are worth: the rise of the error without the right ones."""
    own = np.abs(score(policy, rows_of(policy, part))[0] - part.targets)
    lines = [header("images")]
    for images in ("blank", "swapped"):
        other = np.abs(score(policy, rows_of(policy, part, images=images))[0] - part.targets)
        lines.append(f"| {images} | {cells(of_values(other - own, part))} |")
    return lines


def stage2_tables(
    policy: Policy, recipe: Recipe, taught: Taught, part: Part, *, samples: int, seconds: float, seeds: int,
    keep: Callable[[dict[str, Any]], None],
) -> list[str]:  # fmt: skip
    """Return the lines of the two tables of stage 2: at equal samples, and at equal time.

    They are about the scores at their own places, which stage 2 trains; a readout stands on the checks.
    """
    lines: list[str] = []
    before = np.abs(score(policy, rows_of(policy, part), by_readout=False)[0] - part.targets)
    for title, limits in (
        (f"equal samples ({samples:,})", {"epochs": samples / len(taught.lengths)}),
        (f"equal time ({seconds:g} s of one core)", {"epochs": 1.0, "seconds": seconds}),
    ):
        lines += [
            "",
            f"At {title}:",
            "",
            "| objective | samples | seconds | drawing | macro error | less than before |",
        ]
        lines += ["|---|---|---|---|---|---|"]
        for name, fields in OBJECTIVES.items():
            found = [go_on(policy, recipe, taught, fields, part, seed, **limits) for seed in range(seeds)]
            wrong = np.array([np.abs(one.scores - part.targets) for one in found])  # (seeds, narratives, 6)
            macro = wrong.mean(axis=(1, 2))
            change = of_values(before - wrong.mean(axis=0), part)
            keep({"at": title, "objective": name, "macro": macro.tolist()})
            spread = f"{macro.mean():.3f} ({macro.min():.3f} to {macro.max():.3f})"
            gain = f"{change.means[-1]:+.3f} [{change.low[-1]:+.3f}, {change.high[-1]:+.3f}]"
            counts = [np.mean([getattr(one, key) for one in found]) for key in ("samples", "seconds", "drawing")]
            lines.append(f"| {name} | {counts[0]:,.0f} | {counts[1]:.0f} | {counts[2]:.0%} | {spread} | {gain} |")
    return lines


@click.command()
@click.argument("config", type=click.Path(path_type=Path))
@click.option("--run", "run", type=click.Path(path_type=Path), required=True, help="Folder of a finished training run.")
@click.option("--blank", type=click.Path(path_type=Path), help="Folder of the same training with `blank: true`.")
@click.option("--samples", default=640, show_default=True, help="More samples of each objective.")
@click.option("--seconds", default=30.0, show_default=True, help="More time of each objective.")
@click.option("--seeds", default=3, show_default=True, help="Repeats of each.")
@click.option("--out", type=click.Path(path_type=Path), help="Write the tables here too.")
def main(
    config: Path, run: Path, blank: Path | None, samples: int, seconds: float, seeds: int, out: Path | None
) -> None:
    """Measure what each part of the training is worth, and print Markdown tables."""
    started = time.perf_counter()
    recipe = load_recipe(config)
    if recipe.threads:
        torch.set_num_threads(recipe.threads)
    seeded(recipe.seed)
    policy = load_policy(run / "evaluator")
    folder = run / "held-out"
    folder.mkdir(exist_ok=True)
    parts = open_parts(recipe, policy, folder, workers=2)
    eyeless = load_policy(blank / "evaluator") if blank else None
    lines = ["## Errors", "", *main_table(parts, folder, policy, eyeless)]
    part = parts[RATED]
    lines += ["", "## Against simulated raters", "", *panel_table(policy, part, part_folder(folder, RATED))]
    lines += ["", "## What the images are worth", "", *image_table(policy, part)]
    if samples:
        folders = [folder_of(source, run, workers=2) for source in recipe.data]
        taught = _taught(recipe, run, policy, read_all(recipe, folders))
        lines += ["", "## Stage 2", *stage2_tables(
            policy, recipe, taught, part, samples=samples, seconds=seconds, seeds=seeds,
            keep=lambda one: click.echo(json.dumps(one), err=True),
        )]  # fmt: skip
    lines += ["", f"Measured in {time.perf_counter() - started:.0f} s."]
    text = "\n".join(lines) + "\n"
    if out is not None:
        write_text(out, text)
    sys.stdout.write(text)


def _taught(recipe: Recipe, run: Path, policy: Policy, examples: Examples) -> Taught:
    kept: Sequence[Path] = sorted(run.glob("features-*.npy"))
    path = kept[0] if kept else run / "features-ablation.npy"
    features = Features(look_at(policy, examples.pictures, path, is_quiet=True))
    rows = [row for row in examples.rows if row.until == 1]  # what stage 1 ended with
    return Taught(features, policy.script, rows, recipe.model.context - recipe.form.room)


if __name__ == "__main__":
    main()
