"""The photographs of a case as models see them."""

import asyncio
from collections.abc import Iterable

from dermatrust.clients import Image
from dermatrust.store.folder import DatasetFolder
from dermatrust.store.images import ImageCache


async def photographs(
    dataset: DatasetFolder, images: ImageCache, case_id: str, file_names: Iterable[str]
) -> tuple[Image, ...]:
    """Return photographs of a case, re-encoded without metadata, in the order given.

    Raises:
        DataError: One is missing or unreadable.
    """
    found: list[Image] = []
    for name in file_names:
        path, where = dataset.image_path(name), f"case {case_id!r}, {name}"
        known = images.peek(path, where=where)
        if known is None:
            known = await asyncio.to_thread(images.prepare, path, where=where)
        found.append(known)
    return tuple(found)
