"""Drawn answers to a clinical study: two models, four contexts, two ways to show photographs, some missing."""

import json
from collections import Counter
from dataclasses import replace

import numpy as np

from dermatrust.clients.scripted import ScriptedClient
from dermatrust.clinic.adjudication_result import adjudication_result
from dermatrust.clinic.adjudicator import Adjudication, Adjudicator
from dermatrust.clinic.baseline_result import baseline_result
from dermatrust.clinic.differential_table import differential_result
from dermatrust.clinic.embedding import EmbeddingScore
from dermatrust.clinic.embedding_result import embedding_result
from dermatrust.clinic.further_rungs import Resampling
from dermatrust.clinic.gap import GapRun, bedside_gap
from dermatrust.clinic.stress_table import stress_result
from dermatrust.clinic.triage_table import triage_result
from dermatrust.clinic.unknown import unknown_names
from dermatrust.records import AnswerRow, Case, ClinicalContext, DatasetCard
from dermatrust.store.answers import read_answers, write_answers

from .conftest import build_manifest

CARD = DatasetCard(name="Drawn", version="1", source="drawn", licence="CC0-1.0", consent="nobody", synthetic=True)
ARMS = (("image only", ("all", "first 1")), ("context only", ("none",)), ("image + context", ("all", "first 1")),
        ("planted referral", ("all", "first 1")))  # fmt: skip
SPOILT = (("image only", ("all", "blur 1", "blur 3", "crop 2")),)
MODELS = ("m/one", "m/two")
UNKNOWN = "a label that no lexicon knows"
LABELS = ("psoriasis", "melanoma", "rosacea", UNKNOWN)
WRONG = ("wart", "acne vulgaris", "an unheard-of disease")
URGENCIES = ("emergent", "urgent", "routine")
NOTHING = dict.fromkeys(AnswerRow._fields)


def drawn_rows(n_cases=72, *, seed=5, arms=ARMS, states=True):
    """Yield the rows of a study whose every answer is drawn; `m/two` is right more often than `m/one`."""
    rng = np.random.default_rng(seed)
    for number in range(n_cases):
        case = {
            "case_id": f"c{number}", "patient_id": None if number % 9 == 8 else f"p{number // 2}",
            "label": LABELS[number % 7 % 4], "true_urgency": URGENCIES[min(2, int(rng.integers(5)))],
            "skin_group": (None, "I-II", "III-IV", "V-VI")[int(rng.integers(4))], "age": float(rng.integers(5, 90)),
            "sex": ("female", "male")[int(rng.integers(2))], "site": ("face", "back", "nose")[number % 3],
            "planted": "lupus",
        }  # fmt: skip
        for model in MODELS:
            for arm, image_arms in arms:
                for image_arm in image_arms:
                    yield _row(rng, case, model, arm, image_arm, states=states)


def _row(rng, case, model, arm, image_arm, *, states):
    about = NOTHING | case | {"model": model, "arm": arm, "image_arm": image_arm, "text": "…", "said": "[]"}
    about |= {"n_said": 0, "cannot_tell": False, "gives_truth_away": arm == "context only" and rng.random() < 0.1}
    if rng.random() < 0.06:
        return AnswerRow(**about | {"failure": ("timeout: late", "refused")[int(rng.random() < 0.3)]})
    if rng.random() < 0.08 and case["label"] != UNKNOWN:
        silent = {"exact": 0, "synonym": 0, "family": 0, "overlap": 0, "planted_rank": 0}
        silent |= {f"{name}_{k}": 0.0 for name in ("credit", "weighted") for k in (1, 3, 5)}
        return AnswerRow(**about | silent | {"cannot_tell": rng.random() < 0.6})
    rank = int(rng.integers(0, 5 if model == "m/two" else 8)) % 6
    said = [str(rng.choice(WRONG)) for _ in range(5)]
    if rank:
        said[rank - 1] = case["label"]
    credits = sorted(round(float(one), 3) for one in rng.random(3))
    shares = sorted(round(float(one), 3) for one in rng.random(3))
    chance = round(float(rng.random()), 3)
    found = {
        "said": json.dumps(said), "n_said": 5, "first": said[0], "exact": rank if rng.random() < 0.5 else 0,
        "synonym": rank, "family": rank or int(rng.integers(0, 6)), "overlap": int(rng.integers(0, 6)),
        "planted_rank": int(rng.integers(0, 6)), "urgency": URGENCIES[int(rng.integers(3))],
        **{f"credit_{k}": one for k, one in zip((1, 3, 5), credits, strict=True)},
        **{f"weighted_{k}": one for k, one in zip((1, 3, 5), shares, strict=True)},
    }  # fmt: skip
    if case["label"] == UNKNOWN:
        found |= dict.fromkeys(("synonym", "family", "credit_1", "credit_3", "credit_5"))
    if states and rng.random() < 0.8:
        found |= {"confidence": chance, "urgent_probability": round(float(rng.random()), 3)}
    return AnswerRow(**about | found)


def drawn_cases(n=90):
    """Two cases a patient; sex is only recorded where the label is melanoma."""
    rng, cases = np.random.default_rng(2), []
    for k in range(n):
        label = ("melanoma", "psoriasis", "melanocytic nevus")[int(rng.integers(3))]
        sex = "female" if label == "melanoma" else None
        context = ClinicalContext(age=float(rng.integers(20, 90)), site=("back", "arm")[int(rng.integers(2))], sex=sex)
        cases.append(Case(id=f"c{k}", patient_id=f"p{k // 2}", label=label, context=context))
    return cases


def answers_in(path, **drawn):
    """Write drawn answers into a folder, and read them."""
    write_answers(path / "answers.parquet", drawn_rows(**drawn))
    return read_answers(path / "answers.parquet")


def drawn_differentials(path):
    """A study of differentials that has everything its page can show."""
    answers = answers_in(path)
    return replace(
        differential_result(answers, CARD, n_resamples=80),
        unknown=unknown_names(answers),
        embedding=drawn_embedding(answers),
        adjudication=drawn_adjudication(answers),
    )


def drawn_triage(path):
    return triage_result(answers_in(path, seed=8), CARD, n_levels=3, n_resamples=80)


def drawn_stress(path):
    return stress_result(answers_in(path, arms=SPOILT), CARD, n_resamples=80)


def drawn_gap(path):
    """The same models on two drawn datasets."""
    runs = []
    for seed, name in ((5, "a public collection"), (9, "a ward")):
        (path / name).mkdir()
        card = CARD.model_copy(update={"name": name})
        made = {"run_id": name, "dataset": card, "dataset_hash": name, "config": {"task": "ddx"}}
        runs.append(
            GapRun(build_manifest(list(MODELS), []).model_copy(update=made), answers_in(path / name, seed=seed))
        )
    return bedside_gap(runs, n_resamples=80)


def drawn_baselines():
    return baseline_result(drawn_cases(), CARD, with_fields=True, n_folds=3, n_resamples=60)


def drawn_embedding(answers):
    """What an encoder might say of the answers."""
    rng, scores = np.random.default_rng(3), []
    for label, failure in zip(answers.label, answers.failure, strict=True):
        cosines, f1 = (tuple(sorted(round(float(one), 3) for one in rng.random(3))) for _ in range(2))
        found = EmbeddingScore(int(rng.integers(0, 6)), cosines, f1)
        scores.append(found if failure is None and label != UNKNOWN else None)
    return embedding_result(answers, scores, 0.8, Resampling(CARD.name, n_resamples=60))


def drawn_adjudication(answers):
    """What an adjudicator might say of them; it does not decide some."""
    rng = np.random.default_rng(4)
    found = [
        None if failure else Adjudication(None if rng.random() < 0.1 else int(rng.integers(0, 6)), 3, 3, 2 + (k % 2))
        for k, failure in enumerate(answers.failure)
    ]
    judge = Adjudicator(ScriptedClient("a/judge", lambda request: ""), repeats=3, seed=0)
    return adjudication_result(answers, found, judge, Counter({"timeout": 2}), Resampling(CARD.name, n_resamples=60))
