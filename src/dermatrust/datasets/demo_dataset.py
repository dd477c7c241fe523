"""The packaged demo dataset: 24 synthetic cases and the recorded replies of three synthetic candidates."""

from importlib.resources import files
from pathlib import Path


def demo_dataset_path() -> Path:
    """Return the dataset folder.

    Example:
        >>> sorted(file.name for file in demo_dataset_path().glob("*.jsonl"))
        ['candidates.jsonl', 'metadata.jsonl', 'references.jsonl']
    """
    # Wheels are always unpacked on installation, and a dataset folder cannot be read from inside a zip archive.
    return Path(str(files("dermatrust.datasets"))) / "demo"


def demo_candidates_path() -> Path:
    """Return the recorded replies, for `replay:`; it holds three models, so one has to be named.

    Example:
        >>> demo_candidates_path().name
        'candidates.jsonl'
    """
    return demo_dataset_path() / "candidates.jsonl"
