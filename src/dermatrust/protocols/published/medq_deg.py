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

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from dermatrust.protocols import Ask, Example, Item, Played, Protocol, Row, Source
from dermatrust.protocols.gold import gold_in
from dermatrust.protocols.item import id_of
from dermatrust.protocols.metrics import answered_rate, mean_part, mean_score
from dermatrust.protocols.read_rows import read_rows
from dermatrust.protocols.scorers.choice import option_letters, options_of
from dermatrust.protocols.scorers.draws_of_options import score_draws
from dermatrust.protocols.scorers.seen_less import LEVELS, SEVERITY, SHIFT, at, drop, sure_while_seeing_less

PROMPT = """{question}

{options}

Reply with the letter of the right option only."""
N_ANSWERS, N_FOR_CALIBRATION = 3, 10
TEMPERATURE = 1.0
SHIFTED = mean_part(SHIFT, is_share=False)


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
            target=option_letters(str(row["answer"])[:1], options), group=name, tags={SEVERITY: level, **tags},
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
    score=score_draws,
    metrics={
        "accuracy": mean_score, **{f"accuracy at {level}": at(level, mean_score) for level in LEVELS},
        "drop from L0 to L2": drop, "confidence": mean_part("confidence"),
        "calibration shift": SHIFTED,
        **{f"calibration shift at {level}": at(level, SHIFTED) for level in LEVELS},
        "sure while seeing less": sure_while_seeing_less, "answered": answered_rate,
    },
    by=("capability", "modality", "category", "degradation"),
    gold_reply=gold_in("{target}"),
    temperature=TEMPERATURE,
    variants={
        "calibration": {"play": partial(play, n_answers=N_FOR_CALIBRATION)},
        "first-answer": {"score": partial(score_draws, accuracy="first answer")},
        "majority": {"score": partial(score_draws, accuracy="majority")},
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
