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

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from dermatrust.datasets.imported import Imported, MissingImages, check_image_root, with_images
from dermatrust.datasets.labels import lexicon_urgency
from dermatrust.datasets.pad_sentences import DIAGNOSES, label_text
from dermatrust.datasets.source_table import Row, by_case, one_of, shared, skin_type, source_rows, version_of
from dermatrust.errors import DataError
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
_IDS = ("patient_id", "lesion_id", "img_id", "diagnostic")


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
    references = (_reference(rows, where) for where, rows in lesions.values())
    return with_images(
        _card(table),
        cases,
        references,
        root=image_root or root,
        missing=missing_images,
        where=table,
        remarks=_what_the_numbers_hide(lesions),
    )


def _lesions(table: Path) -> dict[str, tuple[str, list[Row]]]:
    """Return case id to the place of its first row and all its rows."""
    rows = source_rows(table, _COLUMNS, dataset="PAD-UFES-20", ids=_IDS, missing=("", "UNK"))
    lesions = by_case(
        rows, lambda row: f"{row['patient_id']}_{row['lesion_id']}", image="img_id", diagnosis="diagnostic"
    )
    for where, (first, *_) in lesions.values():
        one_of(first, "diagnostic", DIAGNOSES, where)
    return lesions


def _case(rows: list[Row], where: str) -> Case:
    facts = shared(rows)
    history = {name: facts[name] for name in _HISTORY if name in facts}
    history |= {f"{name}_mm": facts[name] for name in ("diameter_1", "diameter_2") if name in facts}
    fields = {
        "id": f"{facts['patient_id']}_{facts['lesion_id']}",
        "file_names": tuple(f"images/{row['img_id']}" for row in rows),
        "patient_id": facts["patient_id"],
        "label": facts["diagnostic"],
        **lexicon_urgency(DIAGNOSES[facts["diagnostic"]]),
        "fitzpatrick": skin_type(facts, "fitspatrick", where),
        "context": {
            "age": facts.get("age"),
            "sex": facts.get("gender"),
            "site": facts.get("region"),
            "symptoms": _symptoms(facts, where),
            "history": history,
        },
    }
    return Case.from_fields(fields, where=where)


def _symptoms(facts: Mapping[str, str], where: str) -> dict[str, bool]:
    return {name: _yes_or_no(facts, name, where) for name in _SYMPTOMS if name in facts}


def _yes_or_no(facts: Mapping[str, str], name: str, where: str) -> bool:
    if facts[name] not in ("True", "False"):
        raise DataError(where, f"{name} is {facts[name]!r}", "True, False, UNK or nothing")
    return facts[name] == "True"


def _reference(rows: list[Row], where: str) -> Narrative:
    facts = shared(rows)
    case_id = f"{facts['patient_id']}_{facts['lesion_id']}"
    text = label_text(
        facts["diagnostic"],
        region=facts.get("region"),
        diameters_mm=tuple(_millimetres(facts, where)),
        symptoms=_symptoms(facts, where),
        biopsied=_yes_or_no(facts, "biopsed", where) if "biopsed" in facts else None,
    )
    fields = {"id": f"{case_id}:label", "case_id": case_id, "text": text, "author": "PAD-UFES-20", "stream": "label"}
    return Narrative.from_fields(fields, where=where)


def _millimetres(facts: Mapping[str, str], where: str) -> Iterable[str]:
    for name in ("diameter_1", "diameter_2"):
        value = facts.get(name)
        if value is None:
            continue
        try:
            float(value)
        except ValueError:
            raise DataError(where, f"{name} is {value!r}", "a number of millimetres") from None
        yield value


def _what_the_numbers_hide(lesions: Mapping[str, tuple[str, list[Row]]]) -> Iterable[str]:
    owners = Counter(rows[0]["lesion_id"] for _, rows in lesions.values())
    shared = sum(n > 1 for n in owners.values())
    if shared:
        yield (
            f"{shared} of {len(owners)} lesion numbers stand for lesions of more than one patient; a case is one "
            f"lesion of one patient, which makes {len(lesions)} lesions."
        )


def _card(table: Path) -> DatasetCard:
    return DatasetCard(
        name="pad-ufes-20",
        version=f"1, metadata {version_of(table)}",
        source=SOURCE,
        licence="CC-BY-4.0",
        consent="Collected with the patients' consent and an ethics approval, as stated by the authors.",
        may_leave_machine=True,
        citation=CITATION,
        notes="References are the recorded facts in sentences (stream label): nobody wrote or certified them. "
        "Whether there was a biopsy is only in the reference, because in this dataset it gives away malignancy.",
    )
