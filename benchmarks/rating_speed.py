"""Cases a second of the embedded evaluator's size: whole evaluations by `generate`, and scores alone by torch and ONNX.

    python benchmarks/rating_speed.py [--folder EVALUATOR [--export FOLDER]] [--seconds 3] [--rounds 3] [--threads 2]

A case is one photograph and a narrative of about 150 tokens, from pixels to logits. Without --folder the weights are
random and an evaluation has 120 tokens; with it the weights are an evaluator's that `dermatrust train` wrote, and an
evaluation ends where it ends. --export names the folder with its ONNX files; where it is not given they are made.

    generate   Transformers' greedy generation of critique and scores, 1 and 16 at a time: how a Llava is usually rated
    torch      our policy, one pass over prompt and skeleton, 1, 8 and 32 at a time
    ONNX       the embedded evaluator's runtime, the same pass, 1, 8 and 32 at a time

Cores work together on each of these, or, "on each core", each on cases of its own, as `dermatrust rate` does.
"""

import argparse
import os
import random
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from time import perf_counter

import numpy as np
import PIL.Image
import torch

from dermatrust.evaluator.nano import NanoEvaluator
from dermatrust.evaluator.policy import Policy, Row, batch_of
from dermatrust.evaluator.stored import load_policy
from dermatrust.train.export import write_evaluator
from dermatrust.train.objectives import open_skeleton
from matcher_speed import narrative
from stage2_step import build, examples

N_CASES, NEW_TOKENS, MOST_TOKENS = 64, 120, 320
Rate = Callable[[Sequence[int]], object]
"""Rates the cases of these numbers."""


def contenders(policy: Policy, folder: Path, threads: int, ends: bool) -> dict[str, tuple[int, Rate]]:
    """Return every way of rating with the number of cases it takes at a time."""
    nano, single = NanoEvaluator(folder, threads=threads), NanoEvaluator(folder, threads=1)
    pool = ThreadPoolExecutor(threads)
    script = policy.script
    chance, pixels = random.Random(1), np.random.default_rng(1)
    pictures = [PIL.Image.fromarray(pixels.integers(0, 256, (256, 256, 3), dtype=np.uint8)) for _ in range(N_CASES)]
    texts = [" ".join(narrative(chance).split()[: chance.randint(100, 160)]) for _ in range(N_CASES)]
    n_tokens = nano.n_tokens
    prompts = [script.prompt(script.form.shown(text), n_tokens) for text in texts]
    cue = script.encode(script.form.cue("critique first"))
    limits = {"max_new_tokens": MOST_TOKENS} if ends else {"max_new_tokens": NEW_TOKENS, "min_new_tokens": NEW_TOKENS}

    def generate(chosen: Sequence[int]) -> object:
        torch.set_num_threads(threads)
        asked = [[*prompts[k], *cue] for k in chosen]
        length = max(map(len, asked))
        ids = torch.tensor([[script.placeholder_id] * (length - len(one)) + one for one in asked])
        mask = torch.tensor([[0] * (length - len(one)) + [1] * len(one) for one in asked])
        seen = policy.pixels([pictures[k] for k in chosen])
        return policy.model.generate(
            input_ids=ids, attention_mask=mask, pixel_values=seen, do_sample=False, eos_token_id=script.end_id,
            pad_token_id=script.placeholder_id, **limits,
        )  # fmt: skip

    def together(chosen: Sequence[int]) -> object:
        torch.set_num_threads(threads)
        return one_pass(chosen)

    @torch.no_grad()
    def one_pass(chosen: Sequence[int]) -> object:
        seen = policy.look(policy.pixels([pictures[k] for k in chosen]))
        rows = [Row(prompts[k], one, [open_skeleton(script)]) for k, one in zip(chosen, seen, strict=True)]
        return policy(batch_of(rows, pad_id=script.placeholder_id))

    def embedded(chosen: Sequence[int], network: NanoEvaluator = nano) -> object:
        seen = network.look([pictures[k] for k in chosen])
        return network.score([prompts[k] for k in chosen], np.split(seen, len(chosen)))

    def on_each_core(rate: Rate) -> Rate:
        def rate_parts(chosen: Sequence[int]) -> object:
            torch.set_num_threads(1)
            n = len(chosen) // threads
            return list(pool.map(rate, [chosen[k * n : (k + 1) * n] for k in range(threads)]))

        return rate_parts

    ways: list[tuple[str, Rate, tuple[int, ...]]] = [
        ("generate", generate, (1, 16)), ("torch", together, (1, 8, 32)), ("ONNX", embedded, (1, 8, 32)),
    ]  # fmt: skip
    found = {f"{name}, {size} at a time": (size, rate) for name, rate, sizes in ways for size in sizes}
    apart: list[tuple[str, Rate]] = [("torch", one_pass), ("ONNX", partial(embedded, network=single))]
    for name, rate in apart:
        for size in (1, 8):
            found[f"{name}, {size} at a time on each core"] = (size * threads, on_each_core(rate))
    return found


def cases_per_second(size: int, rate: Rate, seconds: float) -> float:
    """Return how many cases a way rates in a second, after one call to warm up."""
    rate(range(size))
    n, started = 0, perf_counter()
    while n == 0 or perf_counter() - started < seconds:
        rate([(n + k) % N_CASES for k in range(size)])
        n += size
    return n / (perf_counter() - started)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, help="of an evaluator; random weights without")
    parser.add_argument("--export", type=Path, help="with its tower.onnx and decoder.onnx")
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    if os.getloadavg()[0] + options.threads > (os.cpu_count() or 1) + 0.5:
        print("other programs run here: threads that wait for each other make the figures useless", file=sys.stderr)
    policy = load_policy(options.folder) if options.folder else build(examples())[0].eval()
    with tempfile.TemporaryDirectory() as out:
        if options.export is None:
            write_evaluator(policy, Path(out))
        ways = contenders(policy, options.export or Path(out), options.threads, options.folder is not None)
        found: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(options.rounds):  # in turn, so that what else runs here disturbs all alike
            for name, (size, rate) in ways.items():
                found[name].append(cases_per_second(size, rate, options.seconds))
    rates = {name: statistics.median(each) for name, each in found.items()}
    for name, each in found.items():
        print(f"{name:34} {rates[name]:8.1f} cases/s ({min(each):.1f} to {max(each):.1f})")
    best = {way: max((n for n in rates if n.startswith(way)), key=rates.__getitem__) for way in ("torch", "ONNX")}
    for name, base in ((n, b) for b in ("generate, 1 at a time", "generate, 16 at a time") for n in best.values()):
        print(f"{name} against {base}: {rates[name] / rates[base]:.1f} times")
    print(f"{best['ONNX']} against {best['torch']}: {rates[best['ONNX']] / rates[best['torch']]:.2f} times")


if __name__ == "__main__":
    main()
