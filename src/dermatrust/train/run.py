"""A whole training run: from a recipe to an evaluator, going on wherever an earlier run of it was stopped.

draw or open the data -> [tokenizer, tower] -> look once -> [alignment] -> stage 1 -> [stage 2] -> [readout] -> the
evaluator's folder
"""

import hashlib
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.utils import gather_object
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import nn
from transformers import PreTrainedTokenizerFast

from dermatrust import __version__, evaluator
from dermatrust.atlas.critique import CHECKS, COMPARED
from dermatrust.atlas.disease import diseases_by_id
from dermatrust.atlas.perception import Heads
from dermatrust.datasets.atlas import write_atlas
from dermatrust.datasets.atlas_chunk import TRUTH_RATER
from dermatrust.errors import DataError
from dermatrust.evaluator.form import Evaluation, Form, Order, check_form
from dermatrust.evaluator.policy import Policy, Row
from dermatrust.evaluator.readout import Readout, shared_answers, with_agreements
from dermatrust.evaluator.script import Script
from dermatrust.evaluator.stored import adapting, load_parts, save_policy
from dermatrust.evaluator.tower import AtlasTower
from dermatrust.narrate import load_prompt
from dermatrust.store.atomic import write_text
from dermatrust.store.folder import DatasetFolder
from dermatrust.store.lock import only_writer
from dermatrust.train.alignment import AlignmentTask, alignment_step
from dermatrust.train.checkpoint import State
from dermatrust.train.examples import Example, Examples, kept_photographs, read_examples
from dermatrust.train.features import Features, look_at
from dermatrust.train.fresh import build_policy, build_tower, corpus, seeded
from dermatrust.train.loop import Step, gathered, run_stage
from dermatrust.train.objectives import Gather, Outcome, stage2_loss, text_loss
from dermatrust.train.processes import is_first, is_launched, side_by_side
from dermatrust.train.readout import ReadoutTask, chances_of, readout_step, wanted_levels
from dermatrust.train.recipe import (
    Drawn,
    FormRecipe,
    Fresh,
    Pretrained,
    ReadoutRecipe,
    Recipe,
    Source,
    Stage2Recipe,
    StageRecipe,
)
from dermatrust.train.tower import TowerTask, read_targets, tower_step
from dermatrust.train.vocabulary import as_transformers, train_tokenizer

PROMPTS = Path(evaluator.__file__).parent / "prompts"
_ENOUGH = 10_000
"""Examples a tokenizer is trained on, about; more change it little."""


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
    with only_writer(out) if is_first() else nullcontext():
        if not is_launched():
            for source in (*recipe.data, *shown_to_tower(recipe)):  # before the others start, who would have to wait
                folder_of(source, out, workers=workers)
        with side_by_side(recipe.processes, train_here, recipe, out, workers, True):
            return train_here(recipe, out, workers, is_quiet)


def train_here(recipe: Recipe, out: Path, workers: int, is_quiet: bool) -> Trained:
    """Do this process's part of a training run; see `train_evaluator`."""
    if recipe.threads:
        torch.set_num_threads(recipe.threads)
    seeded(recipe.seed)
    accelerator = Accelerator(mixed_precision="bf16" if recipe.precision == "bfloat16" else "no")
    with accelerator.main_process_first():
        folders = [folder_of(source, out, workers=workers) for source in recipe.data]
    examples = read_all(recipe, folders)
    run = Run(recipe, out, run_key(recipe, folders), accelerator, is_quiet, workers)
    if isinstance(recipe.model, Fresh):
        policy, parts = fresh_policy(run, recipe.model, examples)
    else:
        policy, parts = pretrained_policy(recipe.model, form_of(recipe.form), recipe.precision)
    stages = train_stages(run, policy, examples)
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
        workers: Processes that draw.
    """

    recipe: Recipe
    out: Path
    key: str
    accelerator: Accelerator
    is_quiet: bool
    workers: int = 2

    def stage(
        self, module: nn.Module, stage: StageRecipe, lengths: Sequence[int], step: Step, name: str,
        untils: Sequence[float] = (),
    ) -> State:  # fmt: skip
        """Train a module to the end of a stage."""
        return run_stage(
            module, stage, lengths, step, self.out, untils=untils, name=name, key=self.key, seed=self.recipe.seed,
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


def draw_part(path: Path, drawn: Drawn, *, workers: int, raters: int = 0) -> None:
    """Draw a part of the atlas with true scores and critiques, and with so many simulated raters.

    Raises:
        DataError: A disease to be left out is not in the table.
    """
    unknown = [name for name in drawn.without if name not in diseases_by_id()]
    if unknown:
        raise DataError("without", f"{unknown[0]!r} is not drawn by the atlas", "ids such as plaque-psoriasis")
    kept = tuple(name for name in diseases_by_id() if name not in drawn.without) if drawn.without else ()
    fields = drawn.model_dump(exclude={"without", "degrade"})
    degrade = drawn.degrade or ()
    write_atlas(path, **fields, degrade=degrade, diseases=kept, critiques=True, raters=raters, workers=workers)


def read_all(recipe: Recipe, folders: Sequence[Path]) -> Examples:
    """Return the examples of every source of a recipe."""
    found: Examples | None = None
    for source, folder in zip(recipe.data, folders, strict=True):
        rater = TRUTH_RATER if source.atlas is not None else source.rater
        some = read_examples(folder, rater=rater, with_checks=recipe.form.checks, limit=source.limit)
        some = replace(some, rows=tuple(replace(row, until=source.until) for row in some.rows))
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


def fresh_policy(run: Run, recipe: Fresh, examples: Examples) -> tuple[Policy, list[Any]]:
    """Return an evaluator trained from nothing as far as its eyes, and its tokenizer."""
    form = form_of(run.recipe.form)
    tokenizer = run_tokenizer(run, recipe, examples, form)
    tower = build_tower(recipe) if run.recipe.blank else trained_tower(run, recipe)
    seeded(run.recipe.seed)  # the decoder begins alike whether the tower was trained now, before or not at all
    return build_policy(recipe, tower, tokenizer, form), [tokenizer]


def shown_to_tower(recipe: Recipe) -> tuple[Source, ...]:
    """Return the sources of the photographs that the tower of a recipe learns from."""
    if recipe.blank or not isinstance(recipe.model, Fresh):
        return ()
    return tuple(Source(atlas=drawn) for drawn in recipe.model.tower.atlas) or recipe.data


def trained_tower(run: Run, recipe: Fresh) -> AtlasTower:
    """Return a tower that tells the findings of the drawn photographs apart."""
    task = TowerTask(build_tower(recipe), Heads.of_atlas())
    task.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    targets: dict[Path, Any] = {}
    with run.accelerator.main_process_first():
        for source in shown_to_tower(run.recipe):
            targets |= read_targets(folder_of(source, run.out, workers=run.workers), Heads.of_atlas())
    size = recipe.tower
    stage = StageRecipe(
        epochs=size.epochs, batch=size.batch, learning_rate=size.learning_rate, warmup=0.05, schedule="trapezoid",
        weight_decay=0.01, matrix_rate=size.matrix_rate, matrix_momentum=size.matrix_momentum, clip=10.0,
        keep_every=200,
    )  # fmt: skip
    kept = run.out / f"photographs-{run.key[:12]}.npy"

    @cache
    def pictures() -> NDArray[np.uint8]:
        with run.accelerator.main_process_first():
            return kept_photographs(list(targets), size.side_px, kept)

    run.stage(task, stage, [1] * len(targets), tower_step(pictures, np.stack(list(targets.values()))), "tower")
    if run.accelerator.is_main_process:
        kept.unlink(missing_ok=True)
    return task.tower


def run_tokenizer(run: Run, recipe: Fresh, examples: Examples, form: Form) -> PreTrainedTokenizerFast:
    """Return the tokenizer of a run, trained by its first process and kept in its folder."""
    path = run.out / f"tokenizer-{run.key[:12]}.json"
    with run.accelerator.main_process_first():
        if not path.exists():
            rows = examples.rows[:: 1 + len(examples.rows) // _ENOUGH]
            pairs = ((e.narrative, form.write(e.evaluation, "critique first")) for e in rows)
            write_text(path, train_tokenizer(corpus(form, pairs), form, recipe.vocabulary).backend_tokenizer.to_str())
    return as_transformers(Tokenizer.from_file(str(path)))


def pretrained_policy(recipe: Pretrained, form: Form, precision: str = "float32") -> tuple[Policy, list[Any]]:
    """Return a checkpoint's evaluator with its tower frozen and LoRA layers put in, and what belongs to it.

    Frozen weights take the precision; trained ones stay in float32.
    """
    policy, parts = load_parts(recipe.weights, form=form, dtype=precision if recipe.lora is not None else "float32")
    policy.readout = None  # it belongs to the weights as they were
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
    if recipe.recompute:
        policy.model.activation_checkpointing_enable({"use_reentrant": False})
    return policy, parts


def run_features(run: Run, policy: Policy, examples: Examples) -> Features:
    """Return what the tower sees in every photograph; without eyes, nothing."""
    tower = policy.model.model.vision_tower
    if run.recipe.blank and isinstance(tower, AtlasTower):
        return Features.blank(len(examples.pictures), tower.config.n_tokens, tower.config.hidden_size)
    path = run.out / f"features-{run.key[:12]}.npy"
    with run.accelerator.main_process_first():
        seen = look_at(policy, examples.pictures, path, is_quiet=run.is_quiet)
    return Features.blank(*seen.shape) if run.recipe.blank else Features(seen)


def train_stages(run: Run, policy: Policy, examples: Examples) -> dict[str, State]:
    """Train alignment, both stages and the readout, as far as the recipe has them; return where each ended."""
    recipe, script, orders = run.recipe, policy.script, run.recipe.form.orders
    policy.to(run.accelerator.device)
    features = run_features(run, policy, examples)
    longest = recipe.model.context - recipe.form.room
    taught = Taught(features, script, examples.rows, longest)
    if "scores first" in orders:
        _ = script.skeleton  # a tokenizer that cannot spell it is told now, not hours later
    stages = {}
    if recipe.alignment is not None:
        aligned = alignment_step(policy, taught.rows)
        stages["alignment"] = run.stage(AlignmentTask(policy), recipe.alignment, taught.lengths, aligned, "alignment")
    step = taught.step(policy, recipe.form)
    stages["stage1"] = run.stage(policy, recipe.stage1, taught.lengths, step, "stage1", taught.untils)
    if recipe.stage2 is not None:
        step = taught.second(policy, orders, recipe.stage2, partial(gathered, run.accelerator))
        stages["stage2"] = run.stage(policy, recipe.stage2, taught.lengths, step, "stage2", taught.untils)
    if recipe.readout is not None:
        policy.readout, stages["readout"] = fit_readout(run, recipe.readout, policy, taught)
    return stages


def fit_readout(run: Run, recipe: ReadoutRecipe, policy: Policy, taught: "Taught") -> tuple[Readout, State]:
    """Return how scores follow from the checks of a finished decoder, and where the stage ended."""
    lasting = np.flatnonzero(np.array(taught.untils) == 1)
    chosen = np.random.default_rng(run.recipe.seed).permutation(lasting)[: recipe.examples].tolist()
    rank, n = run.accelerator.process_index, run.accelerator.num_processes
    own, lengths = chosen[rank::n], taught.lengths  # each process asks for its share
    with run.accelerator.autocast():
        part = chances_of(policy, [lengths[k] for k in own], lambda rows: taught.rows([own[k] for k in rows])[0])
    chances = np.zeros((len(chosen), part.shape[1]), np.float32)
    for k, found in enumerate(gather_object([part])):
        chances[k::n] = found
    form = policy.script.form
    seeded(run.recipe.seed)
    shared = shared_answers(form, COMPARED)
    task = ReadoutTask(shared, chances.shape[1], form.levels, recipe).to(policy.device)
    step = readout_step(with_agreements(chances, shared), wanted_levels(form, taught.evaluations(chosen)))
    state = run.stage(task, recipe, [1] * len(chosen), step, "readout")
    return task.fitted(), state


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

    @property
    def untils(self) -> list[float]:
        """The share of a stage after which each example is no longer used."""
        return [example.until for example in self._examples]

    def rows(self, chosen: Sequence[int]) -> tuple[list[Row], list[Evaluation]]:
        """Return some examples as rows, with the evaluations they are to get."""
        rows = [Row(self._prompts[k], self._features.of(self._examples[k].images)) for k in chosen]
        return rows, self.evaluations(chosen)

    def evaluations(self, chosen: Sequence[int]) -> list[Evaluation]:
        """Return the evaluations that some examples are to get."""
        return [self._examples[k].evaluation for k in chosen]

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
