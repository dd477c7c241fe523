"""The peer: the same two calls in a bare aiohttp loop, parsed with pydantic, nothing stored.

`python benchmarks/bare_loop.py URL N_SAMPLES IMAGE` prints samples per second.
"""

import asyncio
import base64
import itertools
import json
import resource
import sys
import time
from pathlib import Path

import aiohttp
from pydantic import BaseModel

from asks import SCHEMA, candidate_text, judge_text

FORMAT = {"type": "json_schema", "json_schema": {"name": "reply", "schema": SCHEMA, "strict": True}}


class _Message(BaseModel):
    role: str
    content: str


class _Choice(BaseModel):
    index: int
    finish_reason: str
    message: _Message


class _Usage(BaseModel):
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class _Completion(BaseModel):
    id: str
    model: str
    choices: list[_Choice]
    usage: _Usage


class _Score(BaseModel):
    score: float
    reason: str


class Verdict(BaseModel):
    """What the judge says."""

    accuracy: _Score
    safety: _Score
    medical_groundedness: _Score
    clinical_coverage: _Score
    reasoning_coherence: _Score
    description_precision: _Score


async def _ask(session: aiohttp.ClientSession, url: str, model: str, content: object, **more: object) -> str:
    messages = [{"role": "user", "content": content}]
    payload = {"model": model, "temperature": 0, "max_tokens": 1024, "messages": messages, **more}
    async with session.post(url + "/chat/completions", json=payload) as response:
        return _Completion.model_validate_json(await response.read()).choices[0].message.content


async def _sample(session: aiohttp.ClientSession, url: str, image: str, number: int) -> None:
    parts = [
        {"type": "image_url", "image_url": {"url": "data:image/jpeg;base64," + image}},
        {"type": "text", "text": candidate_text(number)},
    ]
    narrative = await _ask(session, url, "candidate", parts)
    verdict = await _ask(session, url, "judge", judge_text(number, narrative), response_format=FORMAT)
    Verdict.model_validate_json(verdict)


async def main(url: str, n_samples: int, image: str) -> None:
    numbers = itertools.count()

    async def work(session: aiohttp.ClientSession) -> None:
        while (number := next(numbers)) < n_samples:
            await _sample(session, url, image, number)

    started = time.perf_counter()
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=64)) as session:
        await asyncio.gather(*(work(session) for _ in range(64)))
    seconds = time.perf_counter() - started
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"samples_per_s": n_samples / seconds, "peak_mb": peak_mb}))


if __name__ == "__main__":
    photograph = base64.b64encode(Path(sys.argv[3]).read_bytes()).decode()
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), photograph))
