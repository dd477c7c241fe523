"""ProbMed: yes/no questions about medical images, each with a twin about something that is not there.

Paper     Yan et al. (2024), https://arxiv.org/abs/2405.20421
Data      rippleripple/ProbMed (gated), test.json, 57,132 records of 6,303 images in 12 kinds.
Measures  Whether a "yes" about an image is worth anything: credit needs a "no" to the invented twin as well.
Not for   Anything but the answer yes or no; how the questions were made decides how hard they are.
Deviates  Nothing of the released rule: "Yes" or "No" as a part of the reply counts, capitals minded, so that a reply
          with both is right either way. Images without an abnormality have one invented condition alone: their credit.
Verified  Nothing: neither the gated data nor recorded outputs were at hand.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np

from dermatrust.agreement.interval import Estimate
from dermatrust.protocols import Example, Item, Metric, Played, Protocol, Row, Score, ScoreTable, Source
from dermatrust.protocols.metrics import answered_rate, mean_of, mean_score
from dermatrust.protocols.read_rows import read_rows

PROMPT = "{question}\n\nReply with Yes or No."
FAMILIES = {
    "modality": "modality", "body_part": "organ", "abnormality": "abnormality", "entity": "condition",
    "grounding": "position",
}  # fmt: skip
"""The beginning of a question's type to the family whose credit it is."""
_KIND = re.compile(r"(modality|body_part|abnormality|entity|grounding)(?:_(gt|hallu))?(?:_\w+)?")
PAIRED = "modality", "organ"
"""Families that need both of exactly two answers."""


def to_item(row: Row) -> Item:
    """Ask one question of one image; the target is yes or no."""
    kind = _KIND.fullmatch(row["qa_type"])
    if not kind:
        raise ValueError(f"its qa_type is {row['qa_type']!r}")
    target = str(row["answer"]).strip().lower()
    if target not in ("yes", "no"):
        raise ValueError(f"its answer is {row['answer']!r}; expected yes or no")
    family, side = FAMILIES[kind[1]], kind[2] or "gt"
    return Item(
        id=f"{row['id']}/{row['qa_type']}/{row.get('i', row.get('gpt_idx', ''))}".rstrip("/"),
        question=row["question"], images=(row["image"],), target=target, group=f"{row['id']}/{family}",
        tags={"family": family, "side": side, "image type": row["image_type"]},
    )  # fmt: skip


def score(item: Item, played: Played) -> Score:
    """Grade as the released script does: the right word as part of the reply, or the whole of it in small letters."""
    reply = played.reply.strip()
    said = [word for word in ("Yes", "No") if word in reply or reply.lower() in (word.lower(), f"{word.lower()}.")]
    right = item.target.capitalize() in said
    return Score(value=float(right), answered=bool(said), said=" and ".join(said).lower())


def family_accuracy(family: str, *, is_adversarial: bool = True) -> Metric:
    """Return the share of images with all of a family's questions right; without the twins if not adversarial."""

    def accuracy(table: ScoreTable, rng: np.random.Generator) -> Estimate:
        credits_, weights, images = _credits(table, [family], is_adversarial)
        return _weighted(credits_, weights, images, rng)

    return accuracy


def overall(table: ScoreTable, rng: np.random.Generator) -> Estimate:
    """Mean of all families' accuracies over image types, each weighted by how many it has."""
    return _weighted(*_credits(table, list(FAMILIES.values()), is_adversarial=True), rng)


def _credits(
    table: ScoreTable, families: Iterable[str], is_adversarial: bool
) -> tuple[list[float], list[float], list[str]]:
    """Return each image's credit in each family, its weight, and the image.

    An image with other than two answers on modality or organ has no credit, but counts in its image type's weight: so
    each that has one stands for more.
    """
    units: dict[tuple[str, str], dict[str, list[float]]] = {}
    for k, value in enumerate(table.values):
        family, kind = table.tags["family"][k], table.tags["image type"][k]
        if family in families and (is_adversarial or table.tags["side"][k] == "gt"):
            units.setdefault((family, kind), {}).setdefault(table.groups[k], []).append(value)
    credits_: list[float] = []
    weights: list[float] = []
    images: list[str] = []
    for (family, _), groups in units.items():
        wanted = len(PAIRED) if is_adversarial else 1
        kept = {one: v for one, v in groups.items() if family not in PAIRED or len(v) == wanted}
        merge: Callable[[list[float]], float] = np.mean if family == "abnormality" else np.min
        credits_ += [float(merge(values)) for values in kept.values()]
        weights += [len(groups) / len(kept)] * len(kept)
        images += [one.rpartition("/")[0] for one in kept]
    return credits_, weights, images


def _weighted(credits_: list[float], weights: list[float], images: list[str], rng: np.random.Generator) -> Estimate:
    """Return the weighted mean, with the interval of the plain one moved to it and kept within 0 and 1."""
    values, weight = np.array(credits_), np.array(weights)
    known = ~np.isnan(values)
    found = mean_of(values, images, rng)
    if not known.any():
        return found
    value = float(np.average(values[known], weights=weight[known]))
    shift = value - found.value  # weights differ from 1 only where images were dropped, and little
    low, high = np.clip([found.low + shift, found.high + shift], 0, 1)  # no interval stays none
    return Estimate(value, float(low), float(high), found.n, found.n_clusters, found.n_skipped)


def recorded(path: Path, items: Iterable[Item]) -> Iterator[tuple[Item, Played | None]]:
    """Yield the outputs of the authors' result file, whose records hold the questions and `response`."""
    for where, row in read_rows(path):
        (item,) = PROTOCOL.items(row, where=where)
        yield item, Played(reply=str(row.get("response") or ""))


def gold_reply(item: Item) -> str:
    """Return what a perfect model would say."""
    return str(item.target).capitalize()


def _row(kind: str, answer: str, **more: str) -> Row:
    image = {"id": "img1", "image": "a.png", "image_type": "x-ray_chest"}
    return {**image, "qa_type": kind, "question": f"A made-up question about {kind}?", "answer": answer, **more}


PROTOCOL = Protocol(
    name="probmed",
    version=1,
    about=__doc__,
    kind="yes/no with adversarial twins",
    modality="image",
    source=Source(
        dataset="rippleripple/ProbMed", files=("test.json",), split="test", size=57132, is_on_hub=True,
    ),
    prompt=PROMPT,
    to_item=to_item,
    score=score,
    metrics={
        "overall": overall, **{family: family_accuracy(family) for family in FAMILIES.values()},
        **{f"{family}, without twins": family_accuracy(family, is_adversarial=False) for family in FAMILIES.values()},
        "questions": mean_score, "answered": answered_rate,
    },
    by=("image type",),
    gold_reply=gold_reply,
    recorded=recorded,
    records_bring_items=True,
    examples=tuple(
        Example(row=_row(kind, answer), target=answer, wrong_reply="No" if answer == "yes" else "Yes",
                other={"answer": "no" if answer == "yes" else "yes"})
        for kind, answer in (
            ("modality_gt", "yes"), ("modality_hallu", "no"), ("body_part_gt", "yes"), ("body_part_hallu", "no"),
            ("abnormality", "no"), ("entity_gt_1", "yes"), ("entity_hallu_1", "no"), ("grounding_gt_1", "yes"),
        )
    ),
)  # fmt: skip
