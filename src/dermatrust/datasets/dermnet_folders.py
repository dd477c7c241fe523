"""DermNet's photographs in the folders of the Kaggle release.

Source    https://www.kaggle.com/datasets/shubhamgoel27/dermnet; the photographs are DermNet's
Layout    {train,test}/<23 folders>/<file>.jpg
Case      One photograph. The source names no patient and no lesion.
Label     The words of the file's name, as in DermBench ("acne-cystic-149.jpg" is "acne cystic"); the folder is the
          category.
Defects   One series of photographs is in both splits: the file family shows it, `dermatrust data check` reports it, and
          `dermatrust data split --replace` mends it.
"""

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from dermatrust.datasets.dermbench import file_family
from dermatrust.datasets.imported import Imported, MissingImages, with_images
from dermatrust.datasets.labels import label_facts, lexicon_urgency
from dermatrust.datasets.source_images import IMAGE_SUFFIXES
from dermatrust.errors import DataError
from dermatrust.lexicon import load_lexicon
from dermatrust.records import Case, DatasetCard

SOURCE = "https://www.kaggle.com/datasets/shubhamgoel27/dermnet"
SPLITS = ("train", "test")


def read_dermnet_folders(
    root: Path, *, image_root: Path | None = None, missing_images: MissingImages = "error"
) -> Imported:
    """Read the folders under `root`.

    Args:
        root: The folder that holds `train` and `test`.
        image_root: None: the photographs are the dataset.
        missing_images: "keep" takes no photograph; none can be missing otherwise.

    Raises:
        DataError: There is no such folder or no photograph in it, or `image_root` is given.
    """
    if image_root is not None:
        raise DataError("--images", "the photographs are the dataset", "the folder that holds train and test")
    cases = tuple(_cases(root))
    if not cases:
        what = "holds no photograph in train/<folder> or test/<folder>"
        raise DataError(str(root), what, "the folders of the Kaggle release")
    facts = (fact for case in cases for fact in label_facts(case, "DermNet"))
    known = {diagnosis.category for diagnosis in load_lexicon().diagnoses.values()}
    strange = sorted({case.category or "" for case in cases} - known)
    remarks = [f"No folder of the release is called {name!r}." for name in strange]
    return with_images(_card(), cases, facts, root=root, missing=missing_images, where=root, remarks=remarks)


def _cases(root: Path) -> Iterator[Case]:
    for split in SPLITS:
        paths = (p for p in sorted((root / split).rglob("*")) if p.suffix.lower() in IMAGE_SUFFIXES and p.is_file())
        for path in paths:
            name = path.relative_to(root).as_posix()
            _, category, *_ = PurePosixPath(name).parts
            if category == path.name:
                raise DataError(str(path), "the photograph is in no folder", "one folder per category")
            label = label_of(path.name)
            fields = {
                "id": name,
                "file_names": (f"images/{name}",),
                "label": label,
                "category": category,
                **lexicon_urgency(label),
                "split": split,
                "file_family": file_family(name),
            }
            yield Case.from_fields(fields, where=str(path))


def label_of(file_name: str) -> str:
    """Return what the name of a file says it shows.

    Example:
        >>> label_of("acne-cystic-149.jpg"), label_of("07PerioralDermEye.jpg"), label_of("t-vascular-tumors-3.jpg")
        ('acne cystic', '07PerioralDermEye', 't vascular tumors')
    """
    stem = PurePosixPath(file_name).stem
    return re.sub(r"[-_ ]+", " ", re.sub(r"[-_ ]*\d+$", "", stem) or stem).strip() or stem


def _card() -> DatasetCard:
    return DatasetCard(
        name="dermnet-folders",
        version="Kaggle release",
        source=SOURCE,
        licence="private",
        consent="Nothing is known about the consent of the people photographed.",
        may_leave_machine=False,
        citation="Dermnet, http://www.dermnet.com.",
        notes="The release says that the photographs are from dermnet.com. DermNet's image licence restricts the "
        "training and testing of AI; that somebody put them on Kaggle gives no licence. With DermNet's written "
        "permission, change card.yaml and say so here. Labels are read from the files' names and were checked by "
        "nobody.",
    )
