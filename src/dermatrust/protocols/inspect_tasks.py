"""Every protocol as a task of Inspect AI (extra `inspect`): `inspect eval dermatrust/medqa -T data=questions.jsonl`.

Inspect asks and logs; what is asked and how it is scored is the protocol's. Whoever plays another role is one of
Inspect's model roles: `--model-role judge=openai/gpt-4.1`. An item without a readable verdict of its judge is unscored,
and one whose ask failed is a sample that failed: neither is zero.

Interface: https://inspect.aisi.org.uk/tasks.html
"""

import math
from collections.abc import Callable, Mapping
from pathlib import Path

from inspect_ai import Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import ModelOutput, get_model
from inspect_ai.scorer import Score, Scorer, Target, mean, scorer, stderr
from inspect_ai.solver import Generate, Solver, TaskState, solver

from dermatrust.clients import Client, Reply, Request, Sampling
from dermatrust.clients.inspect import InspectClient
from dermatrust.protocols.asking import MODEL
from dermatrust.protocols.find import find_protocol, protocol_names
from dermatrust.protocols.item import Item
from dermatrust.protocols.open_data import open_data
from dermatrust.protocols.protocol import Protocol
from dermatrust.protocols.read_recorded import played_fields, played_of
from dermatrust.protocols.run import BoundAsk, ProtocolRun, check_roles
from dermatrust.store.images import ImageCache

_PLAYED = "dermatrust:played"
MAX_TOKENS = 1024


def protocol_task(
    protocol: Protocol,
    *,
    data: str | None = None,
    limit: int | None = None,
    max_tokens: int = MAX_TOKENS,
    side: int = 1024,
) -> Task:
    """Return a protocol as a task.

    Args:
        protocol: The protocol, in the variant that is wanted.
        data: Its data, as `dermatrust run` takes them.
        limit: Only the first so many rows, whole: Inspect's own limit may cut a pair in two.
        max_tokens: Longest reply.
        side: Longest side of images, in pixels.

    Raises:
        DataError: There are no such data.
    """
    sampling = Sampling(protocol.temperature or 0.0, max_tokens)
    images = ImageCache(Path("runs") / "image-cache", side_px=side)
    source = open_data(protocol.source, data)
    items = {item.id: item for item in ProtocolRun(protocol, source, {}, sampling, images, limit=limit).items}
    samples = [
        Sample(id=item.id, input=item.prompt, target=str(item.target), metadata=dict(item.tags))
        for item in items.values()
    ]

    def run() -> ProtocolRun:
        clients = {role: _client(role) for role in (MODEL, *protocol.roles)}
        asked = ProtocolRun(protocol, source, clients, sampling, images, limit=limit)
        check_roles(asked)
        return asked

    return Task(
        dataset=MemoryDataset(samples, name=protocol.name), solver=play_protocol(items, run),
        scorer=protocol_score(protocol, items),
        version=protocol.version, name=protocol.name,
    )  # fmt: skip


def _client(role: str) -> Client:
    """Return who plays a role in the evaluation under way."""
    return InspectClient.of(get_model() if role == MODEL else get_model(role=role, required=True))


async def _ask(client: Client, request: Request) -> Reply:
    return await client.ask(request)


@solver
def play_protocol(items: Mapping[str, Item], run: Callable[[], ProtocolRun]) -> Solver:
    """Return the solver that plays an item as its protocol does."""

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        item, asked = items[str(state.sample_id)], run()
        played = await asked.protocol.play(item, BoundAsk(asked, item, _ask))
        state.output = ModelOutput.from_content(model=str(state.model), content=played.reply)
        state.store.set(_PLAYED, played_fields(played))
        return state

    return solve


@scorer(metrics=[mean(), stderr()])
def protocol_score(protocol: Protocol, items: Mapping[str, Item]) -> Scorer:
    """Return the scorer that grades what was played as its protocol does."""

    async def score(state: TaskState, target: Target) -> Score:
        played = played_of(state.store.get(_PLAYED), where=f"sample {state.sample_id}")
        found = protocol.score(items[str(state.sample_id)], played)
        about = {"answered": found.answered, "parts": dict(found.parts)}
        if math.isnan(found.value):
            return Score.unscored(reason="scoring_failed", explanation="a judge did not answer", metadata=about)
        return Score(value=found.value, answer=found.said, metadata=about)

    return score


def _made(name: str) -> Callable[..., Task]:
    def made(
        data: str | None = None, variant: str | None = None, limit: int | None = None, max_tokens: int = MAX_TOKENS,
        side: int = 1024,
    ) -> Task:  # fmt: skip
        protocol = find_protocol(name)
        chosen = protocol.variant(variant) if variant else protocol
        return protocol_task(chosen, data=data, limit=limit, max_tokens=max_tokens, side=side)

    made.__name__ = name.replace("-", "_")
    return made


TASKS = {name: task(name=name)(_made(name)) for name in protocol_names()}
"""Name to task; found by Inspect through the entry point `inspect_ai` of this package."""
