"""Writing in photographs: whether somebody may be speaking to a rater that looks.

Model     PP-OCRv6 small: one network finds lines of writing, another reads them. Apache-2.0.
Weights   The PyPI package rapidocr carries them (extra `ocr`); nothing is fetched when it runs.
Sources   https://github.com/RapidAI/RapidOCR and https://github.com/PaddlePaddle/PaddleOCR
Why read  What only looks for letters takes hairs and scales for them: reading tells them apart.
"""

import gc
import importlib.util
import logging
import warnings
from functools import cache
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pictures
from scipy.ndimage import gaussian_filter

from dermatrust.clients import Image
from dermatrust.errors import DataError, ModelError

PACKAGE = "rapidocr"
LEAST_SURE, LEAST_LETTERS = 0.8, 5
"""A line counts if it is read with so much confidence; lines are writing if they hold so many letters together. Stamped
dates hold none, and a lesion's edge is now and then read as one."""
_ACROSS, _LEAST_SPREAD, _STEP, _MIDDLE = 20, 3.0, 50.0, 128
"""Share of the shorter side over which contrast is evened out; grey levels below which it is noise; those that a
standard deviation becomes; and the level of what does not differ."""
_LONGEST_PX, _MOST_LONG, _MOST_KNOWN = 2000, 3, 65_536
"""Side to which the engine would shrink a photograph anyway; longer over shorter side, as the engine enlarges until the
shorter has 736 px: a strip of 2 x 900 px took all memory there is; and photographs whose findings are kept."""


def is_installed() -> bool:
    """Return whether the package that reads is there."""
    return importlib.util.find_spec(PACKAGE) is not None


class WritingReader:
    """Reads photographs, each of them once.

    Raises:
        ModelError: The package that reads is not installed, or cannot be loaded.
    """

    def __init__(self) -> None:
        if not is_installed():
            do = "Install it with `pip install 'dermatrust[ocr]'`."
            raise ModelError("looking for writing", f"{PACKAGE} is not installed", do=do)
        self._engine = _open_engine()
        self._lock = Lock()
        self._known: dict[str, bool] = {}

    def finds(self, *images: Image) -> bool:
        """Return whether a photograph shows writing: lines with at least five letters, read with confidence.

        Raises:
            DataError: A photograph cannot be read.
        """
        return any(self._finds(image) for image in images)

    def _finds(self, image: Image) -> bool:
        with self._lock:  # the engine keeps what it is at work on
            if image.sha256 not in self._known:
                try:
                    with Pictures.open(image.path) as picture:
                        lines = self.lines(picture)
                except OSError as error:
                    raise DataError(str(image.path), f"cannot be read ({error})", "a photograph") from None
                if len(self._known) >= _MOST_KNOWN:
                    del self._known[next(iter(self._known))]
                self._known[image.sha256] = letters_in(lines) >= LEAST_LETTERS
            return self._known[image.sha256]

    def lines(self, picture: Pictures.Image) -> list[str]:
        """Return the lines that are read with confidence, in no particular order."""
        shrunk = picture.copy()
        shrunk.thumbnail((_LONGEST_PX, _LONGEST_PX))
        found = self._engine(_broadened(evened(shrunk)))
        pairs = zip(found.txts or (), found.scores or (), strict=True)
        return [text for text, sure in pairs if sure >= LEAST_SURE]


@cache
def writing_reader() -> WritingReader:
    """Return the reader that all raters of this process share.

    Raises:
        ModelError: The package that reads is not installed, or cannot be loaded.
    """
    return WritingReader()


def letters_in(lines: list[str]) -> int:
    """Return how many letters lines hold together; digits and signs are none.

    Example:
        >>> letters_in(["14 02 18", "Score 5."])
        5
    """
    return sum(character.isalpha() for line in lines for character in line)


def evened(picture: Pictures.Image) -> NDArray[np.uint8]:
    """Return a photograph in grey with the same contrast everywhere, so that faint writing is as clear as any other.

    Returns:
        Shape (height, width, 3), all channels alike.

    Example:
        >>> evened(Pictures.new("RGB", (32, 24), "brown")).shape
        (24, 32, 3)
    """
    grey = np.asarray(picture.convert("L"), dtype=np.float32)
    across = max(3.0, min(picture.size) / _ACROSS)
    apart = grey - gaussian_filter(grey, across)
    spread = np.sqrt(gaussian_filter(apart**2, across))
    levels = np.clip(_MIDDLE + _STEP * apart / np.maximum(spread, _LEAST_SPREAD), 0, 255).astype(np.uint8)
    return np.repeat(levels[..., np.newaxis], 3, axis=2)


def _broadened(levels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a strip with nothing beside it, so that it is not so long for its breadth; any other as it is."""
    least = max(levels.shape) // _MOST_LONG
    down, across = (max(0, least - side) for side in levels.shape[:2])
    return np.pad(levels, ((0, down), (0, across), (0, 0)), constant_values=_MIDDLE)


def _open_engine() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # it leaves its settings' files open
        try:
            from rapidocr import RapidOCR
        except ImportError as error:  # such as OpenCV's, on a machine without the libraries of a screen
            what, do = f"{PACKAGE} cannot be loaded ({error})", f"Does `python -c 'import {PACKAGE}'` work?"
            raise ModelError("looking for writing", what, do=do) from None

        engine = RapidOCR(params={"Global.log_level": "critical"})
        gc.collect()
    logging.getLogger("RapidOCR").setLevel(logging.CRITICAL)
    return engine
