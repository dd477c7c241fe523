"""Scores from checks: a small network from the chances of every check's answers to the six scores.

The checks and the scores stand in one skeleton, which one pass reads, so a score cannot wait for a check: what the
decoder finds out in its last layer comes too late for the scores. The readout puts that right behind the decoder, in
the same pass. It is a concept bottleneck (Koh et al. 2020, https://arxiv.org/abs/2007.04612): a score is a function of
the checks' chances alone.

    scores = log softmax(W2 relu(W1 chances + b1) + b2)
"""

import hashlib
import io
import zipfile
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from dermatrust.errors import DataError
from dermatrust.evaluator.script import Script, Skeleton
from dermatrust.records import DIMENSIONS
from dermatrust.store.atomic import write_bytes

READOUT = "readout.npz"
"""Its file, beside the weights it was fitted to."""
Floats = NDArray[np.float32]
Real = TypeVar("Real", bound=np.floating)


@dataclass(frozen=True, slots=True)
class Readout:
    """The weights of a readout, as half precision keeps them.

    Attributes:
        first: W1, shape (answers of all checks, hidden).
        first_bias: b1, shape (hidden,).
        second: W2, shape (hidden, scores x levels).
        second_bias: b2, shape (scores x levels,).
    """

    first: Floats
    first_bias: Floats
    second: Floats
    second_bias: Floats

    def logits(self, chances: Floats) -> Floats:
        """Return the logarithm of the chance of every level, shape (n, 6, levels).

        Args:
            chances: Of the answers of all checks, shape (n, answers).
        """
        hidden = np.maximum(chances @ self.first + self.first_bias, 0)
        return log_softmax((hidden @ self.second + self.second_bias).reshape(len(chances), len(DIMENSIONS), -1))

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
                np.lib.format.write_array(array, getattr(self, field.name).astype(np.float16))
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
                found = cls(*(kept[field.name].astype(np.float32) for field in fields(cls)))
            n_answers, hidden = found.first.shape
            shapes = (found.first_bias.shape, found.second.shape, found.second_bias.shape)
        except Exception as error:  # what NumPy and zipfile raise of damaged files has no common class
            raise DataError(where, f"is no readout ({error})", "what `dermatrust train` wrote") from None
        if not all(np.isfinite(getattr(found, field.name)).all() for field in fields(cls)):
            raise DataError(where, "is no readout (a weight is no number)", "what `dermatrust train` wrote")
        n_levels = len(DIMENSIONS) * len(script.form.levels)
        expected = sum(len(answers) for _, answers in script.form.checks)
        if (n_answers, shapes) != (expected, ((hidden,), (hidden, n_levels), (n_levels,))):
            raise DataError(where, "is the readout of another form", "the one trained with these weights")
        return found


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
