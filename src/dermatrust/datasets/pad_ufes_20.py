"""PAD-UFES-20: clinical smartphone photographs of skin lesions from Brazil, with patient data.

Paper     Pacheco et al. (2020), https://doi.org/10.1016/j.dib.2020.106221
Source    https://data.mendeley.com/datasets/zr7vgbcyr2/1 (CC BY 4.0)
Layout    metadata.csv, one row per image; images in images/ or imgs_part_1..3
Case      One lesion of one patient. The lesion numbers alone do not identify a lesion: of the 1,641 numbers, 250 stand
          for lesions of two different patients with different diagnoses, so there are 1,891 lesions.
Reference The dataset has no narratives. The facts it records are put into sentences (stream "label", no certificate).
Missing   Empty and UNK stay missing. Where the rows of one lesion disagree, a differing diagnosis is an error and any
          other differing value is missing.
"""

import csv
import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from dermatrust.datasets.imported import Imported, MissingImages, check_image_root, settle_images
from dermatrust.datasets.pad_sentences import DIAGNOSES, label_text
from dermatrust.errors import DataError
from dermatrust.lexicon import load_lexicon
from dermatrust.records import Case, DatasetCard, Narrative

SOURCE = "https://data.mendeley.com/datasets/zr7vgbcyr2/1"
CITATION = (
    "Pacheco et al. (2020). PAD-UFES-20: A skin lesion dataset composed of patient data and clinical images collected "
    "from smartphones. Data in Brief 32, 106221."
)
_SYMPTOMS = ("itch", "grew", "hurt", "changed", "bleed", "elevation")
_HISTORY = (
    "smoke", "drink", "background_father", "background_mother", "pesticide", "skin_cancer_history", "cancer_history",
    "has_piped_water", "has_sewage_system",
)  # fmt: skip
_COLUMNS = (
    "patient_id", "lesion_id", "age", "gender", "fitspatrick", "region", "diameter_1", "diameter_2", "diagnostic",
    "img_id", "biopsed", *_SYMPTOMS, *_HISTORY,
)  # fmt: skip
_MISSING = ("", "UNK")

Row = dict[str, str]


def read_pad_ufes_20(
    root: Path, *, image_root: Path | None = None, missing_images: MissingImages = "error"
) -> Imported:
    """Read the dataset under `root`.

    Args:
        root: The folder that holds `metadata.csv`.
        image_root: Where the photographs are, if not in `images` or `imgs_part_1` to `imgs_part_3` under `root`.
        missing_images: What to do about photographs that are not there.

    Raises:
        DataError: A column or value is not what the dataset's layout says, or photographs are missing.
    """
    check_image_root(image_root)
    table = root / "metadata.csv"
    lesions = _lesions(table)
    cases = tuple(_case(rows, where) for where, rows in lesions.values())
    settled = settle_images(
        cases,
        _photographs(image_root or root, everywhere=image_root is not None),
        missing_images,
        sought=lambda name: f"{name.removeprefix('images/')}, looked for in {_searched(root, image_root)}",
        where=str(table),
        do="Get all three image archives, or choose --missing-images skip (only lesions with a photograph) or keep.",
    )
    kept = {case.id for case in settled.cases}
    references = tuple(_reference(rows, where) for case_id, (where, rows) in lesions.items() if case_id in kept)
    remarks = (*_what_the_numbers_hide(lesions), *settled.remarks)
    return Imported(_card(table), settled.cases, references, settled.images, remarks=remarks)


def _lesions(table: Path) -> dict[str, tuple[str, list[Row]]]:
    """Return case id to the place of its first row and all its rows."""
    lesions: dict[str, tuple[str, list[Row]]] = {}
    images: dict[str, str] = {}
    for where, row in _rows(table):
        image = row["img_id"]
        if image in images:
            raise DataError(where, f"{image!r} is already the image of {images[image]}", "every image once")
        images[image] = where
        place, rows = lesions.setdefault(f"{row['patient_id']}_{row['lesion_id']}", (where, []))
        rows.append(row)
        if row["diagnostic"] != rows[0]["diagnostic"]:
            what = f"the diagnosis is {row['diagnostic']!r}, but {rows[0]['diagnostic']!r} in {place}"
            raise DataError(where, what, "one diagnosis per lesion")
    return lesions


def _rows(table: Path) -> Iterable[tuple[str, Row]]:
    if not table.is_file():
        do = "Give the folder that holds the dataset's metadata.csv."
        raise DataError(str(table.parent), "there is no metadata.csv in it", do=do)
    with table.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        try:
            lacking = [name for name in _COLUMNS if name not in (reader.fieldnames or ())]
            if lacking:
                raise DataError(str(table), f"has no column {', '.join(lacking)}", "the columns of PAD-UFES-20")
            for row in reader:
                where = f"{table} line {reader.line_num}"
                yield where, _whole(row, where)
        except (UnicodeDecodeError, csv.Error) as error:
            where = f"{table} after line {reader.line_num}"
            raise DataError(where, f"cannot be read as CSV in UTF-8 ({error})", do="Get the file again.") from None


def _whole(row: dict[str, str], where: str) -> Row:
    if None in row or None in row.values():
        raise DataError(where, "has not as many fields as the header", do="Get the file again.")
    for name in ("patient_id", "lesion_id", "img_id"):
        if not row[name].strip():
            raise DataError(where, f"{name} is empty")
    if row["diagnostic"] not in DIAGNOSES:
        raise DataError(where, f"diagnostic is {row['diagnostic']!r}", f"one of {', '.join(DIAGNOSES)}")
    return row


def _case(rows: list[Row], where: str) -> Case:
    shared = _shared(rows)
    diagnosis = load_lexicon().diagnosis(DIAGNOSES[shared["diagnostic"]])
    history = {name: shared[name] for name in _HISTORY if name in shared}
    history |= {f"{name}_mm": shared[name] for name in ("diameter_1", "diameter_2") if name in shared}
    fields = {
        "id": f"{shared['patient_id']}_{shared['lesion_id']}",
        "file_names": tuple(f"images/{row['img_id']}" for row in rows),
        "patient_id": shared["patient_id"],
        "label": shared["diagnostic"],
        "urgency": diagnosis.urgency if diagnosis else None,
        "fitzpatrick": _skin_type(shared.get("fitspatrick"), where),
        "context": {
            "age": shared.get("age"),
            "sex": shared.get("gender"),
            "site": shared.get("region"),
            "symptoms": _symptoms(shared, where),
            "history": history,
        },
    }
    return Case.from_fields(fields, where=where)


def _shared(rows: list[Row]) -> Row:
    """Return the values on which all rows of a lesion agree and that are not missing."""
    first = rows[0]
    agreed = (name for name in first if all(row[name] == first[name] for row in rows))
    return {name: first[name] for name in agreed if first[name] not in _MISSING}


def _skin_type(value: str | None, where: str) -> int | None:
    if value is None:
        return None
    if value.removesuffix(".0") not in ("1", "2", "3", "4", "5", "6"):
        raise DataError(where, f"fitspatrick is {value!r}", "a skin type from 1.0 to 6.0")
    return int(float(value))


def _symptoms(shared: Mapping[str, str], where: str) -> dict[str, bool]:
    return {name: _yes_or_no(shared, name, where) for name in _SYMPTOMS if name in shared}


def _yes_or_no(shared: Mapping[str, str], name: str, where: str) -> bool:
    if shared[name] not in ("True", "False"):
        raise DataError(where, f"{name} is {shared[name]!r}", "True, False, UNK or nothing")
    return shared[name] == "True"


def _reference(rows: list[Row], where: str) -> Narrative:
    shared = _shared(rows)
    case_id = f"{shared['patient_id']}_{shared['lesion_id']}"
    text = label_text(
        shared["diagnostic"],
        region=shared.get("region"),
        diameters_mm=tuple(_millimetres(shared, where)),
        symptoms=_symptoms(shared, where),
        biopsied=_yes_or_no(shared, "biopsed", where) if "biopsed" in shared else None,
    )
    fields = {"id": f"{case_id}:label", "case_id": case_id, "text": text, "author": "PAD-UFES-20", "stream": "label"}
    return Narrative.from_fields(fields, where=where)


def _millimetres(shared: Mapping[str, str], where: str) -> Iterable[str]:
    for name in ("diameter_1", "diameter_2"):
        value = shared.get(name)
        if value is None:
            continue
        try:
            float(value)
        except ValueError:
            raise DataError(where, f"{name} is {value!r}", "a number of millimetres") from None
        yield value


def _searched(root: Path, image_root: Path | None) -> str:
    return str(image_root) if image_root else f"{root / 'images'} and imgs_part_1 to imgs_part_3 beside it"


def _photographs(root: Path, *, everywhere: bool) -> dict[str, Path]:
    folders = [root] if everywhere else [root / "images", *sorted(root.glob("imgs_part_*"))]
    paths = (path for folder in folders for path in sorted(folder.rglob("*.png")))
    found: dict[str, Path] = {}
    for path in paths:
        found.setdefault(f"images/{path.name}", path)
    return found


def _what_the_numbers_hide(lesions: Mapping[str, tuple[str, list[Row]]]) -> Iterable[str]:
    owners = Counter(rows[0]["lesion_id"] for _, rows in lesions.values())
    shared = sum(n > 1 for n in owners.values())
    if shared:
        yield (
            f"{shared} of {len(owners)} lesion numbers stand for lesions of more than one patient; a case is one "
            f"lesion of one patient, which makes {len(lesions)} lesions."
        )


def _card(table: Path) -> DatasetCard:
    digest = hashlib.sha256(table.read_bytes()).hexdigest()
    return DatasetCard(
        name="pad-ufes-20",
        version=f"1, metadata {digest[:12]}",
        source=SOURCE,
        licence="CC-BY-4.0",
        consent="Collected with the patients' consent and an ethics approval, as stated by the authors.",
        may_leave_machine=True,
        citation=CITATION,
        notes="References are the recorded facts in sentences (stream label): nobody wrote or certified them. "
        "Whether there was a biopsy is only in the reference, because in this dataset it gives away malignancy.",
    )
