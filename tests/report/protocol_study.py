"""Runs of protocols for the tests of their chapter: made from scores, without a model."""

from collections import Counter

from dermatrust.protocols import Item, Score, ScoreTable
from dermatrust.protocols.find import find_protocol
from dermatrust.protocols.result import SILENT_JUDGE, Asked, protocol_result

NAN = float("nan")
ASKED = Asked("rows.jsonl", "0123456789abcdef", None, "fedcba987654", {})


def a_run(model, *, right, wrong=0, silent=0, unjudged=0, failed=0, name="medirt", topics=("skin", "bone"), **more):
    """Return the result of a model with so many items of each outcome, which take turns in the topics."""
    scores = [Score(value=1.0, said="A")] * right + [Score(value=0.0, said="B")] * wrong
    scores += [Score(value=0.0, answered=False)] * silent + [Score(value=NAN)] * unjudged + [None] * failed
    table = ScoreTable()
    for k, score in enumerate(scores):
        table.add(Item(id=str(k), question="", target="A", tags={"topic": topics[k % len(topics)]}), score)
    missing = Counter({SILENT_JUDGE: unjudged, "server error: HTTP 500": failed})
    given = {"others": {}, "asked": ASKED} | more
    return protocol_result(find_protocol(name), table, model=model, missing=+missing, **given)
