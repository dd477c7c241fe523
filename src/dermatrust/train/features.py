"""What the frozen tower sees in every photograph, computed once and kept on disk for all epochs and narratives."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self

import numpy as np
import PIL.Image
import torch
from numpy.lib.format import open_memmap
from numpy.typing import NDArray
from torch import Tensor

from dermatrust.engine.bar import progress_bar
from dermatrust.errors import DataError
from dermatrust.evaluator.policy import Policy
from dermatrust.store.pixels import read_pixels

BATCH = 64


class Features:
    """Features of photographs, usually in a memory-mapped file.

    Args:
        kept: Shape (photographs, tokens per image, tower width).
    """

    def __init__(self, kept: NDArray[np.floating]) -> None:
        self._kept = kept

    @classmethod
    def blank(cls, n_photographs: int, tokens_per_image: int, width: int) -> Self:
        """Return 0 for all photographs: what an evaluator without eyes gets."""
        return cls(np.broadcast_to(np.float32(0), (n_photographs, tokens_per_image, width)))

    def of(self, images: Sequence[int]) -> Tensor:
        """Return the features of some photographs, shape (their tokens, tower width), in float32."""
        return torch.from_numpy(np.ascontiguousarray(self._kept[list(images)])).float().flatten(0, 1)

    @property
    def tokens_per_image(self) -> int:
        """How many tokens one photograph takes."""
        return int(self._kept.shape[1])


def look_at(policy: Policy, paths: Sequence[Path], path: Path, *, is_quiet: bool = False) -> NDArray[np.floating]:
    """Return what a policy's tower sees in photographs, from a file if an earlier run has looked already.

    Args:
        policy: Whose tower looks; it is frozen.
        paths: The photographs.
        path: The file, made whole or not at all.
        is_quiet: No progress bar.

    Returns:
        Shape (photographs, tokens per image, tower width), memory-mapped, in half precision where the tower's is.

    Raises:
        DataError: A photograph cannot be read, or the disk is full.
    """
    if path.exists():
        known: NDArray[np.floating] = np.load(path, mmap_mode="r")
        if len(known) == len(paths):
            return known
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        _look(policy, paths, temporary, is_quiet=is_quiet)
        temporary.replace(path)
    except OSError as error:
        raise DataError(str(path), f"cannot be written ({error.strerror})", do="Is there room on the disk?") from None
    finally:
        temporary.unlink(missing_ok=True)
    return np.load(path, mmap_mode="r")  # type: ignore[no-any-return]


def _look(policy: Policy, paths: Sequence[Path], path: Path, *, is_quiet: bool) -> None:
    kept: NDArray[np.floating] | None = None
    with (
        ThreadPoolExecutor() as pool,
        progress_bar(total=len(paths), desc="look", unit="image", is_quiet=is_quiet) as bar,
    ):
        coming = pool.map(_picture, paths[:BATCH])
        for start in range(0, len(paths), BATCH):
            pictures = list(coming)
            coming = pool.map(_picture, paths[start + BATCH : start + 2 * BATCH])  # read while the tower looks
            seen = policy.look(policy.pixels(pictures)).cpu()
            found = seen.half().numpy() if seen.dtype == torch.bfloat16 else seen.numpy()
            if kept is None:
                kept = open_memmap(path, mode="w+", dtype=found.dtype, shape=(len(paths), *found.shape[1:]))
            kept[start : start + len(found)] = found
            bar.update(len(found))
    if kept is not None:
        kept.flush()  # type: ignore[attr-defined]


def _picture(path: Path) -> PIL.Image.Image:
    return read_pixels(path, where=str(path)).convert("RGB")
