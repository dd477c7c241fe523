"""Prompts: versioned texts in files, known by the hash of exactly what the model is shown."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from dermatrust.errors import DataError

PROMPTS = Path(__file__).parent / "prompts"


@dataclass(frozen=True)
class Prompt:
    """A prompt: the name and version in its header, and the text below it."""

    id: str
    version: int
    text: str

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the exact text, in hexadecimal."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @cached_property
    def name_and_hash(self) -> str:
        """Name, version and first 12 digits of the hash, e.g. "candidate@1:3f2a9c0d1e2b"."""
        return f"{self.id}@{self.version}:{self.hash[:12]}"


def load_prompt(name_or_path: str | Path = "candidate", *, folder: Path = PROMPTS) -> Prompt:
    """Read a prompt that comes with the package by its name, or the user's own by its path.

    A prompt file starts with a header of `id` and `version` between two lines of three dashes; the prompt is
    everything after it, without the white space around it.

    Raises:
        DataError: There is no such prompt, or the file has no proper header or no text.

    Example:
        >>> load_prompt("candidate").name_and_hash.startswith("candidate@1:")
        True
    """
    path = folder / f"{name_or_path}.md"
    if not path.is_file():
        path = Path(name_or_path)
    try:
        return read_prompt(path)
    except (FileNotFoundError, IsADirectoryError):
        known = ", ".join(sorted(p.stem for p in folder.glob("*.md")))
        raise DataError(str(name_or_path), "there is no such prompt", f"{known}, or the path of a file") from None


def read_prompt(path: Path) -> Prompt:
    """Read a prompt from a file.

    Raises:
        DataError: The file has no proper header or no text.
        OSError: There is no such file.
    """
    try:
        source = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise DataError(str(path), "is not text", "UTF-8") from None
    return _parse(source, where=str(path))


def _parse(source: str, *, where: str) -> Prompt:
    before, _, rest = source.partition("---\n")
    head, closing, body = rest.partition("\n---\n")
    header = _header(head) if closing and not before.strip("\ufeff \n") else None
    if header is None:
        expected = 'a header "id: NAME" and "version: NUMBER" between two lines "---"'
        raise DataError(where, "has no proper header", expected)
    if not body.strip():
        raise DataError(where, "has a header but no text")
    return Prompt(id=str(header["id"]), version=header["version"], text=body.strip())


def _header(head: str) -> dict[str, Any] | None:
    """Return the header's fields, or None where it lacks one or is no YAML."""
    try:
        fields = yaml.safe_load(head)
    except yaml.YAMLError:
        return None
    if not isinstance(fields, dict) or not str(fields.get("id") or "").strip():
        return None
    return fields if type(fields.get("version")) is int else None
