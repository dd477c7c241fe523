"""Favour for kin and for length among recorded candidates, worked by hand."""

import numpy as np
import pytest

from dermatrust.audit.candidates import Candidates, length_favour, read_candidates, self_preference
from dermatrust.audit.judged import Resampling
from dermatrust.records import DIMENSIONS, Case, DatasetCard, JudgeCard, Narrative, Rating
from dermatrust.store.folder import DatasetFolder, write_dataset
from dermatrust.store.jsonl import append_records

FEW = Resampling(seed=0, n_resamples=100)
CARD = JudgeCard(judge="openai/gpt-5", kind="llm", family="openai", version="1", rubric="r")


def candidates(families, scores, words=None, cases=None):
    n = len(families)
    cases = np.array(cases or [f"c{k}" for k in range(n)])
    logs = np.log2(np.array(words or [100] * n, dtype=float))
    columns = {rater: np.array(values, dtype=float) for rater, values in scores.items()}
    return Candidates(cases, cases, np.array(families), logs, columns)


def test_self_preference_is_the_excess_over_other_raters_on_kin_less_that_on_others():
    found = candidates(
        ["openai", "openai", "qwen", "qwen"],
        {"openai/gpt-5": [5, 4, 3, 3], "http://h/v1#qwen": [4, 3.5, 3, 2.5], "anthropic/claude": [4, 3.5, 3, 2.5]},
    )
    # Excess on kin: 1 and 0.5, mean 0.75. On others: 0 and 0.5, mean 0.25.
    assert self_preference(found, CARD, FEW).value == pytest.approx(0.5)


def test_raters_of_the_judges_own_family_do_not_stand_for_what_a_text_deserves():
    found = candidates(["openai", "qwen"], {"openai/gpt-5": [5, 3], "openai/gpt-4o": [5, 3], "human": [3, 3]})
    assert self_preference(found, CARD, FEW).value == pytest.approx(2.0)
    alone = candidates(["openai", "qwen"], {"openai/gpt-5": [5, 3], "openai/gpt-4o": [5, 3]})
    assert self_preference(alone, CARD, FEW) == "no rater of another family has rated the candidates"


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (candidates([], {}), "the dataset holds no candidate narratives"),
        (candidates(["qwen"], {"human": [3]}), "this judge has rated no candidate of the dataset"),
        (
            candidates(["qwen"], {"openai/gpt-5": [3], "human": [3]}),
            "no candidate is by a model of the judge's family, openai",
        ),
        (
            candidates(["openai"], {"openai/gpt-5": [3], "human": [3]}),
            "every candidate is by a model of the judge's family, openai",
        ),
        (
            candidates(["openai", "qwen"], {"openai/gpt-5": [3, None], "human": [3, 3]}),
            "no candidate of another family has scores both by it and by raters of other families",
        ),
        (
            candidates(["openai", "qwen"], {"openai/gpt-5": [3, 3], "human": [None, 3]}),
            "no candidate of its own family has scores both by it and by raters of other families",
        ),
    ],
)
def test_what_cannot_be_measured_is_said(found, why):
    assert self_preference(found, CARD, FEW) == why


def test_what_longer_texts_deserve_is_taken_off_where_a_panel_says_it():
    found = candidates(
        ["qwen"] * 4, {"openai/gpt-5": [3, 4, 2, 4], "human": [3, 3.5, 2, 3]}, [100, 200, 50, 100], ["a", "a", "b", "b"]
    )
    assert length_favour(found, CARD, [], FEW).value == pytest.approx(1.5)  # (1 + 2) / 2 per doubling
    assert length_favour(found, CARD, ["human"], FEW).value == pytest.approx(0.75)  # the panel also gives more
    one_each = candidates(["qwen"], {"openai/gpt-5": [3]})
    assert length_favour(one_each, CARD, [], FEW) == "no case has two candidates that were scored"


def test_candidates_are_read_with_the_mean_of_complete_ratings(tmp_path):
    card = DatasetCard(name="t", version="1", source="s", licence="private", consent="c", synthetic=True)
    write_dataset(tmp_path / "t", card, [Case(id="c", patient_id="p")])
    texts = [
        Narrative.candidate(case_id="c", author=a, text=t) for a, t in (("qwen-vl", "one two three four"), ("x", " "))
    ]
    append_records(tmp_path / "t" / "narratives.jsonl", texts)
    whole = [
        Rating(narrative_id=texts[0].id, rater="j", scores=dict.fromkeys(DIMENSIONS, s), draw=k)
        for k, s in enumerate((2, 4))
    ]
    gap = Rating.all_unscored(narrative_id=texts[0].id, rater="h", reason="not rated")
    append_records(tmp_path / "t" / "ratings.jsonl", [*whole, gap])
    found = read_candidates(DatasetFolder.open(tmp_path / "t"))
    assert (found.families.tolist(), found.patients.tolist(), found.log_words.tolist()) == (["qwen"], ["p"], [2.0])
    assert {rater: scores.tolist() for rater, scores in found.scores.items()} == {"j": [3.0]}
