"""The one writer of the page of a clinical study: its kind of chapter, on a page of its own."""

from pathlib import Path
from pkgutil import resolve_name
from typing import TYPE_CHECKING

from dermatrust.records import Manifest
from dermatrust.report.chapters import KINDS, cards_notice, cards_of
from dermatrust.report.page import write_page

if TYPE_CHECKING:
    from dermatrust.report.chapters import Clinical


def write_clinic_page(path: Path, found: "Clinical", *, manifest: Manifest | None = None) -> None:
    """Write the page of a clinical study. It opens from the file system and fetches nothing.

    Args:
        path: The file to write; it is replaced as a whole.
        found: Every figure of the page.
        manifest: Of the run, where there is one that the page speaks of; without it the page says neither date nor run.

    Raises:
        DataError: The file cannot be written.
    """
    kind, cards = KINDS[type(found).__name__], cards_of(found)
    more = {"manifest": manifest} if kind.shows_run else {}
    context = resolve_name(kind.context)(found, **more)
    synthetic = any(card.synthetic for card in cards)
    write_page(path, kind.template, synthetic=synthetic, leaving=cards_notice(found), **context)
