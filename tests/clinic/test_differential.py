"""Scores of one answer: hand-worked cases, what is missing, and what must not change a score."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dermatrust.clinic import Answer
from dermatrust.clinic.differential import CUTS, score_differential
from dermatrust.clinic.ladder import RUNGS
from dermatrust.clinic.tasks import differential_task
from dermatrust.lexicon import load_lexicon
from dermatrust.records import Case, DifferentialItem

NAMES = sorted(d.name for d in load_lexicon().diagnoses.values())


def case(label=None, **weights):
    items = tuple(DifferentialItem(diagnosis=n.replace("_", " "), weight=w) for n, w in weights.items())
    return Case(id="c", label=label, differential=items)


def answer(*diagnoses, **fields):
    return Answer("c", "m", "image only", "all", diagnoses=diagnoses, **fields)


def test_ranks_and_credits_of_a_hand_worked_list():
    # melanoma is no kin; guttate psoriasis shares all 3 groups with plaque psoriasis: 0.75; then a synonym, then exact
    said = ("melanoma", "guttate psoriasis", "foobaritis", "psoriasis vulgaris", "Plaque psoriasis")
    score = score_differential(answer(*said), case("plaque psoriasis"))
    assert score.ranks == {"exact": 5, "synonym": 4, "family": 2}
    assert score.credits == (0.0, 0.75, 1.0)
    assert score.unknown_said == ("foobaritis",)
    assert score.unknown_truth == ()
    assert [score.hit("synonym", k) for k in CUTS] == [False, False, True]
    assert (score.overlap, score.weighted) == (None, (None, None, None))


def test_a_weighted_differential_gives_overlap_and_the_share_of_its_weight():
    truth = case(eczema=0.5, psoriasis=0.25, foobaritis=0.25)
    score = score_differential(answer("melanoma", "dermatitis", "Foobaritis", "psoriasis"), truth)
    assert score.overlap == 2
    assert score.weighted == (0.0, 0.75, 1.0)
    assert score.ranks == {"exact": 0, "synonym": 2, "family": 2}  # to eczema, the weightiest
    assert score.unknown_truth == ("foobaritis",)


def test_of_entries_as_weighty_the_first_is_the_truth_and_without_any_there_is_no_rung():
    ties = case(psoriasis=0.5, eczema=0.5)
    assert score_differential(answer("eczema", "psoriasis"), ties).ranks["exact"] == 2
    assert score_differential(answer("eczema"), case()).ranks == dict.fromkeys(RUNGS)


def test_weights_that_do_not_add_up_to_one_are_normalised():
    score = score_differential(answer("eczema"), case(eczema=0.3, psoriasis=0.1))
    assert score.weighted[0] == pytest.approx(0.75)


def test_two_names_of_one_entry_earn_its_weight_once():
    score = score_differential(answer("eczema", "dermatitis"), case(eczema=0.5, psoriasis=0.5))
    assert score.weighted == (0.5, 0.5, 0.5)


def test_no_diagnosis_is_wrong_and_no_reply_is_missing():
    truth = case("psoriasis", psoriasis=1.0)
    silent = score_differential(answer(cannot_tell=True), truth)
    assert silent.ranks == dict.fromkeys(RUNGS, 0)
    assert (silent.credits, silent.overlap, silent.weighted) == ((0.0,) * 3, 0, (0.0,) * 3)
    assert silent.cannot_tell
    missing = score_differential(answer("psoriasis", failure="timeout: no reply"), truth)
    assert missing.is_missing
    assert missing.n_said == 0
    assert missing.ranks == dict.fromkeys(RUNGS)
    assert (missing.credits, missing.overlap, missing.weighted) == ((None,) * 3, None, (None,) * 3)
    assert missing.hit("exact", 5) is None


def test_an_unknown_label_is_listed_and_only_its_exact_rung_decided():
    score = score_differential(answer("psoriasis", "FOOBARITIS"), case("foobaritis"))
    assert score.ranks == {"exact": 2, "synonym": None, "family": None}
    assert score.credits == (None, None, None)
    assert score.unknown_truth == ("foobaritis",)


def test_an_answer_about_another_case_is_a_bug():
    with pytest.raises(ValueError, match="case c; expected d"):
        score_differential(answer("psoriasis"), Case(id="d", label="psoriasis"))


def test_a_score_survives_pickling():
    score = score_differential(answer("eczema"), case("psoriasis"))
    assert pickle.loads(pickle.dumps(score)) == score


LISTS = st.lists(st.sampled_from(NAMES), max_size=6, unique=True)


@given(LISTS, st.sampled_from(NAMES))
def test_hits_grow_with_k_and_along_the_ladder(said, truth):
    score = score_differential(answer(*said), case(truth))
    for rung in RUNGS:
        hits = [score.hit(rung, k) for k in CUTS]
        assert hits == sorted(hits)
    for k in CUTS:
        hits = [score.hit(rung, k) for rung in RUNGS]
        assert hits == sorted(hits)
    assert list(score.credits) == sorted(score.credits)


@given(LISTS, st.sampled_from(NAMES), st.randoms())
def test_the_order_behind_the_hit_does_not_matter(said, truth, random):
    score = score_differential(answer(*said), case(truth))
    rank = score.ranks["synonym"]
    if rank:
        tail = said[rank:]
        random.shuffle(tail)
        assert score_differential(answer(*said[:rank], *tail), case(truth)).ranks["synonym"] == rank


@given(LISTS, st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True))
def test_weighted_credit_grows_with_k_and_is_one_for_the_whole_differential(said, truth):
    weights = {name.replace(" ", "_"): 1 / len(truth) for name in truth}
    score = score_differential(answer(*said), case(**weights))
    assert list(score.weighted) == sorted(score.weighted)
    assert (score.overlap > 0) == (score.weighted[-1] > 0 or score.overlap > CUTS[-1])
    assert score_differential(answer(*truth), case(**weights)).weighted[-1] == pytest.approx(1.0)


def test_what_is_scored_is_all_that_differs_between_names_of_one_disease():
    one, other = (
        score_differential(answer("eczema", name), case("SCC")) for name in ("SCC", "squamous cell carcinoma")
    )
    assert (one.ranks["exact"], other.ranks["exact"]) == (2, 0)
    assert one.ranks["synonym"] == other.ranks["synonym"] == 2
    assert one.credits == other.credits


def test_what_is_named_beside_cannot_tell_is_no_answer():
    beside = answer("psoriasis", cannot_tell=True)
    score = score_differential(beside, Case(id="c", label="psoriasis"))
    assert (score.n_said, set(score.ranks.values()), score.credits) == (0, {0}, (0.0, 0.0, 0.0))
    read = differential_task().read(answer(text='{"diagnoses": ["psoriasis"], "cannot_tell": true}'))
    assert (read.diagnoses, read.confidence, read.cannot_tell) == ((), None, True)
