"""Fitzpatrick17k: clinical photographs of 114 conditions from two atlases, with skin types.

Paper     Groh et al. (2021), https://arxiv.org/abs/2104.09957
Source    https://github.com/mattgroh/fitzpatrick17k (the annotations are CC BY-NC-SA 3.0; the photographs are the
          atlases')
Layout    fitzpatrick17k.csv, one row per photograph; photographs as <md5hash>.jpg
Case      One photograph. The source names no patient and no lesion.
Skin type `fitzpatrick_scale`, by several annotators. `fitzpatrick_centaur`, a second annotation, is not taken.
Missing   Empty and -1. A label that the release's own quality check (`qc`) calls wrong is missing.
Defects   Duplicates within and across labels, and photographs of other things (Abhishek et al. 2025,
          https://doi.org/10.1038/s41597-025-04382-5). Their cleaned list, Fitzpatrick17k-C, is a list of what to keep.
"""

from dataclasses import replace
from pathlib import Path

from dermatrust.datasets.counted import counted
from dermatrust.datasets.imported import Imported, MissingImages, check_image_root, with_images
from dermatrust.datasets.labels import label_facts, lexicon_urgency
from dermatrust.datasets.source_table import Row, skin_type, source_rows, version_of
from dermatrust.errors import DataError
from dermatrust.records import Case, DatasetCard

SOURCE = "https://github.com/mattgroh/fitzpatrick17k"
CITATION = (
    "Groh et al. (2021). Evaluating Deep Neural Networks Trained on Clinical Images in Dermatology with the "
    "Fitzpatrick 17k Dataset. arXiv:2104.09957."
)
_COLUMNS = ("md5hash", "fitzpatrick_scale", "label", "nine_partition_label", "three_partition_label", "qc")


def read_fitzpatrick17k(
    root: Path, *, image_root: Path | None = None, missing_images: MissingImages = "error"
) -> Imported:
    """Read the dataset under `root`.

    Args:
        root: The folder that holds `fitzpatrick17k.csv`.
        image_root: Where the photographs are, if not under `root`.
        missing_images: What to do about photographs that are not there; the atlases have taken some down.

    Raises:
        DataError: A column or value is not what the dataset's layout says, or photographs are missing.
    """
    check_image_root(image_root)
    table = root / "fitzpatrick17k.csv"
    cases: dict[str, Case] = {}
    sentences: dict[str, tuple[str, ...]] = {}
    n_wrong = 0
    for where, row in source_rows(
        table, _COLUMNS, dataset="Fitzpatrick17k", ids=("md5hash", "label"), missing=("", "-1", "-1.0")
    ):
        is_wrong = "wrong" in row.get("qc", "").lower()
        n_wrong += is_wrong
        case = _case(row, where, is_wrong=is_wrong)
        if case.id in cases:
            raise DataError(where, f"{case.id!r} is there twice", "every photograph once")
        cases[case.id] = case
        sentences[case.id] = _sentences(row)
    facts = (fact for case in cases.values() for fact in label_facts(case, "Fitzpatrick17k", sentences[case.id]))
    remarks = (f"{counted(n_wrong, 'label')} called wrong by the release's own check: missing.",) if n_wrong else ()
    imported = with_images(
        _card(table), tuple(cases.values()), facts, root=image_root or root, missing=missing_images, where=table,
        remarks=remarks,
    )  # fmt: skip
    return replace(imported, card=imported.card.model_copy(update={"may_leave_machine": not imported.images}))


def _case(row: Row, where: str, *, is_wrong: bool) -> Case:
    label = None if is_wrong else row["label"]
    fields = {
        "id": row["md5hash"],
        "file_names": (f"images/{row['md5hash']}.jpg",),
        "label": label,
        "category": None if is_wrong else row.get("nine_partition_label"),
        **lexicon_urgency(label),
        "fitzpatrick": skin_type(row, "fitzpatrick_scale", where),
    }
    return Case.from_fields(fields, where=where)


def _sentences(row: Row) -> tuple[str, ...]:
    group = row.get("three_partition_label")
    return (f"It is {group}.",) if group else ()


def _card(table: Path) -> DatasetCard:
    return DatasetCard(
        name="fitzpatrick17k",
        version=f"table {version_of(table)}",
        source=SOURCE,
        licence="CC-BY-NC-SA-3.0",
        consent="Nothing is known: the photographs come from two public atlases.",
        may_leave_machine=False,
        citation=CITATION,
        notes="The licence is that of the annotations. The photographs belong to DermaAmin and Atlas Dermatologico, "
        "whose terms we could not verify, so a dataset that holds them may not leave this machine. Labels are the "
        "atlases', mostly without histopathology. No patient is named, so splits can only keep near-duplicate "
        "photographs together.",
    )
