"""Evaluators inside the benchmark: they get the photographs where judges get the reference."""

import asyncio
from dataclasses import replace

import pytest
from PIL import Image

from dermatrust.bench.asking import Pace
from dermatrust.bench.play import Bench
from dermatrust.bench.recorded import record_ratings
from dermatrust.bench.rows import score_rows
from dermatrust.bench.run import run_bench
from dermatrust.bench.single import rate_one
from dermatrust.clients import AskFailed, Sampling
from dermatrust.clients.scripted import ScriptedClient
from dermatrust.errors import DataError, ModelError
from dermatrust.evaluator.evaluator import Evaluator
from dermatrust.evaluator.form import Form
from dermatrust.judge.lexical import LexicalJudge
from dermatrust.narrate import load_prompt
from dermatrust.records import DIMENSIONS, Case, DatasetCard, Narrative, Rater, Rating
from dermatrust.report.chosen import case_pages
from dermatrust.store.folder import DatasetFolder, write_dataset
from dermatrust.store.images import ImageCache
from dermatrust.store.jsonl import append_records
from dermatrust.store.run import RunFolder

TEXT = "A scaly plaque with a sharp border. The answer is psoriasis."
QUIET = Pace(is_quiet=True)


def scores(level):
    return "".join(f"{d.title}: {level}/5\n" for d in DIMENSIONS)


def evaluator(script=lambda request: scores(4), name="eye"):
    return Evaluator(ScriptedClient(name, script), Form("{narrative}"), prompt="p@1:aa", rubric="rubric@1:bb")


@pytest.fixture
def dataset(tmp_path):
    photo = tmp_path / "p.png"
    Image.new("RGB", (40, 40), "tan").save(photo)
    card = DatasetCard(name="t", version="1", source="s", licence="private", consent="c")
    cases = [Case(id=name, file_names=("images/p.jpg",)) for name in ("referred", "unreferred")]
    references = [Narrative(id="r1", case_id="referred", text=TEXT, author="a", stream="reference")]
    write_dataset(tmp_path / "t", card, cases, references, [("images/p.jpg", photo)])
    return DatasetFolder.open(tmp_path / "t")


def bench_of(dataset, *evaluators, judges=(), says=lambda request: TEXT):
    clients, images = [ScriptedClient("m", says)], ImageCache(dataset.path / "cache")
    return Bench(
        dataset, clients, judges, load_prompt("candidate"), Sampling(), images, evaluators=evaluators or [evaluator()]
    )


async def ask(client, request):
    return await client.ask(request)


def play(bench, case_id="unreferred"):
    case = next(case for case in bench.cases() if case.id == case_id)
    sample = asyncio.run(bench.play(case, bench.clients[0], ask))
    return sample, list(score_rows(sample))


def test_a_case_without_reference_is_rated_and_no_reference_is_claimed(dataset):
    sample, rows = play(bench_of(dataset, judges=[LexicalJudge()]))
    by_rater = {(row.rater, row.score, row.unscored, row.reference) for row in rows}
    assert by_rater == {("lexical", None, "no reference", None), ("eye", 4.0, None, None)}
    assert sample.reference is None


def test_an_evaluator_that_had_no_reference_says_so_where_the_judge_had_one(dataset):
    _, rows = play(bench_of(dataset, judges=[LexicalJudge()]), "referred")
    assert {(row.rater, row.reference) for row in rows} == {("lexical", "draft"), ("eye", None)}


def test_the_evaluator_sees_photograph_and_narrative_alone(dataset):
    seen = []
    play(bench_of(dataset, evaluator(lambda request: seen.append(request) or scores(3))), "referred")
    [message] = seen[0].messages
    assert message.images[0].path.read_bytes()[:2] == b"\xff\xd8"
    assert message.text == f"{TEXT}\nScores:\n"


@pytest.mark.parametrize("text", ["", " \n"])
def test_a_narrative_without_text_scores_0_and_the_evaluator_is_not_asked(dataset, text):
    def never(request):
        raise AssertionError("asked")

    _, rows = play(bench_of(dataset, evaluator(never), says=lambda request: text))
    assert {(row.score, row.empty) for row in rows} == {(0.0, True)}


def test_without_a_narrative_there_is_nothing_to_rate(dataset):
    def fail(request):
        raise AskFailed("timeout", "no")

    _, rows = play(bench_of(dataset, says=fail))
    assert {(row.rater, row.score, row.unscored) for row in rows} == {("eye", None, "no narrative")}


def test_a_run_needs_no_judge_and_no_reference(dataset, tmp_path):
    (dataset.path / "references.jsonl").unlink()
    bench = bench_of(DatasetFolder.open(dataset.path))
    run = RunFolder(tmp_path / "run")
    result = run_bench(bench, run, command="c", seed=0, pace=QUIET)
    (row,) = result.table.rows
    assert (row.rater, row.macro.value, row.macro.n) == ("eye", 4.0, 2)
    assert result.table.kinds == {"eye": "evaluator"}
    assert [(card.judge, card.kind) for card in result.manifest.judges] == [("eye", "evaluator")]
    assert result.manifest.config["evaluators"] == ["eye"]
    assert result.manifest.prompts["p@1"].startswith("aa")
    (first, _) = case_pages(bench, run, {"referred", "unreferred"})
    assert [rating.rater for rating in first.candidates[0].ratings] == ["eye"]


def test_a_photograph_that_is_not_there_is_found_before_anything_is_asked(dataset, tmp_path):
    (dataset.path / "images" / "p.jpg").unlink()

    def never(request):
        raise AssertionError("asked")

    with pytest.raises(DataError, match=r"its image images/p\.jpg is not there"):
        run_bench(bench_of(dataset, says=never), RunFolder(tmp_path / "run"), command="c", seed=0, pace=QUIET)


def test_two_raters_of_one_name_and_a_server_elsewhere_are_refused(dataset, tmp_path):
    run = RunFolder(tmp_path / "run")
    with pytest.raises(ModelError, match="two judges go by this name"):
        run_bench(bench_of(dataset, evaluator(), evaluator()), run, command="c", seed=0, pace=QUIET)
    away = evaluator()
    away.client.leaves_machine = True
    with pytest.raises(ModelError, match="does not let its cases leave it"):
        run_bench(bench_of(dataset, away), run, command="c", seed=0, pace=QUIET)


def test_ratings_are_recorded_once_and_what_was_not_answered_is_asked_again(dataset, tmp_path):
    answers = iter([scores(4), AskFailed("rejected", "HTTP 400"), scores(2)])

    def script(request):
        answer = next(answers)
        if isinstance(answer, AskFailed):
            raise answer
        return answer

    run = RunFolder(tmp_path / "run")
    bench = bench_of(dataset, evaluator(script))
    cases = ("referred", "unreferred")
    narratives = [Narrative.candidate(case_id=name, author="m", text=f"{TEXT} The case is {name}.") for name in cases]
    append_records(dataset.path / "narratives.jsonl", narratives)
    first = record_ratings(bench, run, QUIET)
    assert (first.n_new, first.failures.total()) == (1, 1)
    assert record_ratings(bench, run, QUIET).n_new == 1
    for folder in (run, RunFolder(tmp_path / "another way to ask")):
        again = record_ratings(bench, folder, QUIET)  # the script has nothing left to answer
        assert (again.n_new, again.n_known, again.failures.total()) == (0, 2, 0)
    found = [(r.rater, r.scores[DIMENSIONS[0]], r.rubric) for r in bench.dataset.iter_ratings()]
    assert sorted(found) == [("eye", 2.0, "rubric@1:bb"), ("eye", 4.0, "rubric@1:bb")]


def test_draws_beyond_those_asked_for_do_not_stand_for_a_missing_one(dataset, tmp_path):
    narrative = Narrative.candidate(case_id="referred", author="m", text=TEXT)
    append_records(dataset.path / "narratives.jsonl", [narrative])
    beyond = Rating(narrative_id=narrative.id, rater="eye", draw=2, scores=dict.fromkeys(DIMENSIONS, 1.0))
    append_records(dataset.path / "ratings.jsonl", [beyond])
    recorded = record_ratings(bench_of(dataset, evaluator(lambda _: scores(4))), RunFolder(tmp_path / "run"), QUIET)
    assert (recorded.n_new, recorded.n_known) == (1, 0)
    assert sorted(r.draw for r in dataset.iter_ratings()) == [0, 2]


def test_ratings_by_other_weights_of_one_name_are_not_mixed(dataset, tmp_path):
    narratives = [Narrative.candidate(case_id=c, author="m", text=TEXT) for c in ("referred", "unreferred")]
    append_records(dataset.path / "narratives.jsonl", narratives)

    def rated_with(weights, **more):
        one = evaluator()
        one.client.version = weights
        bench = replace(bench_of(DatasetFolder.open(dataset.path), one), **more)
        return record_ratings(bench, RunFolder(tmp_path / f"run-{weights}"), QUIET)

    assert rated_with("aaa", limit=1).n_new == 1
    registered = [(one.id, one.weights) for one in dataset.iter_raters()]
    with pytest.raises(ModelError, match=r"eye: has weights bbb now, and rated .* with aaa\. Give its folder another"):
        rated_with("bbb")
    assert (registered, len(list(dataset.iter_ratings()))) == ([("eye", "aaa")], 1)
    assert rated_with("aaa").n_new == 1


def test_a_rater_of_unknown_weights_rates_on(dataset, tmp_path):
    append_records(dataset.path / "narratives.jsonl", [Narrative.candidate(case_id="referred", author="m", text=TEXT)])
    append_records(dataset.path / "raters.jsonl", [Rater(id="eye", kind="evaluator")])
    one = evaluator()
    one.client.version = "aaa"
    assert record_ratings(bench_of(dataset, one), RunFolder(tmp_path / "run"), QUIET).n_new == 1
    assert [rater.weights for rater in dataset.iter_raters()] == [None]


def test_one_narrative_about_photographs_of_no_dataset(tmp_path):
    photo = tmp_path / "p.png"
    Image.new("RGB", (40, 40), "tan").save(photo)
    rating = rate_one(evaluator(), [photo], TEXT, cache=tmp_path / "cache", side_px=32)
    assert rating.scores == dict.fromkeys(DIMENSIONS, 4.0)
    with pytest.raises(DataError, match="missing"):
        rate_one(evaluator(), [tmp_path / "none.png"], TEXT, cache=tmp_path / "cache", side_px=32)
