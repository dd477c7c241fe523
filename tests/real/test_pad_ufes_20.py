"""PAD-UFES-20's own figures; see docs/howto-your-data.md for where to get it."""

import csv
from collections import Counter
from pathlib import Path

import pytest

from dermatrust.datasets.check import check_dataset
from dermatrust.datasets.describe import describe_dataset
from dermatrust.datasets.pad_ufes_20 import read_pad_ufes_20
from dermatrust.errors import DataError
from dermatrust.store import write_dataset

ROOT = Path(__file__).parents[3] / "shared/data/pad-ufes-20"
N_PHOTOGRAPHS = 34

pytestmark = pytest.mark.skipif(not ROOT.is_dir(), reason="PAD-UFES-20 is not beside this repository")


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The dataset as if all photographs were there: empty files with their names."""
    photographs = tmp_path_factory.mktemp("photographs")
    with (ROOT / "metadata.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            (photographs / row["img_id"]).touch()
    return read_pad_ufes_20(ROOT, image_root=photographs)


def test_images_patients_and_diagnoses_are_those_of_the_paper(whole):
    by_diagnosis = Counter()
    for case in whole.cases:
        by_diagnosis[case.label] += len(case.file_names)
    assert by_diagnosis == {"BCC": 845, "ACK": 730, "NEV": 244, "SEK": 235, "SCC": 192, "MEL": 52}
    assert sum(by_diagnosis.values()) == len(whole.images) == 2298
    assert len({case.patient_id for case in whole.cases}) == 1373


def test_lesion_numbers_are_those_of_the_paper_and_cases_are_lesions_of_one_patient(whole):
    # The paper counts lesion numbers. 250 of them stand for lesions of two patients, so there are more lesions.
    images_of_number = Counter()
    for case in whole.cases:
        images_of_number[case.id.rpartition("_")[2]] += len(case.file_names)
    assert len(images_of_number) == 1641
    assert sum(n > 1 for n in images_of_number.values()) == 512
    assert max(images_of_number.values()) == 8
    assert len(whole.cases) == 1641 + 250
    assert any(remark.startswith("250 of 1641 lesion numbers") for remark in whole.remarks)


def test_skin_type_and_gender_are_missing_for_804_images_and_stay_missing(whole):
    assert sum(len(case.file_names) for case in whole.cases if case.fitzpatrick is None) == 804
    assert sum(len(case.file_names) for case in whole.cases if case.context.sex is None) == 804
    assert Counter(case.fitzpatrick for case in whole.cases for _ in case.file_names) == {
        None: 804, 1: 153, 2: 876, 3: 392, 4: 62, 5: 10, 6: 1,
    }  # fmt: skip


def test_unk_is_missing_and_true_and_false_are_read(whole):
    grew = Counter(case.context.symptoms.get("grew") for case in whole.cases for _ in case.file_names)
    assert grew == {False: 971, True: 925, None: 402}
    assert "UNK" not in {value for case in whole.cases for value in case.context.history.values()}


def test_every_case_has_label_facts_and_a_biopsy_where_the_paper_says_so(whole):
    texts = {reference.case_id: reference.text for reference in whole.references}
    assert all(reference.stream == "label" and reference.certificate is None for reference in whole.references)
    proven = sum(len(c.file_names) for c in whole.cases if "proven by biopsy" in texts[c.id])
    assert proven == 1342  # 58.4 % of the images
    assert all("proven by biopsy" in texts[c.id] for c in whole.cases if c.label in ("BCC", "SCC", "MEL"))


def test_every_label_has_an_urgency(whole):
    assert all(case.urgency is not None for case in whole.cases)


def test_missing_photographs_stop_the_import_with_how_many_and_the_first():
    with pytest.raises(DataError, match=r"2264 of 2298 images are missing, the first is PAT_1516_1765_530\.png"):
        read_pad_ufes_20(ROOT)


def test_the_photographs_that_are_there_make_a_sound_dataset(tmp_path):
    imported = read_pad_ufes_20(ROOT, missing_images="skip")
    folder = tmp_path / "pad"
    write_dataset(folder, imported.card, imported.cases, imported.references, imported.images)
    report = check_dataset(folder)
    assert (report.n_cases, report.n_images) == (33, N_PHOTOGRAPHS)
    # One photograph shows no writing and is taken for one that may: the detector's one false alarm of 34.
    assert [(found.severity, found.kind) for found in report.findings] == [("warning", "image to be looked at")]
    assert describe_dataset(folder).tables["images per case"] == {"1": 32, "2": 1}


def test_the_metadata_alone_can_be_described(tmp_path):
    imported = read_pad_ufes_20(ROOT, missing_images="keep")
    write_dataset(tmp_path / "pad", imported.card, imported.cases, imported.references, imported.images)
    description = describe_dataset(tmp_path / "pad")
    assert (description.n_cases, description.n_patients, description.n_images) == (1891, 1373, 0)
    assert description.tables["reference"] == {"label": 1891}
