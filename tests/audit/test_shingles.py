from hypothesis import given
from hypothesis import strategies as st

from dermatrust.audit import shingles as shingles_module
from dermatrust.audit.shingles import Shingles, _n_shared, words_in

texts = st.lists(st.lists(st.sampled_from("abcd"), max_size=12).map(" ".join), max_size=6)


@given(texts, st.integers(1, 4))
def test_shared_runs_are_those_that_sets_of_tuples_share(texts, n):
    runs = [{tuple(t.split()[i : i + n]) for i in range(len(t.split()) - n + 1)} for t in texts]
    wanted = {
        (a, b): (len(runs[a] & runs[b]), len(runs[a] & runs[b]) / len(runs[a] | runs[b]))
        for a in range(len(texts))
        for b in range(a + 1, len(texts))
        if runs[a] & runs[b]
    }
    found = {(one.a, one.b): (one.n_shared, one.resemblance) for one in Shingles(texts, n).pairs()}
    assert found == wanted


@given(texts)
def test_only_texts_of_different_sides_are_compared(texts):
    side = [k % 2 for k in range(len(texts))]
    every = {(one.a, one.b, one.n_shared) for one in Shingles(texts, 2).pairs()}
    across = {(one.a, one.b, one.n_shared) for one in Shingles(texts, 2).pairs(side=side)}
    assert across == {pair for pair in every if side[pair[0]] != side[pair[1]]}


@given(texts, st.sampled_from([0.0, 0.05, 1 / 3, 0.5, 0.7, 1.0]), st.none() | st.integers(2, 4), st.booleans())
def test_a_least_containment_leaves_out_only_pairs_below_it(texts, least, most_texts, has_sides):
    shingles, side = Shingles(texts, 2), [k % 3 for k in range(len(texts))] if has_sides else None
    every = shingles.pairs(most_texts=most_texts, side=side)
    assert shingles.pairs(least=least, most_texts=most_texts, side=side) == [
        pair for pair in every if pair.containment >= least
    ]


def test_a_sentence_that_all_texts_share_makes_no_pair_to_be_counted(monkeypatch):
    own = [" ".join(f"w{k}x{j}" for j in range(9)) for k in range(30)]
    shingles = Shingles([f"this is a sentence of the template {words}" for words in own] + [own[7]], n=3)
    counted = []
    monkeypatch.setattr(shingles_module, "_n_shared", lambda t, a, b: counted.append(len(a)) or _n_shared(t, a, b))
    assert [(pair.a, pair.b) for pair in shingles.pairs(least=0.7)] == [(7, 30)]
    assert counted == [1]
    assert len(shingles.pairs()) == 30 * 29 / 2 + 1


def test_stock_runs_do_not_count():
    shingles = Shingles(["a b c", "a b c", "a b d"], n=2)
    assert {(one.a, one.b): one.n_shared for one in shingles.pairs(most_texts=2)} == {(0, 1): 1}


def test_the_shared_text_is_the_longest_run():
    shingles = Shingles(["one two three x four five six seven", "four five six seven y one two three"], n=2)
    assert shingles.shared_text(0, 1) == "four five six seven"
    assert Shingles(["a b", "c d"], n=2).shared_text(0, 1) == ""


def test_case_and_punctuation_are_not_compared():
    assert words_in("Red,\nSCALY — plaque’s") == ["red", "scaly", "plaque's"]
