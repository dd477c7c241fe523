"""MedSG-Bench: finding a place in a sequence of medical images, graded by the overlap of boxes.

Paper     Yue et al. (2025), https://arxiv.org/abs/2505.11852
Data      9,630 items in eight tasks, sequences of two to six images of 336 x 336 pixels, or of the row's `size`.
          Recorded outputs are the script's files, one for each task, or a folder of them.
Measures  Grounding of change, correspondence and reference across images.
Not for   Diagnosis, and any claim about skin: the images are radiology, pathology and endoscopy.
Deviates  Which convention a model's coordinates follow is a choice of the user: pixels by default, "per-mille" for
          models that state 0 to 1000, "per-mille-y-first" for those that also put y before x. A reply with several
          boxes is graded by the first. Boxes of no released form count where nothing else is there, and corners in any
          order; in "released-code" they are worth 0. In "any-numbers" any four numbers are a box, as the script reads
          Qwen2.5-VL and the authors' own model. Of some models it keeps the first character of a reply alone: there the
          box that it had read counts. The hub's repository was not found in the paper's facts: give the file.
Verified  Nothing: no recorded outputs were at hand.
"""

import ast
import json
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from dermatrust.protocols import Example, Item, Played, Protocol, Row, Score, Source
from dermatrust.protocols.item import id_of
from dermatrust.protocols.metrics import answered_rate, mean_part, mean_score
from dermatrust.protocols.recorded.medsg_bench import read_box, read_boxes
from dermatrust.protocols.scorers.boxes import Box, Convention, Rule, first_box, in_pixels, intersection_over_union

PROMPT = """{question}

Reply with one box in this form and nothing else, its corners top left and bottom right:
<|box_start|>(x1,y1),(x2,y2)<|box_end|>"""
SIZE = 336, 336
"""Pixels of an image whose row does not tell."""
THRESHOLDS = 0.3, 0.5, 0.7


def to_item(row: Row) -> Item:
    """Ask the task's question of a sequence of images; the target is the box in pixels."""
    box = row["answer"] if "answer" in row else row["answer_xyxy"]
    corners = ast.literal_eval(box) if isinstance(box, str) else box
    if len(corners) != 4:
        raise ValueError(f"its answer has {len(corners)} numbers; expected 4")
    images = tuple(row["images"]) if "images" in row else _numbered_images(row)
    name = str(row["id"]) if "id" in row else id_of(row["task"], row["question"], str(corners), *map(str, images))
    more = f"\n{row['additional_info']}" if row.get("additional_info") else ""
    return Item(
        id=name, question=f"{row['question']}{more}", images=images, target=tuple(float(one) for one in corners),
        tags={"task": row["task"]}, known={"size": _size(row)},
    )  # fmt: skip


def _size(row: Row) -> tuple[int, int]:
    extra = json.loads(row.get("extra_json") or "{}")
    width, height = row.get("size") or (extra.get("size") if isinstance(extra, dict) else None) or SIZE
    return int(width), int(height)


def _numbered_images(row: Row) -> tuple[Any, ...]:
    """Return the images of the tabular release, which keeps them in numbered columns."""
    named = (row.get(f"image_bytes_{k}") or row.get(f"image_path_{k}") for k in range(1, 7))
    return tuple(one for one in named if one)


def score(item: Item, played: Played, *, convention: Convention = "pixels", rule: Rule = "forms or others") -> Score:
    """Grade by intersection over union; a reply without a box is worth 0."""
    box = _box(item, played, convention, rule)
    is_turned = box is not None and (box[2] < box[0] or box[3] < box[1])
    is_void = is_turned and rule != "forms or others"
    overlap = 0.0 if box is None or is_void else intersection_over_union(box, item.target)
    hits = {f"at {threshold}": float(overlap >= threshold) for threshold in THRESHOLDS}
    return Score(value=overlap, answered=box is not None, said=str(box or ""), parts=hits)


def _box(item: Item, played: Played, convention: Convention, rule: Rule) -> Box | None:
    """Return the box in pixels."""
    if (read := read_box(played)) is not None:
        return read
    stated = first_box(played.reply, rule)
    return in_pixels(stated, convention, item.known.get("size", SIZE)) if stated else None


def gold_reply(item: Item, *, convention: Convention = "pixels") -> str:
    """Return what a perfect model would say."""
    sides = (1000, 1000) if convention == "pixels" else item.known["size"]
    x1, y1, x2, y2 = (one * 1000 / side for one, side in zip(item.target, sides * 2, strict=True))
    first, second = ((y1, x1), (y2, x2)) if convention == "per mille, y first" else ((x1, y1), (x2, y2))
    return f"<|box_start|>({first[0]},{first[1]}),({second[0]},{second[1]})<|box_end|>"


def recorded(path: Path, items: Iterable[Item]) -> Iterator[tuple[Item, Played | None]]:
    """Yield the authors' records, which bring their own items."""
    yield from read_boxes(path, PROTOCOL.items)


def _in(convention: Convention) -> dict[str, Any]:
    return {
        "score": partial(score, convention=convention),
        "gold_reply": partial(gold_reply, convention=convention),
    }


PROTOCOL = Protocol(
    name="medsg-bench",
    version=1,
    about=__doc__,
    kind="boxes",
    modality="image sequence",
    source=Source(
        dataset="MedSG-Bench (OpenReview, NeurIPS 2025 D&B)", files=("medsg_bench.jsonl", "medsg_bench.parquet"),
        split="test", size=9630, licence="CC-BY-4.0",
    ),
    prompt=PROMPT,
    to_item=to_item,
    score=score,
    metrics={
        "mean IoU": mean_score, **{f"accuracy at {one}": mean_part(f"at {one}") for one in THRESHOLDS},
        "answered": answered_rate,
    },
    by=("task",),
    recorded=recorded,
    records_bring_items=True,
    gold_reply=gold_reply,
    variants={
        "per-mille": _in("per mille"),
        "per-mille-y-first": _in("per mille, y first"),
        "released-code": {"score": partial(score, rule="forms")},
        "any-numbers": {"score": partial(score, rule="any numbers")},
    },
    examples=(
        Example(
            row={"id": "e1", "task": "referring", "question": "Where is it?", "images": ["a.png", "b.png"],
                 "answer": [84, 84, 168, 168]},
            target=(84.0, 84.0, 168.0, 168.0), wrong_reply="(900,900),(950,950)",
            other={"answer": [10, 10, 40, 40]},
        ),
        Example(
            row={"task": "patch", "question": "And this?", "image_path_1": "a.png", "answer_xyxy": "[0, 0, 42, 84]"},
            target=(0.0, 0.0, 42.0, 84.0), wrong_reply="I cannot see it, maybe [900, 900, 910, 910]",
            other={"answer_xyxy": "[1, 2, 3, 4]"},
        ),
    ),
)  # fmt: skip
