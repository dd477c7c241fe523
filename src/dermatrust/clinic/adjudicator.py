"""The LLM adjudicator: a model that reads a list of diagnoses and says which of them name the truth."""

import asyncio
import hashlib
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dermatrust.clients import Ask, AskFailed, Client, Message, Request, Sampling
from dermatrust.clients.fence import fenced
from dermatrust.clinic.ladder import known_diagnosis
from dermatrust.clinic.prompting import PROMPTS
from dermatrust.errors import DataError
from dermatrust.judge.aliases import normalised
from dermatrust.judge.verdict_json import split_json
from dermatrust.lexicon import load_lexicon
from dermatrust.narrate import Prompt, load_prompt
from dermatrust.narrate.text import said_aloud

PLACE = "{blocks}"
SCHEMA: Final = {
    "type": "object",
    "properties": {"same": {"type": "array", "items": {"type": "integer"}}},
    "required": ["same"],
    "additionalProperties": False,
}
SAMPLING = Sampling(temperature=0.0, max_tokens=512, schema=SCHEMA)
_KEYS = frozenset({"same", "numbers", "entries", "matches", "answer"})
_BARE = re.compile(
    r"\W*(?:(?P<none>none|no|\[\s*\])|(?P<numbers>\d{1,2}(?:\s*(?:,|and)\s*\d{1,2})*))\W*", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Adjudication:
    """What the adjudicator says about one list.

    Attributes:
        rank: 1-based rank of the first diagnosis that more than half of the readable draws accept; 0 where they accept
            none; None where no draw was readable: then the verdict is missing.
        n_draws: Draws asked for; 0 where the list was empty and nobody was asked.
        n_read: Draws that brought a readable verdict.
        n_same: Of those, how many give this very rank by themselves.
    """

    rank: int | None
    n_draws: int
    n_read: int
    n_same: int


class Adjudicator:
    """A model that compares names, blinded and repeated.

    It never learns which model wrote a list, in which arm, nor in what order: every draw shuffles the entries and
    decides anew whether truth or list comes first, by a seed and by what the two hold, so that two models with one list
    are judged by one reply.
    """

    def __init__(
        self,
        client: Client,
        *,
        repeats: int = 1,
        seed: int = 0,
        prompt: str | Path = "adjudicator",
        sampling: Sampling = SAMPLING,
    ) -> None:
        """Prepare an adjudicator.

        Args:
            client: The model that compares.
            repeats: Independent draws for each list, at least 1.
            seed: Of the orders.
            prompt: The packaged one by its name, or the user's own by its path; it holds `{blocks}` once.
            sampling: How to decode.

        Raises:
            DataError: The prompt cannot be read, or does not hold `{blocks}` once.
        """
        if repeats < 1:
            raise ValueError(f"repeats is {repeats}; expected at least 1")
        self.client: Client = client
        self.repeats = repeats
        self.seed = seed
        self.prompt: Prompt = load_prompt(prompt, folder=PROMPTS)
        self._sampling = sampling
        if self.prompt.text.count(PLACE) != 1:
            raise DataError(
                f"adjudicator prompt {self.prompt.id}", "does not say where the two names go", f"{PLACE} once"
            )

    async def adjudicate(self, said: Sequence[str], truth: str, ask: Ask) -> Adjudication:
        """Return the rank at which a list names the truth. An empty list is 0, and nobody is asked."""
        if not said:
            return Adjudication(0, 0, 0, 0)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._draw(said, truth, draw, ask)) for draw in range(self.repeats)]
        return combine([task.result() for task in tasks], len(said))

    def request(self, said: Sequence[str], truth: str, draw: int) -> tuple[Request, tuple[int, ...]]:
        """Return what one draw asks, and the 1-based rank of each entry in the order it is shown."""
        order = sorted(range(len(said)), key=lambda place: (said[place].lower(), place))
        content = "\0".join((str(self.seed), str(draw), truth, *(said[place].lower() for place in order)))
        drawn = random.Random(hashlib.sha256(content.encode()).digest())  # noqa: S311  # orders entries, guards nothing
        drawn.shuffle(order)
        listed = "\n".join(f"{number}. {_one_line(said[place])}" for number, place in enumerate(order, 1))
        code = hashlib.blake2b(f"{truth}\0{listed}".encode(), digest_size=4).hexdigest()
        blocks = [fenced("DIAGNOSIS", _called(truth), code), fenced("LIST", listed, code)]
        drawn.shuffle(blocks)
        text = self.prompt.text.replace(PLACE, "\n\n".join(blocks))
        request = Request(messages=(Message("user", text),), sampling=self._sampling, draw=draw)
        return request, tuple(place + 1 for place in order)

    async def _draw(self, said: Sequence[str], truth: str, draw: int, ask: Ask) -> frozenset[int] | None:
        request, ranks = self.request(said, truth, draw)
        try:
            reply = await ask(self.client, request)
        except AskFailed:
            return None
        numbers = read_adjudication(reply.text, len(said))
        return None if numbers is None else frozenset(ranks[number - 1] for number in numbers)


def combine(draws: Sequence[frozenset[int] | None], n_said: int) -> Adjudication:
    """Return the verdict of several draws, each the ranks it accepts, or None where it said nothing readable.

    Example:
        >>> combine([frozenset({2, 3}), frozenset({3}), None, frozenset()], 3)
        Adjudication(rank=3, n_draws=4, n_read=3, n_same=1)
    """
    read = [draw for draw in draws if draw is not None]
    if not read:
        return Adjudication(None, len(draws), 0, 0)
    accepted = (rank for rank in range(1, n_said + 1) if 2 * sum(rank in draw for draw in read) > len(read))
    rank = next(accepted, 0)
    return Adjudication(rank, len(draws), len(read), sum(min(draw, default=0) == rank for draw in read))


def read_adjudication(text: str, n_said: int) -> frozenset[int] | None:
    """Return the numbers that a reply accepts; None where it says nothing readable, or a number that is not listed.

    Example:
        >>> sorted(read_adjudication('{"same": [2, 3]}', 3)), read_adjudication("None", 3), read_adjudication("Hm.", 3)
        ([2, 3], frozenset(), None)
    """
    text = said_aloud(text)
    objects, _ = split_json(text)
    stated = [value for pairs in objects for key, value in pairs if normalised(key) in _KEYS]
    bare = _BARE.fullmatch(text)
    if stated:
        numbers = _numbers(stated[-1])
    elif bare:
        numbers = [int(number) for number in re.findall(r"\d+", bare["numbers"] or "")]
    else:
        return None
    return frozenset(numbers) if numbers is not None and all(1 <= n <= n_said for n in numbers) else None


def _numbers(value: object) -> list[int] | None:
    values = value if isinstance(value, list) else [value]
    texts = [str(one) for one in values if not isinstance(one, bool)]
    return [int(text) for text in texts] if len(texts) == len(values) and all(t.isdigit() for t in texts) else None


def _called(truth: str) -> str:
    """Return the truth as a dermatologist would write it: a source's code is no name."""
    known = known_diagnosis(truth, load_lexicon())
    return _one_line(known.name if known else truth)


def _one_line(name: str) -> str:
    return " ".join(name.split())
