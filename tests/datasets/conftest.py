"""Small synthetic sources: made in a temporary folder, in the layouts of the real ones."""

import csv
import hashlib
import json

import numpy as np
import pytest
from PIL import Image

from dermatrust.records import Case, DatasetCard, Narrative
from dermatrust.store import write_dataset

PAD_COLUMNS = [
    "patient_id", "lesion_id", "smoke", "drink", "background_father", "background_mother", "age", "pesticide", "gender",
    "skin_cancer_history", "cancer_history", "has_piped_water", "has_sewage_system", "fitspatrick", "region",
    "diameter_1", "diameter_2", "diagnostic", "itch", "grew", "hurt", "changed", "bleed", "elevation",
    "img_id", "biopsed",
]  # fmt: skip


@pytest.fixture
def picture():
    """Return a smooth random picture; the same seed gives the same picture."""

    def make(seed, size=(96, 80)):
        coarse = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), dtype=np.uint8)
        return Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)

    return make


@pytest.fixture
def release(tmp_path):
    """Return a function that writes a release in DermBench's layout and returns its root."""

    def write(texts, **changes):
        root = tmp_path / "release"
        manifest = root / "data/manifest/dermbench_test.jsonl"
        manifest.parent.mkdir(parents=True)
        lines = []
        for number, (name, text) in enumerate(texts.items(), start=1):
            path = root / "data/cot" / f"{name}.txt"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())
            category, _, file = name.partition("/")
            row = {
                "id": f"dermbench_{number:04d}",
                "source": "DermNet test set",
                "split": "test",
                "category": category,
                "diagnosis": file.rsplit("-", 1)[0].replace("-", " "),
                "dermnet_image_path": name,
                "cot": f"data/cot/{name}.txt",
                "cot_sha256": hashlib.sha256(text.encode()).hexdigest(),
            }
            lines.append(json.dumps(row | changes.get(row["id"], {})))
        manifest.write_text("\n".join(lines) + "\n")
        return root

    return write


@pytest.fixture
def pad(tmp_path):
    """Return a function that writes rows in PAD-UFES-20's layout and returns the root; it can be called again."""

    def write(*rows, columns=PAD_COLUMNS):
        root = tmp_path / "pad"
        root.mkdir(exist_ok=True)
        usual = {"patient_id": "PAT_1", "lesion_id": "10", "diagnostic": "BCC", "biopsed": "True"}
        filled = [usual | {"img_id": f"{i}.png"} | row for i, row in enumerate(rows)]
        lines = [",".join(columns), *(",".join(row.get(name, "") for name in columns) for row in filled)]
        (root / "metadata.csv").write_text("\n".join(lines) + "\n")
        return root

    return write


@pytest.fixture
def unpack(tmp_path, picture):
    """Return a function that writes a published dataset's tables and draws its images, and returns its root."""

    def write(tables, images=(), name="source"):
        root = tmp_path / name
        for table, (columns, rows) in tables.items():
            (root / table).parent.mkdir(parents=True, exist_ok=True)
            with (root / table).open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, columns, restval="")
                writer.writeheader()
                writer.writerows(rows)
        for image in images:
            (root / image).parent.mkdir(parents=True, exist_ok=True)
            picture(list(image.encode())).save(root / image)
        return root

    return write


@pytest.fixture
def table(tmp_path):
    """Return a function that writes a table of the user's own."""

    def write(text, name="mine.csv", encoding="utf-8"):
        path = tmp_path / "own" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text.encode(encoding))
        return path

    return write


@pytest.fixture
def dataset(tmp_path, picture):
    """Return a function that writes a dataset folder from cases; every image they name is drawn."""

    def write(*cases, references=True, pictures=None, name="set"):
        cases = [Case(**case) for case in cases]
        card = DatasetCard(name="synthetic", version="1", source="drawn here", licence="CC0-1.0", consent="synthetic")
        images = []
        for file_name in dict.fromkeys(f for case in cases for f in case.file_names):
            path = tmp_path / f"{len(images)}.png"
            seed = (pictures or {}).get(file_name, file_name)
            drawn = picture(list(seed.encode())) if isinstance(seed, str) else seed
            drawn.save(path)
            images.append((file_name, path))
        written = [
            Narrative(id=f"{case.id}:r", case_id=case.id, text="A brown plaque.", author="d", stream="reference")
            for case in cases
            if references
        ]
        write_dataset(tmp_path / name, card, cases, written, images)
        return tmp_path / name

    return write
