"""Makes the packaged demo dataset from `demo_source`: draws the images and writes the folder.

Run it from the repository root, after a change to a case or a drawing:

    python scripts/make_demo_dataset.py src/dermatrust/datasets/demo

Each file in `demo_source/cases` is one case: its facts, then the reference and the three candidates' replies.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import yaml
from demo_source import scenes
from demo_source.skin import Skin
from PIL import Image

from dermatrust.records import Case, ClinicalContext, DatasetCard, DifferentialItem, Narrative
from dermatrust.store.atomic import write_text
from dermatrust.store.card import write_card
from dermatrust.store.jsonl import write_records

SOURCE = Path(__file__).parent / "demo_source" / "cases"
MODELS = ("synthetic-strong", "synthetic-middling", "synthetic-weak")
SIDE_PX = 336
JPEG_QUALITY = 84

CARD = DatasetCard(
    name="dermatrust-demo",
    version="1",
    source="drawn and written by this project (scripts/make_demo_dataset.py)",
    licence="Apache-2.0",
    consent="no patients involved: every case is invented",
    may_leave_machine=True,
    synthetic=True,
    notes=(
        "Synthetic: schematic drawings, references that no clinician has certified, and candidate replies written to "
        "be of different quality. For trying and testing the software; it says nothing about a model's clinical worth."
    ),
)


@dataclass(frozen=True)
class Source:
    """One case as its source file has it."""

    id: str
    facts: dict[str, Any]
    texts: dict[str, str]
    """By heading: "reference" and the names of the candidates."""


def read_sources() -> list[Source]:
    """Return all cases in the order of their ids."""
    return [_read_source(path) for path in sorted(SOURCE.glob("*.md"))]


def _read_source(path: Path) -> Source:
    _, facts, body = path.read_text(encoding="utf-8").split("---\n", 2)
    _, *sections = re.split(r"^## (.+)$", body, flags=re.MULTILINE)
    texts = {name: _unwrapped(text) for name, text in zip(sections[::2], sections[1::2], strict=True)}
    return Source(id=path.stem, facts=yaml.safe_load(facts), texts=texts)


def _unwrapped(text: str) -> str:
    """Return the text with one line per paragraph."""
    paragraphs = re.split(r"\n\s*\n", text.strip())
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def to_case(source: Source) -> Case:
    """Return the case's record."""
    facts = source.facts
    return Case(
        id=source.id,
        file_names=tuple(name for name, _ in image_names(source)),
        patient_id=f"demo-{facts['patient']}",
        label=facts["disease"],
        category=facts["category"],
        differential=tuple(DifferentialItem(diagnosis=d, weight=w) for d, w in facts["differential"].items()),
        urgency=facts["urgency"],
        fitzpatrick=facts.get("fitzpatrick"),
        context=ClinicalContext.from_fields(facts["context"], where=source.id),
    )


def to_reference(source: Source) -> Narrative:
    """Return the draft reference: nobody has certified it, so it carries no certificate."""
    return Narrative(
        id=f"{source.id}:reference",
        case_id=source.id,
        text=source.texts["reference"],
        author="dermatrust (synthetic)",
        stream="reference",
    )


def image_names(source: Source) -> Iterator[tuple[str, str]]:
    """Yield the file name and the scene of each image."""
    for number, scene in enumerate(source.facts["images"], start=1):
        yield f"images/{source.id}-{number}.jpg", scene


def draw(source: Source, file_name: str, scene: str) -> Image.Image:
    """Return one drawing; the same file name always gives the same drawing."""
    skin = Skin(source.facts["tone"], seed=int.from_bytes(file_name.encode()))
    getattr(scenes, scene)(skin)
    return skin.to_image(SIDE_PX)


def candidate_lines(sources: list[Source]) -> Iterator[str]:
    """Yield the recorded replies, one JSON line each, in the shape of the DermBench release's candidate rows."""
    for model in MODELS:
        for source in sources:
            row = {"id": source.id, "model": model, "candidate_text": source.texts[model]}
            yield json.dumps(row, ensure_ascii=False) + "\n"


def write_texts(folder: Path) -> None:
    """Write everything but the images."""
    sources = read_sources()
    write_card(folder / "card.yaml", CARD)
    write_records(folder / "metadata.jsonl", map(to_case, sources))
    write_records(folder / "references.jsonl", map(to_reference, sources))
    write_text(folder / "candidates.jsonl", "".join(candidate_lines(sources)))


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--texts-only", is_flag=True, help="Leave the images as they are.")
def main(folder: Path, texts_only: bool) -> None:
    """Write the demo dataset to FOLDER, over what is there."""
    (folder / "images").mkdir(parents=True, exist_ok=True)
    write_texts(folder)
    for source in [] if texts_only else read_sources():
        for name, scene in image_names(source):
            draw(source, name, scene).save(folder / name, "JPEG", quality=JPEG_QUALITY, optimize=True)
    click.echo(f"{folder}: written", err=True)


if __name__ == "__main__":
    main()
