"""MediConfusion: pairs of radiology images that encoders confuse, one question with opposite answers.

Paper     Sepehri et al. (2024), https://arxiv.org/abs/2409.15477
Data      dataset.json, 176 pairs with 228 images; images from ROCO, fetched by the user.
Measures  Whether a model tells two images apart that look alike to common image encoders.
Not for   Diagnostic skill in general: the pairs were chosen to be hard for machines, not for people.
Deviates  The paper's mode "mc" by default: letters, as words of a list; `lenient` takes a letter with any punctuation.
          `free-form` asks an open question and a judge says how close the answer is to each option. `greedy` takes the
          likelier letter of the first token, where the server gives log-probabilities, else the letter that was said.
          `prefix` takes the option whose whole text is likelier as the answer, by the geometric mean over its tokens,
          where the server scores a given text (vLLM does), else it asks for the letter as by default.
          `released-code` has 0 for shares of no pair at all, and with `+free-form` an invalid choice where the judge
          gave no scores.
Verified  Partly: 176 pairs, 88 with answers A and B and 88 with B and A, 228 images; a coin scores 25 and 50 %;
          79 images are of the category Cerebral.
"""

from functools import partial

from dermatrust.protocols import Example, Item, Played, Protocol, Row, Score, Source
from dermatrust.protocols.gold import gold_in
from dermatrust.protocols.metrics import mean_score
from dermatrust.protocols.recorded.mediconfusion import read_results
from dermatrust.protocols.scorers.choice import graded, option_letters
from dermatrust.protocols.scorers.closest_option import (
    judge_by_words,
    play_open,
    score_closest,
    score_closest_by_release,
)
from dermatrust.protocols.scorers.likelier_choice import (
    SHARE_BY_LIKELIHOOD,
    ask_first_token,
    ask_texts,
    likelier_of_two_or,
    likelier_or,
)
from dermatrust.protocols.scorers.pairs import confusion, invalid, or_zero, precision, set_accuracy

PROMPT = """{question}

{options}

Reply with the letter of the right option only."""
OPEN = """{question}

Answer in one or two sentences."""
LISTED = {
    letter: {
        letter, f"{letter}:", f".{letter}", f".{letter}:", f"{letter}.", f'{letter}")', f'("{letter}":',
        f'("{letter}")', f'("{letter}").',
    }
    for letter in "AB"
}  # fmt: skip
"""The words that state a letter, in the released code's list."""


def to_item(row: Row) -> tuple[Item, Item]:
    """Ask the same question of both images of a pair."""
    options = {"A": row["option_A"], "B": row["option_B"]}
    first, second = (
        Item(
            id=f"{row['id']}/{k}", question=row["question"], options=options, images=(row[f"im_{k}"],),
            target=option_letters(row[f"im_{k}_correct"], options), group=str(row["id"]),
            tags={"category": "; ".join(row[f"category_{k}"])},
        )
        for k in (1, 2)
    )  # fmt: skip
    return first, second


def score(item: Item, played: Played) -> Score:
    """Grade the letter that a word of the reply states as listed; both or none is no valid choice."""
    words = set(played.reply.replace("\n", " ").split(" "))
    stated = [letter for letter, listed in LISTED.items() if words & listed]
    return graded(stated[0] if len(stated) == 1 else "", item)


def score_lenient(item: Item, played: Played) -> Score:
    """Grade the letter that stands alone among the reply's words, whatever punctuation is around it."""
    words = {word.strip(".:,;()\"'*") for word in played.reply.split()}
    stated = [letter for letter in LISTED if letter in words]
    return graded(stated[0] if len(stated) == 1 else "", item)


_FIGURES = {
    "set accuracy": set_accuracy, "individual accuracy": mean_score, "confusion": confusion, "invalid": invalid,
    "precision": precision,
}  # fmt: skip
_FREE_FORM = {
    "play": partial(play_open, template=OPEN), "score": score_closest, "roles": ("judge",),
    "stand_ins": {"judge": judge_by_words},
}  # fmt: skip
_LIKELIER = {**_FIGURES, **SHARE_BY_LIKELIHOOD}
_RELEASED = {"metrics": {**_FIGURES, "confusion": or_zero(confusion), "precision": or_zero(precision)}}
PROTOCOL = Protocol(
    name="mediconfusion",
    version=1,
    about=__doc__,
    kind="choice in confusing pairs",
    modality="image",
    source=Source(
        dataset="https://github.com/MShahabSepehri/MediConfusion", files=("dataset.json",), size=176, licence="MIT"
    ),
    prompt=PROMPT,
    to_item=to_item,
    score=score,
    metrics=_FIGURES,
    by=("category",),
    gold_reply=gold_in("{target}"),
    recorded=read_results,
    variants={
        "lenient": {"score": score_lenient},
        "greedy": {"play": ask_first_token, "score": likelier_or(score), "metrics": _LIKELIER},
        "prefix": {"play": ask_texts, "score": likelier_of_two_or(score), "metrics": _LIKELIER},
        "free-form": _FREE_FORM,
        "released-code": _RELEASED,
        "released-code+free-form": {**_FREE_FORM, **_RELEASED, "score": score_closest_by_release},
    },
    examples=(
        Example(
            row={"id": "1", "im_1": "a.jpg", "im_2": "b.jpg", "question": "What is it?", "option_A": "this",
                 "option_B": "that", "im_1_correct": "A", "im_2_correct": "B", "category_1": ["Skin", "Head"],
                 "category_2": ["Skin"]},
            target=("A", "B"), wrong_reply="B", other={"im_1_correct": "B", "im_2_correct": "A"},
        ),
    ),
)  # fmt: skip
