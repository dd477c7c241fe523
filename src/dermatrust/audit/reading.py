"""One reference read for an audit: its sentences, what it says of the skin, and the diseases it names."""

from collections.abc import Iterator
from dataclasses import dataclass

from dermatrust.audit.finding import Kind, ReferenceFinding
from dermatrust.judge.lexical_conclusion import Named, is_dismissed
from dermatrust.judge.lexical_profile import Profile, read_profile
from dermatrust.lexicon import Lexicon
from dermatrust.lexicon.sentences import Sentences, without_markup
from dermatrust.records import Case, Narrative

LONGEST_SHOWN = 400
"""Letters of a sentence that a table shows."""


@dataclass(frozen=True, slots=True)
class ReadReference:
    """A reference with everything that several checks need, read once.

    Attributes:
        case: The case it is about.
        reference: The reference itself.
        plain: Its text with tags and emphasis blanked out; every character keeps its place.
        sentences: The sentences of `plain`.
        profile: What the lexicon finds in it.
        held: The diseases named as possible or true: neither denied nor taken out of the running.
    """

    case: Case
    reference: Narrative
    plain: str
    sentences: Sentences
    profile: Profile
    held: frozenset[Named]

    @property
    def n_words(self) -> int:
        """Number of words, tags aside."""
        return len(self.plain.split())

    @property
    def n_sentences(self) -> int:
        """Number of sentences that say something."""
        return self.place_of(max(0, len(self.plain.rstrip()) - 1))

    def spans(self) -> Iterator[tuple[int, int]]:
        """Yield where each sentence begins and ends."""
        begin = 0
        while begin < len(self.plain):
            start, end = self.sentences.span(self.sentences.index(begin))
            yield start, end
            begin = max(end, begin + 1)

    def place_of(self, position: int) -> int:
        """Return which sentence a position stands in, counted from 1; those without a letter are not counted."""
        spans = (self.sentences.span(i) for i in range(self.sentences.index(position) + 1))
        return max(1, sum(any(c.isalpha() for c in self.plain[begin:end]) for begin, end in spans))

    def sentence(self, position: int) -> str:
        """Return the sentence at a position, on one line, cut around the position where it is too long to show."""
        begin, end = self.sentences.span(self.sentences.index(position))
        if end - begin > LONGEST_SHOWN:
            begin = max(begin, position - LONGEST_SHOWN // 2)
            end = min(end, begin + LONGEST_SHOWN)
        return " ".join(self.plain[begin:end].split())

    def where(self, position: int) -> str:
        """Return "sentence 3 of 9"."""
        return f"sentence {self.place_of(position)} of {self.n_sentences}"

    def finding(self, kind: Kind, confidence: float, at: int, *, expected: str, found: str) -> ReferenceFinding:
        """Return a finding about this reference, shown by the sentence at a position."""
        return ReferenceFinding(
            kind=kind,
            confidence=round(min(0.99, confidence), 2),
            case_id=self.case.id,
            label=self.case.label or "",
            sentence=self.sentence(at),
            expected=expected,
            found=found,
            where=self.where(at),
        )

    def is_held(self, named: Named) -> bool:
        """Whether a disease is named as possible or true: neither denied nor taken out of the running."""
        return named in self.held


def read_reference(case: Case, reference: Narrative, lexicon: Lexicon) -> ReadReference:
    """Read one reference once for every check.

    Example:
        >>> from dermatrust.lexicon import load_lexicon
        >>> text = "A red plaque. It itches."
        >>> reference = Narrative(id="r", case_id="c", author="a", stream="reference", text=text)
        >>> read = read_reference(Case(id="c"), reference, load_lexicon())
        >>> read.sentence(15), read.where(15)
        ('It itches.', 'sentence 2 of 2')
    """
    plain = without_markup(reference.text)
    sentences, profile = Sentences(plain), read_profile(reference.text, lexicon)
    held = (one for one in profile.named if one.status != "negated" and not is_dismissed(sentences, one))
    return ReadReference(case, reference, plain, sentences, profile, frozenset(held))
