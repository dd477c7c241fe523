"""The datasets that `dermatrust data import` knows, each with the function that reads it."""

from pathlib import Path
from typing import Protocol

from dermatrust.datasets.ddi import read_ddi
from dermatrust.datasets.derm7pt import read_derm7pt
from dermatrust.datasets.dermbench import read_dermbench
from dermatrust.datasets.dermnet_folders import read_dermnet_folders
from dermatrust.datasets.fitzpatrick17k import read_fitzpatrick17k
from dermatrust.datasets.ham10000 import read_ham10000
from dermatrust.datasets.imported import Imported, MissingImages
from dermatrust.datasets.pad_ufes_20 import read_pad_ufes_20
from dermatrust.datasets.passion import read_passion
from dermatrust.datasets.scin import read_scin
from dermatrust.datasets.snu import read_snu


class Reader(Protocol):
    """Reads one published dataset from the folder it was unpacked in."""

    def __call__(
        self, root: Path, *, image_root: Path | None = None, missing_images: MissingImages = "error"
    ) -> Imported:
        """Return the dataset; see `imported.with_images` for the arguments."""
        ...


READERS: dict[str, Reader] = {
    "ddi": read_ddi,
    "derm7pt": read_derm7pt,
    "dermbench": read_dermbench,
    "dermnet-folders": read_dermnet_folders,
    "fitzpatrick17k": read_fitzpatrick17k,
    "ham10000": read_ham10000,
    "pad-ufes-20": read_pad_ufes_20,
    "passion": read_passion,
    "scin": read_scin,
    "snu": read_snu,
}
