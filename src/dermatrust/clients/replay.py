"""Recorded outputs: replies read from a JSONL file instead of asked of a model.

Lines may be candidate rows `{id, model, candidate_text}` or judged rows `{id, candidate_model, judge_model,
judge_text}` as the DermBench release writes them, or narratives `{case_id, author, text}` as this package writes them.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from dermatrust.clients.client import AskFailed, Reply, Request
from dermatrust.errors import DataError, ModelError
from dermatrust.records import iter_placed_lines


class _Recorded(BaseModel):
    """One recorded output, whichever of the three shapes its line has."""

    model_config = ConfigDict(frozen=True)

    case_id: str = Field(min_length=1)
    text: str
    model: str = ""
    """Who wrote it."""
    author: str = ""
    """Whose narrative it judges, in a judged row."""

    @model_validator(mode="before")
    @classmethod
    def _one_shape(cls, row: Any) -> Any:
        if not isinstance(row, dict):
            raise ValueError("is not an object")  # noqa: TRY004  # pydantic reports ValueErrors with their place
        if "judge_text" in row:
            return {"case_id": row.get("id"), "text": row["judge_text"], "model": row.get("judge_model", ""),
                    "author": row.get("candidate_model", "")}  # fmt: skip
        if "candidate_text" in row:
            return {"case_id": row.get("id"), "text": row["candidate_text"], "model": row.get("model", "")}
        if "text" in row:
            return {"case_id": row.get("case_id"), "text": row["text"], "model": row.get("author", "")}
        raise ValueError("has none of the fields candidate_text, judge_text, text")


class ReplayClient:
    """Answers with what a file has recorded for the request's case, author and draw.

    The n-th recorded text for one case (and author) is draw n - 1. A file with several models needs `model`.

    Raises:
        DataError: The file is missing or a line is not a recorded output.
        ModelError: The file holds several models and none was chosen, or not the one chosen.
    """

    leaves_machine = False
    needs_images = False

    def __init__(self, path: Path, *, model: str | None = None) -> None:
        self.path = path
        digest = hashlib.blake2b(digest_size=16)
        offsets: dict[tuple[str, str], list[tuple[int, int]]] = {}
        models: set[str] = set()
        for where, position, line in iter_placed_lines(path):
            digest.update(line)
            row = _read(line, where)
            models.add(row.model)
            if model is None or row.model == model:
                offsets.setdefault((row.case_id, row.author), []).append((position, len(line)))
        if model is not None and model not in models:
            raise ModelError(f"replay:{path}#{model}", "the file has no such model", _listed(models))
        if model is None and len(models) > 1:
            raise ModelError(f"replay:{path}", "holds several models", _listed(models), f"Name one: replay:{path}#NAME")
        self.model = model or next(iter(models), "")
        self.name = self.model or f"replay:{path.name}"
        self._offsets = offsets
        self._endpoint = {"kind": "replay", "file": digest.hexdigest()}

    def endpoint(self, request: Request) -> Mapping[str, Any]:
        """Return the file's hash and the case: recorded replies belong to cases, not to prompts."""
        return self._endpoint | {"case": request.case_id, "author": request.author}

    async def ask(self, request: Request) -> Reply:
        """Return the recorded text, read from its place in the file."""
        places = self._offsets.get((request.case_id, request.author)) or self._offsets.get((request.case_id, ""), [])
        if request.draw >= len(places):
            about = f"case {request.case_id!r}" + (f", author {request.author!r}" if request.author else "")
            raise AskFailed("not recorded", f"{self.path} has no draw {request.draw} for {about}")
        position, length = places[request.draw]
        with self.path.open("rb") as file:
            file.seek(position)
            line = file.read(length)
        return Reply(text=_read(line, str(self.path)).text, finish_reason="stop", model_version=self.model)

    async def close(self) -> None:
        """Nothing to let go of."""


def _read(line: bytes, where: str) -> _Recorded:
    try:
        return _Recorded.model_validate(json.loads(line))
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        what = f"{field or 'the line'}: {first['msg'].removeprefix('Value error, ')}"
    except ValueError as error:
        what = f"is not valid JSON ({error})"
    raise DataError(where, what, "a recorded output such as {id, model, candidate_text}")


def _listed(models: set[str]) -> str:
    return "one of " + ", ".join(sorted(models)[:20])
