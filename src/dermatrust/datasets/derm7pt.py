"""derm7pt: 1,011 lesions with a clinical and a dermoscopic image each and the seven-point checklist.

Paper     Kawahara et al. (2019), https://doi.org/10.1109/JBHI.2018.2824327
Source    https://derm.cs.sfu.ca
Layout    meta/meta.csv, one row per lesion; meta/{train,valid,test}_indexes.csv with the numbers of its rows, from 0
          on; images/ with the paths in `clinic` and `derm`
Case      One lesion: the clinical image first, then the dermoscopic one. No patient is named; the lesion is the
          patient.
Concepts  The seven criteria: "streaks" is true or false, and "streaks: irregular" says which kind is seen.
Left out  seven_point_score, management and level_of_diagnostic_difficulty: they follow from the diagnosis or give it
          away.
"""

from collections.abc import Iterator
from pathlib import Path

from dermatrust.datasets.imported import Imported, MissingImages, check_image_root, with_images
from dermatrust.datasets.labels import label_facts, lexicon_urgency
from dermatrust.datasets.source_table import Row, source_rows, version_of
from dermatrust.errors import DataError
from dermatrust.records import Case, DatasetCard

SOURCE = "https://derm.cs.sfu.ca"
CITATION = (
    "Kawahara, Daneshvar, Argenziano & Hamarneh (2019). Seven-point checklist and skin lesion classification using "
    "multitask multimodal neural nets. IEEE Journal of Biomedical and Health Informatics 23(2), 538-546."
)
CRITERIA = (
    "pigment_network", "streaks", "pigmentation", "regression_structures", "dots_and_globules", "blue_whitish_veil",
    "vascular_structures",
)  # fmt: skip
_COLUMNS = ("case_num", "diagnosis", *CRITERIA, "elevation", "location", "sex", "clinic", "derm")
_SPLITS = ("train", "valid", "test")


def read_derm7pt(root: Path, *, image_root: Path | None = None, missing_images: MissingImages = "error") -> Imported:
    """Read the dataset under `root`.

    Args:
        root: The folder of the release, or the one that holds `meta.csv`.
        image_root: Where the images are, if not under `root`.
        missing_images: What to do about images that are not there.

    Raises:
        DataError: A column or value is not what the dataset's layout says, a lesion is in two splits, or images are
            missing.
    """
    check_image_root(image_root)
    meta = root / "meta" if (root / "meta" / "meta.csv").is_file() else root
    table = meta / "meta.csv"
    rows = list(source_rows(table, _COLUMNS, dataset="derm7pt", ids=("case_num", "diagnosis")))
    splits = dict(_splits(meta, len(rows)))
    cases: dict[str, Case] = {}
    for number, (where, row) in enumerate(rows):
        case = _case(row, splits.get(number), where)
        if case.id in cases:
            raise DataError(where, f"case_num {case.id} is there twice", "every lesion once")
        cases[case.id] = case
    facts = (fact for case in cases.values() for fact in label_facts(case, "derm7pt"))
    remarks = () if splits else (f"No *_indexes.csv beside {table}: no case has a split.",)
    return with_images(
        _card(table), tuple(cases.values()), facts, root=image_root or root, missing=missing_images, where=table,
        remarks=remarks,
    )  # fmt: skip


def _splits(meta: Path, n_rows: int) -> Iterator[tuple[int, str]]:
    """Yield number of the row and its split."""
    places: dict[int, str] = {}
    for split in _SPLITS:
        path = meta / f"{split}_indexes.csv"
        for where, row in source_rows(path, ("indexes",), dataset="derm7pt") if path.is_file() else ():
            number = row.get("indexes", "")
            if not number.isdecimal() or int(number) >= n_rows:
                raise DataError(where, f"indexes is {number!r}", f"a number from 0 to {n_rows - 1}")
            earlier = places.setdefault(int(number), where)
            if earlier != where:
                raise DataError(where, f"{number} is already in {earlier}", "every lesion in one split")
            yield int(number), split


def _case(row: Row, split: str | None, where: str) -> Case:
    fields = {
        "id": row["case_num"],
        "file_names": tuple(f"images/{row[kind]}" for kind in ("clinic", "derm") if kind in row),
        "patient_id": row["case_num"],
        "label": row["diagnosis"],
        **lexicon_urgency(row["diagnosis"]),
        "split": split,
        "context": {
            "sex": row.get("sex"),
            "site": row.get("location"),
            "history": {"elevation": row["elevation"]} if "elevation" in row else {},
        },
        "concepts": dict(_concepts(row)),
    }
    return Case.from_fields(fields, where=where)


def _concepts(row: Row) -> Iterator[tuple[str, bool]]:
    for criterion in CRITERIA:
        value, name = row.get(criterion), criterion.replace("_", " ")
        if value is not None:
            yield name, value != "absent"
        if value not in (None, "absent", "present"):
            yield f"{name}: {value}", True


def _card(table: Path) -> DatasetCard:
    return DatasetCard(
        name="derm7pt",
        version=f"table {version_of(table)}",
        source=SOURCE,
        licence="research-only",
        consent="Nothing is known: the images come from the Interactive Atlas of Dermoscopy.",
        may_leave_machine=False,
        citation=CITATION,
        notes="We could not verify its terms; others state CC BY-NC-ND 4.0. Read them where you get it before you "
        "change may_leave_machine. Splits are the source's. The lesion stands for the patient.",
    )
