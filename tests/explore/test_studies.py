"""Clinical studies in the explorer: the chapter of the report, live, and nothing about them among the raters."""

import re
from dataclasses import replace
from html import unescape

import pytest

from dermatrust.audit.references import audit_references
from dermatrust.clinic.answer import Answer
from dermatrust.clinic.arms import IMAGE_AND_CONTEXT, IMAGE_ONLY, ContextArms
from dermatrust.clinic.differential_table import differential_result
from dermatrust.clinic.image_arms import ImageArm
from dermatrust.clinic.rows import answer_row
from dermatrust.clinic.study import Asked
from dermatrust.clinic.tasks import differential_task
from dermatrust.clinic.unknown import UnknownName
from dermatrust.explore.runs import Runs
from dermatrust.records import Case, ClinicalContext, DatasetCard, Manifest, ModelCard
from dermatrust.report.chapters import chapters
from dermatrust.store.answers import read_answers, write_answers
from dermatrust.store.folder import DatasetFolder
from dermatrust.store.result import write_result
from dermatrust.store.run import RunFolder


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


def write_manifest(folder, card, **more):
    RunFolder(folder).write_manifest(Manifest(
        run_id="the-run", code_version="0.9.9", command="tests", dataset=card, dataset_hash="h", n_cases=12,
        models=(ModelCard(model="m<i>x</i>", family="f"),), prompts={"differential@1": "0123456789abcdef"},
        started="2026-02-03T04:05:00+00:00", **more,
    ))  # fmt: skip


def row_of(html, name):
    (row,) = (one for one in re.findall(r"<tr>(.*?)</tr>", html, re.DOTALL) if f'/studies/{name}"' in one)
    return [" ".join(unescape(re.sub(r"<[^>]+>", " ", cell)).split()) for cell in re.findall(r"<t[hd].*?</t[hd]>", row)]


def test_the_page_of_a_study_says_of_what_run_it_is_and_which_names_nobody_knows(client_of, study):
    folder, result = study
    write_manifest(folder / "ddx", result.card)
    unknown = UnknownName("dermatitits", "answer", 7, ("dermatitis",))
    write_result(folder / "ddx" / "result.json", replace(result, unknown=(unknown,)))
    page = client_of(folder).get("/studies/ddx").text
    facts = dict(re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", page))
    assert facts["Date"] == "3 February 2026, 04:05 UTC"
    assert (facts["Run"], facts["Prompt"]) == ("the-run", "differential@1, 0123456789ab")
    assert facts["Dataset"] == "drawn, version 1"
    assert facts["Cases"].startswith("12")
    assert "m&lt;i&gt;x&lt;/i&gt;" in facts["Models"]
    assert page.count("<dt>Run</dt>") == 1
    assert "0.9.9 from run the-run, 3 February 2026" in page.split("<footer>")[1]
    assert "dermatitits" in page
    assert "dermatitis" in page


def test_a_chapter_that_does_not_speak_of_its_run_has_the_facts_above_it(client_of, study):
    folder, result = study
    (folder / "references").mkdir()
    write_result(folder / "references" / "result.json", audit_references(DatasetFolder.open(folder / "one-data")))
    assert "<dt>Run</dt>" not in client_of(folder).get("/studies/references").text
    write_manifest(folder / "references", result.card)
    page = client_of(folder).get("/studies/references").text
    head = page.partition('<div class="chapter"')[0]
    assert "<dt>Run</dt><dd>the-run</dd>" in head
    assert "<dt>Asked</dt><dd>m&lt;i&gt;x&lt;/i&gt;</dd>" in head


def test_the_list_of_studies_says_what_each_is_about(client_of, study):
    folder, result = study
    client = client_of(folder)
    about = ["ddx", "Differential diagnosis", "drawn, version 1 Synthetic data"]
    assert row_of(client.get("/").text, "ddx") == [*about, "m<i>x</i>", "12", "–"]
    write_manifest(folder / "ddx", result.card)
    assert row_of(client.get("/").text, "ddx") == [*about, "m<i>x</i>", "12", "3 February 2026, 04:05 UTC"]
    assert client.get("/runs/ddx").status_code == 422  # a study with a manifest is no run of models
    assert [one.name for one in Runs([folder]).listed()] == ["one", "ddx"]


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


def test_every_page_of_private_cases_says_so_on_the_screen_and_in_its_file(client_of, run_of, study, tmp_path):
    folder, result = study
    assert not result.card.may_leave_machine
    run_of(tmp_path / "private", may_leave=False)
    client = client_of(folder, tmp_path / "private")
    for page in ("/studies/ddx", "/runs/private", "/runs/private/raters", "/runs/private/cases", "/runs/private/data"):
        assert "Confidential.</strong> The card of drawn does not allow" in client.get(page).text, page
        assert "Confidential." in client.get(f"{page}?file=1").text, page
    free = result.card.model_copy(update={"may_leave_machine": True})
    write_result(folder / "ddx" / "result.json", replace(result, card=free))
    assert "Confidential." not in client.get("/studies/ddx").text
    assert "Confidential." not in client.get("/runs/one").text
