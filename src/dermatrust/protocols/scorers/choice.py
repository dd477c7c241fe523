"""Which option a reply chooses: named policies, and cascades of them. A reply that chooses none is unanswered."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from dermatrust.protocols.item import Item, Played, Score

Parser = Callable[[str, Mapping[str, str]], str]
"""From a reply and the options to the letter or letters chosen, in capitals and in order; empty for none."""
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ANSWER = re.compile(
    r"\banswer\b\W{0,6}(?:is\b\W{0,6})?\(?([A-Z])\b(?!['’])(?-i:(?<![a-z])|(?=\W*$|\s*[.,;:)\]*\n]))",
    re.IGNORECASE | re.MULTILINE,
)
"""A small letter counts only where a sentence could not go on: "the answer is a benign naevus" states no letter."""
_ANSWERS = re.compile(
    r"\banswers?\b\W{0,6}(?:(?:is|are)\b\W{0,6})?((?:[A-Z]\b[\s,;/&]*(?:and\b\s*)?)+|[A-Z]{1,12}\b)", re.IGNORECASE
)
_ALONE = re.compile(r"(?<![\w'’])[A-Z](?![\w'’])(?!\s+(?!or\b|and\b)[a-z]{2,})")
_WORD_OF_TWO_USES = re.compile(
    r"[AI][ \t]+(?!(?:is|was|are|because|since|as|and|or|but|seems|appears|would|fits|[A-Z])\b)\w", re.IGNORECASE
)
"""The article, or the pronoun, before a word that would not follow a letter."""
_SIGNS = re.compile(r"[,.;@#()?!'/&:$]+ *")
_BOXED = re.compile(r"\\boxed\{\s*(?:\\text\{)?\(?([A-Z])\b")


def answer_line(reply: str, options: Mapping[str, str]) -> str:
    r"""Return the last letter that is stated as the answer ("Answer: B", "the answer is (b)").

    Example:
        >>> answer_line("Answer: A is tempting.\nAnswer: (B)", {"A": "", "B": ""})
        'B'
        >>> answer_line("answer: b", {"A": "", "B": ""}), answer_line("The answer is a naevus", {"A": "", "B": ""})
        ('B', '')
    """
    return next((letter for match in _from_the_last(reply) if (letter := match[1].upper()) in options), "")


def _from_the_last(reply: str) -> Iterator[re.Match[str]]:
    """Yield the statements of an answer, the last first, without looking through all of a long reply."""
    small = reply.lower()
    if len(small) != len(reply):  # a letter such as the dotted capital I, which is two small ones
        yield from reversed([*_ANSWER.finditer(reply)])
        return
    place = small.rfind("answer")
    while place >= 0:
        if match := _ANSWER.match(reply, place):
            yield match
        place = small.rfind("answer", 0, place)


def first_letter(reply: str, options: Mapping[str, str]) -> str:
    """Return the reply's first character where it is an option's letter by itself ("B", "B.", "B) eczema").

    "A" and "I" before a word are an article and a pronoun, unless the word is one that goes on about a letter ("A is
    right") or the option's own text ("A eczema").

    Example:
        >>> first_letter("B. eczema", {"A": "", "B": ""}), first_letter("Because", {"A": "", "B": ""})
        ('B', '')
        >>> first_letter("A 45-year-old man has scabies.", {"A": "eczema"}), first_letter("A eczema", {"A": "eczema"})
        ('', 'A')
    """
    text = reply.strip().lstrip("([*\"' ")
    letter = text[:1].upper()
    if letter not in options or text[1:2].isalnum():
        return ""
    is_word = _WORD_OF_TWO_USES.match(text) is not None
    is_option = bool(options[letter]) and text[1:].strip().lower().startswith(options[letter].lower())
    return "" if is_word and not is_option else letter


def boxed(reply: str, options: Mapping[str, str]) -> str:
    r"""Return the letter in the last \boxed{}.

    Example:
        >>> boxed(r"so \boxed{C}", {"C": ""})
        'C'
    """
    return _last(match[1] for match in _BOXED.finditer(reply) if match[1] in options)


def only_letter(reply: str, options: Mapping[str, str]) -> str:
    """Return the one capital letter of an option that stands alone in the reply; none where several do.

    "A" as the first word of a sentence is an article, not an answer.

    Example:
        >>> only_letter("I would say C.", {"A": "", "C": ""}), only_letter("A or C", {"A": "", "C": ""})
        ('C', '')
    """
    found = {match[0] for match in _ALONE.finditer(reply)} & set(options)
    return found.pop() if len(found) == 1 else ""


def option_text(reply: str, options: Mapping[str, str]) -> str:
    """Return the letter of the one option whose text the reply holds, whatever its capitals; none where several.

    An option that is part of another's text gives way to the longer.

    Example:
        >>> option_text("Most likely bullous pemphigoid.", {"A": "pemphigoid", "B": "bullous pemphigoid"})
        'B'
    """
    said = " ".join(reply.lower().split())
    held = {letter: text for letter, text in _plain(options).items() if text and _has_words(said, text)}
    longest = [one for one, text in held.items() if not any(text != other and text in other for other in held.values())]
    return longest[0] if len(longest) == 1 else ""


def first_line_choice(reply: str, options: Mapping[str, str]) -> str:
    r"""Return what the first line that has any holds: an option's text, whatever its capitals, else a letter.

    Of several it is the first option. The released code of MediQ reads so.

    Example:
        >>> first_line_choice("Not sure.\nEczema, or B", {"A": "eczema", "B": "scabies"})
        'A'
        >>> first_line_choice("(B)", {"A": "eczema", "B": "scabies"}), first_line_choice("b", {"B": "scabies"})
        ('B', '')

    Reference:
        Li et al. (2024), https://arxiv.org/abs/2406.00922.
    """
    for line in reply.split("\n"):
        words = _SIGNS.sub(" ", line).split(" ")
        named = [letter for letter, text in options.items() if text.lower() in line.lower()]
        named = named or [letter for letter in options if letter in words]
        if named:
            return named[0]
    return ""


def answer_letters(reply: str, options: Mapping[str, str]) -> str:
    """Return all letters of the last statement of an answer, in order, each once ("Answers: C, A" is "AC").

    Example:
        >>> answer_letters("Answer: C, A", {"A": "", "B": "", "C": ""})
        'AC'
    """
    stated = [match[1].upper() for match in _ANSWERS.finditer(reply)]
    stated = [re.sub(r"\bAND\b|[^A-Z]", "", text) for text in stated]
    known = [text for text in stated if text and set(text) <= set(options)]
    return "".join(sorted(set(known[-1]))) if known else ""


def answer_word(words: Iterable[str]) -> Parser:
    r"""Return the policy that reads one of a few words, as "Yes" and "No", whatever its capitals.

    The last that is stated as the answer counts; else the reply's first word; else the one of them that it holds.

    Example:
        >>> read = answer_word(("Yes", "No"))
        >>> read("It is not.\nAnswer: No", {}), read("yes, since it is", {}), read("So: yes.", {})
        ('No', 'Yes', 'Yes')
        >>> read("Either yes or no.", {}), read("None", {})
        ('', '')
    """
    known = {word.lower(): word for word in words}
    either = "|".join(map(re.escape, sorted(known, key=len, reverse=True)))
    stated = re.compile(rf"\banswer\b\W{{0,6}}(?:is\b\W{{0,6}})?({either})(?!\w)", re.IGNORECASE)
    first = re.compile(rf"\W*({either})(?!\w)", re.IGNORECASE)
    anywhere = re.compile(rf"(?<!\w)({either})(?!\w)", re.IGNORECASE)

    def parse(reply: str, options: Mapping[str, str]) -> str:
        found = [match[1] for match in stated.finditer(reply)] or [match[1] for match in [first.match(reply)] if match]
        if not found:
            found = [match[1] for match in anywhere.finditer(reply)]
            found = found[:1] if len({word.lower() for word in found}) == 1 else []
        return known[found[-1].lower()] if found else ""

    return parse


def first_of(*parsers: Parser) -> Parser:
    """Return the policy that takes what the first of these finds.

    Example:
        >>> first_of(answer_line, first_letter)("B", {"A": "", "B": ""})
        'B'
    """

    def parse(reply: str, options: Mapping[str, str]) -> str:
        return next((found for parser in parsers if (found := parser(reply, options))), "")

    return parse


stated_or_first: Parser = first_of(answer_line, first_letter)
"""The policy most prompts of ours need: what is stated as the answer, else the letter that a reply begins with."""


def choice_score(parse: Parser) -> Callable[[Item, Played], Score]:
    """Return the scorer that grades 1 where the letters chosen are the target's, and 0 otherwise.

    Example:
        >>> item = Item(id="1", question="?", target="B", options={"A": "", "B": ""})
        >>> choice_score(answer_line)(item, Played(reply="Answer: B")).value
        1.0
        >>> choice_score(answer_line)(item, Played(reply="I cannot tell")).answered
        False
    """
    return lambda item, played: graded(parse(played.reply, item.options), item)


def graded(said: str, item: Item, **parts: float) -> Score:
    """Return 1 for an answer that is the target and 0 for another; an empty one is no answer.

    Args:
        said: The answer as it was read.
        item: What was asked.
        parts: Further numbers, by name.

    Example:
        >>> item = Item(id="1", question="?", target="B")
        >>> graded("B", item).value, graded("C", item, seconds=2.0).parts, graded("", item).answered
        (1.0, {'seconds': 2.0}, False)
    """
    return Score(value=float(bool(said) and said == item.target), answered=bool(said), said=said, parts=parts)


UNANSWERED = Score(value=0.0, answered=False)
"""What a reply that gives no answer is worth."""


def options_of(texts: Mapping[str, str] | Sequence[str | None]) -> dict[str, str]:
    """Return options by letter, from texts in order or from a mapping by letter; empty ones are left out.

    Raises:
        TypeError: They are one text, whose characters are no options.
        ValueError: They are more than there are letters.

    Example:
        >>> options_of(["psoriasis", None, "eczema"])
        {'A': 'psoriasis', 'C': 'eczema'}
    """
    if isinstance(texts, str):
        raise TypeError(f"its options are one text, {texts!r}; expected a list, or an object by letter")
    if not isinstance(texts, Mapping) and len(texts) > len(_LETTERS):
        raise ValueError(f"it has {len(texts)} options; expected at most {len(_LETTERS)}, one a letter")
    pairs = texts.items() if isinstance(texts, Mapping) else zip(_LETTERS, texts, strict=False)
    return {letter.strip().upper(): str(text) for letter, text in pairs if text not in (None, "")}


def option_letters(answer: object, options: Mapping[str, str]) -> str:
    """Return the right option's letter, or letters, as a file states them, in capitals and without blanks.

    Raises:
        ValueError: One of them is none of the options: whatever a model said would be wrong.

    Example:
        >>> option_letters(" b", {"A": "psoriasis", "B": "eczema"})
        'B'
    """
    stated = str(answer).strip().upper()
    if not stated or (stated not in options and not set(stated) <= set(options)):
        raise ValueError(f"its answer is {answer!r}; expected of the letters {', '.join(options) or 'of its options'}")
    return stated


def _last(found: Iterable[str]) -> str:
    return ([*found] or [""])[-1]


def _plain(options: Mapping[str, str]) -> dict[str, str]:
    return {letter: " ".join(text.lower().split()).strip(" .") for letter, text in options.items()}


def _has_words(said: str, text: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(text)}(?!\w)", said) is not None
