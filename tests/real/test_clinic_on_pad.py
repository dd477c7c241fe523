"""The arms of a clinical study on PAD-UFES-20; see docs/howto-your-data.md for where to get it."""

import json
import sys
from collections import Counter
from pathlib import Path

import pytest

from dermatrust.cli.main import main
from dermatrust.clinic.arms import ARMS, ContextArms
from dermatrust.clinic.context_fields import known_fields
from dermatrust.clinic.mix_up import patient_of
from dermatrust.clinic.results import DifferentialResult
from dermatrust.clinic.truth import names_truth
from dermatrust.datasets.pad_ufes_20 import read_pad_ufes_20
from dermatrust.lexicon import load_lexicon
from dermatrust.store import write_dataset
from dermatrust.store.result import read_result

ROOT = Path(__file__).parents[3] / "shared/data/pad-ufes-20"

pytestmark = pytest.mark.skipif(not ROOT.is_dir(), reason="PAD-UFES-20 is not beside this repository")


@pytest.fixture(scope="module")
def pad():
    return read_pad_ufes_20(ROOT, missing_images="keep")


@pytest.fixture(scope="module")
def arms(pad):
    return ContextArms(pad.cases)


def test_no_field_names_the_diagnosis_in_any_arm_but_a_planted_one(pad, arms):
    for arm in ARMS:
        assert sum(names_truth(arms.told(case, arm).context, case.label) for case in pad.cases) == 0


def test_each_of_1373_patients_gets_the_record_of_another(pad, arms):
    owner = {case.id: patient_of(case) for case in pad.cases}
    pairs = {(owner[arms.told(case, "erroneous").donor], owner[case.id]) for case in pad.cases}
    assert len(pairs) == 1373
    assert all(giver != taker for giver, taker in pairs)


def test_what_is_planted_is_one_of_the_six_diseases_and_of_another_branch(pad, arms):
    lexicon = load_lexicon()
    planted = Counter()
    for case in pad.cases:
        told = arms.told(case, "planted referral")
        truth, wrong = lexicon.diagnosis(case.label), lexicon.diagnosis(told.planted)
        assert lexicon.kinship(truth, wrong) == 0
        planted[told.planted] += 1
    assert len(planted) == 6
    assert sum(planted.values()) == 1891


def test_three_known_fields_are_dropped_where_there_are_three(pad, arms):
    for case in pad.cases:
        told = arms.told(case, "incomplete")
        n_known = len(known_fields(case.context))
        assert len(told.dropped) == min(3, n_known)
        assert len(known_fields(told.context)) == n_known - len(told.dropped)


def test_the_whole_study_from_recorded_replies(pad, tmp_path, monkeypatch, capsys):
    write_dataset(tmp_path / "pad", pad.card, cases=pad.cases)
    with (tmp_path / "o.jsonl").open("w") as file:
        for case in pad.cases:  # the made-up model knows a BCC when it is told something, and nothing else
            for arm in ("context-only", "erroneous"):
                row = {"id": case.id, "model": "made-up", "arm": arm, "candidate_text": "basal cell carcinoma"}
                file.write(json.dumps(row) + "\n")
    monkeypatch.chdir(tmp_path)
    arguments = ["ddx", "pad", "-m", "replay:o.jsonl", "--context", "context-only,erroneous", "--run-id", "r", "-q"]
    monkeypatch.setattr(sys, "argv", ["dermatrust", "clinic", *arguments])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 0, capsys.readouterr().err
    result = read_result(tmp_path / "runs/r/result.json", DifferentialResult)
    share = sum(case.label == "BCC" for case in pad.cases) / len(pad.cases)
    assert (result.n_cases, result.n_patients, result.n_unknown_truth) == (1891, 1373, 0)
    assert [cell.measures["top-1 synonym"].value for cell in result.cells] == pytest.approx([share, share])
    (shortcut,) = result.shortcuts
    assert shortcut.above_1.value == 0
