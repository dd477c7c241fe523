"""The public text release's own figures; see docs/howto-your-data.md for where to get it."""

from pathlib import Path

import pytest

from dermatrust.datasets.check import check_dataset
from dermatrust.datasets.dermbench import MANIFEST, read_dermbench
from dermatrust.datasets.dermbench_export import export_dermbench
from dermatrust.datasets.split_folder import split_folder
from dermatrust.errors import DataError
from dermatrust.store import DatasetFolder, write_dataset

ROOT = Path(__file__).parents[3] / "shared/data/dermbench-release"
REFUSALS = ("dermbench_0145", "dermbench_1397", "dermbench_2332")

pytestmark = pytest.mark.skipif(not ROOT.is_dir(), reason="the DermBench text release is not beside this repository")


@pytest.fixture(scope="module")
def imported():
    return read_dermbench(ROOT)


def test_every_text_of_the_slice_matches_its_sha256(imported):
    assert len(imported.cases) == len(imported.references) == 602
    assert len({case.id for case in imported.cases}) == 602


def test_texts_are_the_files_byte_for_byte(imported):
    files = {path.read_bytes() for path in (ROOT / "data/cot").rglob("*.txt")}
    assert {reference.text.encode() for reference in imported.references} == files


def test_the_slice_has_the_releases_23_categories_and_its_refusals_are_kept(imported):
    assert len({case.category for case in imported.cases}) == 23
    texts = {reference.case_id: reference.text for reference in imported.references}
    assert all(texts[case_id].strip() for case_id in REFUSALS)


def test_a_file_family_holds_the_series_of_one_condition(imported):
    families = {}
    for case in imported.cases:
        families.setdefault(case.file_family, []).append(case.id)
    assert (len(families), max(map(len, families.values()))) == (264, 10)


def test_the_folder_made_from_it_is_sound_and_can_be_split_by_family(imported, tmp_path):
    folder = tmp_path / "dermbench"
    write_dataset(folder, imported.card, imported.cases, imported.references, imported.images)
    assert check_dataset(folder).is_sound
    again = {reference.case_id: reference.text for reference in DatasetFolder.open(folder).iter_references()}
    assert again == {reference.case_id: reference.text for reference in imported.references}
    split = split_folder(folder, {"train": 0.7, "val": 0.1, "test": 0.2}, replace=True)
    assert split.n_groups == 264
    assert max(abs(split.achieved[name] - share) for name, share in split.wanted.items()) < 0.01
    assert check_dataset(folder).is_sound


def test_one_changed_byte_is_found(tmp_path):
    manifest = tmp_path / MANIFEST
    manifest.parent.mkdir(parents=True)
    manifest.write_text((ROOT / MANIFEST).read_text().replace('"cot_sha256": "a16d', '"cot_sha256": "b16d'))
    (tmp_path / "data/cot").symlink_to(ROOT / "data/cot")
    with pytest.raises(DataError, match=r"the text of dermbench_0003, .* has SHA-256 a16d"):
        read_dermbench(tmp_path)


def test_the_release_comes_back_equal_from_its_export(imported, tmp_path):
    write_dataset(tmp_path / "folder", imported.card, imported.cases, imported.references)
    made = export_dermbench(DatasetFolder.open(tmp_path / "folder"), tmp_path / "out")
    again = read_dermbench(tmp_path / "out")
    assert (made.n_cases, made.left_out) == (602, {})
    assert again.cases == imported.cases
    assert again.references == imported.references
