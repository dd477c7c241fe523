"""What a backend brings as a reply: the text of an evaluation, and OpenAI's log-probabilities of its tokens."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dermatrust.clients import Reply
from dermatrust.evaluator.form import SCORES
from dermatrust.evaluator.readout import log_softmax
from dermatrust.evaluator.script import Script

DECIMALS = 5
"""Log-probabilities are rounded to so many: beyond, they depend on what else was asked at the same time."""
ALTERNATIVES = 21
"""Kept at each place of a score: as many as quarter points have levels."""


def scores_reply(script: Script, logits: NDArray[np.floating], version: str) -> Reply:
    """Return the reply of one pass over the skeleton: the likeliest answer at every open place.

    Args:
        script: Tokens.
        logits: At the open places, shape (places, vocabulary).
        version: Of the weights.
    """
    skeleton = script.skeleton
    entries: list[dict[str, Any]] = []
    cue = len(script.encode(script.form.cue("scores first")))
    start = cue
    n_checks = len(script.form.checks)
    for k, (place, options) in enumerate(zip(skeleton.places, skeleton.options, strict=True)):
        name = script.text(skeleton.ids[start : place + 1])
        start = max(start, place + 1)
        logs = log_softmax(logits[k, list(options)].astype(np.float64))
        order = np.argsort(-logs, kind="stable")
        best = order[0]
        entries += [_given(name)] if name else []
        top = [_entry(script.token(options[n]), logs[n]) for n in order] if k >= n_checks else []
        entries.append({**_entry(script.token(options[best]), logs[best]), "top_logprobs": top[:ALTERNATIVES]})
    text = "".join(entry["token"] for entry in entries)
    n_tokens = len(skeleton.ids) - cue + len(skeleton.places)
    return Reply(text, "stop", None, n_tokens, entries, model_version=version)


def written_reply(
    script: Script, ids: Sequence[int], alternatives: Sequence[Sequence[tuple[int, float]]], version: str
) -> Reply:
    """Return the reply of an evaluation that was written token by token.

    Args:
        script: Tokens.
        ids: What was written, the end included where it was reached.
        alternatives: At each token, the likeliest tokens and their log-probabilities, the chosen one among them.
        version: Of the weights.
    """
    entries = []
    for token, others in zip(ids, alternatives, strict=True):
        if token == script.end_id:
            break
        own = dict(others)[token]
        top = [_entry(script.token(one), log) for one, log in others]
        entries.append({**_entry(script.token(token), own), "top_logprobs": top})
    text = "".join(entry["token"] for entry in entries)
    reason = "stop" if ids and ids[-1] == script.end_id else "length"
    return Reply(text, reason, None, len(ids), entries, model_version=version)


def critique_reply(written: Reply, scores: Reply) -> Reply:
    """Return a critique that was written out, with the scores of one pass over the skeleton instead of its own.

    Args:
        written: Critique first; it may break off before its scores.
        scores: Scores first, of the same narrative.
    """
    entries: list[dict[str, Any]] = []
    critique = written.text.partition(SCORES)[0]
    n = 0
    for entry in written.logprobs or ():
        n += len(entry["token"])
        if n > len(critique):
            break
        entries.append(entry)
    text = "".join(entry["token"] for entry in entries)
    if text and not text.endswith("\n"):
        entries.append(_given("\n"))
    read = list(scores.logprobs or ())
    first = next((k for k, entry in enumerate(read) if SCORES in entry["token"]), None)
    if first is None:  # without checks the line was the cue
        entries += [_given(SCORES), *read]
    else:
        entries += [_given(SCORES + read[first]["token"].partition(SCORES)[2]), *read[first + 1 :]]
    text = "".join(entry["token"] for entry in entries)
    n_tokens = (written.completion_tokens or 0) + (scores.completion_tokens or 0)
    return Reply(text, written.finish_reason, None, n_tokens, entries, model_version=scores.model_version)


def _given(token: str) -> dict[str, Any]:
    return {"token": token, "logprob": 0.0, "top_logprobs": []}


def _entry(token: str, log: float) -> dict[str, Any]:
    return {"token": token, "logprob": round(float(log), DECIMALS)}
