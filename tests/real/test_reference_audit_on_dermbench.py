"""The audit on the public text release: what is known to be wrong with it must come out."""

import time
from pathlib import Path

import pytest

from dermatrust.audit.references import audit_references
from dermatrust.datasets.dermbench import read_dermbench
from dermatrust.store import DatasetFolder, write_dataset

ROOT = Path(__file__).parents[3] / "shared/data/dermbench-release"
REFUSALS = {"dermbench_0145", "dermbench_1397", "dermbench_2332"}

pytestmark = pytest.mark.skipif(not ROOT.is_dir(), reason="the DermBench text release is not beside this repository")


@pytest.fixture(scope="module")
def audited(tmp_path_factory):
    imported = read_dermbench(ROOT)
    folder = tmp_path_factory.mktemp("real") / "dermbench"
    write_dataset(folder, imported.card, imported.cases, imported.references, imported.images)
    began = time.process_time()
    audit = audit_references(DatasetFolder.open(folder))
    return audit, time.process_time() - began


def of(audit, kind, level="high"):
    return [one for one in audit.findings if one.kind == kind and one.level == level]


def test_the_three_known_refusals_are_found_and_few_others(audited):
    refused = {one.case_id for one in of(audited[0], "refusal")}
    assert refused >= REFUSALS
    assert len(refused) <= 10


def test_contradictions_are_shown_by_the_sentence_that_names_the_other_disease(audited):
    contradicted = of(audited[0], "label contradicted")
    assert 40 <= len(contradicted) <= 90
    assert all(one.sentence and one.found.startswith("concludes ") for one in contradicted)


def test_a_label_without_trace_is_about_as_common_as_known(audited):
    # 7.6 % of the release's checkable references hold no trace of their label
    never = of(audited[0], "label never named") + of(audited[0], "label never named", "medium")
    assert 0.04 <= len(never) / audited[0].n_known_labels <= 0.10


def test_open_tags_and_addresses_to_the_reader_are_counted(audited):
    assert len(of(audited[0], "unbalanced tags")) == 4
    assert 109 <= len(of(audited[0], "second person")) <= 170


def test_four_thousand_references_would_take_well_under_a_minute(audited):
    audit, seconds = audited
    assert seconds * 4000 / audit.n_references < 60
