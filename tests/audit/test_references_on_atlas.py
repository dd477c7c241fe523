"""On the synthetic atlas the truth is known: sound references pass, and planted errors are found."""

import json
import shutil

import pytest

from dermatrust.audit.references import audit_references
from dermatrust.datasets.atlas import write_atlas
from dermatrust.datasets.atlas_truth import read_errors
from dermatrust.store.folder import DatasetFolder

WRONG = {"invented finding", "wrong finding", "wrong site", "wrong colour"}


@pytest.fixture(scope="module")
def atlas(tmp_path_factory):
    folder = tmp_path_factory.mktemp("audit") / "atlas"
    write_atlas(folder, n=60, raters=1)
    return folder


@pytest.fixture(scope="module")
def planted(atlas, tmp_path_factory):
    """The same cases, with a faulty candidate in the place of each reference."""
    folder = tmp_path_factory.mktemp("audit") / "planted"
    folder.mkdir()
    for name in ("card.yaml", "metadata.jsonl", "truth.jsonl"):
        shutil.copy(atlas / name, folder / name)
    rows = [json.loads(line) for line in (atlas / "narratives.jsonl").read_text().splitlines()]
    rows = [row | {"stream": "reference"} for row in rows if row["text"].strip()]
    (folder / "references.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


def test_sound_references_get_no_finding_of_substance(atlas):
    audit = audit_references(DatasetFolder.open(atlas))
    substance = {"refusal", "label contradicted", "label never named", "unsupported finding", "answer dictated"}
    assert audit.n_with_truth == audit.n_references == 60
    assert not [one for one in audit.findings if one.kind in substance]


def test_every_finding_that_the_truth_excludes_is_found_and_no_other(atlas, planted):
    audit = audit_references(DatasetFolder.open(planted))
    references = {reference.id: reference.case_id for reference in DatasetFolder.open(planted).iter_references()}
    wrong = {
        (references[errors.narrative_id], error.about)
        for errors in read_errors(atlas)
        if errors.narrative_id in references
        for error in errors.errors
        if error.kind in WRONG
    }
    told = {
        (one.case_id, one.found.removesuffix(" denied")) for one in audit.findings if one.kind == "unsupported finding"
    }
    assert len(wrong) > 30
    # The lexicon and the narrators share their words, so this is the easiest text there is.
    assert len(told & wrong) >= 0.95 * len(wrong)
    assert len(told - wrong) <= 0.05 * len(told)


def test_wrong_diagnoses_of_another_family_are_contradictions_and_right_ones_are_not(atlas, planted):
    audit = audit_references(DatasetFolder.open(planted))
    references = {reference.id: reference.case_id for reference in DatasetFolder.open(planted).iter_references()}
    kinds = {
        references[errors.narrative_id]: {error.kind for error in errors.errors}
        for errors in read_errors(atlas)
        if errors.narrative_id in references
    }
    other = {case for case, found in kinds.items() if "wrong diagnosis, other family" in found}
    told = {one.case_id for one in audit.findings if one.kind == "label contradicted" and one.level != "low"}
    surely = {one.case_id for one in audit.findings if one.kind == "label contradicted" and one.level == "high"}
    assert len(other) >= 5
    assert len(told & other) >= 0.7 * len(other)
    assert surely <= other
