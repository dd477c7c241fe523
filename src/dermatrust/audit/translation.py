"""Twins in another language: a model translates each reference, and what can be checked without reading it is checked.

The lexicon reads English alone, so whether a translation says the same is not checked. That it is one is: it is not the
text itself, no refusal, about as long, and it has the same numbers. What fails is missing, with the reason.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from dermatrust.audit.kinds import OTHER_LANGUAGE, UNCHANGED
from dermatrust.audit.known_errors import VARIANTS, KnownErrors, read_known_errors
from dermatrust.audit.known_variants import Variant, variant_of
from dermatrust.audit.shingles import Shingles
from dermatrust.bench.asking import Pace, ask_all
from dermatrust.clients import Ask, AskFailed, Client, Message, Request, Sampling
from dermatrust.engine import Play
from dermatrust.errors import DataError
from dermatrust.narrate import Prompt, is_refusal, load_prompt
from dermatrust.narrate.text import without_reasoning
from dermatrust.records import Narrative
from dermatrust.store.jsonl import append_records
from dermatrust.store.layout import NARRATIVES
from dermatrust.store.lock import only_writer
from dermatrust.store.run import RunFolder

PROMPTS = Path(__file__).parent / "prompts"
UNCHECKED = (
    "Of a translation only numbers, length and form are checked; whether it says the same is not, since the lexicon "
    "reads English alone, and so does the lexical judge, whose own shift says nothing here."
)
_PLACE = "{text}"
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_RUN, _MOST_SHARED = 5, 0.2
"""Words in a run, and the share of such runs that a translation may have in common with its source: names do recur."""
_SHORTEST, _LONGEST = 0.2, 3.0
"""Characters of a translation for each of its source. Chinese takes about a third, and no refusal takes a fifth."""
_CUT = ("length", "max_tokens")


@dataclass(frozen=True, slots=True)
class Translator:
    """Who translates, and what it is asked.

    Attributes:
        client: The model.
        prompt: With a place `{text}`; it names the language.
        sampling: How the model decodes.
    """

    client: Client
    prompt: Prompt
    sampling: Sampling

    @property
    def name(self) -> str:
        """Model and prompt: other ones make other translations."""
        return f"{self.client.name}, {self.prompt.name_and_hash}"


@dataclass(frozen=True, slots=True)
class Translation:
    """How the translating went.

    Attributes:
        translator: Model and prompt.
        n_references: References that were to be translated.
        missing: Why a reference has no translation, and how many have none for it.
    """

    translator: str
    n_references: int
    missing: Counter[str]


def load_translation_prompt(name_or_path: str | Path = "translate") -> Prompt:
    """Read a prompt by name or path, and check that the text has its place in it.

    Raises:
        DataError: There is no such prompt, or its place is absent or doubled.
    """
    prompt = load_prompt(name_or_path, folder=PROMPTS)
    if prompt.text.count(_PLACE) != 1:
        raise DataError(f"prompt {prompt.id}", "has no place for the text, or several", f"{_PLACE} once")
    return prompt


def add_translations(
    known: KnownErrors, translator: Translator, run: RunFolder, pace: Pace
) -> tuple[KnownErrors, Translation, Counter[str]]:
    """Translate the unchanged references and put what is new into the folder of variants, as one more kind of twin.

    Args:
        known: The folder of variants.
        translator: Who translates.
        run: Whose reply store holds the translations: what it has is not asked again.
        pace: How fast to ask.

    Returns:
        The folder as it is then; how many translations are missing and why; and the asks that brought no reply.

    Raises:
        ModelError: The model cannot be asked at all.
        DataError: The folder cannot be read or written.
    """
    sources = [narrative for narrative in known.folder.iter_narratives() if narrative.author == UNCHANGED]
    found: dict[str, str | Fault] = {}

    async def translate(source: Narrative, ask: Ask) -> tuple[str, "str | Fault"]:
        return source.case_id, await _translated(source, translator, ask)

    plays: Iterator[Play[tuple[str, str | Fault]]] = (partial(translate, source) for source in sources)
    planned = {translator.client.name: len(sources)}
    with only_writer(run.path):
        failures = ask_all(
            plays, lambda one: found.update([one]), run.replies_path, [translator.client], planned, pace
        )  # fmt: skip
        missing = Counter(one.reason for one in found.values() if isinstance(one, Fault))
        _append(known, {case: text for case, text in found.items() if isinstance(text, str)}, translator.name)
    return read_known_errors(known.folder.path), Translation(translator.name, len(sources), missing), failures


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a reference has no translation."""

    reason: str


def fault_of(source: str, translation: str) -> str | None:
    """Return what is wrong with a translation, as far as that can be told without reading it; None if nothing is.

    Example:
        >>> source = "A red plaque of 12 mm on the left knee. The answer is psoriasis."
        >>> fault_of(source, "Una placa roja de 12 mm en la rodilla izquierda. La respuesta es psoriasis.") is None
        True
        >>> fault_of(source, "Una placa roja de 15 mm en la rodilla izquierda. La respuesta es psoriasis.")
        'other numbers'
    """
    if not translation:
        return "no text"
    if is_refusal(translation):
        return "refused"
    shared = Shingles([source, translation], n=_RUN).pairs()
    if translation == source or (shared and shared[0].containment > _MOST_SHARED):
        return "not translated"
    if not _SHORTEST * len(source) <= len(translation) <= _LONGEST * len(source):
        return "other length"
    return None if _numbers(source) == _numbers(translation) else "other numbers"


def _numbers(text: str) -> Counter[str]:
    """Return the numbers of a text; languages differ in the sign between whole and part."""
    return Counter(found.replace(",", ".") for found in _NUMBER.findall(text))


async def _translated(source: Narrative, translator: Translator, ask: Ask) -> str | Fault:
    asked = translator.prompt.text.replace(_PLACE, source.text)
    request = Request((Message("user", asked),), translator.sampling, case_id=source.case_id)
    try:
        reply = await ask(translator.client, request)
    except AskFailed:
        return Fault("no answer")
    if reply.finish_reason in _CUT:
        return Fault("cut off")
    text = without_reasoning(reply.text).strip()
    fault = fault_of(source.text, text)
    return Fault(fault) if fault else text


def _append(known: KnownErrors, texts: dict[str, str], translator: str) -> None:
    """Append translations that are not there yet, each file by itself: a run may have ended between the two."""
    made: list[tuple[Variant, Narrative]] = [
        variant_of(case, texts[case.id], OTHER_LANGUAGE, "twin", about=translator)
        for case in known.folder.iter_cases()
        if case.id in texts
    ]
    path = known.folder.path
    written = {narrative.id for narrative in known.folder.iter_narratives()}
    listed = {variant.narrative_id for variant in read_known_errors(path).variants}
    append_records(path / NARRATIVES, [narrative for _, narrative in made if narrative.id not in written])
    append_records(path / VARIANTS, [variant for variant, _ in made if variant.narrative_id not in listed])
