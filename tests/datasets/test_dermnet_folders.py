import pytest

from dermatrust.datasets.check import check_dataset
from dermatrust.datasets.dermnet_folders import label_of, read_dermnet_folders
from dermatrust.errors import DataError
from dermatrust.store import DatasetFolder, write_dataset

FILES = (
    "train/Acne and Rosacea Photos/acne-cystic-149.jpg",
    "train/Warts Molluscum and other Viral Infections/warts-common-2.jpg",
    "test/Acne and Rosacea Photos/acne-cystic-3.jpg",
    "test/Acne and Rosacea Photos/07PerioralDermEye.jpg",
)


def test_the_file_names_the_disease_and_the_folder_the_category(unpack):
    imported = read_dermnet_folders(unpack({}, FILES))
    case = next(case for case in imported.cases if "149" in case.id)
    assert (case.label, case.category, case.split) == ("acne cystic", "Acne and Rosacea Photos", "train")
    assert (case.file_family, case.urgency, case.patient_id) == ("acne-cystic", "routine", None)
    assert case.urgency_from_lexicon
    assert case.file_names == (f"images/{FILES[0]}",)
    assert [case.split for case in imported.cases] == ["train", "train", "test", "test"]
    assert len(imported.images) == 4
    assert (imported.card.licence, imported.card.may_leave_machine) == ("private", False)


def test_a_series_in_both_splits_is_found_by_the_check(unpack, tmp_path):
    imported = read_dermnet_folders(unpack({}, FILES))
    write_dataset(tmp_path / "set", imported.card, imported.cases, imported.references, imported.images)
    findings = [f for f in check_dataset(tmp_path / "set").findings if f.kind == "split leakage"]
    assert [f.what for f in findings] == ["file family 'acne-cystic' is in the splits test and train"]
    folder = DatasetFolder.open(tmp_path / "set")
    assert list(folder.missing_images()) == []  # "test" and "train" in a path are written with a capital


def test_without_photographs_the_names_remain(unpack):
    kept = read_dermnet_folders(unpack({}, FILES), missing_images="keep")
    assert (len(kept.cases), kept.images) == (4, ())


def test_a_folder_of_another_name_is_told(unpack):
    imported = read_dermnet_folders(unpack({}, ["train/Somewhere Else/acne-cystic-1.jpg"]))
    assert imported.remarks[0] == "No folder of the release is called 'Somewhere Else'."


def test_what_is_not_the_release_is_a_clear_error(unpack, tmp_path):
    with pytest.raises(DataError, match="holds no photograph in train/<folder> or test/<folder>"):
        read_dermnet_folders(tmp_path)
    with pytest.raises(DataError, match="the photograph is in no folder"):
        read_dermnet_folders(unpack({}, ["train/a.jpg"]))
    with pytest.raises(DataError, match="--images: the photographs are the dataset"):
        read_dermnet_folders(tmp_path, image_root=tmp_path)


def test_a_name_of_digits_only_stays_what_it_is():
    assert label_of("123.jpg") == "123"
