"""Any OpenAI-compatible server: vLLM, SGLang, Ollama, llama.cpp, the hosted ones.

Interface: chat completions, https://platform.openai.com/docs/api-reference/chat
"""

import base64
import io
import ipaddress
import json
import logging
import re
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from pydantic_core import from_json, to_json
from yarl import URL

from dermatrust.clients.client import AskFailed, Image, Kind, Message, Reply, Request, Sampling
from dermatrust.errors import ModelError

LARGEST_BODY = 32_000_000
"""Bytes. A reply with log-probabilities is a few hundred kilobytes; anything past this is not a reply."""
_IMAGE_CACHE_BYTES = 24_000_000
_LARGE_BODY = 1_000_000
_INSTEAD = {
    "response_format": "the prompt asks for the same form in words",
    "max_tokens": "max_completion_tokens is sent instead",
    "prompt_logprobs": "no given text can be scored",
}
_SCORING = {"prompt_logprobs": 1, "add_generation_prompt": False, "continue_final_message": True}
"""Fields by which vLLM scores a conversation. https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html"""
_TOKENS_PAST = 64
"""Tokens kept of what was scored, besides as many as the last message has bytes: what a template puts around it."""
_LOG = logging.getLogger("dermatrust")


def is_loopback(url: str) -> bool:
    """Return whether a URL's host is this machine by its very address; other names are never looked up.

    Example:
        >>> is_loopback("http://127.0.0.1:8000/v1"), is_loopback("https://localhost.example.com/v1")
        (True, False)
    """
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class OpenAIClient:
    """One model behind an OpenAI-compatible server.

    Redirects are not followed and proxies are not used: images go to the named host and nowhere else.
    """

    needs_images = True

    def __init__(self, name: str, *, base_url: str, model: str, key: str | None = None, key_variable: str = "") -> None:
        self.name = name
        self.leaves_machine = not is_loopback(base_url)
        self._base_url = base_url.rstrip("/")
        self._url = URL(self._base_url + "/chat/completions", encoded=True)
        self._model = model
        self._key_variable = key_variable
        self._headers = {"Content-Type": "application/json"}
        key = (key or "").strip()
        self._key = key.encode()
        if key:
            self._headers["Authorization"] = f"Bearer {key}"
        self._endpoint = {"base_url": self._base_url, "model": model}
        self._session: aiohttp.ClientSession | None = None
        self._encoded_images = _EncodedImages()
        self._left_out: frozenset[str] = frozenset()
        self._last_head: tuple[Sampling, int, frozenset[str], bytes] | None = None

    def endpoint(self, request: Request) -> Mapping[str, Any]:
        """Return the base URL and the model's name there."""
        return self._endpoint

    async def ask(self, request: Request) -> Reply:
        """Return the first choice of one chat completion."""
        started = time.perf_counter()
        while True:
            left_out = self._left_out
            try:
                body = await self._post(self._body(request, left_out), left_out)
            except _FieldRefusedError as refused:
                self._leave_out(refused)
            else:
                reply = read_completion(body, latency_s=time.perf_counter() - started)
                return _ending(reply, request) if request.sampling.scores_last else reply

    def _leave_out(self, refused: "_FieldRefusedError") -> None:
        if refused.field not in self._left_out:
            self._left_out |= {refused.field}
            instead = _INSTEAD.get(refused.field, "its own default holds")
            _LOG.warning("%s does not take %s (%s); %s.", self.name, refused.field, refused.said, instead)

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, ttl_dns_cache=300),
                cookie_jar=aiohttp.DummyCookieJar(),
                # The engine bounds the whole ask; this bounds only the connect, so that a dead host is told early.
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=20),
                trust_env=False,
            )
        return self._session

    async def _post(self, body: bytes, left_out: frozenset[str]) -> bytes:
        session = self._session or self._open_session()
        try:
            # aiohttp warns that a large body sent from bytes may hold up the loop, and sends a file in pieces.
            sent = body if len(body) < _LARGE_BODY else io.BytesIO(body)
            async with session.post(self._url, data=sent, headers=self._headers, allow_redirects=False) as response:
                content = await _bounded(response)
                if self._key and self._key in content:  # some servers quote the key they refuse; we keep and print this
                    content = content.replace(self._key, b"(key)")
                if response.status == 200:
                    return content
                self._raise_for(response.status, content, response.headers.get("Retry-After"), left_out)
        except aiohttp.ClientError as error:
            raise AskFailed("connection", f"{type(error).__name__}: {error}") from None
        except (OSError, ValueError) as error:  # a reset socket, or bytes that are not HTTP
            raise AskFailed("connection", f"{type(error).__name__}: {error}") from None
        raise AskFailed("bad reply", "the server said neither yes nor no")

    def _raise_for(self, status: int, content: bytes, retry_after: str | None, left_out: frozenset[str]) -> None:
        said = _server_message(content)
        if status in (401, 403):
            do = (
                f"Set {self._key_variable} to a key for it." if self._key_variable else "It needs a key we do not have."
            )
            raise ModelError(self.name, f"the server refuses us (HTTP {status}: {said})", do=do)
        if status == 404:
            raise ModelError(
                self.name, f"the server has no such model or address (HTTP 404: {said})", do="Check model and URL."
            )
        field = _refused_field(said) if status in (400, 422) else None
        if field is not None and field not in left_out:
            raise _FieldRefusedError(field, said)
        raise AskFailed(_kind_of(status), f"HTTP {status}: {said}", retry_after_s=seconds_until(retry_after))

    def _body(self, request: Request, left_out: frozenset[str]) -> bytes:
        parts = [self._head(request.sampling, request.draw, left_out)]
        for index, message in enumerate(request.messages):
            parts.append(b"," if index else b"")
            parts.extend(self._message(message))
        parts.append(b"]}")
        return b"".join(parts)

    def _head(self, sampling: Sampling, draw: int, left_out: frozenset[str]) -> bytes:
        remembered = self._last_head
        if remembered is not None and remembered[0] is sampling and remembered[1:3] == (draw, left_out):
            return remembered[3]
        head = self._make_head(sampling, draw, left_out)
        self._last_head = (sampling, draw, left_out, head)
        return head

    def _make_head(self, sampling: Sampling, draw: int, left_out: frozenset[str]) -> bytes:
        fields: dict[str, Any] = {
            "model": self._model, "temperature": sampling.temperature, "max_tokens": sampling.max_tokens,
        }  # fmt: skip
        if sampling.seed is not None:
            fields["seed"] = sampling.seed + draw
        if sampling.top_logprobs is not None:
            fields |= {"logprobs": True, "top_logprobs": sampling.top_logprobs}
        if sampling.scores_last:
            fields |= _SCORING
        if sampling.schema is not None:
            schema = {"name": "reply", "schema": sampling.schema, "strict": True}
            fields["response_format"] = {"type": "json_schema", "json_schema": schema}
        if "max_tokens" in left_out:
            fields["max_completion_tokens"] = sampling.max_tokens
        if "logprobs" in left_out:
            left_out |= {"top_logprobs"}
        if "prompt_logprobs" in left_out:
            left_out |= _SCORING.keys()
        fields = {name: value for name, value in fields.items() if name not in left_out}
        return json.dumps(fields)[:-1].encode() + b', "messages": ['

    def _message(self, message: Message) -> list[bytes]:
        text = to_json(message.text)
        if not message.images:
            return [b'{"role": "', message.role.encode(), b'", "content": ', text, b"}"]
        parts = [b'{"role": "', message.role.encode(), b'", "content": [']
        for image in message.images:
            parts += [self._encoded_images.part(image), b", "]
        return [*parts, b'{"type": "text", "text": ', text, b"}]}"]


class _FieldRefusedError(Exception):
    """The server does not take one of the fields we sent."""

    def __init__(self, field: str, said: str) -> None:
        super().__init__(field)
        self.field = field
        self.said = said


def _refused_field(said: str) -> str | None:
    """Return the field of the request that a server's complaint is about, if it is one we can do without."""
    if re.search("response_format|json_schema|guided", said):
        return "response_format"
    if any(name in said for name in _SCORING):
        return "prompt_logprobs"
    if re.search("not support|unsupported|unknown|unrecogni|not permitted|not allowed", said, re.IGNORECASE):
        return next((field for field in ("max_tokens", "temperature", "seed", "logprobs") if field in said), None)
    return None


class _EncodedImages:
    """Images as the JSON parts they are sent as, encoded once and kept up to a bound of bytes."""

    def __init__(self) -> None:
        self._parts: OrderedDict[str, bytes] = OrderedDict()
        self._n_bytes = 0

    def part(self, image: Image) -> bytes:
        found = self._parts.get(image.sha256)
        if found is not None:
            self._parts.move_to_end(image.sha256)
            return found
        encoded = base64.b64encode(image.path.read_bytes())
        part = b'{"type": "image_url", "image_url": {"url": "data:image/jpeg;base64,' + encoded + b'"}}'
        self._parts[image.sha256] = part
        self._n_bytes += len(part)
        while self._n_bytes > _IMAGE_CACHE_BYTES and len(self._parts) > 1:
            self._n_bytes -= len(self._parts.popitem(last=False)[1])
        return part


async def _bounded(response: aiohttp.ClientResponse) -> bytes:
    """Read the body, but never more than LARGEST_BODY bytes of it."""
    length = response.content_length
    if length is not None and length <= LARGEST_BODY and "Content-Encoding" not in response.headers:
        return await response.read()
    chunks, size = [], 0
    async for chunk in response.content.iter_any():
        size += len(chunk)
        if size > LARGEST_BODY:
            response.close()
            raise AskFailed("bad reply", f"the body is over {LARGEST_BODY // 1_000_000} MB")
        chunks.append(chunk)
    return b"".join(chunks)


def read_completion(body: bytes, *, latency_s: float) -> Reply:
    """Read one chat completion.

    Raises:
        AskFailed: "bad reply" if the body is not JSON or not a chat completion with at least one choice.
    """
    try:
        completion = from_json(body)
    except ValueError:
        completion = _lenient_json(body)
    try:
        choice = completion["choices"][0]
        message = choice["message"]
        text = message["content"]
        usage = completion.get("usage") or {}
        logprobs = _prompt_tokens(completion) or (choice.get("logprobs") or {}).get("content")
        finish_reason = choice.get("finish_reason") or ""
        model_version = completion.get("model") or ""
        tokens = usage.get("prompt_tokens"), usage.get("completion_tokens")
    except (KeyError, IndexError, TypeError, AttributeError):
        raise AskFailed("bad reply", f"not a chat completion: {_excerpt(body)}") from None
    if text is None:  # a refusal or a tool call: the model did not answer in words
        text = message.get("refusal") or ""
    if not isinstance(text, str) or not isinstance(finish_reason, str) or not isinstance(model_version, str):
        raise AskFailed("bad reply", f"its content is not text: {_excerpt(body)}")
    counts = [n if isinstance(n, int) and n >= 0 else None for n in tokens]
    return Reply(text, finish_reason, counts[0], counts[1], logprobs, latency_s, model_version)


def _prompt_tokens(completion: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the tokens of what was asked, as entries like those of a reply; empty where the server gave none.

    vLLM has for each token an object by token id, the token's own first; None for the very first.
    https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html
    """
    own: list[dict[str, Any]] = [next(iter(one.values()), {}) for one in completion.get("prompt_logprobs") or () if one]
    return [{"token": one.get("decoded_token") or "", "logprob": one.get("logprob")} for one in own]


def _ending(reply: Reply, request: Request) -> Reply:
    """Return a reply with the end of what was scored, its last message: an image before it is thousands of tokens."""
    if not reply.logprobs:
        return reply
    n = len(request.messages[-1].text.encode("utf-8", "replace")) + _TOKENS_PAST
    return replace(reply, logprobs=reply.logprobs[-n:])


def _lenient_json(body: bytes) -> Any:
    """Parse what a strict parser refuses but means something: lone surrogates in a reply's text."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise AskFailed("bad reply", f"not JSON: {_excerpt(body)}") from None


def _kind_of(status: int) -> Kind:
    if status in (429, 503, 529):  # 503 and 529 are how servers say "overloaded"
        return "rate limited"
    if status == 408:
        return "timeout"
    return "server error" if status >= 500 or status in (409, 425) else "rejected"


def seconds_until(retry_after: str | None) -> float | None:
    """Return the wait a `Retry-After` header asks for: seconds, or an HTTP date.

    Example:
        >>> seconds_until("2.5"), seconds_until(None), seconds_until("soon")
        (2.5, None, None)

    Reference:
        RFC 9110 section 10.2.3, https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
    """
    if not retry_after:
        return None
    try:
        seconds = float(retry_after)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(retry_after).timestamp() - time.time()
        except ValueError:
            return None
    return max(0.0, seconds) if seconds == seconds and seconds != float("inf") else None


def _server_message(content: bytes) -> str:
    try:
        error = from_json(content)["error"]
        said = error["message"] if isinstance(error, dict) else error
    except (ValueError, KeyError, TypeError):
        return _excerpt(content)
    return str(said)[:300]


def _excerpt(content: bytes) -> str:
    return ascii(content[:120].decode("utf-8", "replace"))
