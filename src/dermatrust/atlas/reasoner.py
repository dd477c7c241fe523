"""A synthetic reasoner: templates that turn captions into reasoning, reasoning into chains, and scores into rationales.

It stands where a language model would, so that everything built on one runs anywhere. Told a label it argues for it;
untold it takes the disease of the atlas whose usual findings agree best with the caption. It understands nothing else.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence

from dermatrust.atlas.disease import Disease, load_diseases
from dermatrust.atlas.phrases import plain_families
from dermatrust.atlas.vocabulary import VALUES, Attribute
from dermatrust.lexicon import load_lexicon

VERSION = 1
"""Raised when the same prompt comes to be answered otherwise."""
_COLUMNS: Mapping[Attribute, Sequence[str]] = {
    "site": ("sites",), "primary": ("primary",), "shape": ("shape",), "border": ("border",), "surface": ("surface",),
    "colour": ("colour_light", "colour_dark"), "count": ("count",), "distribution": ("distribution",),
}  # fmt: skip
_ATTRIBUTE_OF = {value: attribute for attribute, values in VALUES.items() for value in values}
_LEAST = 0.01
"""What a finding is worth that a disease is not drawn with: unusual, not impossible."""
_UNNAMED = ("skin disease", "of the kind these findings suggest")
_SENTENCE = re.compile(r"[^.]*?\.(?=\s|$)", re.DOTALL)
_OPENING = re.compile(r"This image shows[^.]*\.\s*")
_STEP = re.compile(r"(?:By its broad kind|Within that), this is (.+?)\. (.+)")
_ANSWER = re.compile(r"The answer is .+\.")
_SCORE = re.compile(r"^([A-Z][A-Za-z ]+): (\S+)/5$", re.MULTILINE)
_LONGEST_QUOTATION = 160


def reason(caption: str, label: str | None) -> str:
    """Return reasoning from a caption to the label, or to the likeliest disease of the atlas where none is given.

    Example:
        >>> print(reason("This image shows what follows. There are red plaques. Silvery scale is seen.", "psoriasis"))
        By its broad kind, this is inflammatory. There are red plaques.
        Within that, this is papulosquamous. Silvery scale is seen.
        The answer is psoriasis.
    """
    known = load_lexicon().diagnosis(label) if label else likeliest(caption).diagnosis
    named = plain_families(known.id) if known else ()
    family, group = (*named, *_UNNAMED[len(named) :])[:2]
    sentences = [found.strip() for found in _SENTENCE.findall(_OPENING.sub("", " ".join(caption.split()), count=1))]
    half = (len(sentences) + 1) // 2
    wide = " ".join(sentences[:half]) or "Nothing is described."
    narrow = " ".join(sentences[half:]) or "Nothing narrows it further."
    answer = label or (known.name if known else "")
    steps = f"By its broad kind, this is {family}. {wide}\nWithin that, this is {group}. {narrow}"
    return f"{steps}\nThe answer is {answer}."


def likeliest(caption: str) -> Disease:
    """Return the disease of the atlas whose usual findings agree best with those a caption affirms.

    Example:
        >>> likeliest("Grouped vesicles in a dermatomal band on the chest.").diagnosis.name
        'herpes zoster'
    """
    seen = {m.concept.name for m in load_lexicon().mentions(caption) if m.status == "affirmed"}
    return max(load_diseases(), key=lambda disease: sum(_log_weights(disease, seen)))


def _log_weights(disease: Disease, seen: set[str]) -> Iterator[float]:
    for value in sorted(seen & _ATTRIBUTE_OF.keys()):
        attribute = _ATTRIBUTE_OF[value]
        if attribute == "features":
            weight = dict(disease.features).get(value, 0.0)
        else:
            weight = max(dict(disease.choices[column]).get(value, 0.0) for column in _COLUMNS[attribute])
        yield math.log(max(weight, _LEAST))


def order(reasoning: str) -> str:
    r"""Return what `reason` wrote as a chain of thought; of any other text it makes nothing and gives it back.

    Example:
        >>> print(order("By its broad kind, this is infection. One sees a wart.\nThe answer is common wart."))
        Family: infection
        - One sees a wart.
        The answer is common wart.
    """
    lines: list[str] = []
    for line in reasoning.splitlines():
        if found := _STEP.fullmatch(line):
            lines.append(f"{'Group' if lines else 'Family'}: {found[1]}")
            lines += [f"- {sentence.strip()}" for sentence in _SENTENCE.findall(found[2])]
        elif _ANSWER.fullmatch(line):
            lines.append(line)
        else:
            return reasoning
    return "\n".join(lines)


def explain(narrative: str, scores: str) -> str:
    """Return a rationale: one section for each line of scores, quoting the narrative's beginning.

    Example:
        >>> print(explain("A red plaque.", "Safety: 4/5"))
        Safety: 4/5
        The narrative says "A red plaque.", and was scored 4 of 5 on this.
        Suggestion: Say more on what safety asks for.
    """
    words = " ".join(narrative.split()).partition('"')[0]
    quotation = (_SENTENCE.match(words) or [words])[0][:_LONGEST_QUOTATION].strip()
    return "\n\n".join(_section(name, score, quotation) for name, score in _SCORE.findall(scores))


def _section(name: str, score: str, quotation: str) -> str:
    said = f'The narrative says "{quotation}"' if quotation else "The photograph shows more than the narrative says"
    advice = "Keep this." if score == "5" else f"Say more on what {name.lower()} asks for."
    return f"{name}: {score}/5\n{said}, and was scored {score} of 5 on this.\nSuggestion: {advice}"
