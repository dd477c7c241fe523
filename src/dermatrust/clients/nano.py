"""The embedded models: small networks in ONNX files of this package, run by ONNX Runtime.

`nano/narrator-…` look at the photographs of a case and put what they see into words. They are trained on the synthetic
atlas alone (`dermatrust.train.narrator`), so nothing they say about a real photograph means anything.
`nano/captioner-…` is the narrator of the same name that says only what it sees: no disease, no reasoning, no advice.
"""

import asyncio
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import PIL.Image
from numpy.typing import NDArray

from dermatrust.atlas.disease import TABLE as DISEASES
from dermatrust.atlas.perception import VERSION, Heads, said_of
from dermatrust.atlas.phrases import TABLE as PHRASES
from dermatrust.atlas.prose import write_caption, write_narrative
from dermatrust.atlas.said import Said
from dermatrust.clients.client import AskFailed, Image, Reply, Request
from dermatrust.errors import DataError, ModelError

WEIGHTS = Path(__file__).parent / "weights"
PREFIX = "nano/"
NARRATOR, CAPTIONER = "narrator-", "captioner-"

Floats = NDArray[np.float32]


def nano_names() -> tuple[str, ...]:
    """Return the names of the embedded narrators.

    Example:
        >>> "nano/narrator-strong" in nano_names()
        True
    """
    return tuple(sorted(f"{PREFIX}{path.stem}" for path in WEIGHTS.glob("*.onnx")))


def captioner_names() -> tuple[str, ...]:
    """Return the names of the embedded captioners: one per narrator.

    Example:
        >>> "nano/captioner-strong" in captioner_names()
        True
    """
    return tuple(name.replace(NARRATOR, CAPTIONER) for name in nano_names())


@dataclass(frozen=True, slots=True)
class NetworkCard:
    """What an embedded network's file says about itself.

    Attributes:
        side_px: Side of the square picture it looks at, pixels.
        heads: What each of its outputs is about.
    """

    side_px: int
    heads: Heads


class Network:
    """One embedded network: pictures in, chances of every finding out.

    Args:
        path: The ONNX file.

    Raises:
        DataError: The file is missing or is not a network of this project.
    """

    def __init__(self, path: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1  # asks run side by side already
        try:
            content = path.read_bytes()
            self._session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
            stored = self._session.get_modelmeta().custom_metadata_map
            self.card = NetworkCard(int(stored["side_px"]), Heads.from_json(json.loads(stored["heads"])))
        except OSError as error:
            raise DataError(str(path), f"cannot be read ({error.strerror})") from None
        except Exception as error:  # ONNX Runtime's exceptions share no base but Exception
            raise DataError(str(path), f"is not a network of dermatrust ({str(error)[:80]})") from None
        self.sha256 = hashlib.sha256(content).hexdigest()

    def chances(self, pictures: Sequence[PIL.Image.Image]) -> dict[str, Floats]:
        """Return what several photographs of one case show together.

        Args:
            pictures: The photographs, of any size.

        Returns:
            Head to the chance of each of its values. Photographs count as independent looks at one skin: their log
            chances are averaged, so that one that cannot show a finding leaves the word to those that can.
        """
        pixels = scaled(np.stack([shrunk(picture, self.card.side_px) for picture in pictures]))
        logits = self._session.run(None, {"pixels": pixels})[0].mean(axis=0)
        return self.card.heads.chances(logits)

    def perceive(self, pictures: Sequence[PIL.Image.Image]) -> Said:
        """Return what a narrator with this network says of the photographs of one case, as data."""
        return said_of(self.chances(pictures), self.card.heads)


def shrunk(picture: PIL.Image.Image, side_px: int) -> NDArray[np.uint8]:
    """Return a photograph at the size a network looks at, shape (side_px, side_px, 3)."""
    return np.asarray(picture.convert("RGB").resize((side_px, side_px), PIL.Image.Resampling.BOX))


def scaled(pictures: NDArray[np.uint8]) -> Floats:
    """Return shrunk photographs, shape (n, side, side, 3), as a network takes them: (n, 3, side, side), -1 to 1."""
    return pictures.transpose(0, 3, 1, 2).astype(np.float32) / np.float32(127.5) - np.float32(1)


@lru_cache(maxsize=1)
def _wording() -> str:
    tables = b"".join(path.read_bytes() for path in (PHRASES, DISEASES))
    return f"{VERSION}:{hashlib.sha256(tables).hexdigest()[:16]}"


class NanoClient:
    """A narrator of this package: looks at the photographs, names what it sees, and writes it down.

    The same photographs always get the same narrative: the wording is drawn with a seed made of the images and the
    request's draw.

    Args:
        name: One of `nano_names()` or `captioner_names()`.

    Raises:
        ModelError: There is no such embedded model.
    """

    leaves_machine = False
    needs_images = True

    def __init__(self, name: str) -> None:
        known = (*nano_names(), *captioner_names())
        if name not in known:
            raise ModelError(name, "is not an embedded model", f"one of {', '.join(known)}")
        self.name = name
        self._write = write_caption if name in captioner_names() else write_narrative
        self._path = WEIGHTS / f"{name.removeprefix(PREFIX).replace(CAPTIONER, NARRATOR)}.onnx"

    @cached_property
    def network(self) -> Network:
        """The network, loaded when first needed."""
        return Network(self._path)

    def endpoint(self, request: Request) -> Mapping[str, Any]:
        """Return what besides the photographs decides a narrative: the weights, and the wording with its tables."""
        return {"kind": "nano", "sha256": self.network.sha256, "wording": _wording()}

    def perceive(self, images: Sequence[Image]) -> Said:
        """Return what the narrator sees in the photographs of one case, as data.

        Raises:
            AskFailed: A photograph cannot be read.
        """
        pictures = []
        for image in images:
            try:
                with PIL.Image.open(image.path) as opened:
                    pictures.append(opened.convert("RGB"))
            except OSError as error:
                raise AskFailed("rejected", f"the image {image.path} cannot be read ({error})") from None
        return self.network.perceive(pictures)

    async def ask(self, request: Request) -> Reply:
        """Return the narrative of the photographs in the request; its text is not read."""
        images = [image for message in request.messages for image in message.images]
        if not images:
            raise AskFailed("rejected", f"{self.name} looks at photographs, and the request has none")
        text = await asyncio.to_thread(self._narrate, images, request.draw)
        return Reply(text=text, finish_reason="stop", model_version=self.network.sha256[:12])

    def _narrate(self, images: Sequence[Image], draw: int) -> str:
        seen = "".join(image.sha256 for image in images)
        digest = hashlib.blake2b(f"{self.name}\0{seen}\0{draw}".encode(), digest_size=8).digest()
        return self._write(self.perceive(images), np.random.default_rng(int.from_bytes(digest)))

    async def close(self) -> None:
        """Nothing to let go of."""
