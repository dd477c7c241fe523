"""Finding faces in a photograph, by the detector that OpenCV carries (extra `faces`).

It knows upright faces from the front. It misses profiles, faces that are turned or cut, and eyes alone, all of which
identify a person too: that nothing was found does not mean that nobody can be recognised.

Reference:
    Viola, Jones (2001), Rapid object detection using a boosted cascade of simple features,
    https://doi.org/10.1109/CVPR.2001.990517; the cascade is OpenCV's `haarcascade_frontalface_alt`, by R. Lienhart.
"""

from functools import cache
from importlib.util import find_spec
from threading import local
from typing import Any

import numpy as np
from PIL import Image

SIDE_PX = 640
"""Longest side of what is looked at."""
_LEAST_PX, _STEP, _NEIGHBOURS = 48, 1.1, 3
_OF_THREAD = local()
"""A cascade keeps state while it looks, so each thread has its own."""


@cache
def can_find_faces() -> bool:
    """Return whether the extra `faces` is installed, and with the cascades that OpenCV had until version 4."""
    if find_spec("cv2") is None:
        return False
    import cv2

    return hasattr(cv2, "CascadeClassifier")


def has_face(picture: Image.Image) -> bool:
    """Return whether there is an upright face from the front, over a thirteenth of the picture's longest side.

    Raises:
        ImportError: The extra `faces` is not installed; see `can_find_faces`.
    """
    grey = picture.convert("L")
    grey.thumbnail((SIDE_PX, SIDE_PX), Image.Resampling.LANCZOS)
    found = _cascade().detectMultiScale(
        np.asarray(grey), scaleFactor=_STEP, minNeighbors=_NEIGHBOURS, minSize=(_LEAST_PX, _LEAST_PX)
    )
    return len(found) > 0


def _cascade() -> Any:
    if not hasattr(_OF_THREAD, "cascade"):
        from cv2 import CascadeClassifier, data

        _OF_THREAD.cascade = CascadeClassifier(f"{data.haarcascades}haarcascade_frontalface_alt.xml")
    return _OF_THREAD.cascade
