"""MedAgentsBench: hard subsets of medical multiple-choice benchmarks, with what answering cost and how long it took.

Paper     Tang et al. (2025), https://arxiv.org/abs/2503.07459
Data      github.com/gersteinlab/medagents-benchmark, {set}-test_hard.jsonl, 32 to 100 rows a set.
Measures  Knowledge and reasoning on questions that most models get wrong, and what a method spends on them. Text only.
Not for   Claims about medicine at large: items were chosen because models fail on them.
Deviates  The extractor may also say that a reply chooses nothing; then it is unanswered, and so is an empty reply,
          about which no extractor is asked. The cost of models that the authors' price table lacks is missing.
          `letters` reads the reply itself, without a second model. Methods are those of this package (--method).
Verified  52.0 (medqa), 50.6 (medbullets) and 14.0 (mmlu-pro) of the recorded o3-mini runs, repeats dropped.
"""

import math
from dataclasses import replace
from functools import partial

from dermatrust.protocols import Ask, Example, Item, Played, Protocol, Row, Score, Source
from dermatrust.protocols.gold import gold_in
from dermatrust.protocols.metrics import answered_rate, mean_part, mean_score
from dermatrust.protocols.recorded.medagentsbench import read_run
from dermatrust.protocols.scorers.choice import choice_score, option_letters, options_of, stated_or_first
from dermatrust.protocols.scorers.extracted_letters import EXTRACTOR
from dermatrust.protocols.scorers.extracted_option import NONE, extract_option, extract_stated
from dermatrust.protocols.scorers.usage import usage_with_cost

PROMPT = """This is a question of a medical examination with one right option.

{question}

{options}

Answer with the letter of the right option, as one line "Answer: X"."""
SETS = ("medqa", "pubmedqa", "medmcqa", "medbullets", "mmlu", "mmlu-pro", "afrimedqa")
PRICES = {
    "gpt-4o": (2.5, 10.0),
    "gpt-4o-mini": (0.15, 0.6),
    "o1-mini": (1.1, 4.4),
    "o3-mini": (1.1, 4.4),
    "claude-3-5-sonnet": (3.0, 15.0),
    "claude-3-5-haiku": (0.8, 4.0),
    "QwQ-32B-Preview": (1.2, 1.2),
    "DeepSeek-R1": (7.0, 7.0),
    "DeepSeek-V3": (1.25, 1.25),
    "Llama-3.3-70B-Instruct-Turbo": (0.88, 0.88),
}
"""US dollars for a million tokens, prompt and completion: the table the paper's costs come from."""


def to_item(row: Row) -> Item:
    """Ask the question with lettered options; the target is the letter of the right one."""
    options = options_of(row["options"])
    return Item(
        id=str(row["realidx"]),
        question=row["question"],
        options=options,
        target=option_letters(row["answer_idx"], options),
    )


async def play(item: Item, ask: Ask) -> Played:
    """Ask the question, then have an extractor say which option the reply chooses."""
    played = await play_alone(item, ask)
    if not played.reply.strip():
        return played
    return replace(played, verdicts={"answer": await extract_option(item, ask, played.reply)})


def score(item: Item, played: Played) -> Score:
    """Grade the extracted letter; missing where the extractor gave none that can be read."""
    spent = {name: played.numbers[name] for name in ("usd", "seconds") if name in played.numbers}
    letter = played.verdicts.get("answer") if played.reply.strip() else NONE
    if letter is None:
        return Score(value=math.nan, answered=False, parts=spent)
    if letter == NONE:
        return Score(value=0.0, answered=False, parts=spent)
    return Score(value=float(letter == item.target), said=letter, parts=spent)


async def play_alone(item: Item, ask: Ask) -> Played:
    """Ask the question alone."""
    reply = await ask(item.turns())
    return Played(reply=reply.text, numbers=usage_with_cost(reply, PRICES))


def score_letters(item: Item, played: Played) -> Score:
    """Grade the letter that the reply itself states."""
    return replace(choice_score(stated_or_first)(item, played), parts=score(item, played).parts)


PROTOCOL = Protocol(
    name="medagentsbench",
    version=1,
    about=__doc__,
    kind="multiple choice, extracted by a model; cost and time",
    source=Source(
        dataset="https://github.com/gersteinlab/medagents-benchmark",
        files=tuple(f"{name}-test_hard.jsonl" for name in SETS),
        split="test_hard", licence="Apache-2.0",
    ),
    prompt=PROMPT,
    to_item=to_item,
    play=play,
    roles=(EXTRACTOR,),
    stand_ins={EXTRACTOR: extract_stated},
    score=score,
    metrics={
        "accuracy": mean_score, "answered": answered_rate, "cost of an item (USD)": mean_part("usd", is_share=False),
        "time of an item (s)": mean_part("seconds", is_share=False),
    },
    gold_reply=gold_in("Answer: {target}"),
    recorded=partial(read_run, item_of=to_item, prices=PRICES),
    records_bring_items=True,
    variants={"letters": {"play": play_alone, "score": score_letters, "roles": (), "stand_ins": {}}},
    examples=(
        Example(
            row={"realidx": 7, "question": "A made-up question?", "options": ["this", "that"], "answer_idx": "B"},
            target="B",
            wrong_reply="Answer: A",
            other={"answer_idx": "A"},
        ),
    ),
)  # fmt: skip
