"""A scriptable OpenAI-compatible server on 127.0.0.1, for every test that talks HTTP; and no timed property tests;
what rounds an evaluator as its exported files do; and a headless browser, for every test of a page."""

import asyncio
import json
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

settings.register_profile("untimed", deadline=None)  # how fast the machine is says nothing about the code
settings.load_profile("untimed")


@dataclass
class Answer:
    """What the server sends back. `cut_after` closes the connection after so many bytes; `delay_s` waits first."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    delay_s: float = 0.0
    cut_after: int | None = None


def completion(text: str, *, prompt_tokens: int = 10, completion_tokens: int = 5) -> Answer:
    body = {
        "id": "c", "object": "chat.completion", "created": 0, "model": "fake-1",
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}],
        "usage": {
            "prompt_tokens": prompt_tokens, "completion_tokens": completion_tokens,
            "total_tokens": prompt_tokens + completion_tokens,
        },
    }  # fmt: skip
    return Answer(body=json.dumps(body).encode())


class FakeServer:
    """Answers POSTs with what `answer(parsed body)` returns and keeps what it was asked."""

    def __init__(self) -> None:
        self.answer: Callable[[dict[str, Any]], Answer] = lambda body: completion("ok")
        self.asked: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.n_open = 0
        self.most_open = 0
        self._writers: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        self._started.wait()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._connection, "127.0.0.1", 0, limit=2**24))
        self.port = server.sockets[0].getsockname()[1]
        self._server = server
        self._started.set()
        self._loop.run_forever()

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while await self._one(reader, writer):
                pass
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        headers = {k.lower(): v for k, v in (line.split(": ", 1) for line in head.split("\r\n")[1:] if line)}
        body = json.loads(await reader.readexactly(int(headers["content-length"])))
        self.asked.append(body)
        self.headers.append(headers)
        self.n_open += 1
        self.most_open = max(self.most_open, self.n_open)
        try:
            answer = self.answer(body)
            if answer.delay_s:
                await asyncio.sleep(answer.delay_s)
        finally:
            self.n_open -= 1
        lines = [f"HTTP/1.1 {answer.status} X", f"Content-Length: {len(answer.body)}"]
        lines += [f"{name}: {value}" for name, value in answer.headers.items()]
        sent = "\r\n".join(lines).encode() + b"\r\n\r\n" + answer.body
        if answer.cut_after is not None:
            writer.write(sent[: answer.cut_after])
            await writer.drain()
            return False
        writer.write(sent)
        await writer.drain()
        return True

    def stop(self) -> None:
        async def close() -> None:
            self._server.close()
            current = asyncio.current_task()
            others = [task for task in asyncio.all_tasks() if task is not current]
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)
            for writer in self._writers:
                writer.transport.abort()
            await asyncio.sleep(0.01)  # transports close in a later turn of the loop

        asyncio.run_coroutine_threadsafe(close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()


@pytest.fixture
def server() -> Iterator[FakeServer]:
    fake = FakeServer()
    yield fake
    fake.stop()


@pytest.fixture
def answered() -> Callable[..., Answer]:
    """Build a chat completion that says the given text."""
    return completion


@pytest.fixture
def answer_type() -> type[Answer]:
    return Answer


@pytest.fixture(scope="session")
def round_weights() -> Callable[[Any], Any]:
    """Round an evaluator's weights to those that its exported files hold, so that only arithmetic differs."""
    torch = pytest.importorskip("torch")
    from dermatrust.train.export import MOST
    from dermatrust.train.onnx_file import EIGHT_BITS, whole_numbers

    @torch.no_grad()
    def rounded(policy: Any) -> Any:
        for weight in policy.model.parameters():
            weight.copy_(weight.half().float())
        model = policy.model.model
        for part, most in ((model.language_model.layers, MOST), (model.vision_tower, EIGHT_BITS)):
            for layer in part.modules():
                if isinstance(layer, torch.nn.Linear):
                    numbers, steps = whole_numbers(layer.weight.numpy(), most)
                    layer.weight.copy_(torch.from_numpy(numbers * steps[:, None]))
        return policy

    return rounded


@pytest.fixture(scope="session")
def in_floats() -> Callable[[Path], None]:
    """Have an exported decoder multiply its weights with what is not rounded, so that the graph alone is tested."""
    onnx = pytest.importorskip("onnx")
    node, numbers = onnx.helper.make_node, onnx.TensorProto.FLOAT

    def unrounded(one: Any) -> list[Any]:
        if one.op_type == "DynamicQuantizeLinear":
            return [node("Identity", one.input, one.output[:1]), node("Identity", ["one"], one.output[1:2])]
        if one.op_type == "MatMulInteger":
            x, weight, _ = one.input
            raised = f"{weight}.float"
            return [node("Cast", [weight], [raised], to=numbers), node("MatMul", [x, raised], one.output)]
        return [one]

    def replaced(folder: Path) -> None:
        model = onnx.load(folder / "decoder.onnx")
        nodes = [new for one in model.graph.node for new in unrounded(one)]
        assert len(nodes) > len(model.graph.node)
        del model.graph.node[:]
        model.graph.node.extend(nodes)
        model.graph.initializer.append(onnx.helper.make_tensor("one", numbers, [], [1.0]))
        onnx.save(model, folder / "decoder.onnx")

    return replaced


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A headless Chromium, as Playwright's synchronous `Browser`; while it is open nothing else may run a loop."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("no chromium on this machine (apt-get install chromium)")
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def axe_violations() -> Callable[[Any], list[str]]:
    """Ask axe-core what is wrong with a page: WCAG 2.0 to 2.2, A and AA, and best practice; one line a violation."""
    own = os.environ.get("DERMATRUST_AXE")  # a newer axe.min.js than the package brings: `npm pack axe-core`
    file = Path(own) if own else Path(pytest.importorskip("axe_playwright_python").__file__).with_name("axe.min.js")
    source = file.read_text(encoding="utf-8")
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

    def violations(page: Any) -> list[str]:
        page.evaluate(source)  # a script tag would be refused by the content security policy of our pages
        found = page.evaluate("tags => axe.run({runOnly: tags})", tags)
        assert found["passes"], "axe-core looked at nothing"
        return [
            f"{one['id']}: {one['help']}: {node['html'][:120]}" for one in found["violations"] for node in one["nodes"]
        ]

    return violations
