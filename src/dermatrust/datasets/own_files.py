"""A user's own dataset: a CSV or JSONL table, or a folder of images in subfolders named by their label.

A table has one row per case. Only `id` must be there; an empty cell is a missing value. Columns:

id            the case                                  age           years
images        image files, separated by ";"             sex           in your words
image         the same, where there is only one         site          body site, in your words
label         the true diagnosis                        fitzpatrick   1-6 or I-VI
category      disease category                          monk          1-10
patient_id    who it is: splits keep patients together  urgency       emergent, urgent or routine
file_family   name shared by near-duplicates            note          the referring clinician's note
split         e.g. train, val, test
differential  a dermatologist's diagnoses, separated by ";", with weights or in order; several dermatologists by "|"
reference     the true narrative                        certified_by, certified_on   who vouches for it, since when

Where there is no urgency, it is the lexicon's for the label. A reference that nobody certified is a draft.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from dermatrust.datasets.counted import counted
from dermatrust.datasets.identifiers import suspicions
from dermatrust.datasets.imported import Imported, MissingImages, check_image_root, settle_images
from dermatrust.datasets.labels import lexicon_urgency, unknown_labels
from dermatrust.datasets.own_differential import read_differential
from dermatrust.datasets.own_tables import Row, image_names, read_rows
from dermatrust.errors import DataError
from dermatrust.records import Case, DatasetCard, Narrative
from dermatrust.store.card import read_card

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp", ".gif")

_ROMAN = {"I": "1", "II": "2", "III": "3", "IV": "4", "V": "5", "VI": "6"}
_AS_THEY_ARE = ("id", "patient_id", "label", "category", "split", "monk", "file_family")


def read_own_files(
    path: Path,
    *,
    image_root: Path | None = None,
    missing_images: MissingImages = "error",
    card: Mapping[str, object] | None = None,
) -> Imported:
    """Read a table (if `path` is a file) or a folder of labelled images.

    Args:
        path: A .csv, .tsv or .jsonl file, or a folder.
        image_root: What the image names of a table are relative to, if not the folder of the table.
        missing_images: What to do about images of a table that are not there.
        card: Fields of the dataset card. They win over those of a `card.yaml` beside the files; without
            either the licence is "private" and nothing may leave this machine.

    Raises:
        DataError: A row, a column or the card is not what it should be, or images are missing.
    """
    check_image_root(image_root)
    if path.is_dir():
        return _labelled_folder(path, _card(path, path.resolve().name, card or {}))
    table = _read_table(path)
    root = image_root or path.parent
    settled = settle_images(
        table.cases,
        {stored: root / name for stored, name in table.images.items() if _is_there(root / name)},
        missing_images,
        sought=lambda stored: f"{table.images[stored]}, looked for in {root.resolve()}",
        where=str(path),
        do="Say where they are with --images FOLDER, or choose --missing-images skip or keep.",
    )
    kept = {case.id for case in settled.cases}
    own_card = _card(path.parent, path.stem, card or {})
    found = tuple(reference for reference in table.references if reference.case_id in kept)
    remarks = (*settled.remarks, *unknown_labels(settled.cases), *_suspected((*settled.cases, *found), own_card))
    return Imported(own_card, settled.cases, found, settled.images, remarks=remarks)


def _suspected(records: Iterable[Case | Narrative], card: DatasetCard) -> Iterator[str]:
    """Yield a line if texts hold what looks like an identifier and nobody is said to have looked."""
    first = [(record.id, what) for record in records for what in suspicions(record)]
    if first and not card.identifiers_reviewed:
        record_id, what = first[0]
        yield (
            f"{counted(len(first), 'place')} in texts that may identify somebody; the first: of {record_id} {what}. "
            "`dermatrust data check` lists all. Until somebody has looked, nothing is sent to a hosted model."
        )


def _is_there(path: Path) -> bool:
    return os.path.isfile(path)  # noqa: PTH113  # False too for a name no file can have, where a Path raises


@dataclass(frozen=True, slots=True)
class _Table:
    cases: list[Case]
    references: list[Narrative]
    images: dict[str, str]
    """Name inside the dataset folder to the name in the table."""


def _read_table(path: Path) -> _Table:
    table = _Table([], [], {})
    seen: dict[str, str] = {}
    for where, row in read_rows(path):
        names = tuple(_names_inside(row, where))
        case = _case(row, tuple(map(_stored_name, names)), where)
        if case.id in seen:
            raise DataError(where, f"{case.id!r} is already the id of {seen[case.id]}", "every id once")
        seen[case.id] = where
        table.cases.append(case)
        table.references.extend(_references(case.id, row, path.name, where))
        table.images.update(zip(case.file_names, names, strict=True))
    if not table.cases:
        raise DataError(str(path), "has no cases", "one row per case below the header")
    return table


def _stored_name(name: str) -> str:
    """Return the name inside the dataset folder, which holds JPEG and PNG only; PNG loses nothing."""
    return f"images/{name}" if name.lower().endswith((".jpg", ".jpeg", ".png")) else f"images/{name}.png"


def _names_inside(row: Row, where: str) -> Iterator[str]:
    for name in image_names(row, where):
        path = PurePosixPath(name)
        if path.is_absolute() or not path.parts or ".." in path.parts or ":" in path.parts[0]:
            do = "Write names relative to the table, or to the folder given with --images."
            raise DataError(where, f"the image {name!r} is not inside the folder of the images", do=do)
        yield path.as_posix()


def _case(row: Row, file_names: tuple[str, ...], where: str) -> Case:
    if "id" not in row:
        raise DataError(where, "the id is empty", "an id for every case")
    fields: dict[str, object] = {name: row[name].strip() for name in _AS_THEY_ARE if name in row}
    skin_type = row.get("fitzpatrick", "").strip()
    if skin_type:
        fields["fitzpatrick"] = _ROMAN.get(skin_type.upper(), skin_type)
    context: dict[str, object] = {name: row[name].strip() for name in ("age", "sex", "site") if name in row}
    if "note" in row:
        context["note"] = row["note"]
    own = row.get("urgency", "").strip()
    urgency = {"urgency": own} if own else lexicon_urgency(row.get("label", "").strip())
    if "differential" in row:
        fields["differential"] = read_differential(row["differential"], where)
    fields |= {"file_names": file_names, "context": context, **urgency}
    try:
        return Case.from_fields(fields, where=where)
    except DataError as error:  # say it in the words of the table
        expected = "1-6 or I-VI" if error.what.startswith("fitzpatrick is ") else error.expected
        raise DataError(where, error.what.removeprefix("context."), expected, error.do) from None


def _references(case_id: str, row: Row, source: str, where: str) -> Iterator[Narrative]:
    certified = {name: row[name].strip() for name in ("certified_by", "certified_on") if name in row}
    if "reference" not in row:
        if certified:
            raise DataError(where, f"has {next(iter(certified))} but no reference", "what was certified")
        return
    if "certified_on" in certified and "certified_by" not in certified:
        raise DataError(where, "has certified_on but no certified_by", "who certified it")
    fields = {
        "id": f"{case_id}:reference",
        "case_id": case_id,
        "text": row["reference"],
        "author": certified.get("certified_by", source),
        "stream": "reference",
        "certificate": certified | {"source": source} if certified else None,
    }
    yield Narrative.from_fields(fields, where=where)


def _labelled_folder(root: Path, card: DatasetCard) -> Imported:
    cases: list[Case] = []
    images: list[tuple[str, Path]] = []
    others = 0
    for path in sorted(p for p in root.rglob("*") if p.is_file() and p.name != "card.yaml"):
        name = path.relative_to(root).as_posix()
        if path.suffix.lower() not in IMAGE_SUFFIXES or any(part.startswith(".") for part in name.split("/")):
            others += 1
            continue
        label, inside, _ = name.partition("/")
        if not inside:
            raise DataError(str(path), "the image is in no subfolder", "one subfolder per label, named by it")
        fields = {"id": name, "file_names": (_stored_name(name),), "label": label, **lexicon_urgency(label)}
        cases.append(Case.from_fields(fields, where=str(path)))
        images.append((_stored_name(name), path))
    if not cases:
        raise DataError(str(root), "holds no images", "one subfolder per label, with images in it")
    left_out = (f"Left out {counted(others, 'file')} not ending as an image does.",) if others else ()
    remarks = (*left_out, *unknown_labels(cases))
    return Imported(card, tuple(cases), (), tuple(images), remarks=remarks)


def _card(folder: Path, name: str, fields: Mapping[str, object]) -> DatasetCard:
    path = folder / "card.yaml"
    known = read_card(path).model_dump() if path.is_file() else {}
    usual = {"name": name, "version": "1", "source": name, "licence": "private", "consent": "not recorded"}
    return DatasetCard.from_fields({**usual, **known, **fields}, where="the dataset card")
