"""One narrative and one photograph to six scores, by an evaluator that is loaded once."""

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from dermatrust.bench.play import evaluate_narrative
from dermatrust.bench.text import embedded_notice
from dermatrust.clients import AskFailed, Client, Image, Reply, Request
from dermatrust.curate.score_answer import Answer, EvaluatorCard, answer_of
from dermatrust.curate.score_problems import ApiError
from dermatrust.evaluator.evaluator import Evaluator
from dermatrust.evaluator.form import Order
from dermatrust.evaluator.reading import read_chances
from dermatrust.records import Case, Narrative, storable

_RETRY_S = "5"


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody wants to have scored.

    Attributes:
        image: The file as it came.
        narrative: The text.
        with_critique: Whether a critique is wanted.
    """

    image: bytes
    narrative: str
    with_critique: bool

    @property
    def digest(self) -> str:
        """Hash of all of it."""
        parts = (self.image, self.narrative.encode(), str(self.with_critique).encode())
        return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()


class ScoreService:
    """Scores with one evaluator. No photograph and no text outlives the answer.

    What an evaluator on this machine saw in the last photographs, and whether there was writing, stays in memory under
    the hash of each, so that none is looked at twice.

    Args:
        evaluator: Who rates; its client may batch what is asked at the same time.
        clean: From an upload to the photograph as models see it.
        timeout_s: Longest wait for the evaluator.
    """

    def __init__(self, evaluator: Evaluator, clean: Callable[[bytes], bytes], *, timeout_s: float = 180.0) -> None:
        self._evaluator = evaluator
        self._clean = clean
        self._timeout_s = timeout_s
        self._notice = embedded_notice([evaluator.name])

    @property
    def name(self) -> str:
        """Of the evaluator."""
        return self._evaluator.name

    async def score(self, asked: Asked) -> Answer:
        """Return the six scores of a narrative about a photograph.

        Raises:
            ImageRefusedError: The image is none that can be scored.
            ApiError: 422 where the evaluator cannot take this narrative, 503 where it does not answer.
        """
        content = await asyncio.to_thread(self._clean, asked.image)
        sha256 = hashlib.sha256(content).hexdigest()
        with TemporaryDirectory() as folder:
            path = Path(folder) / f"{sha256}.jpg"
            path.write_bytes(content)
            return await self._rate(Image(sha256, path), asked)

    async def _rate(self, image: Image, asked: Asked) -> Answer:
        order: Order = "critique first" if asked.with_critique else "scores first"
        evaluator, case = self._evaluator.asked_for(order), Case(id="one")
        candidate = Narrative.candidate(case_id=case.id, author="the text given", text=asked.narrative)
        replies: list[Reply] = []

        async def ask(client: Client, request: Request) -> Reply:
            replies.append(await self._reply(client, request))
            return replies[-1]

        (rating,) = await evaluate_narrative(candidate, (image,), case, evaluator, ask)
        chances = {} if not replies else read_chances(replies[0].text, replies[0].logprobs)
        chances = {d: chance for d, chance in chances.items() if rating.scores.get(d) == chance.score}
        card = evaluator.card
        version = (storable(replies[0].model_version) if replies else "") or card.judge
        told = EvaluatorCard(name=card.judge, version=version, prompt=card.prompt or "", rubric=card.rubric)
        return answer_of(
            rating, chances, by_rule=not replies, with_critique=asked.with_critique,
            looked_for_writing=evaluator.reader is not None and bool(replies), evaluator=told,
            image_sha256=image.sha256, notice=self._notice,
        )  # fmt: skip

    async def _reply(self, client: Client, request: Request) -> Reply:
        """Ask, and tell a failure as our own: what a server says of it may quote the narrative."""
        try:
            async with asyncio.timeout(self._timeout_s):
                return await client.ask(request)
        except TimeoutError:
            raise _silent() from None
        except AskFailed as failure:
            if failure.is_retryable:
                raise _silent() from None
            do = "Is the narrative too long for it?"
            raise ApiError(422, "the evaluator", "cannot rate this narrative", do) from None

    async def close(self) -> None:
        """Let go of connections."""
        await self._evaluator.client.close()


def _silent() -> ApiError:
    return ApiError(503, "the evaluator", "does not answer", "Try again later.", {"Retry-After": _RETRY_S})
