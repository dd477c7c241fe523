"""The reply store: every model reply, kept under the hash of what was asked.

It is the cache, the resume after a crash, the replay, the audit trail, and the way shards merge: keys are content
hashes, so a union of two stores is their merge.
"""

import hashlib
import json
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from dermatrust.clients import AskFailed, Client, Reply, Request, Sampling
from dermatrust.errors import DataError
from dermatrust.records import canonical_json

_FORMAT = 1
_TABLES = """
CREATE TABLE IF NOT EXISTS replies (
    key BLOB NOT NULL UNIQUE, model TEXT NOT NULL, case_id TEXT NOT NULL, author TEXT NOT NULL, draw INTEGER NOT NULL,
    text TEXT NOT NULL, finish_reason TEXT NOT NULL, prompt_tokens INTEGER, completion_tokens INTEGER, logprobs TEXT,
    latency_s REAL NOT NULL, model_version TEXT NOT NULL, cost REAL, at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS failures (
    key BLOB NOT NULL UNIQUE, model TEXT NOT NULL, case_id TEXT NOT NULL, author TEXT NOT NULL, draw INTEGER NOT NULL,
    kind TEXT NOT NULL, detail TEXT NOT NULL, attempts INTEGER NOT NULL, at REAL NOT NULL);
"""
_GET = (
    "SELECT text, finish_reason, prompt_tokens, completion_tokens, logprobs, latency_s, model_version"
    " FROM replies WHERE key = ?"
)
_PUT_REPLY = "INSERT OR IGNORE INTO replies VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_PUT_FAILURE = "INSERT OR REPLACE INTO failures VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
_FORGET_FAILURE = "DELETE FROM failures WHERE key = ?"
_COUNT_CONFLICTS = (
    "SELECT count(*) FROM other.replies theirs JOIN main.replies ours USING (key) WHERE ours.text != theirs.text"
)

Key = bytes


def request_key(client: Client, request: Request) -> Key:
    """Return the content hash under which the reply to this request is kept.

    It covers the model id, the endpoint parameters, the sampling, the messages with their images' content hashes, and
    the draw number; not the case, so the same ask made for two cases is asked once.
    """
    # Written by hand, each part closed by its length or a NUL, because this runs once per ask.
    digest = hashlib.blake2b(_head(client.name, tuple(client.endpoint(request).items()), request.draw), digest_size=16)
    digest.update(_settings(request.sampling))
    for message in request.messages:
        images = ",".join([image.sha256 for image in message.images])
        text = message.text.encode("utf-8", "surrogatepass")
        digest.update(f"\x00{message.role}\x00{images}\x00{len(text)}\x00".encode())
        digest.update(text)
    return digest.digest()


@lru_cache(maxsize=256)
def _head(name: str, endpoint: tuple[tuple[str, Any], ...], draw: int) -> bytes:
    return canonical_json([name, dict(endpoint), draw]).encode() + b"\x00"


@lru_cache(maxsize=256)
def _settings(sampling: Sampling) -> bytes:
    fields: list[Any] = [
        sampling.temperature,
        sampling.max_tokens,
        sampling.seed,
        sampling.top_logprobs,
        sampling.schema,
    ]
    fields += ["scores last"] if sampling.scores_last else []  # so that all other asks keep their keys
    return canonical_json(fields).encode()


@dataclass(frozen=True, slots=True)
class ModelTotals:
    """What a store holds of one model. Token sums count only replies whose server reported them."""

    model: str
    n_replies: int
    n_failures: int
    prompt_tokens: int
    completion_tokens: int
    cost: float | None
    """None where no reply has a price."""
    latency_s: float
    """Mean seconds per reply."""


class ReplyStore:
    """A reply store in one SQLite file (WAL), with batched commits.

    `put` and `put_failure` buffer; `flush` commits what is buffered and returns how much that was. A reply is safe from
    `kill -9` once `flush` has returned; one not yet flushed is merely asked again. Commits are not fsynced one by one
    (`synchronous=NORMAL`): a power cut may cost the last few, never the file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._replies: dict[Key, tuple[Any, ...]] = {}
        self._failures: dict[Key, tuple[Any, ...]] = {}
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, isolation_level=None, timeout=30.0)
        except (OSError, sqlite3.Error) as error:
            raise DataError(str(path), f"cannot be opened ({error})") from None
        try:
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = NORMAL")
            self._db.executescript(_TABLES)
            self._check_format()
            self._may_hold_failures = self._db.execute("SELECT 1 FROM failures LIMIT 1").fetchone() is not None
        except sqlite3.DatabaseError as error:
            self._db.close()
            if isinstance(error, sqlite3.OperationalError):  # no space, no permission: the store may be sound
                raise DataError(str(path), f"cannot be opened ({error})") from None
            raise DataError(str(path), f"is not a reply store ({error})", do="Move it away and run again.") from None

    def _check_format(self) -> None:
        found = self._db.execute("PRAGMA user_version").fetchone()[0]
        if found == 0:
            self._db.execute(f"PRAGMA user_version = {_FORMAT}")
        elif found != _FORMAT:
            self._db.close()
            raise DataError(str(self.path), f"is a reply store of format {found}", f"format {_FORMAT}")

    def get(self, key: Key) -> Reply | None:
        """Return the reply kept under this key, buffered ones included, or None."""
        row = self._replies.get(key)
        if row is not None:
            return _reply(row[5:10] + row[10:12])
        try:
            found = self._db.execute(_GET, (key,)).fetchone()
        except sqlite3.DatabaseError as error:
            raise DataError(str(self.path), f"cannot be read ({error})") from None
        return None if found is None else _reply(found)

    def put(self, key: Key, model: str, request: Request, reply: Reply, cost: float | None) -> None:
        """Buffer one reply."""
        logprobs = None if reply.logprobs is None else json.dumps(reply.logprobs)
        self._replies[key] = (
            key, model, request.case_id, request.author, request.draw, reply.text, reply.finish_reason,
            reply.prompt_tokens, reply.completion_tokens, logprobs, reply.latency_s, reply.model_version, cost,
            time.time(),
        )  # fmt: skip

    def put_failure(self, key: Key, model: str, request: Request, failure: AskFailed, attempts: int) -> None:
        """Buffer one failed ask. The next run asks again; a failure is never a reply."""
        self._may_hold_failures = True
        detail = failure.detail.encode("utf-8", "replace").decode()
        self._failures[key] = (
            key, model, request.case_id, request.author, request.draw, failure.kind, detail, attempts, time.time(),
        )  # fmt: skip

    @property
    def n_buffered(self) -> int:
        """How many replies and failures wait for the next flush."""
        return len(self._replies) + len(self._failures)

    def flush(self) -> int:
        """Commit what is buffered; return how many replies and failures that was.

        Raises:
            DataError: The file cannot be written, e.g. because the disk is full; what was committed before is kept.
        """
        n = self.n_buffered
        if not n:
            return 0
        try:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany(_PUT_FAILURE, self._failures.values())
            self._db.executemany(_PUT_REPLY, self._replies.values())
            if self._may_hold_failures:
                self._db.executemany(_FORGET_FAILURE, [(key,) for key in self._replies])
            self._db.execute("COMMIT")
        except BaseException as error:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            if isinstance(error, sqlite3.DatabaseError):
                do = "Replies committed before are kept: make room and run the same command again."
                raise DataError(str(self.path), f"cannot be written ({error})", do=do) from None
            raise
        self._replies.clear()
        self._failures.clear()
        return n

    def close(self) -> None:
        """Commit what is buffered and let go of the file."""
        try:
            self.flush()
        finally:
            self._db.close()

    def failures(self) -> Iterator[tuple[str, str, str, str]]:
        """Yield (model, case id, kind, detail) of every failed ask that no later ask has mended."""
        yield from self._db.execute("SELECT model, case_id, kind, detail FROM failures ORDER BY model, case_id, draw")

    def totals(self) -> list[ModelTotals]:
        """Return what is committed, per model, in order of name."""
        rows = self._db.execute(
            "SELECT model, sum(n), sum(failed), sum(pt), sum(ct), sum(cost), sum(latency) FROM ("
            " SELECT model, count(*) n, 0 failed, coalesce(sum(prompt_tokens), 0) pt,"
            " coalesce(sum(completion_tokens), 0) ct, sum(cost) cost, sum(latency_s) latency FROM replies"
            " GROUP BY model"
            " UNION ALL SELECT model, 0, count(*), 0, 0, NULL, 0 FROM failures GROUP BY model"
            ") GROUP BY model ORDER BY model"
        )
        return [
            ModelTotals(model, n, n_failures, prompt, completion, cost, latency / n if n else 0.0)
            for model, n, n_failures, prompt, completion, cost, latency in rows
        ]

    def merge(self, other: Path) -> tuple[int, int]:
        """Take in every reply of another store; return (how many were new, how many conflicted).

        A conflict is one key with two different texts: ours is kept, since tables may already rest on it. Failures
        that a reply of either store has mended are dropped.

        Raises:
            DataError: The other file is missing or is not a reply store of this format.
        """
        if not other.is_file():
            raise DataError(str(other), "there is no such reply store")
        ReplyStore(other).close()
        self.flush()
        self._db.execute("ATTACH DATABASE ? AS other", (f"{other}",))
        try:
            self._db.execute("BEGIN IMMEDIATE")
            conflicts = self._db.execute(_COUNT_CONFLICTS).fetchone()[0]
            before = self._db.total_changes
            self._db.execute("INSERT OR IGNORE INTO main.replies SELECT * FROM other.replies")
            added = self._db.total_changes - before
            self._db.execute("INSERT OR IGNORE INTO main.failures SELECT * FROM other.failures")
            self._may_hold_failures = True
            self._db.execute("DELETE FROM main.failures WHERE key IN (SELECT key FROM main.replies)")
            self._db.execute("COMMIT")
        finally:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            self._db.execute("DETACH DATABASE other")
        return added, conflicts


def check_store(path: Path) -> None:
    """Check that a file is a reply store, and leave it as it is: opening one makes tables in any database.

    Raises:
        DataError: There is no such file, or it is empty, not a database, or another program's database.
    """
    if not path.is_file():
        raise DataError(str(path), "there is no such reply store")
    try:
        database = sqlite3.connect(f"{path.resolve().as_uri()}?mode=rw", uri=True, timeout=30.0)
        try:
            tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        finally:
            database.close()
    except sqlite3.OperationalError as error:
        raise DataError(str(path), f"cannot be opened ({error})") from None
    except sqlite3.DatabaseError as error:
        raise DataError(str(path), f"is not a reply store ({error})") from None
    if not tables >= {"replies", "failures"}:
        what = f"is not a reply store ({'another database' if path.stat().st_size else 'an empty file'})"
        raise DataError(str(path), what, "a run folder or its replies.sqlite")


def _reply(row: tuple[Any, ...]) -> Reply:
    text, finish_reason, prompt_tokens, completion_tokens, logprobs, latency_s, model_version = row
    parsed = None if logprobs is None else json.loads(logprobs)
    return Reply(text, finish_reason, prompt_tokens, completion_tokens, parsed, latency_s, model_version)
