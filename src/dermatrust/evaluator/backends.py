"""Evaluators on this machine as clients: the embedded one, and Transformers weights, asked many at a time."""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from dermatrust.clients import AskFailed, Image, Reply, Request
from dermatrust.errors import DataError, ModelError
from dermatrust.evaluator.familiar_text import FAMILIAR_TEXT, FamiliarText, read_familiar_text
from dermatrust.evaluator.form import Form, Order
from dermatrust.evaluator.nano import WEIGHTS, NanoEvaluator
from dermatrust.evaluator.readout import read_out
from dermatrust.evaluator.replies import ALTERNATIVES, critique_reply, scores_reply, written_reply
from dermatrust.evaluator.script import Script

if TYPE_CHECKING:
    from dermatrust.evaluator.policy import Policy

NANO = "nano/evaluator"
HF = "hf:"
ONNX = "onnx:"
_REMEMBERED = 4096
"""Images whose features are kept; narratives of one case come one after another."""
Floats = NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as a backend works on it.

    Attributes:
        prompt: Token ids without a cue.
        features: What the tower sees, shape (image tokens, tower width).
        order: What is asked for.
        max_new_tokens: Longest critique.
    """

    prompt: list[int]
    features: Any
    order: Order
    max_new_tokens: int


class _Seen:
    """Features of the images looked at last, by their content."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Any] = OrderedDict()
        self._lock = Lock()

    def get(self, image: Image) -> Any:
        with self._lock:
            return self._kept.get(image.sha256)

    def put(self, image: Image, features: Any) -> None:
        with self._lock:
            self._kept[image.sha256] = features
            while len(self._kept) > _REMEMBERED:
                self._kept.popitem(last=False)


class NanoEvaluatorClient:
    """The embedded evaluator, or one that `dermatrust train --export` wrote, behind the door of a client.

    Asked for a critique it gives the same scores as without one: they are read in one pass, and the critique is written
    beside them. Its own scores behind a critique are worse (see its card).

    Args:
        folder: Of its weights.
        name: The name in ratings.
    """

    leaves_machine = False
    needs_images = True

    def __init__(self, folder: Path = WEIGHTS, name: str = NANO) -> None:
        self.name = name
        self._folder = folder
        self._seen = _Seen()

    @cached_property
    def network(self) -> NanoEvaluator:
        """The networks, loaded when first needed."""
        return NanoEvaluator(self._folder)

    @property
    def form(self) -> Form:
        """How it is asked and answers."""
        return self.network.script.form

    @cached_property
    def familiar_text(self) -> FamiliarText | None:
        """What it has read, where that lies beside its weights."""
        return read_familiar_text(self._folder / FAMILIAR_TEXT)

    def strangest(self, text: str) -> str | None:
        """Return the strangest sentence of a text if it is unfamiliar; None too where nothing is known of that."""
        return None if self.familiar_text is None else self.familiar_text.strangest(text)

    @property
    def version(self) -> str:
        """Beginning of the hash of its weights."""
        return self.network.sha256[:12]

    def endpoint(self, request: Request) -> Mapping[str, Any]:
        """Return what besides the request decides the evaluation: the weights."""
        return {"kind": "nano evaluator", "sha256": self.network.sha256}

    async def ask(self, request: Request) -> Reply:
        """Return the evaluation of the images and the narrative in the request.

        Raises:
            AskFailed: An image cannot be read, there is none, or the prompt is too long.
        """
        return await asyncio.to_thread(self._answer, request)

    def _answer(self, request: Request) -> Reply:
        network = self.network
        asked = prepared(request, network.script, self._features, network.context, critique_yields=True)
        scores = scores_reply(network.script, network.score([asked.prompt], [asked.features])[0], self.version)
        if asked.order == "scores first":
            return scores
        cue = network.script.encode(network.script.form.cue("critique first"))
        written = network.write(
            asked.prompt, asked.features, cue, max_new_tokens=asked.max_new_tokens, n_alternatives=ALTERNATIVES
        )
        critique = written_reply(network.script, written.ids, written.alternatives, self.version)
        return critique_reply(critique, scores)

    def _features(self, images: Sequence[Image]) -> Floats:
        found = []
        for image in images:
            features = self._seen.get(image)
            if features is None:
                features = self.network.look([opened(image)])
                self._seen.put(image, features)
            found.append(features)
        return np.concatenate(found)

    async def close(self) -> None:
        """Nothing to let go of."""


class LocalEvaluatorClient:
    """Transformers weights of a Llava-type evaluator on this machine; needs the extra `train`.

    What is asked at the same time is scored in one batch of like lengths.

    Args:
        path: A checkpoint, or a LoRA adapter on one.
        form: How it is asked, where its folder does not say.
        batch: Most prompts in one pass.
        device: "cuda", "cpu"; the fastest there is unless given.
    """

    leaves_machine = False
    needs_images = True

    def __init__(self, path: Path, *, form: Form | None = None, batch: int = 16, device: str | None = None) -> None:
        self.name = f"{HF}{path}"
        self._path = path
        self._form = form
        self._batch = batch
        self._device = device
        self._seen = _Seen()
        self._waiting: list[tuple[Request, asyncio.Future[Reply]]] = []
        self._worker: asyncio.Task[None] | None = None

    @cached_property
    def policy(self) -> "Policy":
        """The model, loaded when first needed."""
        check_folder(self._path)  # a folder that is not there is told before a package that is not
        try:
            import torch

            from dermatrust.evaluator.stored import load_policy
        except ModuleNotFoundError as error:
            do = "pip install 'dermatrust[train]'"
            raise ModelError(self.name, f"the package {error.name} is not installed", do=do) from None
        device = self._device or ("cuda" if torch.cuda.is_available() else "cpu")
        dtype = "bfloat16" if device.startswith("cuda") else "float32"
        return load_policy(self._path, form=self._form, device=device, dtype=dtype)

    @property
    def form(self) -> Form:
        """How it is asked and answers."""
        return self.policy.script.form

    @cached_property
    def version(self) -> str:
        """Beginning of the hash of its weights."""
        return weights_hash(self._path)[:12]

    def endpoint(self, request: Request) -> Mapping[str, Any]:
        """Return what besides the request decides the evaluation: the weights."""
        return {"kind": "hf evaluator", "sha256": self.version, "form": self.form.as_json()}

    async def ask(self, request: Request) -> Reply:
        """Return the evaluation of the images and the narrative in the request.

        Raises:
            AskFailed: An image cannot be read, there is none, or the prompt is too long.
        """
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._waiting.append((request, future))
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work())
        return await future

    async def _work(self) -> None:
        """Answer what waits, batch by batch, until nothing does."""
        await asyncio.sleep(0)  # let those asked in the same breath come in
        while self._waiting:
            self._waiting.sort(key=lambda pair: sum(len(message.text) for message in pair[0].messages))
            batch, self._waiting = self._waiting[: self._batch], self._waiting[self._batch :]
            answers = await asyncio.to_thread(self._answer_all, [request for request, _ in batch])
            for (_, future), answer in zip(batch, answers, strict=True):
                if future.cancelled():
                    continue
                if isinstance(answer, Reply):
                    future.set_result(answer)
                else:
                    future.set_exception(answer)

    def _answer_all(self, requests: Sequence[Request]) -> list[Reply | Exception]:
        """Return a reply or the failure of each request; those of one order go through the model together."""
        answers: list[Reply | Exception | None] = [None] * len(requests)
        asked: dict[Order, list[tuple[int, Asked]]] = {"scores first": [], "critique first": []}
        try:
            config = self.policy.model.config
            for k, request in enumerate(requests):
                try:
                    one = prepared(request, self.policy.script, self._features, _context(config))
                    asked[one.order].append((k, one))
                except AskFailed as failure:
                    answers[k] = failure
            for order, group in asked.items():
                replies = self._run(order, [one for _, one in group]) if group else []
                for (k, _), reply in zip(group, replies, strict=True):
                    answers[k] = reply
        except Exception as error:  # whoever waits must hear of it, or waits for ever
            return [error if answer is None else answer for answer in answers]
        return [answer for answer in answers if answer is not None]

    def _run(self, order: Order, asked: Sequence[Asked]) -> list[Reply]:
        import torch

        from dermatrust.evaluator.drawing import draw
        from dermatrust.evaluator.policy import Row, batch_of

        policy, script = self.policy, self.policy.script
        if order == "scores first":
            skeleton = script.filled([0] * len(script.skeleton.places))
            rows = [Row(one.prompt, one.features, [skeleton]) for one in asked]
            with torch.no_grad():
                logits = policy(batch_of(rows, pad_id=script.placeholder_id, device=policy.device))
            by_row = logits.view(len(rows), len(script.skeleton.places), -1).cpu().numpy()
            by_row = read_out(script, policy.readout, by_row)
            return [scores_reply(script, one, self.version) for one in by_row]
        cue = script.encode(script.form.cue("critique first"))
        rows = [Row(one.prompt, one.features) for one in asked]
        most = max(one.max_new_tokens for one in asked)
        draws = draw(policy, rows, cue, max_new_tokens=most, n_alternatives=ALTERNATIVES)
        return [written_reply(script, one.ids, one.alternatives, self.version) for (one,) in draws]

    def _features(self, images: Sequence[Image]) -> Any:
        import torch

        found = []
        for image in images:
            features = self._seen.get(image)
            if features is None:
                features = self.policy.look(self.policy.pixels([opened(image)]))[0]
                self._seen.put(image, features)
            found.append(features)
        return torch.cat(found)

    async def close(self) -> None:
        """Nothing to let go of."""


def prepared(request: Request, script: Script, look: Any, context: int, *, critique_yields: bool = False) -> Asked:
    """Return a request as tokens and features.

    Args:
        request: What is asked.
        script: Tokens.
        look: From images to what the tower sees.
        context: Most tokens of a prompt with its evaluation.
        critique_yields: Give a critique the room that a long prompt leaves, since the scores do not wait for it.

    Raises:
        AskFailed: It has no image, was not asked by this evaluator's form, or does not fit.
    """
    images = [image for message in request.messages for image in message.images]
    if not images:
        raise AskFailed("rejected", "the evaluator looks at images, and the request has none")
    try:
        narrative, order = script.form.asked("\n".join(message.text for message in request.messages))
    except ValueError as error:
        raise AskFailed("rejected", f"{error}") from None
    features = look(images)
    is_short = order == "scores first" or critique_yields
    room = len(script.skeleton.ids) if is_short else min(request.sampling.max_tokens, context // 2)
    try:
        prompt = script.prompt(narrative, len(features), most=context - room)
    except DataError as error:
        raise AskFailed("rejected", f"{error.what}; expected {error.expected}. {error.do}") from None
    if critique_yields:
        room = min(request.sampling.max_tokens, context - len(prompt) - len(script.encode(script.form.cue(order))))
    return Asked(prompt, features, order, room)


def opened(image: Image) -> PIL.Image.Image:
    """Return an image's pixels.

    Raises:
        AskFailed: It cannot be read.
    """
    try:
        with PIL.Image.open(image.path) as file:
            return file.convert("RGB")
    except OSError as error:
        raise AskFailed("rejected", f"the image {image.path} cannot be read ({error})") from None


def check_folder(path: Path) -> None:
    """Check that there is a folder to take weights from.

    Raises:
        ModelError: There is none.
    """
    if not path.is_dir():
        raise ModelError(str(path), "there is no such folder", "a Transformers checkpoint or a LoRA adapter")


def weights_hash(path: Path) -> str:
    """Return a hash of the files of a folder of weights: names, sizes and contents.

    Raises:
        ModelError: There is no such folder.
    """
    import hashlib

    check_folder(path)
    digest = hashlib.sha256()
    for file in sorted(path.glob("*")):
        if file.is_file():
            digest.update(file.name.encode())
            with file.open("rb") as content:
                digest.update(hashlib.file_digest(content, "sha256").digest())
    return digest.hexdigest()


def _context(config: Any) -> int:
    return int(config.text_config.max_position_embeddings)
