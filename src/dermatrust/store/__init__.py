"""The only code that reads or writes our files."""

from dermatrust.store.atomic import replacing, write_bytes, write_text
from dermatrust.store.folder import DatasetFolder, write_dataset
from dermatrust.store.images import ImageCache
from dermatrust.store.jsonl import Appended, append_records, write_records
from dermatrust.store.run import RunFolder
from dermatrust.store.scores import ScoreColumns, read_scores, write_scores

__all__ = [
    "Appended", "DatasetFolder", "ImageCache", "RunFolder", "ScoreColumns",
    "append_records", "read_scores", "replacing", "write_bytes", "write_dataset", "write_records", "write_scores",
    "write_text",
]  # fmt: skip
