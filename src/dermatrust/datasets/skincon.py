"""SkinCon: 48 clinical concepts that dermatologists marked in photographs of Fitzpatrick17k and DDI.

Paper     Daneshjou et al. (2022), https://doi.org/10.48550/arXiv.2302.00785
Source    https://skincon-dataset.github.io
Layout    one CSV per dataset: ImageID, 48 columns of 0 and 1, "Do not consider this image"
Names     The columns', without what stands in brackets: the lexicon's names ("Brown(Hyperpigmentation)" is "Brown").
Missing   A photograph that is not to be considered, or not in the table, has no concepts.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath

from dermatrust.datasets.counted import counted
from dermatrust.datasets.imported import Imported
from dermatrust.datasets.source_table import Row, one_of, source_rows, version_of
from dermatrust.errors import DataError
from dermatrust.records import Case

SOURCE = "https://skincon-dataset.github.io"
CONCEPTS = (
    "Vesicle", "Papule", "Macule", "Plaque", "Abscess", "Pustule", "Bulla", "Patch", "Nodule", "Ulcer", "Crust",
    "Erosion", "Excoriation", "Atrophy", "Exudate", "Purpura/Petechiae", "Fissure", "Induration", "Xerosis",
    "Telangiectasia", "Scale", "Scar", "Friable", "Sclerosis", "Pedunculated", "Exophytic/Fungating",
    "Warty/Papillomatous", "Dome-shaped", "Flat topped", "Brown(Hyperpigmentation)", "Translucent",
    "White(Hypopigmentation)", "Purple", "Yellow", "Black", "Erythema", "Comedo", "Lichenification", "Blue",
    "Umbilicated", "Poikiloderma", "Salmon", "Wheal", "Acuminate", "Burrow", "Gray", "Pigmented", "Cyst",
)  # fmt: skip
_NOT_CONSIDERED = "Do not consider this image"
_MARKS = {"0": False, "0.0": False, "1": True, "1.0": True}


def with_concepts(imported: Imported, table: Path) -> Imported:
    """Return the dataset with SkinCon's concepts on the cases it marked.

    Args:
        imported: Fitzpatrick17k or DDI, with or without photographs; an ImageID is a case's id with an ending.
        table: SkinCon's table for this dataset.

    Raises:
        DataError: The table is not SkinCon's, or marks no case of this dataset.
    """
    marked = dict(_rows(table))
    cases = tuple(_with(case, marked) for case in imported.cases)
    n_marked = sum(bool(marked.get(case.id)) for case in cases)
    if not n_marked:
        raise DataError(str(table), "marks no case of this dataset", "SkinCon's table for it")
    lost = len(marked.keys() - {case.id for case in cases})
    not_considered = sum(not concepts for concepts in marked.values())
    remark = (
        f"SkinCon: concepts on {n_marked} of {counted(len(cases), 'case')}; {counted(not_considered, 'photograph')} "
        f"not to "
        f"be considered, {lost} not in this dataset."
    )
    notes = f"{imported.card.notes} Concepts: SkinCon ({SOURCE}, table {version_of(table)})."
    card = imported.card.model_copy(update={"notes": notes})
    return replace(imported, card=card, cases=cases, remarks=(*imported.remarks, remark))


def _with(case: Case, marked: dict[str, dict[str, bool]]) -> Case:
    concepts = marked.get(case.id)
    return case.model_copy(update={"concepts": case.concepts | concepts}) if concepts else case


def _rows(table: Path) -> Iterator[tuple[str, dict[str, bool]]]:
    """Yield the photograph, without its ending, and its concepts: none where it is not to be considered."""
    columns = ("ImageID", *CONCEPTS, _NOT_CONSIDERED)
    for where, row in source_rows(table, columns, dataset="SkinCon", ids=("ImageID",)):
        is_considered = not _MARKS[one_of(row, _NOT_CONSIDERED, _MARKS, where) or "0"]
        yield PurePosixPath(row["ImageID"]).stem, dict(_marks(row, where)) if is_considered else {}


def _marks(row: Row, where: str) -> Iterable[tuple[str, bool]]:
    for column in CONCEPTS:
        mark = one_of(row, column, _MARKS, where)
        if mark is not None:
            yield column.partition("(")[0], _MARKS[mark]
