"""The peer: the same two calls through Inspect AI with its best settings.

`python benchmarks/inspect_peer.py URL N_SAMPLES IMAGE` prints samples per second. Settings found best for it: no
display, no real-time log, no score display, no images in the log, 64 static connections.
"""

import base64
import json
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

from inspect_ai import Task, eval
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import ChatMessageUser, ContentImage, ContentText, GenerateConfig, Model, get_model
from inspect_ai.scorer import Score, Scorer, Target, mean, scorer
from inspect_ai.solver import TaskState, generate

from asks import candidate_text, judge_text
from bare_loop import Verdict

N_AT_ONCE = 64
CONFIG = GenerateConfig(max_connections=N_AT_ONCE, temperature=0, max_tokens=1024)


@scorer(metrics=[mean()])
def verdict_of(judge: Model) -> Scorer:
    """Ask the judge once and average its six scores."""

    async def score(state: TaskState, target: Target) -> Score:
        reply = await judge.generate(judge_text(int(target.text), state.output.completion))
        verdict = Verdict.model_validate_json(reply.completion)
        return Score(value=sum(one["score"] for one in verdict.model_dump().values()) / 6)

    return score


def main(url: str, n_samples: int, image_path: Path) -> None:
    os.environ |= {"BENCH_API_KEY": "none", "BENCH_BASE_URL": url}
    image = "data:image/jpeg;base64," + base64.b64encode(image_path.read_bytes()).decode()
    samples = [
        Sample(
            id=number,
            input=[ChatMessageUser(content=[ContentImage(image=image), ContentText(text=candidate_text(number))])],
            target=str(number),
        )
        for number in range(n_samples)
    ]
    judge = get_model("openai-api/bench/judge", config=CONFIG)
    task = Task(dataset=MemoryDataset(samples), solver=generate(), scorer=verdict_of(judge))
    with tempfile.TemporaryDirectory() as logs:
        started = time.perf_counter()
        [log] = eval(
            task, model=get_model("openai-api/bench/candidate", config=CONFIG), display="none", log_dir=logs,
            log_realtime=False, log_images=False, score_display=False, max_samples=N_AT_ONCE,
            max_connections=N_AT_ONCE,
        )  # fmt: skip
        seconds = time.perf_counter() - started
    assert log.status == "success", log.error
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"samples_per_s": n_samples / seconds, "peak_mb": peak_mb}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
