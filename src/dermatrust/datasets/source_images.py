"""Finding the images of a published dataset, wherever its archives were unpacked."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from dermatrust.records import Case

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png")


def images_under(folder: Path) -> dict[str, Path]:
    """Return every way to name an image in this folder or below, in lower case, and its file.

    "a/b/c.jpg" goes by "a/b/c.jpg", "b/c.jpg" and "c.jpg", so that it does not matter which folder of an archive the
    user names. Of two files of one name the first in alphabetical order has it.
    """
    found: dict[str, Path] = {}
    for place, folders, names in os.walk(folder, followlinks=True):
        folders.sort()
        inside = Path(place).relative_to(folder).parts
        for name in sorted(n for n in names if n.lower().endswith(IMAGE_SUFFIXES)):
            parts = (*inside, name)
            for start in range(len(parts)):
                found.setdefault("/".join(parts[start:]).lower(), Path(place) / name)
    return found


def of_cases(cases: Iterable[Case], found: Mapping[str, Path]) -> dict[str, Path]:
    """Return the image names of these cases, each with its file, for the files that were found."""
    named = {name: name.removeprefix("images/").lower() for case in cases for name in case.file_names}
    return {name: found[key] for name, key in named.items() if key in found}
