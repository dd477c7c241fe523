"""Photographs spoilt on purpose: the atlas's degradations on any photograph, as an image arm of their own."""

import hashlib
import os
import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import PIL.Image

from dermatrust.atlas.degrade import Degradation, Severity, degrade
from dermatrust.clients import Image
from dermatrust.clinic.image_arms import ImageArm
from dermatrust.store.atomic import write_bytes
from dermatrust.store.images import ImageCache, encode_for_models

_VERSION = "spoilt 1"


@dataclass(frozen=True, slots=True)
class SpoiltArm(ImageArm):
    """All photographs of a case, each spoilt in one way.

    Attributes:
        degradation: How.
        severity: 1 mild, 2 marked, 3 severe.

    Example:
        >>> SpoiltArm("all", degradation="blur", severity=2).name
        'blur 2'
    """

    degradation: Degradation = "blur"
    severity: Severity = 1

    @property
    def name(self) -> str:
        """The arm as tables and recorded replies name it."""
        return f"{self.degradation} {self.severity}"


class SpoiltImages(ImageCache):
    """A cache of photographs that are spoilt after they were re-encoded for models, made once and kept.

    What is random in a degradation follows from the seed and the photograph's own bytes, so that the same photograph is
    spoilt alike in every dataset and every run. Strengths in pixels are of the photograph as models see it.

    Args:
        clean: Where the photographs come from; the spoilt ones lie in its folder.
        arm: How they are spoilt.
        seed: Of what is random.
    """

    def __init__(self, clean: ImageCache, arm: SpoiltArm, *, seed: int) -> None:
        super().__init__(clean.root / "spoilt", side_px=clean.side_px)
        self._clean = clean
        self._arm = arm
        self._seed = seed
        self._made: dict[str, Image] = {}
        self._making = threading.Lock()

    def prepare(self, path: Path, *, where: str) -> Image:
        """Return the spoilt photograph, making it if nobody has yet; arguments and errors as for `ImageCache`."""
        image = self._clean.prepare(path, where=where)
        with self._making:
            if image.sha256 not in self._made:
                self._made[image.sha256] = self._spoilt(image)
            return self._made[image.sha256]

    def peek(self, path: Path, *, where: str) -> Image | None:
        """Return the spoilt photograph if it has been made by this object already."""
        image = self._clean.peek(path, where=where)
        return None if image is None else self._made.get(image.sha256)

    def _spoilt(self, image: Image) -> Image:
        settings = "\0".join((_VERSION, image.sha256, self._arm.name, str(self._seed)))
        name = hashlib.sha256(settings.encode()).hexdigest()
        target = self.root / name[:2] / f"{name}.jpg"
        if not target.exists():
            with PIL.Image.open(image.path) as opened:
                pixels = np.asarray(opened.convert("RGB"))
            own = int.from_bytes(hashlib.blake2b(settings.encode(), digest_size=4).digest())
            spoilt = degrade(pixels, self._arm.degradation, self._arm.severity, own)
            write_bytes(target, encode_for_models(PIL.Image.fromarray(spoilt)), durable=False)
        return Image(hashlib.sha256(target.read_bytes()).hexdigest(), Path(os.fspath(target)))
