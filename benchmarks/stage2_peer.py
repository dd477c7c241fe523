"""The peer: steps of TRL's RLOO trainer on a decoder, tokenizer and prompts that `stage2_step.py` wrote.

`python benchmarks/stage2_peer.py FOLDER STEPS NEW_TOKENS ATTENTION PRECISION` prints the median CPU seconds of a step
and the tokens drawn in one. Settings found best for it: no reference model, one update a draw, no dropout to switch
off, no log but the last, no checkpoint.
"""

import json
import statistics
import sys
import tempfile
from itertools import pairwise
from pathlib import Path
from time import process_time

import torch
from transformers import AutoTokenizer, LlamaForCausalLM, TrainerCallback
from trl import RLOOConfig, RLOOTrainer

from datasets import Dataset

PROMPTS, DRAWS = 4, 4


class Clock(TrainerCallback):
    """When each step ended."""

    def __init__(self) -> None:
        self.ends: list[float] = []

    def on_step_end(self, *_: object, **__: object) -> None:
        """Note the time."""
        self.ends.append(process_time())


def main(folder: Path, steps: int, new_tokens: int, attention: str, precision: str) -> None:
    drawn: list[int] = []

    def reward(completion_ids: list[list[int]], **_: object) -> list[float]:
        drawn.append(sum(map(len, completion_ids)))
        return [float(ids[0] % 7) for ids in completion_ids]

    with tempfile.TemporaryDirectory() as out:
        settings = RLOOConfig(
            output_dir=out, per_device_train_batch_size=PROMPTS * DRAWS, num_generations=DRAWS,
            max_completion_length=new_tokens, max_steps=steps, learning_rate=1e-5, beta=0.0, use_cpu=True,
            bf16=precision == "bfloat16", gradient_checkpointing=False, report_to=[], logging_steps=10**6,
            save_strategy="no", disable_tqdm=True, dataloader_pin_memory=False, lr_scheduler_type="cosine",
            max_grad_norm=1.0,
        )  # fmt: skip
        clock = Clock()
        trainer = RLOOTrainer(
            model=LlamaForCausalLM.from_pretrained(folder, attn_implementation=attention, dtype=torch.float32),
            reward_funcs=reward, args=settings, processing_class=AutoTokenizer.from_pretrained(folder),
            train_dataset=Dataset.from_dict({"prompt": json.loads((folder / "prompts.json").read_text())}),
            callbacks=[clock],
        )  # fmt: skip
        trainer.train()
    seconds = [after - before for before, after in pairwise(clock.ends)]
    print(json.dumps({"seconds": statistics.median(seconds), "tokens": statistics.mean(drawn)}))


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), *sys.argv[4:6])
