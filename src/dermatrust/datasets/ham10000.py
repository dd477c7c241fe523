"""HAM10000: 10,015 dermoscopic images of pigmented lesions in seven groups.

Paper     Tschandl et al. (2018), https://doi.org/10.1038/sdata.2018.161
Source    https://doi.org/10.7910/DVN/DBW86T (CC BY-NC 4.0)
Layout    HAM10000_metadata.csv (the archive also calls it HAM10000_metadata and .tab), one row per image
Case      One lesion; its images keep the table's order. No patient is named, so the lesion is the patient.
Missing   Empty and unknown. Where the rows of a lesion disagree, a differing diagnosis is an error and any other value
          is missing.
Defects   Near-duplicates under different lesion numbers (Abhishek et al. 2025, https://doi.org/10.1038/s41597-025-04382-5):
          `dermatrust data check` finds those that look alike, and `data split` keeps them together.
"""

from pathlib import Path

from dermatrust.datasets.imported import Imported, MissingImages, check_image_root, with_images
from dermatrust.datasets.labels import label_facts, lexicon_urgency
from dermatrust.datasets.source_table import Row, by_case, one_of, shared, source_rows, version_of
from dermatrust.records import Case, DatasetCard, Narrative

SOURCE = "https://doi.org/10.7910/DVN/DBW86T"
CITATION = (
    "Tschandl, Rosendahl & Kittler (2018). The HAM10000 dataset, a large collection of multi-source dermatoscopic "
    "images of common pigmented skin lesions. Scientific Data 5, 180161."
)
_COLUMNS = ("lesion_id", "image_id", "dx", "dx_type", "age", "sex", "localization")
_TABLES = ("HAM10000_metadata.csv", "HAM10000_metadata.tab", "HAM10000_metadata")
_CONFIRMED = {
    "histo": "Confirmed by histopathology.",
    "follow_up": "Confirmed by follow-up.",
    "consensus": "By the consensus of experts.",
    "confocal": "Confirmed by confocal microscopy.",
}
DIAGNOSES = ("akiec", "bcc", "bkl", "df", "mel", "nv", "vasc")


def read_ham10000(root: Path, *, image_root: Path | None = None, missing_images: MissingImages = "error") -> Imported:
    """Read the dataset under `root`.

    Args:
        root: The folder that holds `HAM10000_metadata.csv`.
        image_root: Where the images are, if not under `root`.
        missing_images: What to do about images that are not there.

    Raises:
        DataError: A column or value is not what the dataset's layout says, or images are missing.
    """
    check_image_root(image_root)
    table = next((root / name for name in _TABLES if (root / name).is_file()), root / _TABLES[0])
    rows = source_rows(
        table, _COLUMNS, dataset="HAM10000", ids=("lesion_id", "image_id", "dx"), missing=("", "unknown")
    )
    lesions = by_case(rows, lambda row: row["lesion_id"], image="image_id", diagnosis="dx")
    cases: list[Case] = []
    facts: list[Narrative] = []
    for where, group in lesions.values():
        known = shared(group)
        cases.append(_case(known, tuple(row["image_id"] for row in group), where))
        how = one_of(known, "dx_type", _CONFIRMED, where)
        facts.extend(label_facts(cases[-1], "HAM10000", (_CONFIRMED[how],) if how else ()))
    return with_images(_card(table), cases, facts, root=image_root or root, missing=missing_images, where=table)


def _case(known: Row, images: tuple[str, ...], where: str) -> Case:
    label = one_of(known, "dx", DIAGNOSES, where)
    fields = {
        "id": known["lesion_id"],
        "file_names": tuple(f"images/{image}.jpg" for image in images),
        "patient_id": known["lesion_id"],
        "label": label,
        **lexicon_urgency(label),
        "context": {"age": known.get("age"), "sex": known.get("sex"), "site": known.get("localization")},
    }
    return Case.from_fields(fields, where=where)


def _card(table: Path) -> DatasetCard:
    return DatasetCard(
        name="ham10000",
        version=f"table {version_of(table)}",
        source=SOURCE,
        licence="CC-BY-NC-4.0",
        consent="Retrospective, from clinics in Vienna and Queensland; what the patients agreed to we could not "
        "verify.",
        may_leave_machine=True,
        citation=CITATION,
        notes="Not for commercial use; some copies say CC BY-NC-SA 4.0. akiec, bkl and vasc are groups of diseases, "
        "which the lexicon does not take for one disease. How a diagnosis was confirmed is only in the reference, "
        "because it gives away malignancy. The lesion stands for the patient: two lesions of one patient may be in "
        "two splits.",
    )
