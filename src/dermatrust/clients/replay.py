"""Recorded outputs: replies read from a JSONL file instead of asked of a model.

Lines may be candidate rows `{id, model, candidate_text}` or judged rows `{id, candidate_model, judge_model,
judge_text}` as the DermBench release writes them, or narratives `{case_id, author, text}` as this package writes them.
A line may say which `arm` of a clinical study it answers, and which `image_arm`: then it answers no other. One that
says no image arm answers the ask that shows all photographs, or none; so does one that says "all" where none is shown.
"""

import hashlib
import json
import os
import re
import sys
import threading
import weakref
import zlib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from io import FileIO
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from dermatrust.clients.client import AskFailed, Reply, Request
from dermatrust.errors import DataError, ModelError
from dermatrust.records import iter_placed_lines
from dermatrust.records.record import Text, data_error


class _Recorded(BaseModel):
    """One recorded output, whichever of the three shapes its line has."""

    model_config = ConfigDict(frozen=True)

    case_id: Annotated[Text, Field(min_length=1)]
    text: str
    model: Annotated[Text, AfterValidator(str.strip)] = ""
    """Who wrote it."""
    author: Text = ""
    """Whose narrative it judges, in a judged row."""
    arm: Text = ""
    image_arm: Text = ""

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What a request must be about to be answered by it."""
        return self.case_id, self.author, plain_arm(self.arm), plain_arm(self.image_arm)


_SHAPES = {
    "judge_text": {"case_id": "id", "text": "judge_text", "model": "judge_model", "author": "candidate_model"},
    "candidate_text": {"case_id": "id", "text": "candidate_text", "model": "model"},
    "text": {"case_id": "case_id", "text": "text", "model": "author"},
}
"""The field that tells a line's shape, to our names and the line's own."""
_ARMS = {"arm": "arm", "image_arm": "image_arm"}
_ALL = ("all", "none")
"""Image arms that a line answers which does not say one."""
_Place = tuple[int, int, int]
"""Of a line: its offset, its length, and its CRC-32."""
_AGAIN = "Let it lie while a run reads it, and run the same command again."
_EXPECTED = (
    "a recorded output: {id, model, candidate_text}, {case_id, author, text} or "
    "{id, candidate_model, judge_model, judge_text}"
)


class ReplayClient:
    """Answers with what a file has recorded for the request's case, author, arms and draw.

    The n-th recorded text for one case (and author, and arms) is draw n - 1. A file with several models needs `model`.

    Attributes:
        has_arms: Whether any line of the model says which arm of a study it answers.

    Raises:
        DataError: The file is missing or empty, or a line is not a recorded output.
        ModelError: The file holds several models and none was chosen, or not the one chosen.

    An ask raises a DataError where the file is gone by then, or its line has changed: its hash is in the run's record.
    """

    leaves_machine = False
    needs_images = False

    def __init__(self, path: Path, *, model: str | None = None) -> None:
        self.path = path
        digest = hashlib.blake2b(digest_size=16)
        offsets: dict[tuple[str, str, str, str], list[_Place]] = {}
        models: set[str] = set()
        for where, position, line in iter_placed_lines(path):
            digest.update(line)
            row = _read(line, where)
            models.add(row.model)
            if model is None or row.model == model:
                offsets.setdefault(row.key, []).append((position, len(line), zlib.crc32(line)))
        if not models:
            raise DataError(str(path), "holds no line", _EXPECTED)
        if model is not None and model not in models:
            raise ModelError(f"replay:{path}#{model}", "the file has no such model", _listed(models))
        if model is None and len(models) > 1:
            raise ModelError(f"replay:{path}", "holds several models", _listed(models), f"Name one: replay:{path}#NAME")
        self.model = model or next(iter(models), "")
        self.name = self.model or f"replay:{path.name}"
        self.has_arms = any(arm for _, _, arm, _ in offsets)
        self._offsets = offsets
        self._endpoint = {"kind": "replay", "file": digest.hexdigest()}
        self._file: FileIO | None = None

    def recorded(self) -> Iterator[tuple[str, str, str, int]]:
        """Yield the case, the arm, the image arm ("" where a line says none) and the number of lines about them."""
        for (case_id, _, arm, image_arm), places in self._offsets.items():
            yield case_id, arm, image_arm, len(places)

    def endpoint(self, request: Request) -> Mapping[str, Any]:
        """Return the file's hash and the case: recorded replies belong to cases, not to prompts."""
        about = {"case": request.case_id, "author": request.author}
        if request.arm:
            about |= {"arm": plain_arm(request.arm), "image_arm": plain_arm(request.image_arm)}
        return self._endpoint | about

    async def ask(self, request: Request) -> Reply:
        """Return the recorded text, read from its place in the file."""
        places = self._places(request)
        if request.draw >= len(places):
            about = f"case {request.case_id!r}" + (f", author {request.author!r}" if request.author else "")
            about += f", arm {request.arm!r}, images {request.image_arm!r}" if request.arm else ""
            raise AskFailed("not recorded", f"{self.path} has no draw {request.draw} for {about}")
        return Reply(text=self._text(places[request.draw]), finish_reason="stop", model_version=self.model)

    def _text(self, place: _Place) -> str:
        """Return the text of one line, if it is the one that was checked when the client was made."""
        position, length, checksum = place
        try:
            if self._file is None:
                self._file = self.path.open("rb", buffering=0)
                weakref.finalize(self, self._file.close)
            line = _read_at(self._file, position, length)
        except OSError as error:
            raise DataError(str(self.path), f"cannot be read any more ({error.strerror})", do=_AGAIN) from None
        if zlib.crc32(line) != checksum:
            raise DataError(str(self.path), f"has changed since it was first read (at byte {position})", do=_AGAIN)
        row = json.loads(line)
        text: str = row[_shape(row)["text"]]
        return text

    def _places(self, request: Request) -> list[_Place]:
        """Return where the file holds what was recorded for a request, in the order of draws."""
        arm, image_arm = plain_arm(request.arm), plain_arm(request.image_arm)
        image_arms: tuple[str, ...] = (image_arm, "") if image_arm in _ALL else (image_arm,)
        image_arms += (_ALL[0],) if image_arm == _ALL[1] else ()  # all of none: no photograph is shown in that arm
        authors = (request.author, "") if request.author else ("",)
        wanted = ((request.case_id, author, arm, shown) for author in authors for shown in image_arms)
        return next((places for key in wanted if (places := self._offsets.get(key))), [])

    async def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
            self._file = None


# Threads, and processes that were forked, share an open file's position: nobody moves it, or one at a time does.
if sys.platform == "win32":
    _ONE_AT_A_TIME = threading.Lock()

    def _read_at(file: FileIO, position: int, length: int) -> bytes:
        with _ONE_AT_A_TIME:
            file.seek(position)
            return file.read(length)

else:

    def _read_at(file: FileIO, position: int, length: int) -> bytes:
        return os.pread(file.fileno(), length, position)


@lru_cache(maxsize=256)
def plain_arm(arm: str) -> str:
    """Return an arm so that "image + context", "image+context" and "Image-Context" are one."""
    return " ".join(re.split(r"[\s+_:-]+", arm.lower().strip()))


def _read(line: bytes, where: str) -> _Recorded:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise DataError(where, f"is not valid JSON ({error})", _EXPECTED) from None
    if not isinstance(row, dict):
        raise DataError(where, "is not an object", _EXPECTED)
    shape = _shape(row)
    if shape.get("case_id") not in row:
        raise DataError(where, f"has the fields {{{ascii(', '.join(row))[1:-1][:100]}}}", _EXPECTED)
    try:
        known = (shape | _ARMS).items() if "arm" in row else shape.items()
        return _Recorded.model_validate({ours: row[theirs] for ours, theirs in known if theirs in row})
    except ValidationError as error:
        raise _in_their_words(error, shape, where) from None


def _shape(row: dict[str, Any]) -> dict[str, str]:
    """Return our names and the line's own, by the field that tells its shape; empty where it has none."""
    return next((shape for field, shape in _SHAPES.items() if field in row), {})


def _in_their_words(error: ValidationError, shape: dict[str, str], where: str) -> DataError:
    """Return the error with the field's name as the line has it."""
    said = data_error(error, where, _Recorded)
    ours, _, what = said.what.partition(" ")
    return DataError(where, f"{shape.get(ours, ours)} {what}", said.expected, said.do)


def _listed(models: set[str]) -> str:
    return "one of " + ", ".join(sorted(models)[:20])
