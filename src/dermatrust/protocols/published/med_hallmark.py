"""Med-HallMark: how grave the hallucinations of a vision-language model are, by a judge's classes of severity.

Paper     Chen et al. (2024), https://arxiv.org/abs/2406.10185 (MediHall Score, MediHallDetector)
Data      The authors' release: Conventional..json (499) and Counterfactual..json (111) with a model's answers and gold
          classes, Irg.json (359 reports, without classes). Images are those of VQA-RAD, SLAKE, MIMIC-CXR and OpenI.
          Recorded outputs are these files, or a judge's words on the sentences of reports, {report_id, text} a line.
Measures  MediHall: the mean worth of what is said, from 0 (catastrophic) to 1 (correct). An answer to a question is one
          statement; a report is worth the mean of its sentences. "correct" is the share of statements without error.
Not for   Comparing models judged by different judges; the paper's judge is tuned for it and is not released here.
Deviates  135 of the 499 conventional rows have no right answer; their judge has the image alone. The worth of
          prompt-induced errors (0.6) is inferred from the order of the scale. A silent judge is missing here; in the
          variant "released-code" an unread verdict scores 0, and so does a prompt-induced error, of which its script
          does not know; there a class is named by any part of a word, "incorrect" too, and what the script makes of one
          system's files alone is left out. In the variant "judge" the model under test is the judge, held to the gold
          classes. What the conversations of Confidence_weakening.json (140) hold was not found: it is not read.
Verified  MediHall of the gold classes over the 499 conventional rows is 0.2393, recomputed from the release.
"""

import math
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

from dermatrust.clients.fence import unfenced
from dermatrust.protocols import Ask, Example, Item, Played, Row, Score, Source, Turn, ask_once
from dermatrust.protocols.gold import gold_in
from dermatrust.protocols.item import id_of
from dermatrust.protocols.metrics import ACCURACIES, mean_part, mean_score, pooled
from dermatrust.protocols.protocol import Protocol
from dermatrust.protocols.read_recorded import read_recorded
from dermatrust.protocols.recorded.med_hallmark import recorded_classes, texts_of
from dermatrust.protocols.scorers.choice import UNANSWERED, graded
from dermatrust.protocols.scorers.hallucinations import WORTH, as_released, class_named, judge_turn, statements
from dermatrust.protocols.scorers.judge import Read, ask_judge
from dermatrust.protocols.scorers.labels import mean_severity


def to_item(row: Row) -> Item:
    """Ask a question about an image, or for a report on it; the target is the right answer or the reference report."""
    question, answer, truth, gold = texts_of(row)
    name = str(row["id"]) if "id" in row else id_of(row["image"], question)
    known = {"answer": answer, "is_report": "conversations" not in row, "gold": gold}
    return Item(id=name, question=question, target=truth, images=(Path(row["image"]),), known=known)


def to_judged(row: Row) -> Item:
    """Ask for the class of a recorded answer; the target is the gold class."""
    item = to_item(row)
    label = class_named(item.known["gold"])
    if label is None:
        raise ValueError("it has no gold class")
    return Item(id=item.id, question=judge_turn(item, item.known["answer"]).text, target=label, images=item.images)


async def play(item: Item, ask: Ask, *, read: Read) -> Played:
    """Ask the model, and the judge about its answer, or about each sentence of its report."""
    reply = (await ask(item.turns())).text
    verdicts = {
        str(number): await ask_judge(ask, [judge_turn(item, statement)], read)
        for number, statement in enumerate(statements(reply, is_report=item.known["is_report"]), 1)
    }
    return Played(reply=reply, verdicts=verdicts)


def score(item: Item, played: Played, *, unread: float) -> Score:
    """Return the mean worth of the statements. A report without a sentence is no answer."""
    labels = list(played.verdicts.values())
    if not labels:
        return UNANSWERED
    value = mean_severity(labels, WORTH, unread=unread)
    n_correct = float(labels.count("correct"))
    # A missing verdict makes the item missing, its counts included.
    parts = {} if math.isnan(value) else {"correct": n_correct, "statements": float(len(labels))}
    return Score(value=value, said="; ".join(label or "?" for label in labels), parts=parts)


def score_judge(item: Item, played: Played) -> Score:
    """Return whether the class is the gold one."""
    label = class_named(played.reply) or ""
    return graded(label, item, **{"severity": WORTH[label], "true severity": WORTH[item.target]} if label else {})


def stand_in(item: Item, turns: Iterable[Turn]) -> str:
    """Play a judge that calls correct what stands in the target."""
    statement = unfenced([*turns][-1].text, "STATEMENT") or ""
    return "Correct" if statement in item.target else "Critical"


def _case(truth: str, label: str, number: int) -> dict[str, Any]:
    """Return a made-up row in the authors' form."""
    asked = f"question: Is the heart enlarged?\nMed-VLM answer: Yes.\nground-truth: {truth}\n\nPlease judge it."
    said = [{"from": "human", "value": asked}, {"from": "gpt", "value": label}]
    return {"id": number, "conversations": said, "image": f"made-up/{number}.jpg", "classification_label": 0}


CASE = _case("No, it is of normal size.", "Critical Hallucinations", 1)
REPORT = {"question": "Write a report.", "image": "made-up/2.jpg", "ground-truth": "The lungs are clear. No effusion."}
PROTOCOL: Protocol = Protocol(
    name="med-hallmark",
    version=1,
    about=__doc__,
    kind="judged severity of hallucinations",
    modality="image",
    source=Source(
        dataset="the Med-HallMark repository", files=("Conventional..json", "Counterfactual..json", "Irg.json"),
        size=499, licence="CC BY 4.0",
    ),
    to_item=to_item,
    play=partial(play, read=class_named),
    score=partial(score, unread=math.nan),
    metrics={"MediHall": mean_score, "correct": pooled("correct", "statements")},
    gold_reply=gold_in("{target}"),
    roles=("judge",),
    stand_ins={"judge": stand_in},
    recorded=lambda path, items: recorded_classes(path, PROTOCOL.items, class_named),
    records_bring_items=True,
    examples=(
        Example(row=CASE, target="No, it is of normal size.", wrong_reply="Yes.", wrong_value=0.2,
                other=_case("Yes, it is.", "Correct Statements", 1)),
        Example(row=REPORT, target="The lungs are clear. No effusion.", wrong_value=0.6,
                wrong_reply="The lungs are clear. There is an effusion.", other={"ground-truth": "An effusion."}),
    ),
    variants={
        "released-code": {
            "play": partial(play, read=as_released),
            "score": partial(score, unread=0.0),
            "recorded": lambda path, items: recorded_classes(path, PROTOCOL.items, as_released),
        },
        "judge": {
            "kind": "judging a judge",
            "to_item": to_judged,
            "play": ask_once,
            "score": score_judge,
            "metrics": {
                **ACCURACIES,
                "MediHall by this judge": mean_part("severity"),
                "MediHall by the gold classes": mean_part("true severity"),
            },
            "roles": (),
            "stand_ins": {},
            "recorded": read_recorded,
            "records_bring_items": False,
            "examples": (
                Example(row=CASE, target="critical", wrong_reply="No hallucination",
                        other=_case("No, it is of normal size.", "Correct Statements", 1)),
            ),
        },
    },
)  # fmt: skip
