"""Clinical studies in the explorer: the chapter of the report, live, and nothing about them among the raters."""

import re

import pytest

from dermatrust.clinic.answer import Answer
from dermatrust.clinic.arms import IMAGE_AND_CONTEXT, IMAGE_ONLY, ContextArms
from dermatrust.clinic.differential_table import differential_result
from dermatrust.clinic.image_arms import ImageArm
from dermatrust.clinic.rows import answer_row
from dermatrust.clinic.study import Asked
from dermatrust.clinic.tasks import differential_task
from dermatrust.records import Case, ClinicalContext, DatasetCard
from dermatrust.report.chapters import chapters
from dermatrust.store.answers import read_answers, write_answers
from dermatrust.store.result import write_result


@pytest.fixture
def study(tmp_path, run_of):
    """A folder of a run of models and of a study of differentials on a dataset of the same name."""
    folder = tmp_path / "runs"
    run_of(folder / "one")
    (folder / "ddx").mkdir()
    cases = [
        Case(id=f"c{k}", patient_id=f"p{k}", label="psoriasis", context=ClinicalContext(age=40, note="itches"))
        for k in range(12)
    ]
    arms, rows = ContextArms(cases), []
    for number, case in enumerate(cases):
        for arm in (IMAGE_ONLY, IMAGE_AND_CONTEXT):
            asked = Asked(case, arm, ImageArm("all"), arms.told(case, arm), case, False, None)
            said = ("psoriasis",) if number % 3 else ("<script>window.__xss=1</script>",)
            answer = Answer(case.id, "m<i>x</i>", arm, "all", text="t", diagnoses=said)
            rows.append(answer_row(asked, answer, differential_task()))
    write_answers(folder / "ddx" / "answers.parquet", rows)
    card = DatasetCard(name="drawn", version="1", source="s", licence="CC0-1.0", consent="none", synthetic=True)
    result = differential_result(read_answers(folder / "ddx" / "answers.parquet"), card, n_resamples=100)
    write_result(folder / "ddx" / "result.json", result)
    return folder, result


def test_a_study_is_listed_and_its_page_is_the_chapter_of_the_report(client_of, study):
    folder, result = study
    client = client_of(folder)
    assert '<a href="/studies/ddx">' in client.get("/").text
    page = client.get("/studies/ddx")
    assert page.status_code == 200
    assert str(chapters([result])[0].html) in page.text
    assert "66.7" in page.text
    assert "Synthetic data" in page.text
    assert "<script>window" not in page.text
    assert "m<i>x</i>" not in page.text


def test_a_study_can_be_kept_as_one_file_that_fetches_nothing(client_of, study):
    answer = client_of(study[0]).get("/studies/ddx?file=1")
    assert answer.headers["content-disposition"] == 'attachment; filename="ddx-study.html"'
    assert re.findall(r'(?:src|href)="(?!data:|#|https://)[^"]*"', answer.text) == []


def test_the_page_of_raters_speaks_of_raters_alone(client_of, study):
    page = client_of(study[0]).get("/runs/one/raters").text
    assert "dermatrust audit judge" in page
    assert "dermatrust clinic" not in page


def test_a_damaged_study_or_none_says_so(client_of, study):
    folder, _ = study
    client = client_of(folder)
    assert client.get("/studies/none").status_code == 404
    assert client.get("/studies/one").status_code == 404
    whole = (folder / "ddx" / "result.json").read_text()
    (folder / "ddx" / "result.json").write_text(whole[: len(whole) // 2])
    assert "ddx" in client.get("/").text
    assert client.get("/studies/ddx").status_code == 422


def test_without_the_key_no_study_is_shown(client_of, study):
    assert "psoriasis" not in client_of(study[0], key="").get("/studies/ddx").text
