"""The embedded evaluator: a tower and a decoder in ONNX files of this package, run by ONNX Runtime without torch.

It is trained on the synthetic atlas alone (`dermatrust train configs/nano.yaml`), so nothing it says about a real
photograph means anything.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
import PIL.Image
from numpy.typing import NDArray
from tokenizers import Tokenizer

from dermatrust.clients.nano import scaled, shrunk
from dermatrust.errors import DataError
from dermatrust.evaluator.form import Form
from dermatrust.evaluator.readout import READOUT, log_softmax, read_out, read_readout
from dermatrust.evaluator.script import Script

WEIGHTS = Path(__file__).parent / "weights"
TOWER, DECODER = "tower.onnx", "decoder.onnx"
_HIDDEN = -1e9
_EXPORTED = "what `dermatrust train --export FOLDER` wrote"

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Written:
    """An evaluation while it is written token by token.

    Attributes:
        ids: Tokens behind the cue, the end included where it was reached.
        alternatives: For each, the likeliest tokens and their log-probabilities, the chosen one first.
    """

    ids: tuple[int, ...]
    alternatives: tuple[tuple[tuple[int, float], ...], ...]


class NanoEvaluator:
    """The embedded evaluator's two networks and its script.

    Args:
        folder: Holds the two ONNX files and, where one was fitted, the readout.
        threads: Of each network.

    Raises:
        DataError: A file is missing or is not one of an evaluator.
    """

    def __init__(self, folder: Path = WEIGHTS, *, threads: int = 1) -> None:
        self._tower, tower_hash = _session(folder / TOWER, threads)
        self._decoder, decoder_hash = _session(folder / DECODER, threads)
        try:
            eye = self._tower.get_modelmeta().custom_metadata_map
            self._side_px, self.n_tokens, self._hidden = (int(eye[key]) for key in ("side_px", "n_tokens", "hidden"))
            stored = self._decoder.get_modelmeta().custom_metadata_map
            form = Form.from_json(stored["form"], where=str(folder / DECODER))
            tokenizer = Tokenizer.from_str(stored["tokenizer"])
            self._sizes: dict[str, int] = json.loads(stored["sizes"])
            self.script = Script(tokenizer, form, **json.loads(stored["ids"]), where=str(folder / DECODER))
            self.readout = read_readout(folder / READOUT, self.script)
            self._check_readout(stored.get("readout", ""), folder)
            self._check_tower(stored.get("tower"), tower_hash, folder)
        except DataError:
            raise
        except Exception as error:  # a damaged tokenizer raises a bare Exception
            raise DataError(str(folder), f"holds no embedded evaluator ({error})", _EXPORTED) from None

        self.sha256 = hashlib.sha256(f"{tower_hash}{decoder_hash}".encode()).hexdigest()

    def _check_readout(self, expected: str, folder: Path) -> None:
        """Refuse a readout that was fitted to another decoder; the decoder's file names its own."""
        found = "" if self.readout is None else self.readout.sha256
        if found != expected:
            problem = "is missing" if not found else f"is not the one of this {DECODER}"
            raise DataError(str(folder / READOUT), problem, "the file that was exported with it", "Export them again.")

    def _check_tower(self, expected: str | None, found: str, folder: Path) -> None:
        """Refuse a tower that the decoder did not learn to look through; the decoder's file names its own."""
        if found != expected:
            problem = f"is not the one of this {DECODER}"
            raise DataError(str(folder / TOWER), problem, "the file that was exported with it", "Export them again.")

    @property
    def context(self) -> int:
        """Most tokens of a prompt with its evaluation."""
        return self._sizes["context"]

    def look(self, pictures: Sequence[PIL.Image.Image]) -> Floats:
        """Return what the tower sees in photographs, shape (photographs x tokens per image, tower width)."""
        pixels = scaled(np.stack([shrunk(picture, self._side_px) for picture in pictures]))
        seen: Floats = self._tower.run(["features"], {"pixels": pixels})[0]
        return seen.reshape(-1, self._hidden)

    def score(self, prompts: Sequence[Sequence[int]], features: Sequence[Floats]) -> Floats:
        """Return the logits at the open places of the skeleton, shape (prompts, places, vocabulary).

        Those of the scores are the readout's, where there is one; those of tokens that answer nothing are minus
        infinity. Each prompt has a pass of its own: a pass rounds by the range of all it holds, so a neighbour would
        change the scores, and passes over several at a time are not faster.
        """
        skeleton = self.script.skeleton
        answers = np.unique(np.concatenate(skeleton.options))
        logits = np.full((len(prompts), len(skeleton.places), self._sizes["vocabulary"]), -np.inf, np.float32)
        for row, prompt, seen in zip(logits, prompts, features, strict=True):
            inputs, where = _laid_out([*prompt, *skeleton.ids], seen, self.script.image_id)
            places = where[len(prompt) + np.array(skeleton.places)]
            found, _ = self._run(inputs, places, answers, None, keep=False)
            row[:, answers] = found
        return read_out(self.script, self.readout, logits)

    def write(
        self, prompt: Sequence[int], features: Floats, cue: Sequence[int], *, max_new_tokens: int, n_alternatives: int
    ) -> Written:
        """Return the likeliest evaluation behind a cue, token by token over kept keys and values."""
        inputs, where = _laid_out([*prompt, *cue], features, self.script.image_id)
        position, every = len(where), np.arange(self._sizes["vocabulary"])
        logits, past = self._run(inputs, where[-1:], every, None, keep=True)
        ids, alternatives = [], []
        for step in range(max_new_tokens):
            logs = log_softmax(logits[0].astype(np.float64))
            likeliest = np.argsort(-logs, kind="stable")[:n_alternatives]
            ids.append(int(likeliest[0]))
            alternatives.append(tuple((int(k), float(logs[k])) for k in likeliest))
            if ids[-1] == self.script.end_id or step + 1 == max_new_tokens:
                break
            logits, past = self._run(
                _next(ids[-1], position + step, past, features.shape[1]), np.array([0]), every, past, keep=True
            )
        return Written(tuple(ids), tuple(alternatives))

    def _run(
        self, inputs: dict[str, NDArray[np.generic]], places: Ints, answers: Ints, past: Sequence[Floats] | None, *,
        keep: bool,
    ) -> tuple[Floats, list[Floats]]:  # fmt: skip
        """Run the decoder; return the answers' logits at a row's places, and keys and values if they are to be kept."""
        kinds = [f"{kind}.{k}" for k in range(self._sizes["layers"]) for kind in "kv"]
        if past is None:
            past = [np.zeros((1, self._sizes["kv_heads"], 0, self._sizes["head_width"]), np.float32)] * len(kinds)
        given = {f"past_{kind}": array for kind, array in zip(kinds, past, strict=True)}
        asked = {**inputs, "places": places[None], "answers": answers, **given}
        logits, *kept = self._decoder.run(["logits", *(kinds if keep else [])], asked)
        return logits[0], kept


def _laid_out(ids: Sequence[int], features: Floats, image_id: int) -> tuple[dict[str, NDArray[np.generic]], Ints]:
    """Return the decoder's inputs for one row, its image tokens first, and where each token of the row went."""
    row = np.array(ids, np.int64)
    order = np.argsort(row != image_id, kind="stable")
    others = row[row != image_id]
    mask = np.where(order[None, :] <= order[:, None], np.float32(0), np.float32(_HIDDEN))[None, None]
    inputs = {"features": features[None], "ids": others[None], "positions": order[None], "mask": mask}
    return inputs, np.argsort(order)


def _next(token: int, position: int, past: Sequence[Floats], width: int) -> dict[str, NDArray[np.generic]]:
    """Return the decoder's inputs for one more token, which sees everything before it."""
    mask = np.zeros((1, 1, 1, past[0].shape[2] + 1), np.float32)
    nothing = np.zeros((1, 0, width), np.float32)
    return {"features": nothing, "ids": np.array([[token]]), "positions": np.array([[position]]), "mask": mask}


def _session(path: Path, threads: int) -> tuple[onnxruntime.InferenceSession, str]:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.log_severity_level = 3
    try:
        content = path.read_bytes()
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except OSError as error:
        raise DataError(str(path), f"cannot be read ({error.strerror})", _EXPORTED) from None
    except Exception:  # ONNX Runtime's exceptions share no base but Exception, and speak of protobuf
        raise DataError(
            str(path), "is cut short, or is no network of dermatrust", _EXPORTED, "Export it again."
        ) from None
    return session, hashlib.sha256(content).hexdigest()
