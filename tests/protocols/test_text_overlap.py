"""Words in common by hand, and what the libraries cannot take."""

import importlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dermatrust.errors import DataError
from dermatrust.protocols.scorers.text_overlap import Rouge, chrf, meteor, rouge, sentence_bleu

WORDS = st.lists(st.sampled_from(["a", "red", "plaque", "Plaque", "scale"]), min_size=1, max_size=8).map(" ".join)


class NoSynonyms:
    def synsets(self, word):
        return []


def test_rouge_by_hand():
    # Words: 3 of 4 and 3 of 3 in common. Pairs: 1 of 3 and 1 of 2. Longest: 3.
    found = rouge("a small red plaque", "a red plaque")
    assert found.one == pytest.approx(2 * 0.75 / 1.75)
    assert found.two == pytest.approx(2 * (1 / 3) * 0.5 / (1 / 3 + 0.5))
    assert found.longest == pytest.approx(2 * 0.75 / 1.75)


def test_a_word_that_comes_twice_counts_once():
    assert rouge("red red red", "red").one == pytest.approx(1)


@pytest.mark.parametrize(("said", "reference"), [("", "a"), ("...", "a"), ("a", " . "), ("", "")])
def test_nothing_has_nothing_in_common(said, reference):
    assert rouge(said, reference) == Rouge(0, 0, 0)


def test_a_rambling_model_does_not_end_a_run():
    import sys

    usual = sys.getrecursionlimit()
    long = " ".join(f"w{number}" for number in range(1500))
    assert rouge(long, long).longest == pytest.approx(1)
    assert sys.getrecursionlimit() == usual


@given(WORDS, WORDS)
def test_all_measures_lie_between_nothing_and_all(said, reference):
    for value in (*_of(rouge(said, reference)), chrf(said, reference), sentence_bleu(said, reference)):
        assert 0 <= value <= 1 + 1e-9
    assert rouge(said, said).one == pytest.approx(1, abs=1e-6)
    assert chrf(said, said) == pytest.approx(1)


def test_meteor_by_hand():
    # All three words match in one piece: 1 - 0.5 * (1/3)^3
    assert meteor("a red plaque", "a red plaque", wordnet=NoSynonyms()) == pytest.approx(1 - 0.5 / 27)
    # Stems match: "plaques" is "plaque"
    assert meteor("red plaques", "red plaque", wordnet=NoSynonyms()) == pytest.approx(1 - 0.5 / 8)
    # 2 of 2 and of 4 words, in two pieces: F = 10 * 1 * 0.5 / (0.5 + 9 * 1) -> 10pr/(r + 9p)
    found = meteor("a plaque", "a very red plaque", wordnet=NoSynonyms())
    assert found == pytest.approx(10 * 1 * 0.5 / (0.5 + 9 * 1) * (1 - 0.5 * 1))


def test_meteor_without_wordnet_says_what_to_fetch():
    class Absent:
        def synsets(self, word):
            raise LookupError

    with pytest.raises(DataError, match=r"nltk\.download"):
        meteor("a plaque", "a red spot", wordnet=Absent())


def test_a_missing_library_says_what_to_install(monkeypatch):
    def absent(name):
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", absent)
    with pytest.raises(DataError, match=r"sacrebleu: is not installed.*dermatrust\[text\]"):
        chrf("a", "b")


def _of(found):
    return found.one, found.two, found.longest
