"""What captions and reasonings must and must not say, checked through the lexicon."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from dermatrust.lexicon import Diagnosis, Lexicon
from dermatrust.lexicon.forms import is_form_of, normalised
from dermatrust.lexicon.sentences import Sentences, without_markup
from dermatrust.narrate.closing import closing_diagnosis
from dermatrust.records import NarrativeFlag, RationaleFlag

_OPENING = re.compile(r"\W*(?:this|the|these) (?:\w+ )?(?:image|photograph|photo|picture)s? shows?\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a text.

    Attributes:
        why: In a few words, for counts.
        correction: What its author is told when asked again.
        flag: How the text is marked if asking again does not help; None where it cannot be used at all.
    """

    why: str
    correction: str
    flag: NarrativeFlag | RationaleFlag | None = None


def flagged(flag: NarrativeFlag, correction: str) -> Fault:
    """Return a fault that marks a text and does not forbid its use."""
    return Fault(flag, correction, flag)


def caption_faults(text: str, lexicon: Lexicon) -> list[Fault]:
    """Return what is wrong with a caption: it must begin as one and name no disease, be it affirmed, weighed or denied.

    Example:
        >>> from dermatrust.lexicon import load_lexicon
        >>> [fault.why for fault in caption_faults("A plaque; no sign of psoriasis.", load_lexicon())]
        ['no opening', 'names a disease']
    """
    faults = [] if _OPENING.match(text) else [flagged("no opening", 'Begin with the words "This image shows".')]
    named = list(dict.fromkeys(named_diseases(text, lexicon)))
    closing = closing_diagnosis(text)
    names = [d.name for d in named] or ([closing] if closing else [])
    if names:
        faults.append(flagged("names a disease", f"Describe what is seen and name no disease, such as {names[0]}."))
    return faults


def reference_faults(text: str, label: str, lexicon: Lexicon) -> list[Fault]:
    """Return what is wrong with a text of the reference stream: its last sentence names the label, and no other does.

    A form of the label counts as the label, as in `dermatrust audit references`.

    Example:
        >>> from dermatrust.lexicon import load_lexicon
        >>> [fault.why for fault in reference_faults("Psoriasis. The answer is eczema.", "psoriasis", load_lexicon())]
        ['named early', 'label missing']
    """
    cut = last_sentence(text)
    faults = []
    if names_label(text[:cut], label, lexicon):
        faults.append(flagged("named early", f"Do not name {label}, nor a form of it, before the last sentence."))
    if not names_label(text[cut:], label, lexicon):
        faults.append(flagged("label missing", f'End with the sentence "The answer is {label}."'))
    return faults


def regular_faults(text: str, lexicon: Lexicon) -> list[Fault]:
    """Return what is wrong with a text written without the label: it must end on a diagnosis, right or wrong."""
    if closing_diagnosis(text) or any(named_diseases(text[last_sentence(text) :], lexicon)):
        return []
    return [flagged("no diagnosis", 'End with a sentence "The answer is {DISEASE NAME}." that names one disease.')]


def last_sentence(text: str) -> int:
    r"""Return where the last sentence begins.

    Example:
        >>> text = "A plaque.\nThe answer is psoriasis.\n"
        >>> text[last_sentence(text):]
        'The answer is psoriasis.\n'
    """
    plain = without_markup(text).rstrip()
    sentences = Sentences(plain)
    return sentences.span(sentences.index(max(len(plain) - 1, 0)))[0]


def named_diseases(text: str, lexicon: Lexicon) -> Iterator[Diagnosis]:
    """Yield every disease a text names, in whatever way."""
    for mention in lexicon.mentions(without_markup(text)):
        if mention.concept.kind == "diagnosis":
            yield lexicon.diagnoses[mention.concept.id.partition("/")[2]]


def names_label(text: str, label: str, lexicon: Lexicon) -> bool:
    """Whether a text names the label or a form of it; a label the lexicon does not know is looked for by its words."""
    if f" {normalised(label)} " in f" {normalised(text)} ":
        return True
    known = lexicon.diagnosis(label)
    return known is not None and any(is_form_of(one, known, lexicon) for one in named_diseases(text, lexicon))


def is_same_disease(a: str | None, b: str | None, lexicon: Lexicon) -> bool:
    """Whether two names mean one disease or a form of it; names the lexicon does not know must have the same words."""
    if a is None or b is None:
        return a is b
    one, other = lexicon.diagnosis(a), lexicon.diagnosis(b)
    if one is None or other is None:
        return normalised(a) == normalised(b)
    return is_form_of(one, other, lexicon)
