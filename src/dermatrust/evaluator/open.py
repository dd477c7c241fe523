"""From an evaluator's name on the command line to the evaluator."""

import hashlib
from pathlib import Path
from typing import Any

from dermatrust.clients import open_client
from dermatrust.clients.open import ELSEWHERE, FORMS
from dermatrust.errors import ModelError
from dermatrust.evaluator.backends import HF, NANO, ONNX, LocalEvaluatorClient, NanoEvaluatorClient
from dermatrust.evaluator.evaluator import Evaluator
from dermatrust.evaluator.form import Form, Order, check_form
from dermatrust.evaluator.image_writing import writing_reader
from dermatrust.judge.rubric import load_rubric
from dermatrust.narrate import Prompt, load_prompt

PROMPTS = Path(__file__).parent / "prompts"
DEFAULT_PROMPT = "rate"


def load_evaluator_prompt(name_or_path: str | Path = DEFAULT_PROMPT) -> Prompt:
    """Read an evaluator's prompt by name or path, and check that the narrative has its place.

    Raises:
        DataError: There is no such prompt, or the place is absent or doubled.
    """
    prompt = load_prompt(name_or_path, folder=PROMPTS)
    check_form(Form(prompt.text), where=f"prompt {prompt.id}")
    return prompt


def open_evaluator(
    name: str, *, order: Order = "scores first", prompt: str | None = None, max_tokens: int = 1024,
    look_for_writing: bool = False,
) -> Evaluator:  # fmt: skip
    """Return the evaluator a name stands for.

    Args:
        name: "nano/evaluator", "onnx:FOLDER" (what `dermatrust train --export` wrote), "hf:PATH" (a Transformers
            checkpoint or LoRA adapter), or a model as `open_client` takes it: a server such as vLLM, or recorded
            replies.
        order: Scores first, or critique first.
        prompt: A prompt's name or file, for models whose own form is not known.
        max_tokens: Longest evaluation.
        look_for_writing: Flag ratings by photographs with writing in them.

    Raises:
        ModelError: The name stands for no evaluator, its weights cannot be loaded, or what looks for writing is not
            installed.
        DataError: The prompt or the embedded weights cannot be read.
    """
    rubric = load_rubric().name_and_hash
    reader = writing_reader() if look_for_writing else None
    settings: dict[str, Any] = {"order": order, "rubric": rubric, "max_tokens": max_tokens, "reader": reader}
    if name == NANO:
        return _known(NanoEvaluatorClient(), settings)
    if name.startswith(ONNX):
        folder = Path(name.removeprefix(ONNX))  # one rater, however its folder is written
        return _known(NanoEvaluatorClient(folder, f"{ONNX}{folder}"), settings)
    if name.startswith("nano/"):
        raise ModelError(name, "is not an embedded evaluator", NANO)
    asked = load_evaluator_prompt(prompt or DEFAULT_PROMPT)
    form = Form(asked.text, fenced=True)
    if name.startswith(HF):
        path = Path(name.removeprefix(HF))
        return _known(LocalEvaluatorClient(path, form=form if prompt else None), settings)
    try:
        client = open_client(name)
    except ModelError as error:
        if error.expected != FORMS:
            raise
        raise ModelError(error.where, error.what, f"{NANO}, {ONNX}FOLDER, {HF}PATH, {ELSEWHERE}") from None
    return Evaluator(client, form, prompt=asked.name_and_hash, **settings)


def _known(client: NanoEvaluatorClient | LocalEvaluatorClient, settings: dict[str, Any]) -> Evaluator:
    """Return an evaluator whose weights bring their form with them."""
    digest = hashlib.sha256(client.form.as_json().encode()).hexdigest()[:12]
    return Evaluator(client, client.form, prompt=f"its own:{digest}", **settings)
