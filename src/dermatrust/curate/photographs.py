"""Photographs as browsers get them: upright, in sRGB, without metadata, from files that are what they were."""

from functools import lru_cache
from pathlib import Path

from fastapi.responses import Response

from dermatrust.curate.gate import Workbench
from dermatrust.curate.projects import image_bytes
from dermatrust.curate.tables import Image, Project
from dermatrust.store.images import ImageCache

SIDE_PX = 4096
"""Longest side. Larger photographs are shrunk; none is enlarged."""


def photograph(bench: Workbench, project: Project, image: Image) -> Response:
    """Return a photograph, encoded anew so that nothing a camera or program wrote beside the pixels leaves here.

    Raises:
        NotFoundError: Its file is gone, or has changed since the project was made.
    """
    image_bytes(project, image)
    path = Path(project.folder) / image.file_name
    prepared = _cache(bench.settings.image_cache).prepare(path, where=f"image {image.id}")
    return Response(prepared.path.read_bytes(), media_type="image/jpeg")


@lru_cache(maxsize=8)
def _cache(root: Path) -> ImageCache:
    return ImageCache(root, side_px=SIDE_PX)
