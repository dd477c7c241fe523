"""MedQ-Deg: questions about medical images degraded at three severities, and whether a model knows it sees less.

Paper     MedQ-Deg (2026), https://arxiv.org/abs/2603.07769
Data      19 example items with 57 images, degradation-examples.json; the 24,894 of the paper are not released.
Measures  Loss of accuracy by kind and severity of degradation, and confidence that does not follow it.
Not for   Skin photographs: images are of radiology, pathology, endoscopy and the fundus; for skin see `clinic stress`.
Deviates  Which accuracy stands beside the confidence was not found: the share of all answers that are right here;
          "first-answer" and "majority" are variants. "calibration" asks ten times. Silence among the answers is one
          option more. Parameters of the degradations are not released, so that images must come with the data: under
          the names it gives, in its folder or the one above, or by their file's name in a folder `examples` of these.
          How models are compared with one another: `agreement.dunning_kruger.between_models`.
Verified  Nothing: the example items were not at hand.
"""

from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np

from dermatrust.agreement.answer_entropy import answer_confidence
from dermatrust.agreement.dunning_kruger import dunning_kruger
from dermatrust.agreement.interval import Estimate
from dermatrust.protocols import Ask, Example, Item, Metric, Played, Protocol, Row, Score, ScoreTable, Source
from dermatrust.protocols.item import id_of
from dermatrust.protocols.metrics import answered_rate, mean_of, mean_part, mean_score
from dermatrust.protocols.read_rows import read_rows
from dermatrust.protocols.scorers.choice import UNANSWERED, option_letters, options_of, stated_or_first

PROMPT = """{question}

{options}

Reply with the letter of the right option only."""
LEVELS = "L0", "L1", "L2"
"""Severities; L0 is not degraded."""
N_ANSWERS, N_FOR_CALIBRATION = 3, 10
TEMPERATURE = 1.0
Accuracy = Literal["all answers", "first answer", "majority"]


def read(path: Path) -> Iterator[tuple[str, Row]]:
    """Yield the rows of a file with its images by the places where they lie; the site's begin with a "/"."""
    for where, row in read_rows(path):
        images = row.get("images")
        if isinstance(images, dict) and all(isinstance(name, str) for name in images.values()):
            row = {**row, "images": {level: _found(path.parent, name) for level, name in images.items()}}
        yield where, row


def _found(folder: Path, name: str) -> str:
    """Return the first place, seen from a folder, where an image of this name is; the name itself if none has it."""
    own = name.lstrip("/")
    last = Path(own).name
    places = (own, f"../{own}", last, f"examples/{last}", f"../examples/{last}")
    return next((place for place in places if (folder / place).is_file()), own)


def to_item(row: Row) -> tuple[Item, ...]:
    """Ask one question of the image at each severity."""
    name = str(row.get("id") or id_of(row["degradation_type"], row["question"], *map(str, row["options"])))
    options = _without_letters(row["options"])
    tags = {"degradation": row["degradation_type"], "category": row["category"], "modality": row["modality"],
            "capability": row["capability"]}  # fmt: skip
    return tuple(
        Item(
            id=f"{name}/{level}", question=row["question"], options=options, images=(row["images"][level],),
            target=option_letters(str(row["answer"])[:1], options), group=name, tags={"severity": level, **tags},
        )
        for level in LEVELS if level in row["images"]
    )  # fmt: skip


def _without_letters(texts: list[str]) -> dict[str, str]:
    """Return options by letter; those that bring their letter ("A. lung") lose it."""
    plain = options_of(texts)
    if all(text[:1] == letter and text[1:2] in ".:)" for letter, text in plain.items()):
        return {letter: text[2:].strip() for letter, text in plain.items()}
    return plain


async def play(item: Item, ask: Ask, *, n_answers: int = N_ANSWERS) -> Played:
    """Ask several times at temperature 1."""
    draws = [(await ask(item.turns(), draw=k, temperature=TEMPERATURE)).text for k in range(n_answers)]
    return Played(reply=draws[0], draws=tuple(draws))


def score(item: Item, played: Played, *, accuracy: Accuracy = "all answers") -> Score:
    """Grade the answers, and state the confidence that their entropy shows; there silence is an answer of its own."""
    said = [stated_or_first(reply, item.options) for reply in played.draws]
    if not any(said):
        return UNANSWERED
    numbers = [[*item.options, ""].index(letter) for letter in said]
    (confidence,) = answer_confidence([numbers], len(item.options) + ("" in said)).confidence
    commonest = Counter(said).most_common(1)[0][0]
    right = [letter == item.target for letter in said]
    values = {"all answers": sum(right) / len(right), "first answer": float(right[0]),
              "majority": float(commonest == item.target)}  # fmt: skip
    value = values[accuracy]
    return Score(value=value, said=commonest, parts={"confidence": confidence, "shift": confidence - value})


def at(level: str, metric: Metric) -> Metric:
    """Return a metric of one severity."""

    def of(table: ScoreTable, rng: np.random.Generator) -> Estimate:
        return metric(table.where(one == level for one in table.tags.get("severity", [])), rng)

    return of


def drop(table: ScoreTable, rng: np.random.Generator) -> Estimate:
    """Mean loss of accuracy from L0 to L2 of the same question."""
    pairs = _pairs(table, table.scores)
    return mean_of(np.array([first - last for first, last in pairs]), [str(k) for k in range(len(pairs))], rng,
                   is_share=False)  # fmt: skip


def sure_while_seeing_less(table: ScoreTable, rng: np.random.Generator) -> Estimate:
    """1 where accuracy falls from L0 to L2 while confidence exceeds it there no less, else 0; no interval."""
    scores, shifts = (np.array(_pairs(table, values)).reshape(-1, 2) for values in (table.scores, table.part("shift")))
    if not len(scores) or len(scores) != len(shifts):
        return Estimate(float("nan"), float("nan"), float("nan"), 0, 0, 0)
    ratings = [(scores + shifts).T.ravel(), scores.T.ravel(), np.repeat([0.0, 1.0], len(scores))]
    found = dunning_kruger(np.clip(ratings, 0, 1), rng=rng, n_resamples=1)
    return Estimate(float(found.holds), float("nan"), float("nan"), len(scores), len(scores), 0)


def _pairs(table: ScoreTable, values: "np.typing.NDArray[np.float64]") -> list[tuple[float, float]]:
    """Return the values at L0 and L2 of every question that has both."""
    levels = table.tags.get("severity", [])
    found: dict[str, dict[str, float]] = {}
    for group, level, value in zip(table.groups, levels, values.tolist(), strict=True):
        if not np.isnan(value):
            found.setdefault(group, {})[level] = value
    return [(one["L0"], one["L2"]) for one in found.values() if {"L0", "L2"} <= set(one)]


def gold_reply(item: Item) -> str:
    """Return what a perfect model would say."""
    return str(item.target)


PROTOCOL = Protocol(
    name="medq-deg",
    version=1,
    about=__doc__,
    kind="multiple choice on degraded images",
    modality="image",
    source=Source(
        dataset="https://github.com/uni-medical/MedQ-Robust-web", files=("degradation-examples.json",), size=24894
    ),
    prompt=PROMPT,
    read=read,
    to_item=to_item,
    play=play,
    score=score,
    metrics={
        "accuracy": mean_score, **{f"accuracy at {level}": at(level, mean_score) for level in LEVELS},
        "drop from L0 to L2": drop, "confidence": mean_part("confidence"),
        "calibration shift": mean_part("shift", is_share=False),
        **{f"calibration shift at {level}": at(level, mean_part("shift", is_share=False)) for level in LEVELS},
        "sure while seeing less": sure_while_seeing_less, "answered": answered_rate,
    },
    by=("capability", "modality", "category", "degradation"),
    gold_reply=gold_reply,
    temperature=TEMPERATURE,
    variants={
        "calibration": {"play": partial(play, n_answers=N_FOR_CALIBRATION)},
        "first-answer": {"score": partial(score, accuracy="first answer")},
        "majority": {"score": partial(score, accuracy="majority")},
    },
    examples=(
        Example(
            row={"degradation_type": "blur", "category": "optics", "modality": "CT", "question": "Which made-up organ?",
                 "options": ["A. lung", "B. liver"], "answer": "B", "answer_text": "liver", "capability": "organ",
                 "images": {"L0": "a.png", "L1": "b.png", "L2": "c.png"}},
            target=("B", "B", "B"), wrong_reply="A", other={"answer": "A", "answer_text": "lung"},
        ),
    ),
)  # fmt: skip
