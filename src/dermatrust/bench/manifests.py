"""What every run's manifest says, and whether a folder holds the beginning of this very run."""

import hashlib
import re
from datetime import UTC, datetime
from typing import Any

from dermatrust.clients import Client, Message, Request
from dermatrust.clients.family import model_family
from dermatrust.errors import DataError
from dermatrust.records import Manifest, ModelCard, canonical_json
from dermatrust.store.run import RunFolder

_NO_CASE = Request((Message("user", ""),))
"""What a client's endpoint is asked with where it is about the client, not about a case."""


def resumed(manifest: Manifest, run: RunFolder, *, replace: bool) -> Manifest:
    """Return the manifest with the start of the run that this one resumes, having checked that it is the same.

    Raises:
        DataError: The folder holds another run, and `replace` does not say to overwrite it.
    """
    earlier = run.read_manifest()
    if _what_was_asked(earlier) == _what_was_asked(manifest):
        return manifest.model_copy(update={"started": earlier.started})
    if replace:
        return manifest
    do = "Give this run a name of its own with --run-id, or overwrite that one with --replace."
    raise DataError(str(run.path), "holds a run on other cases, models or settings", do=do)


def _what_was_asked(manifest: Manifest) -> tuple[object, ...]:
    """Return what decides a run's scores; a judge's version is known only once it has answered."""
    judges = [judge.model_copy(update={"version": ""}) for judge in manifest.judges]
    return manifest.dataset_hash, manifest.n_cases, manifest.models, judges, manifest.prompts, manifest.config


def endpoint_of(client: Client) -> dict[str, Any]:
    """Return what decides a client's replies besides what it is asked."""
    return dict(client.endpoint(_NO_CASE))


def model_card(client: Client) -> ModelCard:
    """Return what a manifest records of a model."""
    return ModelCard(model=client.name, family=model_family(client.name), endpoint=endpoint_of(client))


def named_by(dataset_name: str, parts: dict[str, Any]) -> str:
    """Return a name for a run folder that the same parts give again, so that a run resumes itself.

    Example:
        >>> named_by("demo", {"seed": 0}) == named_by("demo", {"seed": 0}) != named_by("demo", {"seed": 1})
        True
    """
    digest = hashlib.blake2b(canonical_json(parts).encode(), digest_size=4).hexdigest()
    name = re.sub(r"[^\w.-]+|^\.+", "-", dataset_name)[:80]  # a card's name may not lead out of --out
    return f"{name}-{digest}"


def now() -> str:
    """Return the time, in UTC, as manifests write it."""
    return datetime.now(UTC).isoformat(timespec="seconds")
