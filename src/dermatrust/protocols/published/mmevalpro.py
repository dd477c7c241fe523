"""MMEvalPro: multimodal questions in triplets; only who also perceives and knows is taken to have understood.

Paper     Huang et al. (2024), https://arxiv.org/abs/2407.00468
Data      MM-Diagnose/MMEvalPro, test, 6,414 rows in 2,138 triplets, from MMMU, MathVista and ScienceQA.
Measures  Whether a right answer to a question rests on perceiving the image and knowing the matter.
Not for   Medicine alone: the questions are general, few are medical.
Deviates  A reply is read for its letter first; the "released-code" variant takes it as it stands, and counts triplets
          that lack a question. Both compare by equality that minds capitals: a few of the data's answers are texts or
          letters such as "gray fox", "d", "J" and "Z", which a letter from A to D never equals.
Verified  Nothing here: the authors' demo file, which gives 33.07 and 25.81, was not at hand.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from dermatrust.protocols import Example, Item, Metric, Played, Protocol, Row, Score, Source
from dermatrust.protocols.gold import gold_in
from dermatrust.protocols.item import picture
from dermatrust.protocols.metrics import all_right, all_right_of, answered_rate, macro_mean, mean_score, of_level
from dermatrust.protocols.read_rows import read_rows
from dermatrust.protocols.recorded_rows import first_of_each, matched
from dermatrust.protocols.scorers.choice import UNANSWERED, options_of, stated_or_first

PROMPT = """{question}

{options}

Reply with the letter of the right option only."""
KINDS = "Origin", "Perception", "Knowledge"
GENUINE = all_right_of(len(KINDS))
LETTERS = dict.fromkeys("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "")
"""What is read for where the options are not known, as in the authors' result files."""


def to_item(row: Row) -> Item:
    """Ask one question of a triplet; triplets are numbered within their source."""
    choices = row.get("choices") or []
    return Item(
        id=str(row["index"]),
        question=row["question"],
        options=options_of(list(choices) if not isinstance(choices, dict) else choices),
        images=(picture(row["image"]),) if row.get("image") else (),
        target=str(row["answer"]),
        group=f"{row['source']}/{row['triplet_id']}",
        tags={"source": row["source"], "kind": row["eval_type"]},
    )


def score(item: Item, played: Played) -> Score:
    """Grade the reply where it is the answer, else the letter that it states, by an equality that minds capitals."""
    whole = played.reply.strip()
    if not whole:
        return UNANSWERED
    said = whole if whole == item.target else stated_or_first(whole, item.options or LETTERS) or whole
    return Score(value=float(said == item.target), said=said)


def score_as_released(item: Item, played: Played) -> Score:
    """Grade by equality alone."""
    return Score(value=float(played.reply == item.target), said=played.reply) if played.reply else UNANSWERED


def recorded(path: Path, items: Iterable[Item]) -> Iterator[tuple[Item, Played | None]]:
    """Read the authors' result file: index, triplet_id, source, eval_type, answer, model_output, but no question."""

    def item_of(row: Row) -> Item:
        (item,) = PROTOCOL.items({"question": "", **row}, where=f"{path} index {row['index']}")
        return item

    def played_of(row: Row) -> Played:
        return Played(reply=str(row.get("model_output") or ""))

    yield from matched(items, first_of_each(read_rows(path), lambda row: str(row["index"])), item_of, played_of)


def metrics_of(genuine: Metric) -> dict[str, Metric]:
    """Return every figure over all items, the authors' micro average, and as the plain mean of sources, their macro."""
    kinds = {f"{kind.lower()} accuracy": of_level("kind", kind, mean_score) for kind in KINDS}
    over_all = {"genuine accuracy": genuine, "average accuracy": mean_score, **kinds}
    by_source = {f"{name}, mean of sources": macro_mean("source", metric) for name, metric in over_all.items()}
    return {**over_all, **by_source, "answered": answered_rate}


def _row(index: int, kind: str, **more: Any) -> Row:
    known = {"index": index, "triplet_id": 1, "question": f"Made-up {kind}?", "choices": ["this", "that"]}
    return {**known, "answer": "B", "source": "MMMU", "question_category": "Medicine", "eval_type": kind, **more}


PROTOCOL = Protocol(
    name="mmevalpro",
    version=1,
    about=__doc__,
    kind="multiple choice in triplets",
    modality="image",
    language="en, zh",
    source=Source(
        dataset="MM-Diagnose/MMEvalPro", files=("test.parquet", "test.jsonl"), split="test", size=6414,
        licence="CC-BY-SA-4.0", is_on_hub=True,
    ),
    prompt=PROMPT,
    to_item=to_item,
    score=score,
    metrics=metrics_of(GENUINE),
    by=("source",),
    gold_reply=gold_in("{target}"),
    recorded=recorded,
    records_bring_items=True,
    variants={"released-code": {"score": score_as_released, "metrics": metrics_of(all_right)}},
    examples=(
        Example(row=_row(1, "Origin", image="a.png"), target="B", wrong_reply="A", other={"answer": "A"}),
        Example(row=_row(2, "Perception", image="a.png"), target="B", wrong_reply="A. this", other={"answer": "A"}),
        Example(row=_row(3, "Knowledge"), target="B", wrong_reply="neither", other={"answer": "A"}),
        Example(
            row=_row(4, "Knowledge", triplet_id=2, answer="gray fox"), target="gray fox", wrong_reply="Gray wolf",
            other={"answer": "red fox"},
        ),
    ),
)  # fmt: skip
