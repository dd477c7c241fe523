"""What the labels of a source mean to the lexicon, and what a source records about a case in sentences."""

from collections import Counter
from collections.abc import Iterable, Iterator

from dermatrust.datasets.counted import counted
from dermatrust.lexicon import load_lexicon
from dermatrust.lexicon.names import name_key
from dermatrust.lexicon.nearest import nearest_diagnoses
from dermatrust.records import Case, Narrative

_MOST_SHOWN = 20


def lexicon_urgency(label: str | None) -> dict[str, object]:
    """Return the fields of a case whose source gives no urgency: the lexicon's level, marked as such.

    A label that the lexicon does not know gives no field.

    Example:
        >>> lexicon_urgency("melanoma"), lexicon_urgency("grumbling leg")
        ({'urgency': 'urgent', 'urgency_from_lexicon': True}, {})
    """
    diagnosis = load_lexicon().diagnosis(label) if label else None
    return {"urgency": diagnosis.urgency, "urgency_from_lexicon": True} if diagnosis else {}


def label_facts(case: Case, author: str, sentences: Iterable[str] = ()) -> tuple[Narrative, ...]:
    """Return the label, further recorded facts and the body site as a narrative of the stream "label".

    Args:
        case: The case. Without a label there is nothing to be judged against, and no narrative.
        author: The dataset.
        sentences: Recorded facts that belong in no other field, such as how the diagnosis was made.

    Example:
        >>> [facts.text for facts in label_facts(Case(id="c", label="bcc"), "HAM10000", ["Seen at follow-up."])]
        ['Diagnosis: bcc. Seen at follow-up.']
    """
    if case.label is None:
        return ()
    site = (f"Site: {case.context.site}.",) if case.context.site else ()
    text = " ".join((f"Diagnosis: {case.label}.", *sentences, *site))
    return (Narrative(id=f"{case.id}:label", case_id=case.id, text=text, author=author, stream="label"),)


def written_alike(name: str, written: dict[tuple[str, ...], str]) -> tuple[str, ...]:
    """Return what spellings of one name share (case, plural, British spelling), and note the first of them.

    Example:
        >>> seen = {}
        >>> written_alike("Blorptitis", seen) == written_alike("blorptitis", seen), seen.values()
        (True, dict_values(['Blorptitis']))
    """
    key = name_key(name, split=False) or (name,)
    written.setdefault(key, name)
    return key


def unknown_labels(cases: Iterable[Case]) -> Iterator[str]:
    """Yield a line on how many labels the lexicon does not know, and one on each of the commonest.

    Labels are the cases' own and those of their differentials, one in several spellings counted once. They are kept as
    written, never mapped to what they are near to.
    """
    counts: Counter[tuple[str, ...]] = Counter()
    written: dict[tuple[str, ...], str] = {}
    for case in cases:
        names = (name for name in (case.label, *(d.diagnosis for d in case.differential)) if name)
        counts.update({written_alike(name, written): None for name in names}.keys())
    unknown = [(written[key], n) for key, n in counts.most_common() if load_lexicon().diagnosis(written[key]) is None]
    if not unknown:
        return
    yield (
        f"The lexicon does not know {len(unknown)} of {counted(len(counts), 'label')}: kept as written, without "
        "urgency or kin."
    )
    for label, n in unknown[:_MOST_SHOWN]:
        near = " or ".join(nearest_diagnoses(label))
        yield f"  {label!r} in {counted(n, 'case')}; " + (f"spelt like {near}" if near else "nothing is spelt like it")
    if len(unknown) > _MOST_SHOWN:
        yield f"  and {len(unknown) - _MOST_SHOWN} more."
