"""What is true of a case by name, and whether a context gives it away."""

from functools import lru_cache

from dermatrust.datasets.identifiers import context_texts
from dermatrust.lexicon import Diagnosis, Lexicon, load_lexicon
from dermatrust.lexicon.forms import is_form_of, normalised
from dermatrust.records import Case, ClinicalContext


def true_names(case: Case) -> tuple[str, ...]:
    """Return the label and every diagnosis of the differential, each once, in the words of the source.

    Example:
        >>> from dermatrust.records import DifferentialItem
        >>> rest = (DifferentialItem(diagnosis="eczema", weight=0.6), DifferentialItem(diagnosis="tinea", weight=0.4))
        >>> true_names(Case(id="a", label="eczema", differential=rest))
        ('eczema', 'tinea')
    """
    named = [] if case.label is None else [case.label]
    return tuple(dict.fromkeys([*named, *(item.diagnosis for item in case.differential)]))


def label_of(case: Case) -> str | None:
    """Return the one diagnosis that counts as true: the label, or else the weightiest of the differential."""
    if case.label is not None or not case.differential:
        return case.label
    return max(case.differential, key=lambda item: item.weight).diagnosis


def names_truth(context: ClinicalContext, label: str | None, lexicon: Lexicon | None = None) -> bool:
    """Return whether a context's texts name the true diagnosis, a synonym or a form of it, however they hold it.

    A model that answers from such a text has not looked. What a text denies or only suspects counts too: the name is
    there to be copied.

    Example:
        >>> names_truth(ClinicalContext(note="? BCC, growing"), "basal cell carcinoma")
        True
        >>> names_truth(ClinicalContext(note="growing"), "basal cell carcinoma")
        False
    """
    if label is None:
        return False
    texts = tuple(text for _, text in context_texts(Case(id="any", context=context)))
    return bool(texts) and _names(texts, label, lexicon or load_lexicon())


@lru_cache(maxsize=65_536)
def _names(texts: tuple[str, ...], label: str, lexicon: Lexicon) -> bool:
    truth = lexicon.diagnosis(label)
    if truth is None:
        wanted = f" {normalised(label)} "
        return wanted.strip() != "" and any(wanted in f" {normalised(text)} " for text in texts)
    return any(is_form_of(truth, named, lexicon) for text in texts for named in diagnoses_in(text, lexicon))


def diagnoses_in(text: str, lexicon: Lexicon) -> list[Diagnosis]:
    """Return the diagnoses that a text mentions, in order."""
    found = (m.concept.id for m in lexicon.mentions(text) if m.concept.kind == "diagnosis")
    return [lexicon.diagnoses[name.removeprefix("diagnosis/")] for name in found]
