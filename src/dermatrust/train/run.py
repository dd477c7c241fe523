"""A whole training run: from a recipe to an evaluator, going on wherever an earlier run of it was stopped.

draw or open the data -> [tokenizer, step 0: the tower] -> look once -> stage 1 -> stage 2 -> the evaluator's folder
"""

import hashlib
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from torch import nn

from dermatrust import __version__, evaluator
from dermatrust.atlas.critique import CHECKS
from dermatrust.atlas.disease import diseases_by_id
from dermatrust.atlas.perception import Heads
from dermatrust.datasets.atlas import write_atlas
from dermatrust.datasets.atlas_chunk import TRUTH_RATER
from dermatrust.errors import DataError
from dermatrust.evaluator.form import Evaluation, Form, Order, check_form
from dermatrust.evaluator.policy import Policy, Row
from dermatrust.evaluator.script import Script
from dermatrust.evaluator.stored import adapting, load_parts, save_policy
from dermatrust.narrate import load_prompt
from dermatrust.store.folder import DatasetFolder
from dermatrust.store.lock import only_writer
from dermatrust.train.checkpoint import State
from dermatrust.train.examples import Example, Examples, naming_examples, read_examples, read_photographs
from dermatrust.train.features import Features, look_at
from dermatrust.train.fresh import build_policy, build_tower, corpus, seeded
from dermatrust.train.loop import Step, gathered, run_stage
from dermatrust.train.objectives import Gather, Outcome, stage2_loss, text_loss
from dermatrust.train.recipe import Drawn, FormRecipe, Fresh, Pretrained, Recipe, Source, Stage2Recipe, StageRecipe
from dermatrust.train.tower import TowerTask, read_targets, tower_step
from dermatrust.train.vocabulary import train_tokenizer

PROMPTS = Path(evaluator.__file__).parent / "prompts"
NAMING = FormRecipe()
"""Naming is taught as the critique of an empty text."""


@dataclass(frozen=True, slots=True)
class Trained:
    """What a run made.

    Attributes:
        policy: The evaluator.
        path: Its folder.
        stages: Stage to where it ended.
    """

    policy: Policy
    path: Path
    stages: dict[str, State]


def train_evaluator(recipe: Recipe, out: Path, *, workers: int = 2, is_quiet: bool = False) -> Trained:
    """Train an evaluator by a recipe.

    Args:
        recipe: What to train, on what, and how.
        out: The run's folder: data that was drawn, features, checkpoints, curves, and `evaluator/`. What an earlier run
            of the same recipe left there is used; a killed run goes on from its last checkpoint.
        workers: Processes that draw.
        is_quiet: No progress bars.

    Raises:
        DataError: Data cannot be read, the folder is of another recipe, the loss is no number, or the disk is full.
        ModelError: The checkpoint to begin with cannot be loaded.
    """
    if recipe.threads:
        torch.set_num_threads(recipe.threads)
    seeded(recipe.seed)
    accelerator = Accelerator(mixed_precision="bf16" if recipe.precision == "bfloat16" else "no")
    with only_writer(out) if accelerator.is_main_process else nullcontext():
        with accelerator.main_process_first():
            folders = [folder_of(source, out, workers=workers) for source in recipe.data]
        examples = read_all(recipe, folders)
        run = Run(recipe, out, run_key(recipe, folders), accelerator, is_quiet)
        if isinstance(recipe.model, Fresh):
            policy, parts = fresh_policy(run, recipe.model, examples, folders)
        else:
            policy, parts = pretrained_policy(recipe.model, form_of(recipe.form), recipe.precision)
        stages = train_stages(run, policy, examples, folders)
        path = out / "evaluator"
        if accelerator.is_main_process:
            save_policy(policy, path, *parts)
    return Trained(policy, path, stages)


@dataclass(frozen=True, slots=True)
class Run:
    """What the stages of a run share.

    Attributes:
        recipe: The recipe.
        out: The run's folder.
        key: What the run is a function of.
        accelerator: Where and in how many processes.
        is_quiet: No progress bars.
    """

    recipe: Recipe
    out: Path
    key: str
    accelerator: Accelerator
    is_quiet: bool

    def stage(self, module: nn.Module, stage: StageRecipe, lengths: Sequence[int], step: Step, name: str) -> State:
        """Train a module to the end of a stage."""
        return run_stage(
            module, stage, lengths, step, self.out, name=name, key=self.key, seed=self.recipe.seed,
            accelerator=self.accelerator, is_quiet=self.is_quiet,
        )  # fmt: skip


def folder_of(source: Source, out: Path, *, workers: int) -> Path:
    """Return the dataset folder of a source; a part of the atlas is drawn when it is not there yet."""
    if source.folder is not None:
        return source.folder
    assert source.atlas is not None
    drawn = source.atlas
    path = out / "data" / hashlib.sha256(drawn.model_dump_json().encode()).hexdigest()[:12]
    if not path.exists():
        draw_part(path, drawn, workers=workers)
    return path


def draw_part(path: Path, drawn: Drawn, *, workers: int) -> None:
    """Draw a part of the atlas with true scores and critiques.

    Raises:
        DataError: A disease to be left out is not in the table.
    """
    unknown = [name for name in drawn.without if name not in diseases_by_id()]
    if unknown:
        raise DataError("without", f"{unknown[0]!r} is not drawn by the atlas", "ids such as plaque-psoriasis")
    kept = tuple(name for name in diseases_by_id() if name not in drawn.without) if drawn.without else ()
    fields = drawn.model_dump(exclude={"without", "degrade"})
    degrade = drawn.degrade or ()
    write_atlas(path, **fields, degrade=degrade, diseases=kept, critiques=True, workers=workers)


def read_all(recipe: Recipe, folders: Sequence[Path]) -> Examples:
    """Return the examples of every source of a recipe."""
    found: Examples | None = None
    for source, folder in zip(recipe.data, folders, strict=True):
        rater = TRUTH_RATER if source.atlas is not None else source.rater
        some = read_examples(folder, rater=rater, with_checks=recipe.form.checks, limit=source.limit)
        found = some if found is None else found.joined(some)
    assert found is not None  # a recipe has at least one source
    return found


def run_key(recipe: Recipe, folders: Sequence[Path]) -> str:
    """Return a hash of everything the weights follow from: recipe, data and version."""
    parts = [__version__, recipe.model_dump_json(), *(DatasetFolder.open(folder).content_hash() for folder in folders)]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def form_of(recipe: FormRecipe) -> Form:
    """Return the form a recipe asks for.

    Raises:
        DataError: There is no such prompt, or it has no place for the narrative.
    """
    prompt = load_prompt(recipe.prompt, folder=PROMPTS)
    form = Form(prompt.text, recipe.step, CHECKS if recipe.checks else (), recipe.fenced)
    check_form(form, where=prompt.id)
    return form


def fresh_policy(run: Run, recipe: Fresh, examples: Examples, folders: Sequence[Path]) -> tuple[Policy, list[Any]]:
    """Return an evaluator trained from nothing as far as its eyes, and its tokenizer."""
    form = form_of(run.recipe.form)
    pairs = ((e.narrative, form.write(e.evaluation, "critique first")) for e in examples.rows)
    tokenizer = train_tokenizer(corpus(form, pairs), form, recipe.vocabulary)
    task = TowerTask(build_tower(recipe), Heads.of_atlas())
    task.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    targets: dict[Path, Any] = {}
    for folder in folders:
        targets |= read_targets(folder, Heads.of_atlas())
    pictures = read_photographs(list(targets), recipe.tower.side_px)
    size = recipe.tower
    stage = StageRecipe(
        epochs=size.epochs, batch=size.batch, learning_rate=size.learning_rate, warmup=0.2, weight_decay=0.01,
        clip=10.0, keep_every=200,
    )  # fmt: skip
    step = tower_step(pictures, np.stack(list(targets.values())))
    run.stage(task, stage, [1] * len(pictures), step, "tower")
    seeded(run.recipe.seed)  # the decoder begins alike whether the tower was trained now or before
    return build_policy(recipe, task.tower, tokenizer, form), [tokenizer]


def pretrained_policy(recipe: Pretrained, form: Form, precision: str = "float32") -> tuple[Policy, list[Any]]:
    """Return a checkpoint's evaluator with its tower frozen and LoRA layers put in, and what belongs to it.

    Frozen weights take the precision; trained ones stay in float32.
    """
    policy, parts = load_parts(recipe.weights, form=form, dtype=precision if recipe.lora is not None else "float32")
    for weight in policy.model.model.vision_tower.parameters():
        weight.requires_grad = False
    if recipe.lora is not None:
        from peft import LoraConfig, get_peft_model

        names = "|".join(recipe.lora.targets)
        lora = LoraConfig(
            r=recipe.lora.r, lora_alpha=recipe.lora.alpha, lora_dropout=recipe.lora.dropout, bias=recipe.lora.bias,
            target_modules=rf".*language_model.*\.({names})",
        )  # fmt: skip
        with adapting():
            adapted = get_peft_model(policy.model, lora)
        object.__setattr__(policy, "adapter", adapted)  # not as a part: every weight would have a second name
    return policy, parts


def train_stages(run: Run, policy: Policy, examples: Examples, folders: Sequence[Path]) -> dict[str, State]:
    """Train naming, stage 1 and stage 2, as far as the recipe has them; return where each ended."""
    recipe, script, orders = run.recipe, policy.script, run.recipe.form.orders
    policy.to(run.accelerator.device)
    with run.accelerator.main_process_first():
        seen = look_at(policy, examples.pictures, run.out / f"features-{run.key[:12]}.npy", is_quiet=run.is_quiet)
    features = Features(seen, blank=recipe.blank)
    longest = recipe.model.context - recipe.form.room
    taught = Taught(features, script, examples.rows, longest)
    if "scores first" in orders:
        _ = script.skeleton  # a tokenizer that cannot spell it is told now, not hours later
    stages = {}
    if recipe.naming is not None:
        named = [example for folder in folders for example in naming_examples(folder, examples)]
        naming = Taught(features, script, named, longest)
        stages["naming"] = run.stage(policy, recipe.naming, naming.lengths, naming.step(policy, NAMING), "naming")
    stages["stage1"] = run.stage(policy, recipe.stage1, taught.lengths, taught.step(policy, recipe.form), "stage1")
    if recipe.stage2 is not None:
        step = taught.second(policy, orders, recipe.stage2, partial(gathered, run.accelerator))
        stages["stage2"] = run.stage(policy, recipe.stage2, taught.lengths, step, "stage2")
    return stages


class Taught:
    """Examples as rows for a policy.

    Args:
        features: What the tower sees in their photographs.
        script: Tokens.
        examples: Narratives and evaluations.
        longest: Most tokens of a prompt.

    Raises:
        DataError: A prompt is longer.
    """

    def __init__(self, features: Features, script: Script, examples: Sequence[Example], longest: int) -> None:
        self._features = features
        self._examples = examples
        n = features.tokens_per_image
        self._prompts = [
            script.prompt(script.form.shown(e.narrative), n * len(e.images), most=longest) for e in examples
        ]

    @property
    def lengths(self) -> list[int]:
        """Length of each prompt, tokens."""
        return [len(prompt) for prompt in self._prompts]

    def rows(self, chosen: Sequence[int]) -> tuple[list[Row], list[Evaluation]]:
        """Return some examples as rows, with the evaluations they are to get."""
        rows = [Row(self._prompts[k], self._features.of(self._examples[k].images)) for k in chosen]
        return rows, [self._examples[k].evaluation for k in chosen]

    def step(self, policy: Policy, form: FormRecipe) -> Step:
        """Return what a step of stage 1 minimises."""

        def first(model: nn.Module, chosen: Sequence[int], state: State, generator: torch.Generator) -> Outcome:
            orders = form.orders
            if state.step % form.critique_every and "scores first" in orders:
                orders = ("scores first",)
            return text_loss(model, policy, *self.rows(chosen), orders)

        return first

    def second(self, policy: Policy, orders: Sequence[Order], recipe: Stage2Recipe, gather: Gather) -> Step:
        """Return what a step of stage 2 minimises."""

        def second(model: nn.Module, chosen: Sequence[int], state: State, generator: torch.Generator) -> Outcome:
            return stage2_loss(model, policy, *self.rows(chosen), orders, recipe, state, generator, gather)

        return second
