"""The lexical judge stands beside every study: as a rater where it rated, else as a baseline that is asked there."""

import numpy as np
import pytest

from dermatrust.align.lexical_baseline import with_lexical_judge
from dermatrust.align.ratings import read_rating_table
from dermatrust.align.results import Role
from dermatrust.align.study import align
from dermatrust.align.text import study_text
from dermatrust.judge.lexical import judge_lexically
from dermatrust.records import DIMENSIONS, Certificate, Narrative, Rater
from dermatrust.report.alignment_summary import sentences, summary_lines
from dermatrust.store.folder import DatasetFolder

REFERENCE = "Silvery scale on a red plaque of the elbow. Eczema is less likely. The answer is psoriasis."
TEXTS = (REFERENCE, "A red plaque. The answer is eczema.", "A brown macule. The answer is melanoma.")


@pytest.fixture
def folder(tmp_path, folder_of, rated):
    def make(*names, kinds=(), references=3):
        narratives = [Narrative(id=f"c{k}/m", case_id=f"c{k}", author="m", text=text) for k, text in enumerate(TEXTS)]
        path = folder_of(
            tmp_path / "d",
            [rated(name, n.id, 3 + k % 2) for name in names for k, n in enumerate(narratives)],
            narratives=narratives,
            raters=[Rater(id=name, kind=kind) for name, kind in zip(names, kinds, strict=False)],
            references=[
                Narrative(id=f"c{k}:r", case_id=f"c{k}", author="a", stream="reference", text=REFERENCE)
                for k in range(references)
            ],
        )
        opened = DatasetFolder.open(path)
        return with_lexical_judge(read_rating_table(opened, panel=["Dr A"]), opened)

    return make


def roles(study) -> set[Role]:
    return {row.role for row in study.agreement}


def test_it_is_asked_where_it_has_rated_nothing(folder, quick):
    table = folder("Dr A", "judge")
    expected = [judge_lexically(text, REFERENCE).scores for text in TEXTS]
    assert table.lexical == pytest.approx(np.array([[one[d] for d in DIMENSIONS] for one in expected]))
    study = align(table, quick, panel=["Dr A"])
    assert roles(study) == {"automatic", "lexical", "mean"}
    (error,) = (
        row.estimate for row in study.agreement
        if (row.role, row.scale, row.statistic, row.measure) == ("lexical", "as given", "MAE", "macro")
    )  # fmt: skip
    wanted = np.array([3.0, 4.0, 3.0])[:, None]
    assert error.value == pytest.approx(np.abs(table.lexical - wanted).mean())
    assert "the lexical judge" in study_text(study)
    assert [line.name for line in summary_lines(study)] == ["judge", "the lexical judge", "the mean of other patients"]
    assert "the lexical judge by" in sentences(study)[0]


def test_it_is_no_baseline_where_it_is_one_of_the_raters(folder, quick):
    table = folder("Dr A", "lexical", kinds=("human", "lexical"))
    assert table.lexical is None
    study = align(table, quick, panel=["Dr A"])
    assert "lexical" not in roles(study)
    assert "no baseline here" not in study_text(study)


def test_a_narrative_without_a_reference_is_missing(folder, quick):
    table = folder("Dr A", "judge", references=2)
    assert np.isnan(table.lexical).all(axis=1).tolist() == [False, False, True]
    found = align(table, quick, panel=["Dr A"]).agreement
    assert {row.estimate.n_missing for row in found if row.role == "lexical"} == {1}


def test_without_any_reference_the_study_says_so(folder, quick):
    table = folder("Dr A", "judge", references=0)
    assert table.lexical is None
    text = study_text(align(table, quick, panel=["Dr A"]))
    assert "The lexical judge is no baseline here: no narrative has a reference" in text


def test_parts_by_reference_say_whether_somebody_vouches_for_it(tmp_path, folder_of, rated):
    certificate = Certificate(certified_by="Dr B", source="made up")
    references = [
        Narrative(id="c0:r", case_id="c0", author="a", stream="reference", text="t", certificate=certificate),
        Narrative(id="c1:r", case_id="c1", author="a", stream="reference", text="t"),
        Narrative(id="c2:r", case_id="c2", author="a", stream="label", text="t"),
    ]
    ratings = [rated("Dr A", f"c{k}/m", 3) for k in range(4)]
    table = read_rating_table(DatasetFolder.open(folder_of(tmp_path / "d", ratings, references=references)))
    assert table.factors["reference"] == ("certified", "written, not certified", "from the label", "none")
