"""MediQ: an expert may question a patient before answering; knowing when to ask is what is measured.

Paper     Li et al. (2024), https://arxiv.org/abs/2406.00922
Data      all_dev_good.jsonl, 1,272 cases from MedQA, and all_craft_md.jsonl, 140 cases of dermatology.
Measures  Whether a model notices that it knows too little, and asks what helps.
Not for   Talking with patients: the patient answers from facts, one at a time.
Deviates  An expert may ask at once ("basic"); variants let it state its confidence first, and exchange the patient. The
          released patient who selects facts takes them apart anew each run, since it looks for another key than the
          data's; ours reads `facts`. Nucleus sampling is the server's own. Rationales and self-consistency are methods.
          Its measures of relevance and repetition are random numbers in the released code, and are not built.
Verified  Partly: 1,272 and 140 cases load, with facts; no recorded dialogues were at hand.
"""

import re
from collections.abc import Mapping
from functools import partial
from typing import Any

from dermatrust.protocols import Ask, Example, Item, Played, Protocol, Row, Score, Source, Turn, user
from dermatrust.protocols.interaction.abstention import POLICIES
from dermatrust.protocols.interaction.patient import PATIENT, PATIENTS, stand_in
from dermatrust.protocols.metrics import answered_rate, mean_part, mean_score
from dermatrust.protocols.scorers.choice import (
    answer_line,
    first_letter,
    first_of,
    only_letter,
    option_letters,
    options_of,
)

MOST_QUESTIONS = 30
MOST_TOKENS = 256
SYSTEM = """You are an experienced doctor. A patient has told you a little. You have to answer a multiple-choice
question about the patient. You may ask for what you need to know, one question at a time."""
PROMPT = """What you know: {initial}

Question: {question}

Options:
{options}"""
CHOOSE = 'With what you know now, choose one option. Reply with one line "Answer: X", where X is its letter.'
BASIC = """If you need to know more, ask the patient one specific question. If not, reply with the letter of your choice
alone, and no question mark."""
ASK = "Ask the patient one specific question that would help you most. Reply with the question alone."
_LETTER = first_of(answer_line, first_letter, only_letter)


def to_item(row: Row) -> Item:
    """Tell the first sentence of the case; its facts are what the patient knows."""
    sentences = row["context"] if isinstance(row["context"], list) else [row["context"]]
    options = options_of(row["options"])
    facts = [re.sub(r"^\d+\.\s+", "", str(fact)) for fact in row["facts"]]
    return Item(
        id=str(row["id"]), question=row["question"], options=options, target=option_letters(row["answer_idx"], options),
        fields={"initial": str(row.get("initial_info") or next(iter(sentences), "nothing"))}, system=SYSTEM,
        known={"facts": facts, "context": " ".join(sentences)},
    )  # fmt: skip


class _Dialogue:
    """The conversation of one item: what was said between expert and patient, and what the expert would choose."""

    def __init__(self, item: Item, ask: Ask) -> None:
        self._item = item
        self._ask = ask
        self.log: list[Turn] = []
        self.choices: list[str] = []

    async def say(self, wanted: str) -> str:
        """Return the expert's reply to what is wanted of it now."""
        turns = [*self._item.turns(), *self.log, user(wanted)]
        return (await self._ask(turns, max_tokens=MOST_TOKENS)).text

    async def choose(self) -> str:
        """Return the option that the expert would choose now; every turn logs one."""
        reply = await self.say(CHOOSE)
        self.choices.append(_LETTER(reply, self._item.options))
        return reply

    def hear(self, question: str, answer: str) -> None:
        """Add a question and its answer."""
        self.log += [Turn("assistant", question), user(f"The patient says: {answer}")]

    def questions(self) -> list[str]:
        """Return what the expert has asked so far."""
        return [turn.text for turn in self.log if turn.role == "assistant"]


async def play(item: Item, ask: Ask, *, policy: str = "basic", patient: str = "fact-select") -> Played:
    """Let the expert ask until it answers, at most 30 times; then it must."""
    dialogue = _Dialogue(item, ask)
    ending, reply = "question limit", ""
    for turn in range(MOST_QUESTIONS):
        if policy == "basic":
            said = await dialogue.say(BASIC)
            is_answer = "?" not in said
        else:
            is_answer = await POLICIES[policy](dialogue.say, item.id, turn)
            said = "" if is_answer else await dialogue.say(ASK)
        if is_answer:
            ending, reply = "answer", said
            break
        await dialogue.choose()
        answer = await PATIENTS[patient](item, [*dialogue.questions(), said], ask)
        dialogue.hear(said, answer)
    if policy == "basic" and ending == "answer":
        dialogue.choices.append(_LETTER(reply, item.options))
    else:
        reply = await dialogue.choose()
    draws = tuple(dialogue.choices)
    return Played(reply=reply, turns=tuple(dialogue.log), draws=draws, ending=ending)


def score(item: Item, played: Played) -> Score:
    """Grade the last letter; count turns as the choices logged, the last included."""
    said = _LETTER(played.reply, item.options)
    late = float(len(played.draws) > MOST_QUESTIONS)
    parts = {"turns": float(len(played.draws)), "timed out": late}
    return Score(value=float(said == item.target), answered=bool(said), said=said, parts=parts)


def gold_reply(item: Item, *, policy: str = "basic") -> str:
    """Return what a perfect model would say: that it is sure, and the letter."""
    sure = {"binary": "YES\n", "numerical": "YES\n", "numerical-cut-off": "1.0\n", "scale": "5\n"}
    return f"{sure.get(policy, '')}Answer: {item.target}"


def _variants() -> Mapping[str, Mapping[str, Any]]:
    """Return every policy with every patient; the default of either is left out of the name."""
    found = {}
    for policy in ("basic", *POLICIES):
        for patient in PATIENTS:
            name = "+".join(one for one in (policy, patient) if one not in ("basic", "fact-select"))
            if name:
                gold = partial(gold_reply, policy=policy)
                found[name] = {"play": partial(play, policy=policy, patient=patient), "gold_reply": gold}
    return found


PROTOCOL = Protocol(
    name="mediq",
    version=1,
    about=__doc__,
    kind="interactive multiple choice",
    source=Source(
        dataset="https://github.com/stellalisy/mediQ", files=("all_dev_good.jsonl", "all_craft_md.jsonl"), size=1272,
        licence="CC-BY-4.0",
    ),
    prompt=PROMPT,
    to_item=to_item,
    play=play,
    roles=(PATIENT,),
    stand_ins={PATIENT: stand_in},
    score=score,
    metrics={
        "accuracy": mean_score, "mean turns": mean_part("turns", is_share=False),
        "timeout rate": mean_part("timed out"),
        "answered": answered_rate,
    },
    gold_reply=gold_reply,
    variants=_variants(),
    temperature=0.6,
    examples=(
        Example(
            row={"id": "e1", "question": "What is it?", "context": ["A made-up person itches.", "It is the elbows."],
                 "options": {"A": "this", "B": "that"}, "answer_idx": "B", "answer": "that",
                 "facts": ["1. The person itches.", "2. It is the elbows."]},
            target="B", wrong_reply="Answer: A", other={"answer_idx": "A", "answer": "this"},
        ),
    ),
)  # fmt: skip
