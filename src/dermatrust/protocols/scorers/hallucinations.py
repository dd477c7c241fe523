"""How grave the error in a statement about an image is: six classes, what each is worth, and the judge who tells them.

The scale is that of Med-HallMark, Chen et al. (2024), https://arxiv.org/abs/2406.10185; the prompt is in our words.
"""

from dermatrust.protocols.item import Item, Turn, user
from dermatrust.protocols.scorers.judge import quote
from dermatrust.protocols.scorers.labels import first_named, sentences

WORTH = {
    "catastrophic": 0.0,
    "critical": 0.2,
    "attribute": 0.4,
    "prompt-induced": 0.6,
    "minor": 0.8,
    "correct": 1.0,
}
WORDS = {label: (label,) for label in WORTH} | {
    "prompt-induced": ("prompt-induced", "prompt induced"),
    "correct": ("correct", "no hallucination", "no hallucinations"),
}
JUDGE_PROMPT = """\
You check what a medical vision-language model says about an image. Name the gravest class of error in the statement \
below, judging by the image, the question and, where it is given, the right answer.

Catastrophic: mostly wrong. The overall state of health is misjudged, an organ is mistaken for another or made up, \
disease is made up in a normal image, or a description builds on such an error; a clinical decision would go badly \
wrong.
Critical: the function of an organ, the kind or the cause of a disease is wrong, another kind of lesion is made up in \
an abnormal image, or findings are misread or left out; grave for diagnosis, though less so.
Attribute: size, shape, place or number of organs or lesions is wrong.
Prompt-induced: the question itself misled the model, by words that shake its confidence or by claims that contradict \
the image.
Minor: only the kind of imaging, or how it was taken, is wrong; of no consequence for care.
Correct: no hallucination; the meaning fits the image.

{question}

{answer}
{truth}
Reply with the name of one class and nothing else."""
class_named = first_named(WORDS)
"""Reads the gravest class that a reply names."""
as_released = first_named({name: words for name, words in WORDS.items() if name != "prompt-induced"}, whole_words=False)
"""Reads as the authors' script does: it does not know of prompt-induced errors, and any part of a word will do."""


def judge_turn(item: Item, statement: str) -> Turn:
    """Return what the judge is asked about one statement, with images, question and, where there is one, target."""
    truth = quote("RIGHT ANSWER", item.target) + "\n" if item.target else ""
    texts = {"question": quote("QUESTION", item.question), "answer": quote("STATEMENT", statement), "truth": truth}
    return user(JUDGE_PROMPT.format(**texts), item.images)


def statements(reply: str, *, is_report: bool) -> list[str]:
    """Return what a reply states: each sentence of a report, else all of it; nothing where it has no word.

    Example:
        >>> statements("Clear lungs. No effusion.", is_report=True), statements("No. None.", is_report=False)
        (['Clear lungs.', 'No effusion.'], ['No. None.'])
    """
    found = sentences(reply)
    return found if is_report else [reply] if found else []
