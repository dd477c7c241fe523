"""Draws contact sheets of the atlas: one per disease over the skin tones, one per tone, and the docs' picture.

python scripts/draw_contact_sheets.py OUTDIR
python scripts/draw_contact_sheets.py --docs docs/images/atlas.jpg
"""

from collections.abc import Iterable
from pathlib import Path

import click
from PIL import Image

from dermatrust.atlas import Facts, View, draw_facts
from dermatrust.atlas.disease import Disease, load_diseases
from dermatrust.atlas.render import render
from dermatrust.atlas.vocabulary import Angle

TILE_PX = 168
SHOWN = (
    "plaque-psoriasis", "melanoma", "herpes-zoster", "tinea-corporis", "basal-cell-carcinoma", "lichen-planus",
    "vitiligo", "urticaria", "impetigo", "bullous-pemphigoid",
)  # fmt: skip
"""Diseases of the docs' picture, one column each, from the lightest skin tone to the darkest in three rows."""


def photograph(disease: Disease, tone: int, angle: Angle, seed: int = 1) -> Image.Image:
    """Return one photograph of a disease on a skin tone."""
    facts: Facts = draw_facts(seed, "sheet", 0, diseases=[disease], monk=tone)
    return Image.fromarray(render(facts, View(angle, seed, has_ruler=False, has_text=False)))


def sheet(photographs: Iterable[Image.Image], columns: int) -> Image.Image:
    """Return photographs side by side, row by row."""
    tiles = [one.resize((TILE_PX, TILE_PX), Image.Resampling.LANCZOS) for one in photographs]
    page = Image.new("RGB", (columns * TILE_PX, -(-len(tiles) // columns) * TILE_PX))
    for place, tile in enumerate(tiles):
        page.paste(tile, (place % columns * TILE_PX, place // columns * TILE_PX))
    return page


def picture_of_the_docs() -> Image.Image:
    """Return ten diseases from nearby and from afar on three skin tones each."""
    known = {disease.diagnosis.id: disease for disease in load_diseases()}
    chosen = [known[name] for name in SHOWN]
    rows: list[tuple[int, Angle]] = [(2, "near"), (5, "far"), (7, "oblique"), (9, "near")]
    return sheet((photograph(one, tone, angle, 4) for tone, angle in rows for one in chosen), len(chosen))


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), required=False)
@click.option("--docs", type=click.Path(path_type=Path), help="Write only the picture of the docs, here.")
def main(folder: Path | None, docs: Path | None) -> None:
    """Write the sheets."""
    if docs:
        picture_of_the_docs().save(docs, quality=82, optimize=True)
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
        angles: tuple[Angle, ...] = ("near", "far", "oblique")
        for disease in load_diseases():
            tiles = (photograph(disease, tone, angle, tone) for angle in angles for tone in range(1, 11))
            sheet(tiles, 10).save(folder / f"{disease.diagnosis.id}.png")
        for tone in range(1, 11):
            page = sheet((photograph(disease, tone, "near") for disease in load_diseases()), 10)
            page.save(folder / f"tone-{tone:02}.png")


if __name__ == "__main__":
    main()
