"""Every provider of Inspect AI, through its own model interface (extra `inspect`).

Interface: https://inspect.aisi.org.uk/models.html
"""

import base64
import re
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dermatrust.clients.client import AskFailed, Image, Reply, Request, Sampling
from dermatrust.errors import ModelError

if TYPE_CHECKING:
    from inspect_ai.model import ChatMessage, GenerateConfig, Model


class InspectClient:
    """A model of Inspect AI, named `inspect/PROVIDER/MODEL`.

    Whether a provider's server stands on this machine cannot be seen from here, so everything but Inspect's own
    `mockllm` counts as leaving it.
    """

    needs_images = True

    def __init__(self, name: str) -> None:
        try:
            from inspect_ai.model import get_model
        except ImportError:
            do = "Install it: pip install inspect-ai (the extra `inspect`)."
            raise ModelError(name, "Inspect AI is not installed", do=do) from None
        self.name = name
        inspect_name = name.removeprefix("inspect/")
        self.leaves_machine = not inspect_name.startswith("mockllm/")
        try:
            self._model: Model = get_model(inspect_name, memoize=False)
        except Exception as error:  # each provider refuses in its own way: no package, no key, no such name
            said = " ".join(re.sub(r"\[/?[a-z]+\]", "", str(error)).split())
            raise ModelError(name, f"Inspect AI cannot open it ({said})") from None

    @classmethod
    def of(cls, model: "Model") -> "InspectClient":
        """Return the client of a model that Inspect has opened, in a task of its own."""
        client = cls.__new__(cls)
        client.name = f"inspect/{model}"
        client.leaves_machine = model.api.__class__.__name__ != "MockLLM"
        client._model = model
        return client

    def endpoint(self, request: Request) -> Mapping[str, Any]:
        """Return Inspect's name of the model."""
        return {"kind": "inspect", "model": str(self._model)}

    async def ask(self, request: Request) -> Reply:
        """Return the first choice of one generation."""
        started = time.perf_counter()
        messages = [_chat_message(message.role, message.text, message.images) for message in request.messages]
        try:
            output = await self._model.generate(messages, config=_config(request.sampling, request.draw))
        except Exception as error:  # every provider raises its own kinds; none may end the run
            raise AskFailed("server error", f"{type(error).__name__}: {error}") from error
        if output.error or not output.choices:
            raise AskFailed("bad reply", output.error or "no choice came back")
        choice, usage = output.choices[0], output.usage
        logprobs = choice.logprobs.model_dump(exclude_none=True)["content"] if choice.logprobs else None
        return Reply(
            text=choice.message.text,
            finish_reason=choice.stop_reason,
            prompt_tokens=usage.input_tokens if usage else None,
            completion_tokens=usage.output_tokens if usage else None,
            logprobs=logprobs,
            latency_s=time.perf_counter() - started,
            model_version=output.model,
        )

    async def close(self) -> None:
        """Close the provider's connections."""
        await self._model.api.aclose()


def _chat_message(role: str, text: str, images: tuple[Image, ...]) -> "ChatMessage":
    from inspect_ai.model import ChatMessageAssistant, ChatMessageSystem, ChatMessageUser, ContentImage, ContentText

    content: list[Any] = [ContentImage(image=_inline(image)) for image in images]
    whole = [*content, ContentText(text=text)] if content else text
    if role == "system":
        return ChatMessageSystem(content=whole)
    return ChatMessageUser(content=whole) if role == "user" else ChatMessageAssistant(content=whole)


def _inline(image: Image) -> str:
    """Return the image as a data URI: Inspect sends no file it is only pointed at."""
    return "data:image/jpeg;base64," + base64.b64encode(image.path.read_bytes()).decode()


def _config(sampling: Sampling, draw: int) -> "GenerateConfig":
    from inspect_ai.model import GenerateConfig, ResponseSchema
    from inspect_ai.util import JSONSchema

    schema = None
    if sampling.schema is not None:
        schema = ResponseSchema(name="reply", json_schema=JSONSchema.model_validate(sampling.schema))
    return GenerateConfig(
        temperature=sampling.temperature,
        max_tokens=sampling.max_tokens,
        seed=None if sampling.seed is None else sampling.seed + draw,
        logprobs=True if sampling.top_logprobs else None,
        top_logprobs=sampling.top_logprobs,
        response_schema=schema,
        max_retries=0,
        cache=False,
    )
