"""The paper's model on one GPU: LLaVA-1.5-7B's full shape with random weights, rated and trained.

    python benchmarks/seven_billion.py [--toy] [--new-tokens 300] [--out FOLDER] [--only rate|train]

Weights of 7 billion random numbers say nothing, and take as long as any. A case is one photograph of 336 px (576
tokens) and a narrative of about 150 words. In turn, each in bfloat16:

    peak       a product of two 8192 x 8192 matrices, and a copy within the card's memory
    rate       scores alone, one pass over prompt and skeleton; against Transformers' `generate` of --new-tokens
    stage 1    text of an evaluation, LoRA as in configs/llava15_7b.yaml
    stage 2    SOREB: a draw of --new-tokens, then draw and text; against the same with draws by `generate`

Shares are of the measured peak: counted operations of a pass (torch.utils.flop_counter) over its time. `--toy` runs it
all at toy width on a CPU, to see that it runs. The folder of the checkpoint takes 14 GB.
"""

import argparse
import json
import random
import statistics
import tempfile
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from time import perf_counter

import numpy as np
import PIL.Image
import torch
from accelerate import Accelerator
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from torch import nn
from torch.utils.flop_counter import FlopCounterMode
from transformers import CLIPImageProcessorPil, CLIPVisionConfig, LlamaConfig, LlavaConfig, PreTrainedTokenizerFast
from transformers import LlavaForConditionalGeneration as Llava

from dermatrust.evaluator.drawing import Draw
from dermatrust.evaluator.form import Evaluation
from dermatrust.evaluator.policy import Policy, Row, batch_of
from dermatrust.evaluator.script import Answer
from dermatrust.evaluator.stored import load_policy
from dermatrust.records import DIMENSIONS
from dermatrust.train import objectives
from dermatrust.train.checkpoint import State
from dermatrust.train.loop import run_stage
from dermatrust.train.objectives import Outcome, open_skeleton
from dermatrust.train.recipe import Pretrained, Recipe, Stage2Recipe, StageRecipe, load_recipe
from dermatrust.train.run import form_of, pretrained_policy
from matcher_speed import narrative

SPECIAL = ["<unk>", "<s>", "</s>", "<pad>", "<image>"]
CONFIG = Path(__file__).parents[1] / "configs" / "llava15_7b.yaml"
N_CASES = 64


def tokenizer_of(texts: Sequence[str], vocabulary: int) -> PreTrainedTokenizerFast:
    """Return a byte-level tokenizer of Llama's manner, of at most so many tokens."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary, special_tokens=SPECIAL, initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="<unk>", bos_token="<s>", eos_token="</s>", pad_token="<pad>",
        additional_special_tokens=["<image>"],
    )  # fmt: skip


def write_checkpoint(path: Path, texts: Sequence[str], device: str, is_toy: bool) -> int:
    """Write a checkpoint of LLaVA-1.5-7B's shape with random weights; return how many weights it has."""
    ids = {"unk_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 3}
    if is_toy:
        vision = CLIPVisionConfig(
            image_size=28, patch_size=14, hidden_size=16, intermediate_size=16, num_hidden_layers=3,
            num_attention_heads=2,
        )  # fmt: skip
        text = LlamaConfig(
            vocab_size=800, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
            max_position_embeddings=4096, **ids,
        )  # fmt: skip
    else:
        vision = CLIPVisionConfig(
            image_size=336, patch_size=14, hidden_size=1024, intermediate_size=4096, num_hidden_layers=24,
            num_attention_heads=16, projection_dim=768,
        )  # fmt: skip
        text = LlamaConfig(vocab_size=32064, max_position_embeddings=4096, **ids)  # Llama's defaults are the 7B's
    side = vision.image_size
    config = LlavaConfig(
        vision_config=vision, text_config=text, image_token_index=4, image_seq_length=(side // 14) ** 2,
        tie_word_embeddings=False,
    )  # fmt: skip
    torch.manual_seed(0)
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.bfloat16)
    with torch.device(device):
        model = Llava(config)
    torch.set_default_dtype(before)
    model.save_pretrained(path)
    tokenizer_of(texts, 800 if is_toy else 8000).save_pretrained(path)
    crop = {"height": side, "width": side}
    CLIPImageProcessorPil(size={"shortest_edge": side}, crop_size=crop).save_pretrained(path)
    return sum(weight.numel() for weight in model.parameters())


def wait() -> None:
    """Wait for what was asked of the GPU."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def median_seconds(work: Callable[[], object], *, rounds: int) -> float:
    """Return the median time of a piece of work, after one warm-up."""
    found = []
    for _ in range(rounds + 1):
        wait()
        started = perf_counter()
        work()
        wait()
        found.append(perf_counter() - started)
    return statistics.median(found[1:])


def peaks(device: str, is_toy: bool) -> tuple[float, float]:
    """Return the card's operations a second in a large product, and bytes a second read and written in a copy."""
    n, size = (256, 2**20) if is_toy else (8192, 2**32)
    a, b = (torch.randn(n, n, device=device, dtype=torch.bfloat16) for _ in range(2))
    source = torch.zeros(size, dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    return 2 * n**3 / median_seconds(lambda: a @ b, rounds=20), 2 * size / median_seconds(
        lambda: target.copy_(source), rounds=20
    )


class Cases:
    """Photographs and narratives as an evaluator takes them.

    Args:
        policy: The evaluator.
        texts: Narratives.
        side_px: Of the photographs, which are noise.
    """

    def __init__(self, policy: Policy, texts: Sequence[str], side_px: int) -> None:
        noise = np.random.default_rng(1)
        shape = (side_px, side_px, 3)
        self.policy = policy
        self.pictures = [PIL.Image.fromarray(noise.integers(0, 256, shape, dtype=np.uint8)) for _ in texts]
        self.pixels = policy.pixels(self.pictures)
        self.features = torch.cat([policy.look(part) for part in self.pixels.split(16)]).float().cpu()
        script = policy.script
        self.prompts = [script.prompt(script.form.shown(text), self.features.shape[1]) for text in texts]
        print(f"prompts of {statistics.mean(map(len, self.prompts)):.0f} tokens", flush=True)
        self.cue = script.encode(script.form.cue("critique first"))

    def rows(self, chosen: Sequence[int], answers: Sequence[Answer] = ()) -> list[Row]:
        """Return some cases as rows."""
        return [Row(self.prompts[k], self.features[k], answers) for k in chosen]

    @torch.no_grad()
    def score(self, chosen: Sequence[int], *, is_seen: bool) -> torch.Tensor:
        """Return the logits of all scores, from pixels or from kept features."""
        skeleton = [open_skeleton(self.policy.script)]
        if is_seen:
            rows = self.rows(chosen, skeleton)
        else:
            seen = self.policy.look(self.pixels[list(chosen)])
            rows = [Row(self.prompts[k], one, skeleton) for k, one in zip(chosen, seen, strict=True)]
        logits: torch.Tensor = self.policy(
            batch_of(rows, pad_id=self.policy.script.placeholder_id, device=self.policy.device)
        )
        return logits

    @torch.no_grad()
    def generate(self, chosen: Sequence[int], new_tokens: int, *, does_sample: bool = False) -> torch.Tensor:
        """Return what Transformers' own generation writes for some cases."""
        script, device = self.policy.script, self.policy.device
        asked = [[*self.prompts[k], *self.cue] for k in chosen]
        length = max(map(len, asked))
        ids = torch.tensor([[script.placeholder_id] * (length - len(one)) + one for one in asked], device=device)
        mask = torch.tensor([[0] * (length - len(one)) + [1] * len(one) for one in asked], device=device)
        written: torch.Tensor = self.policy.model.generate(
            input_ids=ids, attention_mask=mask, max_new_tokens=new_tokens, min_new_tokens=new_tokens,
            pixel_values=self.pixels[list(chosen)].to(device, torch.bfloat16), do_sample=does_sample,
            pad_token_id=script.placeholder_id,
        )  # fmt: skip
        return written[:, length:]


def rating(cases: Cases, peak: float, new_tokens: int, sizes: Sequence[int]) -> dict[str, float]:
    """Measure scores alone and whole evaluations; return cases a second of each way."""
    found: dict[str, float] = {}
    for is_seen in (False, True):
        for size in sizes:
            chosen = [k % N_CASES for k in range(size)]
            with FlopCounterMode(display=False) as counter:
                cases.score(chosen, is_seen=is_seen)
            seconds = median_seconds(lambda c=chosen, s=is_seen: cases.score(c, is_seen=s), rounds=5)
            name = f"scores alone, {'kept features' if is_seen else 'from pixels'}, {size} at a time"
            found[name] = size / seconds
            share = counter.get_total_flops() / seconds / peak
            print(f"{name:52} {found[name]:8.2f} cases/s, {share:.1%} of the peak", flush=True)
    for size in sizes[:2]:
        chosen = list(range(size))
        seconds = median_seconds(lambda c=chosen: cases.generate(c, new_tokens), rounds=1)
        name = f"generate, {new_tokens} tokens, {size} at a time"
        found[name] = size / seconds
        print(f"{name:52} {found[name]:8.2f} cases/s, {1000 * seconds / new_tokens:.1f} ms a token", flush=True)
    return found


class Stage:
    """Steps of a stage, timed.

    Args:
        cases: Of an evaluator with its adapters.
        recipe: Of the stage.
        size: Samples in a step.
        is_plain: Draw by Transformers' own generation.
    """

    def __init__(self, cases: Cases, recipe: StageRecipe, size: int, *, is_plain: bool = False) -> None:
        self.cases, self.size, self.is_plain = cases, size, is_plain
        self.recipe = recipe.model_copy(update={"batch": size, "accumulate": 1, "keep_every": 10**6})
        self.wanted = [Evaluation(dict.fromkeys(DIMENSIONS, 3.0), narrative(random.Random(3)))] * size
        self.starts: list[float] = []

    def draw(self, _: Policy, rows: Sequence[Row], *__: object, **___: object) -> list[list[Draw]]:
        """Return one draw of each row by Transformers' own generation."""
        chosen = [self.cases.prompts.index(list(row.prompt)) for row in rows]
        written = self.cases.generate(chosen, self.recipe.max_new_tokens, does_sample=True)
        return [[Draw(tuple(ids))] for ids in written.tolist()]

    def step(self, model: nn.Module, chosen: Sequence[int], state: State, generator: torch.Generator) -> Outcome:
        """Return what the stage minimises."""
        wait()
        self.starts.append(perf_counter())
        policy, rows, orders = self.cases.policy, self.cases.rows(chosen), ("critique first",)
        if isinstance(self.recipe, Stage2Recipe):
            return objectives.stage2_loss(model, policy, rows, self.wanted, orders, self.recipe, state, generator)
        return objectives.text_loss(model, policy, rows, self.wanted, orders)

    def run(self, n_steps: int) -> State:
        """Take so many steps."""
        self.starts = []
        recipe = self.recipe.model_copy(update={"epochs": n_steps * self.size / N_CASES})
        healthy = objectives.draw
        if self.is_plain:
            objectives.draw = self.draw
        try:
            with tempfile.TemporaryDirectory() as out:
                return run_stage(
                    self.cases.policy, recipe, [len(prompt) for prompt in self.cases.prompts], self.step, Path(out),
                    name="stage", key="", seed=0, accelerator=Accelerator(mixed_precision="bf16"), is_quiet=True,
                )  # fmt: skip
        finally:
            objectives.draw = healthy

    def measure(self, name: str, peak: float, n_steps: int) -> float:
        """Print and return samples a second."""
        name = f"{name}{', draws by generate' if self.is_plain else ''}, {self.size} at a time"
        try:
            with FlopCounterMode(display=False) as counter:
                self.run(1)
            if torch.cuda.is_available():
                torch.cuda.reset_peak_memory_stats()
            state = self.run(n_steps)
        except torch.OutOfMemoryError:
            print(f"{name:52} does not fit", flush=True)
            return 0.0
        seconds = statistics.median(after - before for before, after in pairwise(self.starts))
        share = counter.get_total_flops() / seconds / peak
        memory = torch.cuda.max_memory_allocated() / 2**30 if torch.cuda.is_available() else 0
        drawing = f", {state.drawing_s / state.seconds:.0%} of the time drawing" if state.drawing_s else ""
        rate = self.size / seconds
        print(f"{name:52} {rate:8.2f} samples/s, {share:.1%} of the peak{drawing}, {memory:.0f} GiB", flush=True)
        return rate


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--toy", action="store_true")
    parser.add_argument("--new-tokens", type=int, default=300)
    parser.add_argument("--only", choices=("rate", "train"))
    parser.add_argument("--out", type=Path, help="folder of the checkpoint; a temporary one without")
    options = parser.parse_args()
    device = "cpu" if options.toy else "cuda"
    chance = random.Random(1)
    texts = [narrative(chance) for _ in range(400)]
    recipe = load_recipe(CONFIG)
    peak, copied = peaks(device, options.toy)
    print(f"peak {peak / 1e12:.0f} TFLOP/s (bfloat16 product), {copied / 1e12:.2f} TB/s (copy)", flush=True)
    with tempfile.TemporaryDirectory() as temporary:
        path = options.out or Path(temporary) / "weights"
        n_weights = write_checkpoint(path, texts, device, options.toy)
        measure(recipe, path, [" ".join(text.split()[:150]) for text in texts[:N_CASES]], n_weights, peak, options)


def measure(
    recipe: Recipe, path: Path, texts: Sequence[str], n_weights: int, peak: float, options: argparse.Namespace
) -> None:
    """Print all figures."""
    device, side = ("cpu", 28) if options.toy else ("cuda", 336)
    sizes = (1, 4) if options.toy else (1, 16, 32, 64)
    assert isinstance(recipe.model, Pretrained)
    assert recipe.stage2 is not None
    form, model = form_of(recipe.form), recipe.model.model_copy(update={"weights": path})
    print(f"{n_weights / 1e9:.2f} billion weights", flush=True)
    found: dict[str, float] = {}
    if options.only != "train":
        policy = load_policy(path, form=form, device=device, dtype=recipe.precision)
        found |= rating(Cases(policy, texts, side), peak, options.new_tokens, sizes)
        del policy
    if options.only != "rate":
        policy, _ = pretrained_policy(model, form, recipe.precision)
        cases = Cases(policy.to(device), texts, side)
        stage2 = recipe.stage2.model_copy(update={"max_new_tokens": options.new_tokens})
        for size in sizes[:2]:
            found[f"stage 1, {size}"] = Stage(cases, recipe.stage1, size).measure("stage 1", peak, 4)
        for size in sizes[1::-1]:
            for is_plain in (False, True):
                one = Stage(cases, stage2, size, is_plain=is_plain)
                found[f"stage 2, {size}, plain: {is_plain}"] = one.measure("stage 2", peak, 3)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
