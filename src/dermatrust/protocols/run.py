"""One run of a protocol: every item asked, scored and kept, resumable, a pure function of data, prompts and replies."""

import asyncio
import hashlib
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from dermatrust import __version__
from dermatrust.bench.asking import Pace, ask_all
from dermatrust.bench.manifests import endpoint_of, model_card, named_by, now, resumed
from dermatrust.clients import Ask, AskFailed, Client, Image, Message, Reply, Request, Sampling
from dermatrust.engine import Play
from dermatrust.errors import ModelError
from dermatrust.protocols.asking import MODEL
from dermatrust.protocols.files_read import FilesRead, content_hash
from dermatrust.protocols.item import Item, Played, Turn
from dermatrust.protocols.kept_items import KeptItems
from dermatrust.protocols.open_data import iter_items
from dermatrust.protocols.protocol import Protocol
from dermatrust.protocols.result import (
    NOT_RECORDED,
    SILENT_JUDGE,
    Asked,
    ProtocolResult,
    prompt_hash,
    protocol_card,
    protocol_result,
)
from dermatrust.protocols.scored import Scored, write_scored
from dermatrust.records import Manifest
from dermatrust.store.atomic import write_bytes
from dermatrust.store.images import ImageCache
from dermatrust.store.lock import only_writer
from dermatrust.store.result import write_result
from dermatrust.store.run import RunFolder
from dermatrust.store.spool import Spool

SCORED = "scored.jsonl"


@dataclass(frozen=True)
class ProtocolRun:
    """Everything a run of a protocol is a function of, besides the replies.

    Attributes:
        protocol: What is run, in the variant and by the method that are wanted.
        data: Its file.
        clients: Who plays which role; `asking.MODEL` is the model under test.
        sampling: How the model under test decodes; the other roles decode greedily.
        images: Where images are re-encoded once.
        variant: The variant's name, for the record.
        method: The method's name, for the record.
        method_settings: What else the method hangs on, for the record: the pool's hash, the temperature of its draws.
        limit: Only the first so many rows.
        seed: Of resampling, and for servers that take one.
    """

    protocol: Protocol
    data: Path
    clients: Mapping[str, Client]
    sampling: Sampling
    images: ImageCache
    variant: str = ""
    method: str = ""
    method_settings: Mapping[str, Any] = field(default_factory=dict)
    limit: int | None = None
    seed: int = 0

    @cached_property
    def _read(self) -> tuple[KeptItems, str]:
        files = FilesRead()
        asked = iter_items(self.protocol, self.data, limit=self.limit, files=files)
        return KeptItems(asked, self.images.root), files.content_hash(self.data)

    @property
    def items(self) -> KeptItems:
        """Every item that is asked. The data are read for them once, all, so that no faulty row comes up later."""
        return self._read[0]

    @property
    def data_hash(self) -> str:
        """SHA-256 of the data's file; of the SHA-256 of all files, where the items were read from several.

        Images are not among them: each is part of the key of the asks that show it.
        """
        return self._read[1]

    def plays(self) -> Iterator[Play[tuple[int, Scored]]]:
        """Yield one play per item; each returns its number and what came of it."""
        for number, item in enumerate(self.items):
            yield partial(self._play, number, item)

    async def _play(self, number: int, item: Item, ask: Ask) -> tuple[int, Scored]:
        failure = ""
        played: Played | None = None
        try:
            played = await self.protocol.play(item, BoundAsk(self, item, ask))
        except AskFailed as error:  # missing, not wrong: the next run asks again
            failure = NOT_RECORDED if error.kind == NOT_RECORDED else str(error)  # its detail names the item
        score = None if played is None else self.protocol.score(item, played)
        return number, Scored(item, played, score, failure)


class BoundAsk:
    """What a protocol asks with: roles to clients, pictures to what models see, all through the engine."""

    def __init__(self, run: ProtocolRun, item: Item, ask: Ask) -> None:
        self._run = run
        self._item = item
        self._ask = ask

    async def __call__(self, said: str | Sequence[Turn], *, role: str = MODEL, draw: int = 0, **sampling: Any) -> Reply:
        """Ask; see `asking.Ask`."""
        client = self._run.clients[role]
        turns = [Turn("user", said)] if isinstance(said, str) else said
        messages = [
            Message(turn.role, turn.text, await self._seen(turn.images) if client.needs_images else ())
            for turn in turns
        ]
        own = self._run.sampling if role == MODEL else replace(self._run.sampling, temperature=0.0)
        request = Request(tuple(messages), replace(own, **sampling), draw=draw, case_id=self._item.id)
        return await self._ask(client, request)

    async def _seen(self, pictures: tuple[Path | bytes, ...]) -> tuple[Image, ...]:
        where = f"{self._run.data}, item {self._item.id!r}"
        return tuple([await asyncio.to_thread(self._prepare, picture, where) for picture in pictures])

    def _prepare(self, picture: Path | bytes, where: str) -> Image:
        images = self._run.images
        if isinstance(picture, bytes):
            path = images.root / "decoded" / hashlib.sha256(picture).hexdigest()
            if not path.exists():
                write_bytes(path, picture, durable=False)
        else:
            path = self._run.data.parent / picture
        return images.prepare(path, where=where)


def run_protocol(
    asked: ProtocolRun, run: RunFolder, *, command: str, pace: Pace, replace_other: bool = False
) -> tuple[ProtocolResult, Counter[str]]:
    """Ask what the run's store does not hold yet, score every item, and write manifest, scored.jsonl and result.json.

    Args:
        asked: What to run.
        run: Where to. It may hold the beginning of this very run.
        command: The command line, for the manifest.
        pace: How fast to ask.
        replace_other: Overwrite the results of another run in this folder; its replies are kept all the same.

    Returns:
        The result, and the asks that brought no reply, by model and reason.

    Raises:
        DataError: The data cannot be read, an image is missing or unreadable, or the folder holds another run.
        ModelError: A role is played by nobody, or the data may not leave this machine.
    """
    check_roles(asked)
    n_items = len(asked.items)
    manifest = _manifest(asked, run, command, n_items)
    with only_writer(run.path):
        if run.manifest_path.exists():
            manifest = resumed(manifest, run, replace=replace_other)
        run.write_manifest(manifest)
        spool = Spool(run.path)
        planned = {client.name: n_items for client in asked.clients.values()}
        failures = ask_all(
            asked.plays(), lambda one: spool.put(*one), run.replies_path, list(asked.clients.values()), planned, pace
        )
        missing: Counter[str] = Counter()
        table = write_scored(run.path / SCORED, count_missing(spool, missing))
        result = protocol_result(
            asked.protocol, table, model=asked.clients[MODEL].name, others=_others(asked), variant=asked.variant,
            method=asked.method, seed=asked.seed, missing=missing, asked=what_was_asked(asked),
        )  # fmt: skip
        write_result(run.result_path, result)
        run.write_manifest(manifest.model_copy(update={"finished": now()}))
    return result, failures


def count_missing(scored: Iterable[Scored], missing: Counter[str]) -> Iterator[Scored]:
    """Pass on what was scored, counting why items are missing."""
    for one in scored:
        if one.score is None:
            missing[one.failure] += 1
        elif math.isnan(one.score.value):
            missing[SILENT_JUDGE] += 1
        yield one


def check_roles(asked: ProtocolRun) -> None:
    """Refuse a run in which somebody is missing, or whose data may not be sent to who is there.

    Raises:
        ModelError: As said.
    """
    for role in asked.protocol.roles:
        if role not in asked.clients:
            how = "--judge MODEL" if role == "judge" else f"--role {role}=MODEL"
            raise ModelError(asked.protocol.name, f"needs somebody to play the {role}", how)
    if asked.protocol.source.may_leave_machine:
        return
    for client in asked.clients.values():
        if client.leaves_machine:
            do = "Use a model served on this machine."
            raise ModelError(client.name, f"is not here, and the data of {asked.protocol.name} may not leave", do=do)


def run_config(asked: ProtocolRun) -> dict[str, Any]:
    """Return the settings that decide what is asked and how it is scored."""
    return {
        "protocol": asked.protocol.name,
        "version": asked.protocol.version,
        "variant": asked.variant,
        "method": asked.method,
        **asked.method_settings,
        "roles": {role: client.name for role, client in asked.clients.items()},
        "temperature": asked.sampling.temperature,
        "max_tokens": asked.sampling.max_tokens,
        "seed": asked.seed,
        "side_px": asked.images.side_px,
        "limit": asked.limit,
    }


def what_was_asked(asked: ProtocolRun) -> Asked:
    """Return what the result says of what was asked."""
    return Asked(
        asked.data.name, asked.data_hash, asked.limit, prompt_hash(asked.protocol), dict(asked.method_settings)
    )


def run_name(asked: ProtocolRun) -> str:
    """Return a name that the same command on the same data gives again, so that it resumes its own run."""
    return _named(asked, asked.data_hash)


def earlier_name(asked: ProtocolRun) -> str | None:
    """Return the name that the run had before files beside its data's main one counted; None where there are none."""
    if asked.data.is_dir() or (alone := content_hash(asked.data)) == asked.data_hash:
        return None
    return _named(asked, alone)


def _named(asked: ProtocolRun, data_hash: str) -> str:
    parts = {
        "data": data_hash,
        "config": run_config(asked),
        "prompt": prompt_hash(asked.protocol),
        "endpoints": [endpoint_of(client) for client in asked.clients.values()],
    }
    return named_by(asked.protocol.name, parts)


def _manifest(asked: ProtocolRun, run: RunFolder, command: str, n_items: int) -> Manifest:
    return Manifest(
        run_id=run.path.name,
        code_version=__version__,
        command=command,
        dataset=protocol_card(asked.protocol),
        dataset_hash=asked.data_hash,
        n_cases=n_items,
        models=tuple(model_card(client) for client in asked.clients.values()),
        prompts={asked.protocol.name: prompt_hash(asked.protocol)},
        seeds={"run": asked.seed},
        config=run_config(asked),
        started=now(),
    )


def _others(asked: ProtocolRun) -> dict[str, str]:
    return {role: client.name for role, client in asked.clients.items() if role != MODEL}
