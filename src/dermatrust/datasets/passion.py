"""PASSION: photographs of common skin diseases of children in Sub-Saharan Africa.

Paper     Gottfrois et al. (2024), https://doi.org/10.1007/978-3-031-72384-1_66
Source    https://passionderm.github.io (PASSION Data Public License, by request)
Layout    label.csv, one row per patient; PASSION_split.csv with the official split; photographs whose names begin with
          the patient's subject_id
Case      One patient; the photographs in the order of their names.
Label     conditions_PASSION. Whether it is impetiginised is a concept of its own; nothing there means nobody said so.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from dermatrust.datasets.counted import counted
from dermatrust.datasets.imported import Imported, MissingImages, check_image_root, with_images
from dermatrust.datasets.labels import label_facts, lexicon_urgency
from dermatrust.datasets.source_images import images_under
from dermatrust.datasets.source_table import Row, one_of, skin_type, source_rows, version_of
from dermatrust.errors import DataError
from dermatrust.records import Case, DatasetCard, Narrative

SOURCE = "https://passionderm.github.io"
CITATION = (
    "Gottfrois et al. (2024). PASSION for Dermatology: Bridging the Diversity Gap with Pigmented Skin Images from "
    "Sub-Saharan Africa. MICCAI 2024, LNCS 15003."
)
_COLUMNS = ("subject_id", "country", "age", "sex", "fitzpatrick", "body_loc", "impetig", "conditions_PASSION")
_IMPETIGINISED = {"1": True, "1.0": True, "0": False, "0.0": False}
_SUBJECT = re.compile(r"[A-Za-z]+\d+")


def read_passion(root: Path, *, image_root: Path | None = None, missing_images: MissingImages = "error") -> Imported:
    """Read the dataset under `root`.

    Args:
        root: The folder that holds `label.csv`.
        image_root: Where the photographs are, if not under `root`.
        missing_images: What to do about patients without a photograph.

    Raises:
        DataError: A column or value is not what the dataset's layout says, or a patient has no photograph.
    """
    check_image_root(image_root)
    table = root / "label.csv"
    rows = list(source_rows(table, _COLUMNS, dataset="PASSION", ids=("subject_id",), missing=("", "nan", "NaN")))
    photographs = _photographs({} if missing_images == "keep" else images_under(image_root or root))
    splits = dict(_splits(root / "PASSION_split.csv"))
    cases: dict[str, Case] = {}
    facts: list[Narrative] = []
    for where, row in rows:
        case = _case(row, photographs.get(row["subject_id"].lower(), ()), splits.get(row["subject_id"]), where)
        if case.id in cases:
            raise DataError(where, f"subject_id {case.id!r} is there twice", "every patient once")
        cases[case.id] = case
        impetigo = ("It is impetiginised.",) if case.concepts.get("impetiginised") else ()
        facts.extend(label_facts(case, "PASSION", impetigo))
    strange = sum(len(names) for subject, names in photographs.items() if subject not in {c.lower() for c in cases})
    remarks = [f"{counted(strange, 'photograph')} of no patient in {table.name}: left out."] if strange else []
    return with_images(
        _card(table), tuple(cases.values()), facts, root=image_root or root, missing=missing_images, where=table,
        remarks=remarks,
    )  # fmt: skip


def _photographs(found: Mapping[str, Path]) -> dict[str, tuple[str, ...]]:
    """Return subject_id in lower case to the names of the photographs, in natural order."""
    names: dict[str, set[str]] = defaultdict(set)
    for path in found.values():
        subject = _SUBJECT.search(path.stem)
        names[subject.group().lower() if subject else ""].add(path.name)
    return {subject: tuple(sorted(group, key=_natural)) for subject, group in names.items()}


def _natural(name: str) -> list[tuple[int, str]]:
    """Sort 2 before 10."""
    return [(int(part), "") if part.isdecimal() else (0, part) for part in re.split(r"(\d+)", name)]


def _splits(path: Path) -> Iterable[tuple[str, str]]:
    if path.is_file():
        for _, row in source_rows(path, ("subject_id", "Split"), dataset="PASSION", ids=("subject_id", "Split")):
            yield row["subject_id"], row["Split"].lower()


def _case(row: Row, photographs: tuple[str, ...], split: str | None, where: str) -> Case:
    subject = row["subject_id"]
    impetigo = one_of(row, "impetig", _IMPETIGINISED, where)
    fields = {
        "id": subject,
        # A patient without a photograph names one that is not there, so that it counts as missing.
        "file_names": tuple(f"images/{name}" for name in photographs or (f"{subject}.jpg",)),
        "patient_id": subject,
        "label": row.get("conditions_PASSION"),
        **lexicon_urgency(row.get("conditions_PASSION")),
        "split": split,
        "fitzpatrick": skin_type(row, "fitzpatrick", where),
        "context": {
            "age": row.get("age"),
            "sex": row.get("sex"),
            "site": row.get("body_loc"),
            "history": {"country": row["country"]} if "country" in row else {},
        },
        "concepts": {"impetiginised": _IMPETIGINISED[impetigo]} if impetigo else {},
    }
    return Case.from_fields(fields, where=where)


def _card(table: Path) -> DatasetCard:
    return DatasetCard(
        name="passion",
        version=f"table {version_of(table)}",
        source=SOURCE,
        licence="research-only",
        consent="Photographed in clinics for this project; what the patients agreed to we could not verify.",
        may_leave_machine=False,
        citation=CITATION,
        notes="PASSION Data Public License: non-commercial, name the authors, no attempt to identify anybody, pass "
        "on the project's address and not the data. Read there whether a hosted model may see it before you change "
        "may_leave_machine. 'Fungal' and 'Others' are groups, which the lexicon does not take for one disease.",
    )
