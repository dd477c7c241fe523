"""What a client is: something that answers requests. Nothing here knows about any particular server."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

Kind = Literal["rate limited", "server error", "timeout", "connection", "bad reply", "rejected", "not recorded"]
"""Why an ask failed.

rate limited  429, or the server said so otherwise          retried
server error  5xx                                           retried
timeout       nothing came in time                          retried
connection    refused, reset, or cut off in the middle      retried
bad reply     200, but not the JSON the interface promises  retried
rejected      any other 4xx: asking again cannot help       not retried
not recorded  a replay holds no such reply                  not retried
"""


@dataclass(frozen=True, slots=True)
class Image:
    """A re-encoded image: JPEG without metadata, named by the hash of its bytes."""

    sha256: str
    path: Path


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation; images come before the text."""

    role: Literal["system", "user", "assistant"]
    text: str
    images: tuple[Image, ...] = ()


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the model is asked to decode. Part of a reply's key: other settings are other replies."""

    temperature: float = 0.0
    max_tokens: int = 1024
    seed: int | None = None
    top_logprobs: int | None = None
    """Ask for log-probabilities of this many tokens at each place, where the server has them."""
    schema: Mapping[str, Any] | None = field(default=None, hash=False)
    """A JSON schema the reply should follow, where the server has structured output."""
    scores_last: bool = False
    """Ask how likely the conversation is, its last message unfinished, rather than what comes next, where the server
    can (vLLM): `Reply.logprobs` then has one entry per token of its end, at least of all of the last message."""


@dataclass(frozen=True, slots=True)
class Request:
    """One ask. `case_id`, `author` and the arms say what it is about; they never reach the model.

    `draw` tells independent repeats of one ask apart: it is part of the key, and added to the seed.
    """

    messages: tuple[Message, ...]
    sampling: Sampling = Sampling()
    draw: int = 0
    case_id: str = ""
    author: str = ""
    """The author of the narrative that is being judged, if this is a judge's ask."""
    arm: str = ""
    """What the model is told besides the images, in a study that compares that, e.g. "image + context"."""
    image_arm: str = ""
    """Which images it is shown and how, in such a study, e.g. "first 3"."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back. Token counts are None where the server does not say."""

    text: str
    finish_reason: str = ""
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    logprobs: list[dict[str, Any]] | None = None
    """OpenAI's `logprobs.content`: one entry per token."""
    latency_s: float = 0.0
    model_version: str = ""
    """The model name the server itself reports."""


class AskFailed(Exception):  # noqa: N818  # an outcome that plays handle, not a programming error
    """A request that brought no reply; `retry_after_s` is the server's own wish."""

    def __init__(self, kind: Kind, detail: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(f"{kind}: {detail}")
        self.kind: Kind = kind
        self.detail = detail
        self.retry_after_s = retry_after_s

    @property
    def is_retryable(self) -> bool:
        """Whether asking again could help."""
        return self.kind not in ("rejected", "not recorded")


class Client(Protocol):
    """One model behind one door.

    Attributes:
        name: The model as named on the command line, e.g. "openai/gpt-5".
        leaves_machine: Whether what is asked leaves this machine; the privacy gate reads it.
        needs_images: Whether requests must carry images; a replay does not look at them.
    """

    name: str
    leaves_machine: bool
    needs_images: bool

    def endpoint(self, request: Request) -> Mapping[str, Any]:
        """Return what, besides the request's own content, decides the reply (e.g. the base URL)."""
        ...

    async def ask(self, request: Request) -> Reply:
        """Return one reply, or raise AskFailed."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


Ask = Callable[[Client, Request], Awaitable[Reply]]
"""How a play asks: the engine adds limits, retries, the reply store and cost. Raises AskFailed.

The text of a reply that comes this way can be stored: NUL and lone surrogates have been replaced.
"""
