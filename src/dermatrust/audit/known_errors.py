"""The variants of a dataset's references as an ordinary dataset folder, so that anything that rates can rate them."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from dermatrust.audit.kinds import ERROR_RULES, TWINS
from dermatrust.audit.known_variants import Variant, make_variants
from dermatrust.audit.tables import table_texts
from dermatrust.errors import DataError
from dermatrust.lexicon import lexicon_texts, load_lexicon
from dermatrust.records import Case, Narrative, Record, canonical_json, iter_records
from dermatrust.store.folder import DatasetFolder
from dermatrust.store.jsonl import write_records
from dermatrust.store.layout import NARRATIVES
from dermatrust.store.new_dataset import new_folder, write_dataset

Watched = Callable[[Sequence[tuple[Case, Narrative]]], Iterable[tuple[Case, Narrative]]]
VARIANTS = "variants.jsonl"
LACKING = "lacking.jsonl"
VERSION = 3
"""Raised when the same reference gives other variants by a rule, of making them or of reading it."""


class Lacking(Record):
    """How many references offer no place for one kind of error or twin."""

    kind: str
    n_references: int


@dataclass(frozen=True, slots=True)
class KnownErrors:
    """A folder of variants, read back.

    Attributes:
        folder: The dataset folder, whose narratives are the variants.
        variants: What was done to each, in the order of the narratives.
        lacking: How many references offer no place for a kind.
    """

    folder: DatasetFolder
    variants: tuple[Variant, ...]
    lacking: Counter[str]

    @property
    def n_references(self) -> int:
        """References that variants were made of."""
        return sum(variant.role == "unchanged" for variant in self.variants)


def known_errors_name(dataset: DatasetFolder, *, seed: int, limit: int | None) -> str:
    """Return a digest of everything that decides the variants: references, seed, number of cases, tables."""
    parts = {
        "version": VERSION, "dataset": dataset.content_hash(), "seed": seed, "limit": limit,
        "tables": table_texts(), "lexicon": lexicon_texts(), "kinds": [*ERROR_RULES, *TWINS],
    }  # fmt: skip
    return hashlib.blake2b(canonical_json(parts).encode(), digest_size=4).hexdigest()


def write_known_errors(
    dataset: DatasetFolder, path: Path, *, seed: int = 0, limit: int | None = None, watched: Watched = iter
) -> KnownErrors:
    """Make the folder of variants, or read it where it has been made.

    Args:
        dataset: Whose references to change. Label facts, which nobody wrote, are no references here.
        path: The folder to make: cases and references as they are, without photographs; `narratives.jsonl` with each
            variant as a candidate whose author is its kind; `variants.jsonl` with what was changed.
        seed: Of what is swapped, left out or made up.
        limit: Only the first so many cases.
        watched: Yields the references it is given, and may show how far they are: thousands take minutes.

    Raises:
        DataError: No case has a reference that somebody wrote, all are refusals, or the folder cannot be made or read.
    """
    if not path.exists():
        references = _references(dataset, limit)
        if not references:
            do = "Import or write some; a reference has the stream 'reference'."
            raise DataError(str(dataset.path), "holds no reference narrative to make errors in", do=do)
        lacking: Counter[str] = Counter()
        made = list(make_variants(watched(references), load_lexicon(), seed=seed, lacking=lacking))
        if not made:
            do = "See them with `dermatrust audit references`."
            raise DataError(
                str(dataset.path), "every reference is a refusal: there is nothing to make errors in", do=do
            )
        card = dataset.card.model_copy(
            update={
                "name": f"{dataset.card.name}, known errors",
                "notes": "Narratives with one known error each, and twins that say the same, made from the references.",
            }
        )
        with new_folder(path) as building:
            cases = [case.model_copy(update={"file_names": ()}) for case, _ in references]
            write_dataset(building, card, cases, [reference for _, reference in references])
            write_records(building / NARRATIVES, [narrative for _, narrative in made])
            write_records(building / VARIANTS, [variant for variant, _ in made])
            kinds = (*ERROR_RULES, *TWINS)
            write_records(building / LACKING, [Lacking(kind=k, n_references=lacking[k]) for k in kinds])
    return read_known_errors(path)


def read_known_errors(path: Path) -> KnownErrors:
    """Return a folder of variants.

    Raises:
        DataError: It is no such folder.
    """
    folder = DatasetFolder.open(path)
    variants = tuple(iter_records(path / VARIANTS, Variant))
    lacking = Counter({one.kind: one.n_references for one in iter_records(path / LACKING, Lacking)})
    return KnownErrors(folder, variants, lacking)


def _references(dataset: DatasetFolder, limit: int | None) -> list[tuple[Case, Narrative]]:
    cases = islice(dataset.iter_cases(), limit)
    found = ((case, dataset.reference(case.id)) for case in cases)
    return [(case, reference) for case, reference in found if reference and reference.stream == "reference"]
