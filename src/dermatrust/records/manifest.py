"""A run's manifest: everything needed to say what was done and to do it again."""

from typing import Any

from dermatrust.records.cards import DatasetCard, JudgeCard, ModelCard
from dermatrust.records.record import Name, Record


class Manifest(Record):
    """What one run was. `config` holds the command's own options; no secret is ever in it."""

    run_id: Name
    code_version: Name
    command: Name
    dataset: DatasetCard
    dataset_hash: Name
    n_cases: int
    models: tuple[ModelCard, ...] = ()
    judges: tuple[JudgeCard, ...] = ()
    prompts: dict[str, str] = {}
    """Prompt or rubric name to the hash of its text."""
    seeds: dict[str, int] = {}
    config: dict[str, Any] = {}
    started: Name
    finished: Name | None = None
