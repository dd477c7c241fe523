"""DermBench's public text release: 4,000 reference narratives about DermNet photographs.

Paper     Shen et al. (2025), https://arxiv.org/abs/2511.09195
Source    https://github.com/yuhos16/DermBench (CC BY-NC 4.0, texts only)
Layout    data/manifest/dermbench_test.jsonl names every text and its SHA-256; images are not part of it
Certified The release says that dermatologists certified every text. That statement is recorded as theirs: some texts
          are about a captioner's refusal or contradict their own label, and they are kept as released.
"""

import hashlib
import re
from pathlib import Path, PurePosixPath

from dermatrust.datasets.imported import Imported, MissingImages, check_image_root, settle_images
from dermatrust.datasets.labels import lexicon_urgency
from dermatrust.errors import DataError
from dermatrust.records import Case, Certificate, DatasetCard, Narrative, Record, iter_lines
from dermatrust.records.record import Name

MANIFEST = "data/manifest/dermbench_test.jsonl"
AUTHOR = "DermBench authors"
SOURCE = "https://github.com/yuhos16/DermBench"
CITATION = "Shen et al. (2025). Towards Trustworthy Dermatology MLLMs. arXiv:2511.09195."
CERTIFICATE = Certificate(certified_by="DermBench's dermatologists, as released by the authors", source=SOURCE)
RELEASED = "DermNet test set"
"""What the release's own rows give as their source; rows of others are not DermBench's dermatologists'."""

_CLOSING_NUMBER = re.compile(r"[-_ ]*\d+$")


class ManifestRow(Record):
    """One row of the release's manifest."""

    id: Name
    source: Name
    split: Name
    category: Name
    diagnosis: Name
    dermnet_image_path: Name
    cot: Name
    cot_sha256: Name


def read_dermbench(root: Path, *, image_root: Path | None = None, missing_images: MissingImages = "error") -> Imported:
    """Read the release under `root`, checking the SHA-256 of every text.

    Args:
        root: The folder that holds `data/manifest/dermbench_test.jsonl`.
        image_root: Where the DermNet photographs are, as `<category>/<file>.jpg`. Without it no case has an image.
        missing_images: What to do about photographs that are not under `image_root`.

    Raises:
        DataError: A row is malformed, a text is missing or is not the one the manifest names.
    """
    check_image_root(image_root)
    manifest = root / MANIFEST
    if not manifest.is_file():
        do = "Give the folder of the release: the one that holds `data/manifest`."
        raise DataError(str(root), f"there is no {MANIFEST} in it", do=do)
    cases: dict[str, Case] = {}
    references: dict[str, Narrative] = {}
    seen: dict[str, str] = {}
    for where, line in iter_lines(manifest):
        row = ManifestRow.from_line(line, where=where)
        if row.id in seen:
            raise DataError(where, f"{row.id!r} is already the id of {seen[row.id]}", "every id once")
        seen[row.id] = where
        cases[row.id] = _case(row, where)
        references[row.id] = _reference(row, root, where)
    return _with_images(cases, references, manifest, image_root, missing_images)


def file_family(file_name: str) -> str:
    """Return the name shared by a series of photographs: the file name without its closing number.

    Example:
        >>> file_family("Acne and Rosacea Photos/acne-cystic-149.jpg")
        'acne-cystic'
        >>> file_family("07PerioralDermEye.jpg")
        '07perioraldermeye'
    """
    stem = PurePosixPath(file_name).stem
    return (_CLOSING_NUMBER.sub("", stem) or stem).lower()


def _with_images(
    cases: dict[str, Case],
    references: dict[str, Narrative],
    manifest: Path,
    image_root: Path | None,
    missing_images: MissingImages,
) -> Imported:
    named = [name for case in cases.values() for name in case.file_names]
    found = {} if image_root is None else _present(named, image_root)
    settled = settle_images(
        tuple(cases.values()),
        found,
        "keep" if image_root is None else missing_images,
        sought=lambda name: f"{name.removeprefix('images/')}, looked for in {image_root}",
        where=str(manifest),
        do="Give the root of DermNet's test images, or --missing-images skip, or leave --images out.",
    )
    kept = tuple(references[case.id] for case in settled.cases)
    card = _card(manifest, with_images=bool(settled.images))
    return Imported(card, settled.cases, kept, settled.images, remarks=settled.remarks)


def _present(names: list[str], image_root: Path) -> dict[str, Path]:
    paths = {name: image_root / name.removeprefix("images/") for name in names}
    return {name: path for name, path in paths.items() if path.is_file()}


def _case(row: ManifestRow, where: str) -> Case:
    fields = {
        "id": row.id,
        "file_names": (f"images/{_inside(row.dermnet_image_path, 'dermnet_image_path', where)}",),
        "label": row.diagnosis,
        "category": row.category,
        "split": row.split,
        "file_family": file_family(row.dermnet_image_path),
        **lexicon_urgency(row.diagnosis),
    }
    return Case.from_fields(fields, where=where)


def _reference(row: ManifestRow, root: Path, where: str) -> Narrative:
    path = root / _inside(row.cot, "cot", where)
    if not path.is_file():
        raise DataError(where, f"the text of {row.id}, {row.cot}, is missing", do="Get the release again.")
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    if digest != row.cot_sha256.lower():
        what = f"the text of {row.id}, {row.cot}, has SHA-256 {digest[:12]}…"
        raise DataError(where, what, f"{row.cot_sha256[:12]}…", "The file was changed: get the release again.")
    fields = {
        "id": f"{row.id}:reference",
        "case_id": row.id,
        "text": _text(content, f"{where}: {row.cot}"),
        "author": AUTHOR if row.source == RELEASED else row.source,
        "stream": "reference",
        "certificate": CERTIFICATE if row.source == RELEASED else _elsewhere(row.source),
    }
    return Narrative.from_fields(fields, where=f"{where}: {row.cot}")


def _elsewhere(source: str) -> Certificate:
    """Return the certificate of a text in the release's format that is not the release's: the format says no more."""
    return Certificate(certified_by=f"whoever certified {source}", source=f"{source}, in the format of DermBench")


def _inside(name: str, field: str, where: str) -> str:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name:
        raise DataError(where, f"{field} is {name!r}", "a path that stays inside its folder")
    return name


def _text(content: bytes, where: str) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataError(where, f"byte {error.start} is 0x{content[error.start]:02x}", "UTF-8") from None


def _card(manifest: Path, *, with_images: bool) -> DatasetCard:
    digest = hashlib.sha256(manifest.read_bytes()).hexdigest()
    texts = "The texts may be shared for non-commercial purposes under CC BY-NC 4.0, with attribution."
    images = (
        "The photographs are DermNet's. Its image licence restricts the training and testing of AI, so this dataset "
        "may not leave this machine. With DermNet's written permission, change card.yaml and say so here."
    )
    return DatasetCard(
        name="dermbench",
        version=f"text release, manifest {digest[:12]}",
        source=SOURCE,
        licence="CC-BY-NC-4.0",
        consent="The release states nothing about the consent of the people photographed.",
        may_leave_machine=not with_images,
        citation=CITATION,
        notes=f"{texts} {images}" if with_images else f"{texts} No photograph is in this dataset.",
    )
