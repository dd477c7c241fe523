"""An OpenAI-compatible server that answers at once: `python benchmarks/instant_server.py PORT`.

It reads HTTP by hand and sends replies made beforehand, so that a benchmark measures the client, not the server. A
request whose model is "judge" gets a verdict, any other a narrative of 300 words.
"""

import asyncio
import json
import sys

WORDS = (
    "The photograph shows a well demarcated erythematous plaque on the extensor elbow with thick silvery scale and a "
    "few satellite papules nearby the border is sharp and the surrounding skin looks normal without vesicles or "
    "pustules "
)


def _completion(text: str, prompt_tokens: int) -> bytes:
    body = json.dumps(
        {
            "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "instant",
            "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}],
            "usage": {"prompt_tokens": prompt_tokens, "completion_tokens": 400, "total_tokens": prompt_tokens + 400},
        }
    ).encode()  # fmt: skip
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


NARRATIVE = " ".join((WORDS * 8).split()[:295]) + ". The answer is psoriasis."
REASON = (
    "The narrative names most findings of the reference but leaves out one of them and adds a detail of its own here."
)
NAMES = (
    "accuracy",
    "safety",
    "medical_groundedness",
    "clinical_coverage",
    "reasoning_coherence",
    "description_precision",
)
VERDICT = json.dumps({name: {"score": 4, "reason": REASON} for name in NAMES})
REPLIES = {True: _completion(VERDICT, 900), False: _completion(NARRATIVE, 900)}


class _Connection(asyncio.Protocol):
    """Reads one request after the other, keeping only what it needs of the body."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._head = b""
        self._chunks: list[bytes] = []
        self._missing = 0

    def data_received(self, data: bytes) -> None:
        while data:
            if self._missing:
                self._chunks.append(data[: self._missing])
                taken = len(self._chunks[-1])
                data, self._missing = data[taken:], self._missing - taken
            else:
                self._head += data
                end = self._head.find(b"\r\n\r\n")
                if end < 0:
                    return
                head, data, self._head = self._head[:end].lower(), self._head[end + 4 :], b""
                at = head.find(b"content-length:")
                self._missing = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
                self._chunks = []
            if not self._missing:
                start = b"".join(self._chunks[:2])[:400]
                self._transport.write(REPLIES[b'"judge"' in start])


async def main(port: int) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Connection, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
