"""SCIN: cases contributed by internet users in the United States, with dermatologists' weighted differentials.

Paper     Ward et al. (2024), https://arxiv.org/abs/2402.18545
Source    https://github.com/google-research-datasets/scin (SCIN Data Use License)
Layout    scin_cases.csv and scin_labels.csv, one row per case in each; images/ with up to three photographs per case
Case      One contribution, its photographs in the order of the table. The contributor is not named: a case is a
          patient.
Label     weighted_skin_condition_label is the differential: every dermatologist's conditions by inverse rank (1, 1/2,
          1/3), summed and made to add up to 1. The heaviest is the label; where two share the top there is none.
Skin type `fitzpatrick` is the median of up to three dermatologists' (of two, the lower); what the contributor said is
in the history. `monk` is by the graders in the United States, or by those in India where there is none.
Missing   Empty, AGE_UNKNOWN, OTHER_OR_UNSPECIFIED, NONE_SELECTED, NONE_IDENTIFIED, UNKNOWN. A symptom that was not
          ticked is absent only where "no relevant ..." was ticked. Age is known in decades only, and stands in the
          history.
Left out  Race and ethnicity; single dermatologists' labels.
Defects   15 photographs are there 42 times, by the authors' account: `dermatrust data check` finds them. Cases that no
          dermatologist could grade have no label.
"""

import ast
import statistics
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from dermatrust.datasets.counted import counted
from dermatrust.datasets.imported import Imported, MissingImages, check_image_root, with_images
from dermatrust.datasets.labels import label_facts, lexicon_urgency
from dermatrust.datasets.source_table import Row, skin_type, source_rows, version_of
from dermatrust.errors import DataError
from dermatrust.records import Case, DatasetCard, DifferentialItem

SOURCE = "https://github.com/google-research-datasets/scin"
CITATION = (
    "Ward et al. (2024). Crowdsourcing Dermatology Images with Google Search Ads: Creating a Real-World Skin "
    "Condition Dataset. arXiv:2402.18545."
)
_MISSING = (
    "", "AGE_UNKNOWN", "OTHER_OR_UNSPECIFIED", "NONE_SELECTED", "NONE_IDENTIFIED", "UNKNOWN", "nan", "{}", "[]",
)  # fmt: skip
_CASE_COLUMNS = ("case_id", "age_group", "sex_at_birth", "fitzpatrick_skin_type", "condition_duration", "image_1_path")
_LABEL_COLUMNS = ("case_id", "weighted_skin_condition_label", "monk_skin_tone_label_india", "monk_skin_tone_label_us")
_RATERS = tuple(f"dermatologist_fitzpatrick_skin_type_label_{number}" for number in (1, 2, 3))
_QUESTIONS = {
    "condition_symptoms_": (
        "no relevant experience",
        ("bothersome appearance", "bleeding", "increasing size", "darkening", "itching", "burning", "pain"),
    ),
    "other_symptoms_": (
        "no relevant symptoms",
        ("fever", "chills", "fatigue", "joint pain", "mouth sores", "shortness of breath"),
    ),
}
"""The contributors' two questions on symptoms: how none is said, and what could be ticked."""


def read_scin(root: Path, *, image_root: Path | None = None, missing_images: MissingImages = "error") -> Imported:
    """Read the dataset under `root`.

    Args:
        root: The folder that holds `scin_cases.csv` and `scin_labels.csv`.
        image_root: Where the photographs are, if not under `root`.
        missing_images: What to do about photographs that are not there.

    Raises:
        DataError: A column or value is not what the dataset's layout says, a case has no row of labels, or photographs
            are missing.
    """
    check_image_root(image_root)
    table = root / "scin_cases.csv"
    labels = _labels(root / "scin_labels.csv")
    cases: dict[str, Case] = {}
    for where, row in source_rows(table, _CASE_COLUMNS, dataset="SCIN", ids=("case_id",), missing=_MISSING):
        if row["case_id"] not in labels:
            raise DataError(where, f"case {row['case_id']} is not in scin_labels.csv", "a row of labels for every case")
        case = _case(row, *labels[row["case_id"]], where)
        if case.id in cases:
            raise DataError(where, f"case {case.id} is there twice", "every case once")
        cases[case.id] = case
    facts = (fact for case in cases.values() for fact in label_facts(case, "SCIN", _differential_text(case)))
    return with_images(
        _card(table), tuple(cases.values()), facts, root=image_root or root, missing=missing_images, where=table,
        remarks=_remarks(cases, labels),
    )  # fmt: skip


def _labels(path: Path) -> dict[str, tuple[Row, str]]:
    rows = source_rows(path, _LABEL_COLUMNS, dataset="SCIN", ids=("case_id",), missing=_MISSING)
    return {row["case_id"]: (row, where) for where, row in rows}


def _case(row: Row, labels: Row, labels_where: str, where: str) -> Case:
    differential = _differential(labels, labels_where)
    label = _heaviest(differential)
    raters = [kind for column in _RATERS if (kind := skin_type(labels, column, labels_where)) is not None]
    monk = labels.get("monk_skin_tone_label_us", labels.get("monk_skin_tone_label_india"))
    fields = {
        "id": row["case_id"],
        "file_names": tuple(f"images/{PurePosixPath(row[c]).name}" for c in _image_columns(row)),
        "label": label,
        "differential": differential,
        **lexicon_urgency(label),
        "fitzpatrick": statistics.median_low(raters) if raters else None,
        "monk": monk.removesuffix(".0") if monk else None,
        "context": {
            "sex": row.get("sex_at_birth"),
            "site": ", ".join(_ticked(row, "body_parts_")) or None,
            "symptoms": dict(_symptoms(row)),
            "history": dict(_history(row)),
        },
    }
    return Case.from_fields(fields, where=where)


def _image_columns(row: Row) -> Iterator[str]:
    return (column for number in (1, 2, 3) if (column := f"image_{number}_path") in row)


def _differential(labels: Row, where: str) -> tuple[DifferentialItem, ...]:
    """Return the weighted differential, the heaviest first."""
    text = labels.get("weighted_skin_condition_label")
    if text is None:
        return ()
    try:
        weights = ast.literal_eval(text)
        items = [DifferentialItem(diagnosis=name, weight=weight) for name, weight in weights.items()]
    except (ValueError, SyntaxError, AttributeError, MemoryError, RecursionError):
        expected = "a dictionary of condition to weight, over 0 and up to 1"
        raise DataError(where, f"weighted_skin_condition_label is {text[:60]!r}", expected) from None
    return tuple(sorted(items, key=lambda item: -item.weight))


def _heaviest(differential: tuple[DifferentialItem, ...]) -> str | None:
    """Return the diagnosis with more weight than any other."""
    if not differential or (len(differential) > 1 and differential[0].weight == differential[1].weight):
        return None
    return differential[0].diagnosis


def _ticked(row: Row, prefix: str) -> Iterator[str]:
    """Yield the options of a question that the contributor ticked, in words."""
    return (c.removeprefix(prefix).replace("_", " ") for c, v in row.items() if c.startswith(prefix) and v == "YES")


def _symptoms(row: Row) -> Iterator[tuple[str, bool]]:
    for prefix, (none_of_them, options) in _QUESTIONS.items():
        ticked = list(_ticked(row, prefix))
        if ticked == [none_of_them]:
            yield from ((option, False) for option in options)
        yield from ((option, True) for option in options if option in ticked)


def _history(row: Row) -> Iterator[tuple[str, str]]:
    textures = ", ".join(_ticked(row, "textures_"))
    said = {
        "age group": row.get("age_group", "").removeprefix("AGE_"),
        "duration": row.get("condition_duration", ""),
        "texture": textures,
        "what the patient calls it": row.get("related_category", ""),
        "skin type, self-reported": row.get("fitzpatrick_skin_type", "").replace("FST", "Fitzpatrick "),
    }
    for name, value in said.items():
        if value:
            yield name, value if value.startswith("Fitzpatrick") else value.replace("_", " ").lower()


def _differential_text(case: Case) -> tuple[str, ...]:
    others = ", ".join(f"{item.diagnosis} ({item.weight:g})" for item in case.differential)
    return (f"Weighted differential of up to three dermatologists: {others}.",)


def _remarks(cases: Mapping[str, Case], labels: Mapping[str, tuple[Row, str]]) -> Iterator[str]:
    without = sum(not case.differential for case in cases.values())
    if without:
        yield f"{counted(without, 'case')} that no dermatologist labelled."
    tied = sum(bool(case.differential) and case.label is None for case in cases.values())
    if tied:
        yield f"{counted(tied, 'case')} with two conditions at the top of the differential: without a label."
    tones = [(row.get("monk_skin_tone_label_us"), row.get("monk_skin_tone_label_india")) for row, _ in labels.values()]
    both = [us != india for us, india in tones if us and india]
    if any(both):
        yield f"The graders in the United States and in India differ on {sum(both)} of {len(both)} Monk skin tones."


def _card(table: Path) -> DatasetCard:
    return DatasetCard(
        name="scin",
        version=f"table {version_of(table)}",
        source=SOURCE,
        licence="SCIN-Data-Use",
        consent="Contributed by the people themselves with informed consent, as stated by the authors.",
        may_leave_machine=True,
        citation=CITATION,
        notes="SCIN Data Use License: name the source, say what you changed, no attempt to identify anybody "
        "(https://github.com/google-research-datasets/scin/blob/main/LICENSE). Labels were given afterwards from "
        "photographs and self-reports: they are no confirmed diagnoses. Nobody knows whether two cases are of one "
        "person.",
    )
