"""Scores from checks: a small network from the chances of every check's answers to the six scores.

The checks and the scores stand in one skeleton, which one pass reads, so a score cannot wait for a check: what the
decoder finds out in its last layer comes too late for the scores. The readout puts that right behind the decoder, in
the same pass. It is a concept bottleneck (Koh et al. 2020, https://arxiv.org/abs/2007.04612): a score is a function of
the checks' chances alone. Whether two checks agree, as what is said with what is seen, is worked out and not learnt:

    agreement of two checks = sum over the answers they share of the product of both chances
    x = [chances, agreements]
    logit of level v of a score = (W2 relu(W1 x + b1) + b2)_v - s (v - (best level - W3 x))²

What errors cost adds up in the rule of the scores, so W3, the points each answer takes off, finds most of it from few
texts; the hidden layer bends it where points do not simply add. s is how sharply a score keeps to the sum.
"""

import hashlib
import io
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from dermatrust.errors import DataError
from dermatrust.evaluator.form import Form
from dermatrust.evaluator.script import Script, Skeleton
from dermatrust.records import DIMENSIONS
from dermatrust.store.atomic import write_bytes

READOUT = "readout.npz"
"""Its file, beside the weights it was fitted to."""
Floats = NDArray[np.float32]
Shared = NDArray[np.int16]
Real = TypeVar("Real", bound=np.floating)


@dataclass(frozen=True, slots=True)
class Readout:
    """The weights of a readout, as half precision keeps them.

    Attributes:
        shared: The answers that two checks share: the number of their pair, and the number of the answer among all
            answers in the one and in the other; shape (n, 3).
        first: W1, shape (answers of all checks and pairs of checks, hidden).
        first_bias: b1, shape (hidden,).
        second: W2, shape (hidden, scores x levels).
        second_bias: b2, shape (scores x levels,).
        points: W3, shape (answers of all checks and pairs of checks, scores).
        sharpness: s, shape (scores,).
        levels: What a score can be, rising, shape (levels,).
    """

    shared: Shared
    first: Floats
    first_bias: Floats
    second: Floats
    second_bias: Floats
    points: Floats
    sharpness: Floats
    levels: Floats

    def logits(self, chances: Floats) -> Floats:
        """Return the logarithm of the chance of every level, shape (n, 6, levels).

        Args:
            chances: Of the answers of all checks, shape (n, answers).
        """
        inputs = with_agreements(chances, self.shared)
        hidden = np.maximum(inputs @ self.first + self.first_bias, 0)
        bent = (hidden @ self.second + self.second_bias).reshape(len(chances), len(DIMENSIONS), -1)
        off = self.levels - (self.levels[-1] - inputs @ self.points)[:, :, None]
        return log_softmax(bent - self.sharpness[:, None] * np.square(off))

    @property
    def sha256(self) -> str:
        """Hash of its file, which the decoder it was fitted to keeps."""
        return hashlib.sha256(self.to_bytes()).hexdigest()

    def to_bytes(self) -> bytes:
        """Return the content of its file, which depends on nothing but the weights."""
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as file:
            for field in fields(self):
                array = io.BytesIO()
                value = getattr(self, field.name)
                np.lib.format.write_array(array, value if value.dtype == np.int16 else value.astype(np.float16))
                file.writestr(zipfile.ZipInfo(f"{field.name}.npy"), array.getvalue())
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes, script: Script, *, where: str) -> Self:
        """Return what `to_bytes` wrote.

        Raises:
            DataError: It is no readout, or one of another form.
        """
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as kept:
                shared, *weights = (kept[field.name] for field in fields(cls))
                found = cls(shared, *(weight.astype(np.float32) for weight in weights))
            n_inputs, hidden = found.first.shape
            shapes = tuple(one.shape for one in weights[1:])
        except Exception:  # of damaged files NumPy and zipfile raise what has no common class; some advise to unpickle
            raise DataError(where, "is cut short, or is no readout", "what `dermatrust train` wrote") from None
        if not all(np.isfinite(weight).all() for weight in weights):
            raise DataError(where, "is no readout (a weight is no number)", "what `dermatrust train` wrote")
        levels, n = np.array(script.form.levels, np.float32), len(DIMENSIONS)
        n_answers = sum(len(answers) for _, answers in script.form.checks)
        fits = _are_shared(shared, n_answers) and n_inputs == n_answers + n_pairs(shared)
        outputs = n * len(levels)
        expected = ((hidden,), (hidden, outputs), (outputs,), (n_inputs, n), (n,), levels.shape)
        if not fits or shapes != expected or not np.array_equal(found.levels, levels):
            raise DataError(where, "is the readout of another form", "the one trained with these weights")
        return found


def shared_answers(form: Form, pairs: Iterable[tuple[str, str]]) -> Shared:
    """Return the answers that pairs of checks share, as `Readout` keeps them.

    Args:
        form: Its checks.
        pairs: Names of two checks each; a pair of which the form lacks one is left out.

    Example:
        >>> form = Form("{narrative}", checks=(("said", ("red", "none")), ("seen", ("blue", "red"))))
        >>> shared_answers(form, [("said", "seen"), ("said", "smelt")]).tolist()
        [[0, 0, 3]]
    """
    number = {answer: k for k, answer in enumerate((name, word) for name, words in form.checks for word in words)}
    words = dict(form.checks)
    known = [(one, other) for one, other in pairs if one in words and other in words]
    found = [
        (k, number[one, word], number[other, word])
        for k, (one, other) in enumerate(known)
        for word in words[one]
        if word in words[other]
    ]
    return np.array(found, np.int16).reshape(-1, 3)


def n_pairs(shared: Shared) -> int:
    """Return how many pairs of checks share answers."""
    return int(shared[:, 0].max(initial=-1)) + 1


def with_agreements(chances: Floats, shared: Shared) -> Floats:
    """Return chances, shape (n, answers), with the chance of every pair of checks to agree behind them.

    Example:
        >>> with_agreements(np.array([[0.5, 0.5, 0.8, 0.2]]), np.array([[0, 0, 3]], np.int16)).round(2).tolist()
        [[0.5, 0.5, 0.8, 0.2, 0.1]]
    """
    pair, one, other = shared.T
    belongs = np.equal.outer(pair, np.arange(n_pairs(shared))).astype(chances.dtype)
    return np.concatenate([chances, (chances[:, one] * chances[:, other]) @ belongs], axis=1)


def _are_shared(shared: NDArray[Any], n_answers: int) -> bool:
    if shared.dtype != np.int16 or shared.ndim != 2 or shared.shape[1] != 3:
        return False
    return bool((shared >= 0).all() and (shared[:, 1:] < n_answers).all() and n_pairs(shared) <= n_answers)


def read_readout(path: Path, script: Script) -> Readout | None:
    """Return the readout in a file; None where there is no file.

    Raises:
        DataError: The file is no readout, or one of another form.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise DataError(str(path), f"cannot be read ({error.strerror})", "a readout") from None
    return Readout.from_bytes(content, script, where=str(path))


def write_readout(path: Path, readout: Readout | None) -> None:
    """Write a readout to a file; without one no file is left there.

    Raises:
        DataError: It cannot be written.
    """
    if readout is None:
        path.unlink(missing_ok=True)
    else:
        write_bytes(path, readout.to_bytes())


def answer_chances(skeleton: Skeleton, logits: NDArray[np.floating]) -> Floats:
    """Return the chances of the answers of all checks, shape (n, answers), among the answers of each.

    Args:
        skeleton: Its places are those of the logits.
        logits: At the open places, shape (n, places, vocabulary).
    """
    checks = skeleton.options[: -len(DIMENSIONS)]
    parts = [
        np.exp(log_softmax(logits[:, place, list(options)].astype(np.float32))) for place, options in enumerate(checks)
    ]
    return np.concatenate(parts, axis=1)


def read_out(script: Script, readout: Readout | None, logits: Floats) -> Floats:
    """Return the logits at the open places with the scores' read from the checks; as they are without a readout.

    Args:
        script: Tokens.
        readout: Of the weights.
        logits: At the open places, shape (n, places, vocabulary).
    """
    if readout is None:
        return logits
    found = logits.copy()
    scores = readout.logits(answer_chances(script.skeleton, logits))
    n = len(DIMENSIONS)
    for k, options in enumerate(script.skeleton.options[-n:]):
        found[:, k - n, list(options)] = scores[:, k]
    return found


def log_softmax(logits: NDArray[Real]) -> NDArray[Real]:
    """Return the logarithms of the chances along the last axis, in the precision and shape of the logits.

    Example:
        >>> np.exp(log_softmax(np.log([[1.0, 3.0]]))).round(2).tolist()
        [[0.25, 0.75]]
    """
    raised = logits - logits.max(axis=-1, keepdims=True)
    found: NDArray[Real] = raised - np.log(np.exp(raised).sum(axis=-1, keepdims=True))
    return found
