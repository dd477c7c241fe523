"""DDI, Diverse Dermatology Images: 656 clinical photographs with diagnoses proven by histopathology.

Paper     Daneshjou et al. (2022), https://doi.org/10.1126/sciadv.abq6147
Source    https://ddi-dataset.github.io (Stanford University's research use agreement)
Layout    ddi_metadata.csv, one row per photograph; photographs as 000001.png
Case      One photograph. The public table names no patient and no lesion.
Skin type In groups only: 12, 34 and 56 stand for I-II, III-IV and V-VI (`Case.fitzpatrick_group`).
"""

from pathlib import Path, PurePosixPath

from dermatrust.datasets.imported import Imported, MissingImages, check_image_root, with_images
from dermatrust.datasets.labels import label_facts, lexicon_urgency
from dermatrust.datasets.source_table import Row, one_of, source_rows, version_of
from dermatrust.errors import DataError
from dermatrust.records import Case, DatasetCard, Narrative

SOURCE = "https://ddi-dataset.github.io"
CITATION = (
    "Daneshjou et al. (2022). Disparities in dermatology AI performance on a diverse, curated clinical image set. "
    "Science Advances 8(31), eabq6147."
)
_COLUMNS = ("DDI_ID", "DDI_file", "skin_tone", "malignant", "disease")
_SKIN_TONES = {"12": "I-II", "34": "III-IV", "56": "V-VI"}
_MALIGNANT = {"True": "The lesion is malignant.", "False": "The lesion is benign."}


def read_ddi(root: Path, *, image_root: Path | None = None, missing_images: MissingImages = "error") -> Imported:
    """Read the dataset under `root`.

    Args:
        root: The folder that holds `ddi_metadata.csv`.
        image_root: Where the photographs are, if not under `root`.
        missing_images: What to do about photographs that are not there.

    Raises:
        DataError: A column or value is not what the dataset's layout says, or photographs are missing.
    """
    check_image_root(image_root)
    table = root / "ddi_metadata.csv"
    cases: dict[str, Case] = {}
    facts: list[Narrative] = []
    for where, row in source_rows(table, _COLUMNS, dataset="DDI", ids=("DDI_file", "disease")):
        case = _case(row, where)
        if case.id in cases:
            raise DataError(where, f"{row['DDI_file']!r} is there twice", "every photograph once")
        cases[case.id] = case
        malignant = one_of(row, "malignant", _MALIGNANT, where)
        proven = ("Proven by histopathology.", *((_MALIGNANT[malignant],) if malignant else ()))
        facts.extend(label_facts(case, "DDI", proven))
    return with_images(
        _card(table), tuple(cases.values()), facts, root=image_root or root, missing=missing_images, where=table
    )


def _case(row: Row, where: str) -> Case:
    tone = one_of(row, "skin_tone", _SKIN_TONES, where)
    fields = {
        "id": PurePosixPath(row["DDI_file"]).stem,
        "file_names": (f"images/{row['DDI_file']}",),
        "label": row["disease"],
        **lexicon_urgency(row["disease"]),
        "fitzpatrick_group": _SKIN_TONES[tone] if tone else None,
    }
    return Case.from_fields(fields, where=where)


def _card(table: Path) -> DatasetCard:
    return DatasetCard(
        name="ddi",
        version=f"table {version_of(table)}",
        source=SOURCE,
        licence="research-only",
        consent="Retrospective, from the records of Stanford's clinics; what the patients agreed to we could not "
        "verify.",
        may_leave_machine=False,
        citation=CITATION,
        notes="Whoever downloads it accepts Stanford University's research use agreement: non-commercial, and no "
        "passing on. Read there whether a hosted model may see it before you change may_leave_machine. No patient is "
        "named.",
    )
