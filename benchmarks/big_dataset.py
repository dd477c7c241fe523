"""Write a synthetic dataset for the throughput benchmark: N cases, one photograph, 200-word notes and references.

`python benchmarks/big_dataset.py N FOLDER`
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from asks import NOTE, REFERENCE
from dermatrust.atlas import draw_facts
from dermatrust.atlas.render import render
from dermatrust.records import Case, ClinicalContext, DatasetCard, Narrative
from dermatrust.store.folder import write_dataset


def write_big_dataset(n: int, folder: Path) -> None:
    """Write the dataset. The notes differ by case, so that no two asks are the same."""
    facts = draw_facts(0, "benchmark", 0)
    photograph = folder.parent / f"{folder.name}.jpg"
    Image.fromarray(render(facts, facts.views[0])).save(photograph, quality=90)
    card = DatasetCard(
        name="throughput", version="1", source="written by the benchmark", licence="Apache-2.0",
        consent="no patients", synthetic=True,
    )  # fmt: skip

    def cases() -> Iterator[Case]:
        for number in range(n):
            context = ClinicalContext(note=f"Case {number}. {NOTE}")
            yield Case(
                id=f"case-{number}", file_names=("images/one.jpg",), patient_id=f"patient-{number // 2}",
                label="psoriasis", context=context,
            )  # fmt: skip

    references = (
        Narrative(id=f"r{n}", case_id=f"case-{n}", text=f"{n} {REFERENCE}", author="benchmark", stream="reference")
        for n in range(n)
    )
    write_dataset(folder, card, cases(), references, [("images/one.jpg", photograph)])


if __name__ == "__main__":
    write_big_dataset(int(sys.argv[1]), Path(sys.argv[2]))
