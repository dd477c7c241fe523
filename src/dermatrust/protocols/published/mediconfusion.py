"""MediConfusion: pairs of radiology images that encoders confuse, one question with opposite answers.

Paper     Sepehri et al. (2024), https://arxiv.org/abs/2409.15477
Data      dataset.json, 176 pairs with 228 images; images from ROCO, fetched by the user.
Measures  Whether a model tells two images apart that look alike to common image encoders.
Not for   Diagnostic skill in general: the pairs were chosen to be hard for machines, not for people.
Deviates  Letters by default (the paper's mode "mc"); "free-form" asks an open question and a judge says how close
          the answer is to each option. The two modes that read a local model's logits are not built.
Verified  Partly: 176 pairs, 88 with answers A and B and 88 with B and A, 228 images; a coin scores 25 and 50 %.
"""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from dermatrust.agreement.interval import Estimate
from dermatrust.agreement.proportion import proportion
from dermatrust.clients.fence import unfenced
from dermatrust.protocols import Ask, Example, Item, Played, Protocol, Row, Score, ScoreTable, Source, Turn, user
from dermatrust.protocols.item import filled
from dermatrust.protocols.metrics import all_right, mean_score
from dermatrust.protocols.scorers.choice import UNANSWERED, option_letters
from dermatrust.protocols.scorers.judge import ask_judge, closeness, closest, quote

PROMPT = """{question}

{options}

Reply with the letter of the right option only."""
OPEN = """{question}

Answer in one or two sentences."""
JUDGE = """A question about a medical image has two possible answers. Say how close an answer that was given is to each.

Question: {question}
Possible answer A: {a}
Possible answer B: {b}
Given answer:
{reply}

Grade each from 1 (says something else) to 10 (says the same). Reply in exactly this form:
A: a whole number
B: a whole number
Your explanation: one sentence"""
MARGIN = 3
"""By how much one option must be closer for a free-form answer to count as choosing it."""


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
    """Grade the letter that stands alone among the reply's words; both or none is no valid choice."""
    words = {word.strip(".:()\"'*") for word in played.reply.split()}
    return _graded(item, words & {"A", "B"})


async def play_free_form(item: Item, ask: Ask) -> Played:
    """Ask openly, then let a judge say how close the answer is to each option."""
    reply = (await ask([user(replace(item, template=OPEN).prompt, item.images)])).text
    if not reply.strip():
        return Played(reply=reply)
    told = {"question": item.question, "a": item.options["A"], "b": item.options["B"], "reply": quote("ANSWER", reply)}
    asked = user(filled(JUDGE, told))
    return Played(reply=reply, verdicts={"closeness": await ask_judge(ask, [asked], closeness("AB"))})


def score_free_form(item: Item, played: Played) -> Score:
    """Grade the option that the judge found closer by the margin; none is no valid choice."""
    if not played.reply.strip():
        return UNANSWERED
    verdict = played.verdicts.get("closeness")
    if verdict is None:
        return Score(value=float("nan"))
    return _graded(item, set(closest(verdict, margin=MARGIN)))


def _graded(item: Item, chosen: set[str]) -> Score:
    if len(chosen) != 1:
        return Score(value=0.0, answered=False)
    (letter,) = chosen
    return Score(value=float(letter == item.target), said=letter)


def confusion(table: ScoreTable, rng: np.random.Generator) -> Estimate:
    """Share of pairs with one and the same choice for both images, among pairs with two valid choices."""
    pairs = [said for said, _ in _pairs(table) if all(said)]
    return _share([said[0] == said[1] for said in pairs])


def invalid(table: ScoreTable, rng: np.random.Generator) -> Estimate:
    """Share of images without a valid choice."""
    known = zip(table.said, table.is_known, strict=True)
    return _share([not said for said, is_known in known if is_known])


def precision(table: ScoreTable, rng: np.random.Generator) -> Estimate:
    """Share of pairs with both right, among pairs with two valid and different choices."""
    return _share([right for said, right in _pairs(table) if all(said) and said[0] != said[1]])


def _pairs(table: ScoreTable) -> list[tuple[list[str], bool]]:
    """Return the choices of each pair that misses nothing, and whether both are right."""
    members: dict[str, list[int]] = {}
    for k, group in enumerate(table.groups):
        members.setdefault(group, []).append(k)
    whole = [ks for ks in members.values() if len(ks) == 2 and not np.isnan([table.values[k] for k in ks]).any()]
    return [([table.said[k] for k in ks], all(table.values[k] == 1 for k in ks)) for ks in whole]


def _share(flags: Iterable[bool]) -> Estimate:
    counted = list(flags)
    found = proportion(sum(counted), len(counted))
    return Estimate(found.value, found.low, found.high, found.n, found.n, 0)


def gold_reply(item: Item) -> str:
    """Return what a perfect model would say."""
    return f"{item.target}"


def stand_in_judge(item: Item, turns: "list[Turn] | tuple[Turn, ...]") -> str:
    """Say that an answer is close to the option whose letter or text it is."""
    reply = unfenced(turns[-1].text, "ANSWER")
    a, b = (10 if reply in (letter, item.options[letter]) else 1 for letter in "AB")
    return f"A: {a}\nB: {b}\nYour explanation: made up"


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
    metrics={
        "set accuracy": all_right, "individual accuracy": mean_score, "confusion": confusion, "invalid": invalid,
        "precision": precision,
    },
    by=("category",),
    gold_reply=gold_reply,
    variants={
        "free-form": {
            "play": play_free_form, "score": score_free_form, "roles": ("judge",),
            "stand_ins": {"judge": stand_in_judge},
        },
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
