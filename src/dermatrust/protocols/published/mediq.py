"""MediQ: an expert may question a patient before answering; knowing when to ask is what is measured.

Paper     Li et al. (2024), https://arxiv.org/abs/2406.00922
Data      all_dev_good.jsonl, 1,272 cases from MedQA, and all_craft_md.jsonl, 140 cases of dermatology.
Measures  Whether a model notices that it knows too little, and asks what helps.
Not for   Talking with patients: the patient answers from facts, one at a time.
Deviates  An expert may ask at once ("basic"); variants let it state its confidence first, and exchange the patient.
          `+rationale` has it reason in one sentence before each decision, `+self-consistency` takes three draws of
          each, `+questioner` lets another model put the questions, `+joint` puts them in the conversation in which
          it was decided to ask, not beside it. The released patient who selects facts takes them apart anew each
          run, since it looks for another key than the data's; ours reads `facts`, and `released-code` does as released,
          with its reading of a choice: the first line that holds an option's text, or its letter. Nucleus sampling is
          the server's own. Its measures of relevance and repetition are random numbers, and are not built.
Verified  Partly: 1,272 and 140 cases load, with facts; no recorded dialogues were at hand.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from dermatrust.protocols import MODEL, Example, Item, Played, Protocol, Row, Score, Source
from dermatrust.protocols.interaction.abstention import POLICIES
from dermatrust.protocols.interaction.expert import MOST_QUESTIONS, Expert, stated_letter
from dermatrust.protocols.interaction.patient import PATIENT, PATIENTS, stand_in, without_number
from dermatrust.protocols.metrics import answered_rate, mean_part, mean_score
from dermatrust.protocols.recorded.mediq import recorded_dialogues
from dermatrust.protocols.scorers.choice import Parser, first_line_choice, option_letters, options_of

N_DRAWS = 3
"""Of each decision under `+self-consistency`; the authors' number is a setting, by default one."""
QUESTIONER = "questioner"
SYSTEM = """You are an experienced doctor. A patient has told you a little. You have to answer a multiple-choice
question about the patient. You may ask for what you need to know, one question at a time."""
PROMPT = """What you know: {initial}

Question: {question}

Options:
{options}"""


def to_item(row: Row) -> Item:
    """Tell the first sentence of the case; its facts are what the patient knows."""
    context = row["context"]
    sentences = [str(one) for one in (context if isinstance(context, list) else context.split(". "))]
    options = options_of(row["options"])
    return Item(
        id=str(row["id"]), question=row["question"], options=options, target=option_letters(row["answer_idx"], options),
        fields={"initial": str(row.get("initial_info") or next(iter(sentences), "nothing"))}, system=SYSTEM,
        known={
            "facts": [without_number(str(fact)) for fact in row["facts"]], "sentences": sentences,
            "context": " ".join(f"{one.rstrip('.')}." for one in sentences),
        },
    )  # fmt: skip


def score(item: Item, played: Played, *, parse: Parser = stated_letter) -> Score:
    """Grade the last letter; count turns as the choices logged, the last included."""
    said = parse(played.reply, item.options)
    late = float(len(played.draws) > MOST_QUESTIONS)
    parts = {"turns": float(len(played.draws)), "timed out": late}
    return Score(value=float(said == item.target), answered=bool(said), said=said, parts=parts)


def gold_reply(item: Item, *, policy: str = "basic") -> str:
    """Return what a perfect model would say: that it is sure, and the letter."""
    sure = {"binary": "YES\n", "numerical": "YES\n", "numerical-cut-off": "1.0\n", "scale": "5\n"}
    return f"{sure.get(policy, '')}Answer: {item.target}"


_ADDED: Mapping[str, Mapping[str, Any]] = {
    "rationale": {"has_rationale": True}, "self-consistency": {"n_draws": N_DRAWS},
    "questioner": {"questioner": QUESTIONER}, "joint": {"is_joint": True},
}  # fmt: skip


def _variants() -> Mapping[str, Mapping[str, Any]]:
    """Return every policy with every patient and with every addition; defaults are left out of the names."""
    found: dict[str, Mapping[str, Any]] = {}
    for policy in ("basic", *POLICIES):
        settings = {(patient,): {"patient": patient} for patient in PATIENTS}
        added = {"basic": ("rationale", "self-consistency"), "fixed": ("questioner",), "random": ("questioner",)}
        settings |= {(name,): dict(_ADDED[name]) for name in added.get(policy, tuple(_ADDED))}
        for (name,), more in settings.items():
            full = "+".join(one for one in (policy, name) if one not in ("basic", "fact-select"))
            if full:
                found[full] = _variant(policy, **more)
    released = _variant("basic", takes_apart=True, parse=first_line_choice)
    return {**found, "released-code": {**released, "score": partial(score, parse=first_line_choice)}}


def _variant(policy: str, **more: Any) -> dict[str, Any]:
    expert = Expert(policy=policy, **more)
    found = {"play": expert.play, "gold_reply": partial(gold_reply, policy=policy)}
    if expert.questioner != MODEL:
        stand_ins = {PATIENT: stand_in, expert.questioner: lambda item, turns: "Where is it?"}
        found |= {"roles": (PATIENT, expert.questioner), "stand_ins": stand_ins}
    return found


PROTOCOL: Protocol = Protocol(
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
    play=Expert().play,
    recorded=lambda path, items: recorded_dialogues(path, items, PROTOCOL.items),
    records_bring_items=True,
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
