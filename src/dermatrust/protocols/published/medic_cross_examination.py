"""MEDIC cross-examination: whether a summary says what its document says, by questions asked of both.

Paper     Kanithi et al. (2024), https://arxiv.org/abs/2409.07314
Data      None of its own: any documents, one a row, with the field "document" (and "id" or "reference" where there
          are). The paper takes its documents from public sets of summaries and clinical notes. Recorded outputs are
          the code's rows: "input", "Generated_Summary" and the answers to the questions about each.
Measures  A judge writes yes-or-no questions about the document and about the summary, and answers each from the other
          text with yes, no or "cannot tell". Coverage: questions of the document that the summary can answer.
          Conformity: those that it does not answer against the document. Consistency: questions of the summary that the
          document can answer. Overall: their mean. Conciseness: words saved, in per cent, below 0 where the summary is
          the longer.
Not for   Whether the document is true, or whether a summary reads well; and judges of different strength side by side.
Deviates  Right answers are those the judge writes beside its questions. Questions to which it cannot tell the answer do
          not count; without any other a score is 0. A list of questions or an answer that cannot be read makes the item
          missing. In "released-code" the right answers are asked for once more, an unreadable or empty list is left out
          of the mean, an answer that is none of the three is a wrong one, and one to a question that the judge itself
          cannot answer conforms to nothing. Prompts in our words. Ten questions are asked for; fewer count as they are.
          Words are what blanks part; the code's tokenizer counts signs too.
Verified  Nothing: the repository has no recorded outputs of it.
"""

import json
import math
from collections.abc import Sequence
from functools import partial

from dermatrust.clients.fence import unfenced
from dermatrust.protocols import Ask, Example, Item, Played, Protocol, Row, Score, Source, Turn
from dermatrust.protocols.item import id_of
from dermatrust.protocols.metrics import mean_part, mean_score
from dermatrust.protocols.recorded.medic_cross_examination import read_exactly, recorded_answers
from dermatrust.protocols.scorers.cross_examination import (
    N_QUESTIONS,
    answered_share,
    conciseness,
    conforming_share,
    cross_examine,
    known_mean,
)  # fmt: skip
from dermatrust.protocols.scorers.judge import yes_no_or_idk
from dermatrust.protocols.scorers.labels import sentences

PROMPT = """\
Summarise this document for a clinician. Keep every fact that matters for care, add nothing that is not in it, and be \
as short as that allows. Reply with the summary alone.

{question}"""


def to_item(row: Row) -> Item:
    """Ask for a summary; the target is a reference summary where there is one, which no score looks at."""
    document = str(row["document"])
    name = str(row["id"]) if row.get("id") not in (None, "") else id_of(document)
    return Item(id=name, question=document, target=str(row.get("reference") or ""))


async def play(item: Item, ask: Ask, *, asks_again: bool) -> Played:
    """Ask for the summary, and have the two texts cross-examined."""
    reply = (await ask(item.turns())).text
    if not reply.strip():
        return Played(reply=reply)
    of_document = await cross_examine(ask, "document", item.question, reply, asks_again=asks_again)
    of_summary = await cross_examine(ask, "summary", reply, item.question, asks_again=asks_again)
    return Played(reply=reply, verdicts=of_document | of_summary)


def score(item: Item, played: Played, *, is_released: bool) -> Score:
    """Return the mean of coverage, conformity and consistency."""
    if not played.reply.strip():
        return Score(value=0.0, answered=False)
    parts = {
        "coverage": answered_share(played.verdicts, "document", is_released=is_released),
        "conformity": conforming_share(played.verdicts, "document", is_released=is_released),
        "consistency": answered_share(played.verdicts, "summary", is_released=is_released),
    }
    value = known_mean(parts.values()) if is_released else math.fsum(parts.values()) / len(parts)
    return Score(value=value, parts=parts | {"conciseness": conciseness(item.question, played.reply)})


def gold_reply(item: Item) -> str:
    """Return the document itself, which loses and adds nothing."""
    return item.question


def stand_in(item: Item, turns: Sequence[Turn]) -> str:
    """Play a judge that asks whether a text holds each of its sentences, and finds them by their words."""
    asked = turns[-1].text
    question = unfenced(asked, "QUESTION")
    text = unfenced(asked, "TEXT") or ""
    if question is None:
        return json.dumps([{"question": one, "answer": "YES"} for one in sentences(text)[:N_QUESTIONS]])
    return "YES" if question in text else "IDK"


PROTOCOL: Protocol = Protocol(
    name="medic-cross-examination",
    version=1,
    about=__doc__,
    kind="cross-examination",
    source=Source(dataset="the user's own documents"),
    prompt=PROMPT,
    to_item=to_item,
    play=partial(play, asks_again=False),
    recorded=lambda path, items: recorded_answers(path, items, PROTOCOL.items, yes_no_or_idk),
    records_bring_items=True,
    score=partial(score, is_released=False),
    metrics={
        "overall": mean_score,
        **{name: mean_part(name) for name in ("coverage", "conformity", "consistency", "conciseness")},
    },
    gold_reply=gold_reply,
    roles=("judge",),
    stand_ins={"judge": stand_in},
    examples=(
        Example(row={"document": "A made-up fever. No cough.", "reference": "Fever."}, target="Fever.",
                wrong_reply="A made-up rash.", wrong_value=1 / 3, other={"reference": "No cough."}),
    ),
    variants={
        "released-code": {
            "play": partial(play, asks_again=True),
            "score": partial(score, is_released=True),
            "recorded": lambda path, items: recorded_answers(path, items, PROTOCOL.items, read_exactly),
        }
    },
)  # fmt: skip
