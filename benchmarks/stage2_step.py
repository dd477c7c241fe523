"""CPU seconds, on one thread, of a step of stage 2 with drawn critiques: ours and TRL's RLOO trainer's.

    python benchmarks/stage2_step.py [--peer PYTHON] [--steps 8] [--rounds 3] [--words 130] [--new-tokens 100]
        [--text-weight 0]

On the same decoder a step takes 4 prompts (narratives of 130 words), draws 4 critiques of each (about 100 tokens;
random weights seldom end one sooner), rewards them against the others of their prompt, and moves the weights. The
decoder is of the embedded evaluator's size (192 wide, 5 layers, 4,096 tokens). Ours also reads six scores from each
draw, while TRL's reward is free; with --text-weight 1 it learns the text of 4 evaluations in the same pass too, as
stage 2 does. Each is given the fastest for it of two kinds of attention and two precisions. Images are left out: TRL's
path for them sends every picture through the tower again.

PYTHON has TRL 1.16.0 in it; without one that has, this exits with 2.
"""

import argparse
import itertools
import json
import random
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from time import process_time

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from torch import nn
from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

from dermatrust.evaluator.form import Evaluation, Form
from dermatrust.evaluator.policy import Policy, Row
from dermatrust.records import DIMENSIONS
from dermatrust.train import objectives
from dermatrust.train.checkpoint import State
from dermatrust.train.fresh import build_policy, build_tower, corpus
from dermatrust.train.loop import run_stage
from dermatrust.train.recipe import Fresh, Stage2Recipe, TowerRecipe
from dermatrust.train.vocabulary import train_tokenizer
from matcher_speed import narrative

PROMPTS, DRAWS, N_TEXTS = 4, 4, 400
FORM = Form("Narrative:\n{narrative}", "quarter")
WAYS = tuple(itertools.product(("eager", "sdpa"), ("float32", "bfloat16")))
"""Attention and precision."""
SIZES = Fresh(tower=TowerRecipe(), vocabulary=4096, hidden=192, layers=5, heads=3, inner=384)


def examples(n_words: int = 130) -> list[tuple[str, Evaluation]]:
    """Return narratives, each with the evaluation it is to get: 6 scores and a critique of 70 words."""
    chance = random.Random(0)
    words = [[*narrative(chance).split(), *narrative(chance).split()] for _ in range(N_TEXTS)]
    scores = dict.fromkeys(DIMENSIONS, 3.0)
    return [(" ".join(one[:n_words]), Evaluation(scores, " ".join(one[-70:]))) for one in words]


def build(texts: list[tuple[str, Evaluation]]) -> tuple[Policy, PreTrainedTokenizerFast]:
    """Return an untrained evaluator of the embedded one's size, and its tokenizer."""
    written = [(text, FORM.write(wanted, "critique first")) for text, wanted in texts]
    tokenizer = train_tokenizer(corpus(FORM, written), FORM, SIZES.vocabulary)
    torch.manual_seed(0)
    return build_policy(SIZES, build_tower(SIZES), tokenizer, FORM), tokenizer


def save_decoder(policy: Policy, tokenizer: PreTrainedTokenizerFast, folder: Path, prompts: list[str]) -> None:
    """Write the same decoder, tokenizer and prompts for the peer."""
    decoder = LlamaForCausalLM(policy.model.config.text_config)
    decoder.model.load_state_dict(policy.model.model.language_model.state_dict())
    decoder.tie_weights()
    decoder.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    (folder / "prompts.json").write_text(json.dumps(prompts))


def ours(
    policy: Policy, rows: list[Row], wanted: list[Evaluation], options: argparse.Namespace, way: tuple[str, str]
) -> tuple[float, float]:
    """Return the median CPU seconds of a step, and the tokens drawn in one."""
    attention, precision = way
    AcceleratorState._reset_state()  # a process has one precision otherwise
    policy.model.model.language_model.config._attn_implementation = attention
    recipe = Stage2Recipe(
        objective="rloo", draws=DRAWS, batch=PROMPTS, epochs=options.steps * PROMPTS / len(rows), learning_rate=1e-5,
        max_new_tokens=options.new_tokens, keep_every=10**6, text_weight=options.text_weight,
    )  # fmt: skip
    starts: list[float] = []
    drawn: list[int] = []
    healthy = objectives.draw_answers

    def counted(*rest: object) -> object:
        answers, scores = healthy(*rest)  # type: ignore[arg-type]
        drawn.append(sum(label >= 0 for row in answers for answer in row for label in answer.labels))
        return answers, scores

    def step(model: nn.Module, chosen: list[int], state: State, generator: torch.Generator) -> objectives.Outcome:
        starts.append(process_time())
        part, given = [rows[k] for k in chosen], [wanted[k] for k in chosen]
        return objectives.stage2_loss(model, policy, part, given, ["critique first"], recipe, state, generator)

    objectives.draw_answers = counted  # type: ignore[assignment]
    with tempfile.TemporaryDirectory() as out:
        run_stage(
            policy, recipe, [len(row) for row in rows], step, Path(out), name="stage2", key="", seed=0,
            accelerator=Accelerator(cpu=True, mixed_precision="bf16" if precision == "bfloat16" else "no"),
            is_quiet=True,
        )  # fmt: skip
    objectives.draw_answers = healthy
    seconds = [after - before for before, after in itertools.pairwise(starts)]  # the first warms up
    return statistics.median(seconds), statistics.mean(drawn)


def theirs(python: str, folder: Path, options: argparse.Namespace, way: tuple[str, str]) -> tuple[float, float]:
    """Return the same of the peer; exit with 2 where there is none."""
    script = Path(__file__).with_name("stage2_peer.py")
    asked = [folder, options.steps, options.new_tokens, *way]
    done = subprocess.run([python, str(script), *map(str, asked)], capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        print(f"error: {python} cannot run TRL's trainer ({last}); install trl==1.16.0 there", file=sys.stderr)
        sys.exit(2)
    found = json.loads(done.stdout.splitlines()[-1])
    return found["seconds"], found["tokens"]


def fastest(ways: dict[tuple[str, str], tuple[float, float]]) -> tuple[float, str]:
    """Return the seconds of the fastest way, and what to say of it."""
    way, (seconds, n_tokens) = min(ways.items(), key=lambda one: one[1][0])
    return seconds, f"{seconds:.3f} CPU s a step ({n_tokens:.0f} tokens drawn, {', '.join(way)})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer", default=sys.executable, metavar="PYTHON")
    parser.add_argument("--steps", type=int, default=8, help="3 or more")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--words", type=int, default=130, help="of a narrative, at most 700")
    parser.add_argument("--text-weight", type=float, default=0.0, help="ours; 0: the same work as TRL's")
    parser.add_argument("--new-tokens", type=int, default=100)
    options = parser.parse_args()
    torch.set_num_threads(1)
    texts = examples(options.words)
    policy, tokenizer = build(texts)
    chosen = texts[: 4 * PROMPTS]
    prompts = [policy.script.prompt(text, 0) for text, _ in chosen]
    cue = policy.script.encode(FORM.cue("critique first"))
    rows = [Row(prompt, torch.zeros(0, SIZES.tower.hidden)) for prompt in prompts]
    ratios = []
    with tempfile.TemporaryDirectory() as out:
        save_decoder(policy, tokenizer, Path(out), [policy.script.text([*prompt, *cue]) for prompt in prompts])
        print(f"prompts of {statistics.mean(map(len, prompts)) + len(cue):.0f} tokens")
        for _ in range(options.rounds):
            own = {way: ours(policy, rows, [one for _, one in chosen], options, way) for way in WAYS}
            peers = {way: theirs(options.peer, Path(out), options, way) for way in WAYS}
            (seconds, text), (its, its_text) = fastest(own), fastest(peers)
            ratios.append(its / seconds)
            print(f"ours {text}, TRL {its_text}, ratio {ratios[-1]:.2f}", flush=True)
    print(f"ratio: median {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}); at least 2 wanted")


if __name__ == "__main__":
    main()
