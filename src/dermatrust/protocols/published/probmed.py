"""ProbMed: yes/no questions about medical images, each with a twin about something that is not there.

Paper     Yan et al. (2024), https://arxiv.org/abs/2405.20421
Data      rippleripple/ProbMed (gated), test.json, 57,132 records of 6,303 images in 12 kinds.
Measures  Whether a "yes" about an image is worth anything: credit needs a "no" to the invented twin as well.
Not for   Anything but the answer yes or no; how the questions were made decides how hard they are.
Deviates  Nothing of the rule: "Yes" or "No" as a part of the reply counts, capitals minded, so that a reply with both
          is right either way. Images without an abnormality have one invented condition alone: their credit, with and
          without twins. Image types and families weigh by all their images; in `released-code` those without their two
          answers on modality or organ do not weigh there. Images are told by their id, wherever their records stand;
          the script takes neighbouring records. It prints the figure without twins in the place of that with them.
Verified  Nothing: neither the gated data nor recorded outputs were at hand.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from dermatrust.protocols import Example, Item, Metric, Played, Protocol, Row, Score, Source
from dermatrust.protocols.metrics import answered_rate, mean_score
from dermatrust.protocols.read_rows import read_rows
from dermatrust.protocols.scorers.twins import GT, SINGLE, Kind, twin_credit

PROMPT = "{question}\n\nReply with Yes or No."
FAMILIES = {
    "modality": "modality", "body_part": "organ", "abnormality": "abnormality", "entity": "condition",
    "grounding": "position",
}  # fmt: skip
"""The beginning of a question's type to the family whose credit it is."""
_KIND = re.compile(r"(modality|body_part|abnormality|entity|grounding)(?:_(gt|hallu))?(?:_(\w+))?")
CREDIT = {
    "modality": Kind(is_once=True), "organ": Kind(is_once=True), "abnormality": Kind(is_paired=False),
    "condition": Kind(), "position": Kind(),
}  # fmt: skip


def to_item(row: Row) -> Item:
    """Ask one question of one image; the target is yes or no."""
    kind = _KIND.fullmatch(row["qa_type"])
    if not kind:
        raise ValueError(f"its qa_type is {row['qa_type']!r}")
    target = str(row["answer"]).strip().lower()
    if target not in ("yes", "no"):
        raise ValueError(f"its answer is {row['answer']!r}; expected yes or no")
    family, image = FAMILIES[kind[1]], str(row["id"])
    side = SINGLE if row["qa_type"] == "entity_hallu" else kind[2] or GT
    return Item(
        id=f"{image}/{row['qa_type']}/{row.get('i', row.get('gpt_idx', ''))}".rstrip("/"),
        question=row["question"], images=(row["image"],), target=target, group=f"{image}/{family}",
        tags={"family": family, "side": side, "pair": kind[3] or "", "image": image, "image type": row["image_type"]},
    )  # fmt: skip


def score(item: Item, played: Played) -> Score:
    """Grade as the released script does: the right word as part of the reply, or the whole of it in small letters."""
    reply = played.reply.strip()
    said = [word for word in ("Yes", "No") if word in reply or reply.lower() in (word.lower(), f"{word.lower()}.")]
    right = item.target.capitalize() in said
    return Score(value=float(right), answered=bool(said), said=" and ".join(said).lower())


def recorded(path: Path, items: Iterable[Item]) -> Iterator[tuple[Item, Played | None]]:
    """Yield the outputs of the authors' result file, whose records hold the questions, `gt_ans` and `response`.

    The files of single models lack the image and its type: with data the type is that of the image's items there.
    """
    types = {item.tags["image"]: item.tags["image type"] for item in items}
    for where, row in read_rows(path):
        known = {"image": "", "image_type": types.get(str(row.get("id")), ""), **row}
        known["answer"] = row.get("gt_ans", row.get("answer"))
        (item,) = PROTOCOL.items(known, where=where)
        yield item, Played(reply=str(row.get("response") or ""))


def _metrics(*, counts_dropped: bool) -> dict[str, Metric]:
    """Return the credit over all families, of each, and without the twins."""
    found: dict[str, Metric] = {"overall": twin_credit(CREDIT, counts_dropped=counts_dropped)}
    for name, kind in CREDIT.items():
        found[name] = twin_credit({name: kind}, counts_dropped=counts_dropped)
    for name, kinds in {"overall": CREDIT, **{name: {name: kind} for name, kind in CREDIT.items()}}.items():
        if name != "abnormality":
            found[f"{name}, without twins"] = twin_credit(kinds, is_adversarial=False, counts_dropped=counts_dropped)
    return found | {"questions": mean_score, "answered": answered_rate}


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
    metrics=_metrics(counts_dropped=True),
    by=("image type",),
    gold_reply=gold_reply,
    recorded=recorded,
    records_bring_items=True,
    variants={"released-code": {"metrics": _metrics(counts_dropped=False)}},
    examples=tuple(
        Example(row=_row(kind, answer), target=answer, wrong_reply="No" if answer == "yes" else "Yes",
                other={"answer": "no" if answer == "yes" else "yes"})
        for kind, answer in (
            ("modality_gt", "yes"), ("modality_hallu", "no"), ("body_part_gt", "yes"), ("body_part_hallu", "no"),
            ("abnormality", "no"), ("entity_gt_1", "yes"), ("entity_hallu_1", "no"), ("grounding_gt_1", "yes"),
        )
    ),
)  # fmt: skip
