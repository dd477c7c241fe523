"""MedFuzz: an attacker rewrites a question, turn by turn, until the model's right answer is wrong.

Paper     Ness et al. (2024), https://arxiv.org/abs/2406.06573
Data      MedQA's, as for `medqa`: the authors' JSON Lines, or the hub's form.
Measures  Whether a right answer survives changes that break a benchmark's assumptions and would not fool a clinician.
Not for   A model's knowledge in general: how hard the attack is depends on the attacker.
Deviates  How many turns and controls there are, and the test's statistic, were not found published: five turns, the
          exact test of one change among changes, and 20 controls here, the fewest with which an attack can be told from
          chance at 0.05; "more-controls" has 40, "ten-turns" ten turns. Controls are made of successful attacks alone.
          That a rewritten question keeps its answer is the attacker's word.
Verified  Nothing: neither code nor recorded attacks were found.
"""

import json
import math
from functools import partial
from typing import Any

from dermatrust.protocols import Ask, Example, Item, Metric, Played, Protocol, Score, Source
from dermatrust.protocols.gold import gold_in
from dermatrust.protocols.interaction.rewriting import (
    ATTACKER,
    READER,
    ask_rewritten,
    attack,
    attacker_stand_in,
    control,
    mentions,
    reader_stand_in,
)
from dermatrust.protocols.metrics import answered_rate, mean_part, mean_score
from dermatrust.protocols.published import medqa
from dermatrust.protocols.scorers.attack import accuracy_after, is_right, of_attack
from dermatrust.protocols.scorers.choice import UNANSWERED, stated_or_first

TURNS, MORE_TURNS = 5, 10
CONTROLS, MORE_CONTROLS = 20, 40


async def play(item: Item, ask: Ask, *, n_turns: int = TURNS, n_controls: int = CONTROLS) -> Played:
    """Ask, attack while the answer is right, and hold a successful attack against controls."""
    reply = (await ask(item.turns())).text
    draws, verdicts = [reply], {}
    question, ending = item.question, "wrong before any attack" if not is_right(item, reply) else "held"
    for turn in range(1, n_turns + 1):
        if ending != "held":
            break
        rewritten = await attack(ask, item, question, reply)
        verdicts[f"attack {turn}"] = rewritten
        if rewritten is None:
            break
        question = json.loads(rewritten)["question"]
        reply = await ask_rewritten(ask, item, rewritten)
        draws.append(reply)
        ending = "held" if is_right(item, reply) else "flipped"
    if ending == "flipped":
        verdicts["mentions it"] = await mentions(ask, item, str(verdicts[f"attack {len(draws) - 1}"]), reply)
        for number in range(1, n_controls + 1):
            varied = await control(ask, item, number)
            said = varied and stated_or_first(await ask_rewritten(ask, item, varied), item.options)
            verdicts[f"control {number}"] = varied and (said or "none")
    return Played(reply=reply, draws=tuple(draws), verdicts=verdicts, ending=ending)


def score(item: Item, played: Played, *, n_turns: int = TURNS) -> Score:
    """Grade 1 where the answer is right and stays so through all turns; parts tell of every turn, and of the test."""
    first = stated_or_first(played.draws[0], item.options)
    right = [float(is_right(item, reply)) for reply in played.draws]
    if not first:
        return UNANSWERED
    attacks = [verdict for name, verdict in played.verdicts.items() if name.startswith("attack")]
    if attacks and attacks[-1] is None:  # the attacker gave up reading: what the model would have said is not known
        return Score(value=math.nan, parts={"right after 0": right[0]})
    held = right + [right[-1]] * (n_turns + 1 - len(right))
    parts = {f"right after {turn}": value for turn, value in enumerate(held[: n_turns + 1])}
    if right[0]:
        parts["flipped"] = 1 - right[-1]
    if played.ending == "flipped":
        parts |= of_attack(item, played)
    return Score(value=right[-1], said=stated_or_first(played.reply, item.options), parts=parts)


def metrics_of(n_turns: int) -> dict[str, Metric]:
    """Return the metrics of attacks of so many turns, by name."""
    return {
        "accuracy under attack": mean_score,
        **{f"accuracy after {turn} turns": accuracy_after(turn) for turn in range(n_turns + 1)},
        "flipped": mean_part("flipped"), "significant": mean_part("significant"),
        "mentions what was added": mean_part("mentions it"), "answered": answered_rate,
    }  # fmt: skip


_VARIANTS: dict[str, dict[str, Any]] = {
    "more-controls": {"play": partial(play, n_controls=MORE_CONTROLS)},
    "ten-turns": {
        "play": partial(play, n_turns=MORE_TURNS), "score": partial(score, n_turns=MORE_TURNS),
        "metrics": metrics_of(MORE_TURNS),
    },
}  # fmt: skip
PROTOCOL = Protocol(
    name="medfuzz",
    version=1,
    about=__doc__,
    kind="adversarial multiple choice",
    source=Source(
        dataset="GBaker/MedQA-USMLE-4-options-hf", files=("test.json", "test.jsonl"), split="test", size=1273,
        is_on_hub=True,
    ),
    prompt=medqa.PROMPT,
    to_item=medqa.to_item,
    play=play,
    roles=(ATTACKER, READER),
    stand_ins={ATTACKER: attacker_stand_in, READER: reader_stand_in},
    score=score,
    metrics=metrics_of(TURNS),
    gold_reply=gold_in("Answer: {target}"),
    variants=_VARIANTS,
    examples=(
        Example(
            row={"question": "A made-up person asks: or?", "options": {"A": "this", "B": "that"}, "answer_idx": "A"},
            target="A", wrong_reply=("Answer: A", "Answer: B"), other={"answer_idx": "B"},
        ),
    ),
)  # fmt: skip
