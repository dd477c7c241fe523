"""An evaluator as a folder of weights: a Transformers checkpoint, or a LoRA adapter on one, with its form beside it.

config.json, model.safetensors            or   adapter_config.json, adapter_model.safetensors
tokenizer.json, tokenizer_config.json
preprocessor_config.json                  (not for the embedded tower, whose config names the side of its pictures)
evaluator.json                            how it is asked and answers; made by `dermatrust train`
readout.npz                               how its scores follow from its checks, where that was fitted
"""

import json
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import torch
from safetensors import SafetensorError
from torch import Tensor
from transformers import (
    AutoImageProcessor,
    AutoTokenizer,
    LlavaForConditionalGeneration,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)
from transformers.utils.logging import disable_progress_bar

from dermatrust.clients.nano import scaled, shrunk
from dermatrust.errors import DataError, ModelError
from dermatrust.evaluator.backends import check_folder
from dermatrust.evaluator.form import Form
from dermatrust.evaluator.policy import Pixels, Policy
from dermatrust.evaluator.readout import READOUT, read_readout, write_readout
from dermatrust.evaluator.script import Script
from dermatrust.evaluator.tower import AtlasTowerConfig

disable_progress_bar()  # ours say what is loaded

FORM = "evaluator.json"
ADAPTER = "adapter_config.json"


def load_policy(path: Path, *, form: Form | None = None, device: str = "cpu", dtype: str = "float32") -> Policy:
    """Return the evaluator stored in a folder, ready to be asked; arguments and errors as for `load_parts`."""
    policy, _ = load_parts(path, form=form, dtype=dtype)
    return policy.to(device).eval()


def load_parts(path: Path, *, form: Form | None = None, dtype: str = "float32") -> tuple[Policy, list[Any]]:
    """Return the evaluator stored in a folder, and its tokenizer and image processor.

    Args:
        path: A Transformers checkpoint of a Llava-type model, or a LoRA adapter whose config names its base.
        form: How it is asked; where it is not given, the folder says it.
        dtype: Of its weights.

    Raises:
        ModelError: A part is missing or cannot be read, or tokenizer and model do not go together.
        DataError: The readout beside it is none, or of another form.
    """
    path = Path(path)
    check_folder(path)
    model, base = _load_model(path, dtype)
    tokenizer = _part(path, base, "the tokenizer", AutoTokenizer.from_pretrained)
    own = None
    if (path / FORM).exists():
        own = Form.from_json((path / FORM).read_text(encoding="utf-8"), where=str(path / FORM))
    form = form or own
    if form is None:
        do = "Give a prompt with --prompt, or train it with `dermatrust train`."
        raise ModelError(str(path), f"has no {FORM}, so nobody knows how it is asked", do=do)
    script = script_of(model, tokenizer, form, where=str(path))
    config: Any = model.config
    if isinstance(config.vision_config, AtlasTowerConfig):
        policy, parts = Policy(model, script, atlas_pixels(config.vision_config.image_size)), [tokenizer]
    else:
        processor = _part(path, base, "the image processor", AutoImageProcessor.from_pretrained)
        policy, parts = Policy(model, script, _processed(processor)), [tokenizer, processor]
    if form == own:  # asked in another way, its checks are others
        policy.readout = read_readout(path / READOUT, script)
    return policy, parts


def save_policy(policy: Policy, path: Path, *parts: Any) -> None:
    """Write an evaluator as a folder that `load_policy` reads: the adapter alone where it has one.

    Args:
        policy: The evaluator.
        path: The folder.
        parts: Its tokenizer and, where it has one, its image processor.

    Raises:
        DataError: It cannot be written.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)  # where it is a file, the next line would write nothing and go on
        (policy.adapter or policy.model).save_pretrained(path)
        for part in parts:
            part.save_pretrained(path)
        (path / FORM).write_text(policy.script.form.as_json(), encoding="utf-8")
        write_readout(path / READOUT, policy.readout)
    except (OSError, SafetensorError) as error:
        problem = getattr(error, "strerror", None) or _first_line(error)
        raise DataError(str(path), f"cannot be written ({problem})", do="Is there room on the disk?") from None


def script_of(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, form: Form, *, where: str) -> Script:
    """Return the tokens of a model with its tokenizer.

    Raises:
        ModelError: The tokenizer has tokens the model has not, or lacks the token of images.
    """
    config: Any = model.config
    embeddings: Any = model.get_input_embeddings()
    n_rows = len(embeddings.weight)
    if len(tokenizer) > n_rows:
        do = "Use the tokenizer the model was trained with."
        raise ModelError(where, f"the tokenizer has {len(tokenizer)} tokens", f"at most the model's {n_rows}", do)
    image_id = config.image_token_index
    if not 0 <= image_id < n_rows or tokenizer.convert_ids_to_tokens(image_id) is None:
        raise ModelError(where, f"the tokenizer has no token {image_id}", "the token that stands for images")
    begin = [] if tokenizer.bos_token_id is None else [tokenizer.bos_token_id]
    placeholder = next((t for t in (tokenizer.unk_token_id, tokenizer.pad_token_id) if t is not None), 0)
    if tokenizer.eos_token_id is None:
        raise ModelError(where, "the tokenizer has no token that ends a text")
    return Script(
        tokenizer, form, image_id=image_id, begin=begin, end_id=tokenizer.eos_token_id, placeholder_id=placeholder,
        where=where,
    )  # fmt: skip


@contextmanager
def adapting() -> Iterator[None]:
    """Let PEFT work: what an adapter lacks is an error, and a name of Transformers it should no longer use is not."""
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".*missing adapter keys")
        warnings.filterwarnings("ignore", message="`is_gradient_checkpointing` is deprecated", category=FutureWarning)
        yield


def atlas_pixels(side_px: int) -> Pixels:
    """Return how pictures become what the embedded tower takes."""
    return lambda pictures: torch.from_numpy(scaled(np.stack([shrunk(picture, side_px) for picture in pictures])))


def _processed(processor: Any) -> Pixels:
    def pixels(pictures: Sequence[PIL.Image.Image]) -> Tensor:
        rgb = [picture.convert("RGB") for picture in pictures]
        found: Tensor = processor(images=rgb, return_tensors="pt")["pixel_values"]
        return found

    return pixels


def _load_model(path: Path, dtype: str) -> tuple[PreTrainedModel, Path]:
    """Return the model, adapters put in, and the folder of its base."""
    try:
        if not (path / ADAPTER).exists():
            return _llava(path, dtype), path
        from peft import PeftModel

        base = Path(json.loads((path / ADAPTER).read_text(encoding="utf-8"))["base_model_name_or_path"])
        model = _llava(base, dtype)
        with adapting():
            return PeftModel.from_pretrained(model, path).merge_and_unload(), base
    except Exception as error:  # loaders raise whatever they stumble over: OSError, ValueError, SafetensorError
        what = f"cannot be loaded as a Llava-type model ({_first_line(error)})"
        raise ModelError(str(path), what, "config.json with its weights, or an adapter with its base") from None


def _llava(path: Path, dtype: str) -> PreTrainedModel:
    """Return a checkpoint's model; a weight the file lacks would be filled by chance, so it is refused."""
    if not (path / "config.json").is_file():  # its loader would ask the internet, or invent 7 billion weights
        raise FileNotFoundError(f"{path} is no folder with a config.json")
    loaded: Any = LlavaForConditionalGeneration.from_pretrained(
        path, dtype=getattr(torch, dtype), output_loading_info=True
    )
    model: PreTrainedModel = loaded[0]
    if missing := sorted(loaded[1]["missing_keys"]):
        raise ValueError(f"it lacks the weights {', '.join(missing)}")
    return model


def _part(path: Path, base: Path, what: str, load: Callable[..., Any]) -> Any:
    for folder in dict.fromkeys((path, base)):
        try:
            return load(folder)
        except Exception as error:  # as above
            problem = _first_line(error)
    do = "Copy the files from the checkpoint it was trained from."
    raise ModelError(str(path), f"{what} cannot be loaded ({problem})", do=do)


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)[:160]
