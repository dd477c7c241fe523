"""Write a synthetic dataset for the throughput benchmark: N cases, one 336 px photograph, 200-word notes and references.

`python benchmarks/big_dataset.py N FOLDER`
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from bare_loop import NOTE, REFERENCE
from PIL import Image

from dermatrust.records import Case, ClinicalContext, DatasetCard, Narrative
from dermatrust.store.folder import write_dataset


def draw_photograph(path: Path) -> None:
    """Draw one noisy 336 px JPEG of about the size a clinical photograph has at that resolution."""
    noise = np.random.default_rng(0)
    blocks = np.kron(noise.random((21, 21, 3)), np.ones((16, 16, 1)))
    pixels = (blocks * 200 + noise.random((336, 336, 3)) * 20).astype(np.uint8)
    Image.fromarray(pixels).save(path, quality=85)


def write_big_dataset(n: int, folder: Path, photograph: Path) -> None:
    """Write the dataset. The notes differ by case, so that no two asks are the same."""
    draw_photograph(photograph)
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
    write_big_dataset(int(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[2]).with_suffix(".jpg"))
