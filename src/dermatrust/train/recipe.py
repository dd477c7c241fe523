"""What a training run is told: one YAML file, checked before anything is read, drawn or trained."""

from pathlib import Path
from typing import Annotated, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from dermatrust.errors import DataError
from dermatrust.train.rewards import Missing, Rewarded

Positive = Annotated[int, Field(ge=1)]
Rate = Annotated[float, Field(gt=0, lt=1)]
Share = Annotated[float, Field(ge=0, le=1)]
Objective = Literal["text", "soreb", "rloo", "grpo", "expected score", "ordinal"]
"""What stage 2 adds to the text: nothing, a policy gradient with one of three baselines, or a loss on the scores'
distribution that needs no draw."""
DRAWING: tuple[Objective, ...] = ("soreb", "rloo", "grpo")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Drawn(_Strict):
    """A part of the synthetic atlas, drawn when it is needed; the fields are those of `write_atlas`."""

    n: Positive
    seed: Annotated[int, Field(ge=0)]
    split: str = "train"
    degrade: Literal["", "all", "random"] = ""
    candidates: Positive = 1
    hybrids: Annotated[int, Field(ge=0)] = 0
    narrators: bool = False
    phrasing: Literal["all", "known", "unseen"] = "all"
    without: tuple[str, ...] = ()
    """Lexicon ids of diseases that are left out."""


class Source(_Strict):
    """Where examples come from: a dataset folder, or a part of the atlas."""

    folder: Path | None = None
    atlas: Drawn | None = None
    rater: str = "mean"
    """Whose ratings are imitated, or "mean"."""
    limit: Positive | None = None
    """Only narratives of the first so many cases."""
    until: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Use it only in the first such share of the steps of stages 1 and 2; one source at least goes on to the end."""

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.folder is None) == (self.atlas is None):
            raise ValueError("give folder or atlas, and not both")
        return self


class FormRecipe(_Strict):
    """How the evaluator is asked and answers."""

    prompt: str = "rate"
    """Name of a packaged prompt, or a file."""
    step: Literal["whole", "half", "quarter"] = "whole"
    checks: bool = False
    """Whether it answers the atlas's checks before its scores."""
    orders: tuple[Literal["critique first", "scores first"], ...] = ("critique first",)
    """What stage 1 teaches; both orders of one example share its prompt."""
    fenced: bool = False
    """Put the narrative between two lines it cannot forge."""
    critique_every: Positive = 1
    """Teach the critique on every so many-th batch; scores first, where it is taught, is on all of them."""
    room: Positive = 320
    """Tokens kept free behind the prompt for the evaluation."""


class TowerRecipe(_Strict):
    """The vision tower of an evaluator that is trained from nothing, and step 0 that trains it.

    Its rate stays at the peak for the first half and then falls straight to 0.
    """

    side_px: Positive = 112
    patch_px: Positive = 4
    """Side of the patches a picture is cut into."""
    width: Positive = 32
    hidden: Positive = 64
    atlas: tuple[Drawn, ...] = ()
    """What it learns from; the photographs of `data` where none is given. What a tower learnt from it sees better than
    what is new, so a decoder that learns from the same photographs trusts it too much."""
    epochs: Annotated[float, Field(gt=0)] = 6
    batch: Positive = 128
    learning_rate: Rate = 3e-3
    matrix_rate: Rate = 0.03
    """Of Muon, for its convolutions and dense layers."""
    matrix_momentum: Annotated[float, Field(ge=0, lt=1)] = 0.9

    @model_validator(mode="after")
    def _whole_patches(self) -> Self:
        if self.side_px % self.patch_px:
            raise ValueError(
                f"{self.patch_px} px patches do not fill a side of {self.side_px} px: give a divisor of it"
            )
        return self


class Fresh(_Strict):
    """An evaluator trained from nothing."""

    tower: TowerRecipe = TowerRecipe()
    vocabulary: Annotated[int, Field(ge=300)] = 2048
    hidden: Positive = 192
    layers: Positive = 4
    heads: Positive = 6
    inner: Positive = 512
    context: Positive = 1024


class Lora(_Strict):
    """Low-rank adapters: r 64, alpha 16, dropout 0.05, bias none in arXiv 2511.09195."""

    r: Positive = 64
    alpha: Positive = 16
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.05
    bias: Literal["none", "all", "lora_only"] = "none"
    targets: tuple[str, ...] = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


class Pretrained(_Strict):
    """An evaluator that begins with a Transformers checkpoint."""

    weights: Path
    lora: Lora | None = Lora()
    context: Positive = 2048
    recompute: bool = False
    """Keep of each decoder layer only what goes into it, and compute the rest again for the gradient: one more forward
    pass a step, and room for larger batches."""


class StageRecipe(_Strict):
    """One stage: a warm-up, a schedule, and AdamW unless Muon is asked for."""

    epochs: Annotated[float, Field(gt=0)] = 5
    batch: Positive = 8
    accumulate: Positive = 1
    learning_rate: Rate = 2e-5
    warmup: Share = 0.03
    schedule: Literal["cosine", "trapezoid"] = "cosine"
    """Half a cosine from the peak down to 0; or the peak for the first half of the steps, then straight down to 0."""
    weight_decay: Share = 0.0
    clip: Annotated[float, Field(gt=0)] = 1.0
    """Longest gradient."""
    matrix_rate: Rate | None = None
    """Peak rate of Muon (https://kellerjordan.github.io/posts/muon/) for the matrices of the layers; AdamW
    then trains the rest. Without it AdamW trains all."""
    matrix_momentum: Annotated[float, Field(ge=0, lt=1)] = 0.95
    """Of Muon."""
    keep_every: Positive = 500
    """Steps between two checkpoints."""
    seconds: Annotated[float, Field(gt=0)] | None = None
    """End the stage after so much time at the latest, to compare objectives at equal time."""


class Stage2Recipe(StageRecipe):
    """Stage 2: SOREB with the paper's weights unless told otherwise."""

    objective: Objective = "soreb"
    text_weight: Annotated[float, Field(ge=0)] = 1.0
    objective_weight: Annotated[float, Field(ge=0)] = 0.5
    beta: Share = 0.9
    """Of the EMA baseline."""
    reward: Rewarded = "mse"
    missing: Missing = "penalise"
    draws: Positive = 1
    order: Literal["critique first", "scores first"] = "critique first"
    """What is drawn."""
    temperature: Annotated[float, Field(gt=0)] = 1.0
    max_new_tokens: Positive = 320

    @model_validator(mode="after")
    def _enough_draws(self) -> Self:
        if self.objective in ("rloo", "grpo") and self.draws < 2:
            raise ValueError(f"{self.objective} compares the draws of one case: give draws: 2 or more")
        if self.objective == "soreb" and self.draws != 1:
            raise ValueError("soreb takes one draw per case: give draws: 1, or objective: rloo")
        return self


class ReadoutRecipe(StageRecipe):
    """How the readout is fitted to a finished decoder."""

    epochs: Annotated[float, Field(gt=0)] = 40
    batch: Positive = 64
    learning_rate: Rate = 1e-3
    weight_decay: Share = 0.01
    examples: Positive = 6000
    """Most it is fitted to, of those that are used to the end of stage 1."""
    hidden: Positive = 128
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.2


class Recipe(_Strict):
    """A whole training run."""

    name: str
    seed: Annotated[int, Field(ge=0)] = 0
    threads: Positive | None = None
    """CPU threads; PyTorch's choice where it is not given."""
    processes: Positive = 1
    """Processes that train side by side on a CPU, each on its part of every batch. A GPU, or `accelerate launch`, takes
    no notice of it."""
    precision: Literal["float32", "bfloat16"] = "float32"
    form: FormRecipe
    model: Fresh | Pretrained
    data: Annotated[tuple[Source, ...], Field(min_length=1)]
    held_out: tuple[Source, ...] = ()
    """What the finished evaluator is measured on."""
    alignment: StageRecipe | None = None
    """A stage before stage 1 that moves words and image tokens to the answers they bear out; it needs checks."""
    stage1: StageRecipe
    stage2: Stage2Recipe | None = None
    readout: ReadoutRecipe | None = None
    """Read the scores from the checks, by a small network fitted last; it needs checks and the order scores first."""
    blank: bool = False
    """Train without eyes: every image feature is 0. The honest baseline of an evaluator that looks."""

    @model_validator(mode="after")
    def _some_last(self) -> Self:
        if all(source.until < 1 for source in self.data):
            raise ValueError("every source ends before the stages do: leave until out for one of data")
        return self

    @model_validator(mode="after")
    def _checks_to_align(self) -> Self:
        if self.alignment is not None and not self.form.checks:
            raise ValueError("alignment is about the checks: give form: {checks: true}, or leave alignment out")
        if self.alignment is not None and isinstance(self.model, Pretrained) and self.model.lora is not None:
            raise ValueError("alignment moves what LoRA leaves frozen: leave alignment out, or give lora: null")
        return self

    @model_validator(mode="after")
    def _checks_to_read(self) -> Self:
        if self.readout is not None and not (self.form.checks and "scores first" in self.form.orders):
            raise ValueError("a readout reads checks: give form: {checks: true} and the order scores first")
        return self

    @model_validator(mode="after")
    def _something_for_each(self) -> Self:
        stages = [one for one in (self.alignment, self.stage1, self.stage2, self.readout) if one is not None]
        batches = [stage.batch * stage.accumulate for stage in stages]
        batches += [self.model.tower.batch] if isinstance(self.model, Fresh) else []
        if self.processes > (most := min(batches)):
            raise ValueError(f"{self.processes} processes cannot share a batch of {most}: give processes: {most}")
        return self


def load_recipe(path: Path) -> Recipe:
    """Read a training recipe.

    Raises:
        DataError: The file is missing, is not YAML, or a field is unknown, missing or wrong.
    """
    try:
        fields = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataError(str(path), "there is no such file", "a training recipe in YAML") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise DataError(str(path), f"cannot be read as YAML ({str(error).splitlines()[0]})") from None
    if not isinstance(fields, dict):
        raise DataError(str(path), "holds no fields", "a training recipe in YAML", "configs/nano.yaml is one.")
    try:
        return Recipe.model_validate(fields)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        do = "docs/train.md lists every field."
        raise DataError(f"{path}, {where}", first["msg"].removeprefix("Value error, "), do=do) from None
