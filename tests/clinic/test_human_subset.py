"""The human subset: a stratified draw, blinded files, and the key that undoes the blinding."""

import csv
import json
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from dermatrust.clinic import Answer
from dermatrust.clinic.differential import score_differential
from dermatrust.clinic.filled_sheets import read_key
from dermatrust.clinic.human_files import write_beside, write_sample
from dermatrust.clinic.human_subset import draw_sample, strata_of
from dermatrust.clinic.people_shares import shares_by_rater
from dermatrust.curate.projects import pick
from dermatrust.errors import DataError
from dermatrust.records import AnswerRow, Case, ClinicalContext, DatasetCard
from dermatrust.store.answers import read_answers, write_answers
from dermatrust.store.folder import DatasetFolder, write_dataset

LABELS = ("psoriasis", "melanoma", "wart", "foobaritis")
SAID = (("psoriasis",), ("wart", "melanoma"), ("eczema", "wart"), ("Foobaritis", "acne"), ())
MODELS = ("secret/model-a", "secret/model-b")


def row(case, model, said, *, failure=None):
    answer = Answer(case.id, model, "image only", "all", diagnoses=said, failure=failure or "")
    ranks = score_differential(answer, case).ranks
    about = {"case_id": case.id, "label": case.label, "model": model, "arm": "image only", "image_arm": "all"}
    what = {"text": "", "said": json.dumps(said), "n_said": len(said), "cannot_tell": False, "gives_truth_away": False}
    return AnswerRow(**(dict.fromkeys(AnswerRow._fields) | about | what | ranks | {"failure": failure}))


def a_case(number):
    label = LABELS[number % 4] if number % 9 else None
    return Case(id=f"{label}-{number}", label=label, file_names=(f"images/{label}-{number}.jpg",), urgency="urgent",
                category="giveaway", context=ClinicalContext(age=40))  # fmt: skip


CASES = [a_case(number) for number in range(40)]


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    path = tmp_path_factory.mktemp("run") / "answers.parquet"
    rows = [
        row(case, model, SAID[(number + k) % 5]) for number, case in enumerate(CASES) for k, model in enumerate(MODELS)
    ]
    rows.append(row(CASES[1], "secret/model-c", ("melanoma",), failure="timeout"))
    write_answers(path, rows)
    return read_answers(path)


@pytest.fixture
def dataset(tmp_path):
    photo = tmp_path / "photo.jpg"
    Image.new("RGB", (20, 20), "tan").save(photo)
    card = DatasetCard(name="t", version="1", source="s", licence="private", consent="c", synthetic=True)
    write_dataset(tmp_path / "t", card, CASES, images=[(case.file_names[0], photo) for case in CASES[:-1]])
    return DatasetFolder.open(tmp_path / "t")


def test_only_answers_with_a_diagnosis_and_a_truth_are_drawn_and_evenly(answers):
    sample = draw_sample(answers, 16)
    assert len(sample) == 16
    assert all(answers.failure[one.row] is None and answers.label[one.row] and one.names for one in sample)
    strata = strata_of(answers)
    drawn = Counter(one.stratum for one in sample)
    assert drawn.keys() == strata.keys()
    assert len(strata) == 8  # two models, four outcomes
    for stratum, n in drawn.items():
        assert n == len(strata[stratum]) or n >= max(drawn.values()) - 1


@given(st.integers(1, 90), st.integers(0, 5))
def test_weights_lead_back_to_all_answers(answers, n, seed):
    sample = draw_sample(answers, n, seed=seed)
    strata = strata_of(answers)
    assert len({one.row for one in sample}) == len(sample) == min(n, sum(map(len, strata.values())))
    assert sample == draw_sample(answers, n, seed=seed)
    covered = {one.stratum for one in sample}
    assert len(covered) == min(n, len(strata))
    assert sum(one.weight for one in sample) == pytest.approx(sum(len(strata[stratum]) for stratum in covered))


def test_the_synonym_rung_of_a_sample_is_led_back_to_that_of_all_answers(answers, tmp_path):
    """Its outcomes are what is drawn from, so whatever is drawn its first hits weigh what they are in the study."""
    for seed in range(3):
        sample = draw_sample(answers, 12, seed=seed)
        _, key = write_beside(tmp_path / f"sample-{seed}", answers, sample)
        items = read_key(key)
        shares = shares_by_rater(
            items, {"synonym": np.array([one.decided["synonym"] for one in items])}, n_resamples=20
        )
        for share in shares:
            own = [row for stratum, rows in strata_of(answers).items() if stratum[0] == share.model for row in rows]
            ranks = answers.synonym[own]
            assert share.hits[0].value == pytest.approx((ranks == 1).sum() / (~np.isnan(ranks)).sum(), rel=1e-5)
            assert share.n < (~np.isnan(ranks)).sum()


def test_names_are_in_alphabetical_order_and_their_ranks_kept(answers):
    for one in draw_sample(answers, 30):
        said = json.loads(answers.said[one.row])
        assert list(one.names) == sorted(said, key=str.lower)
        assert [said[rank - 1] for rank in one.ranks] == list(one.names)


def test_the_folder_is_blinded_and_the_key_undoes_it(answers, dataset, tmp_path):
    sample = draw_sample(answers, 20, seed=1)
    out = tmp_path / "sample"
    n_cases = write_sample(out, dataset, answers, sample)
    sheet, key = write_beside(out, answers, sample)
    folder = DatasetFolder.open(out)
    texts = {text.id: text for text in folder.iter_narratives()}
    assert len(texts) == 20
    assert n_cases == folder.n_cases == len({one.case for one in sample})
    written = "".join(path.read_text() for path in out.glob("*.*l*") if path.is_file())
    for giveaway in ("secret/", "image only", "giveaway", "urgent", *(case.id for case in CASES)):
        assert giveaway not in written, giveaway
    assert not any(label in path.name for path in (out / "images").iterdir() for label in LABELS)
    assert all(case.label is None and case.context.age == 40 for case in folder.iter_cases())
    assert {text.author for text in texts.values()} == {"blinded"}
    assert len(pick(folder, "narratives")) == 20  # what the workbench takes up
    with key.open() as file:
        rows = {one["item"]: one for one in csv.DictReader(file)}
    for one in sample:
        kept = rows[one.item]
        assert kept["case_id"] == answers.case_id[one.row]
        assert kept["model"] == answers.model[one.row]
        listed = [name for _, name in sorted(zip(json.loads(kept["ranks"]), json.loads(kept["said"]), strict=True))]
        assert listed == json.loads(answers.said[one.row])
        assert texts[one.item].text.splitlines()[1:] == [f"{n}. {name}" for n, name in enumerate(listed, 1)]
    with sheet.open() as file:
        filled = list(csv.DictReader(file))
    assert "secret/" not in sheet.read_text()
    assert [one["established_diagnosis"] for one in filled] == [answers.label[one.row] for one in sample]
    assert {one["numbers_that_name_it"] for one in filled} == {""}


def test_nothing_to_draw_is_said(tmp_path):
    write_answers(tmp_path / "a.parquet", [row(CASES[1], "m", ())])
    with pytest.raises(DataError, match="no answer names a diagnosis"):
        draw_sample(read_answers(tmp_path / "a.parquet"), 3)
