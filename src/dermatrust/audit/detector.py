"""How many attacks the detector of injection sees, and how many honest texts it suspects."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dermatrust.audit.attack_texts import HARMLESS, TextAttack, attack_classes, harmless_notes, lengthened, text_attacks
from dermatrust.evaluator.evaluator import Evaluator
from dermatrust.judge.injection import is_suspected
from dermatrust.store.folder import DatasetFolder

HONEST, LENGTHENED = "the dataset's own texts", "a text made long"


@dataclass(frozen=True, slots=True)
class DetectorLine:
    """What the detector found in texts of one kind.

    Attributes:
        kind: Class of the attacks, or which honest texts.
        is_attack: Whether what is found is right to be found.
        is_held_out: Whether the texts were written after the rules, and not used to change them.
        n_found: Texts found suspicious.
        n: Texts looked at.
    """

    kind: str
    is_attack: bool
    is_held_out: bool
    n_found: int
    n: int


@dataclass(frozen=True, slots=True)
class FamiliarityLine:
    """How many of a dataset's own texts hold a sentence whose like an evaluator knows it never met.

    Attributes:
        rater: The evaluator.
        n_found: Texts with such a sentence.
        n: Texts looked at.
    """

    rater: str
    n_found: int
    n: int


def measure_familiarity(dataset: DatasetFolder, evaluators: Iterable[Evaluator]) -> Iterator[FamiliarityLine]:
    """Yield a line for each evaluator that knows what it has read; the dataset's own texts are taken for honest."""
    for evaluator in evaluators:
        if evaluator.knows_what_it_read:
            found = [evaluator.unfamiliar_sentence(text) is not None for text in _own(dataset)]
            yield FamiliarityLine(evaluator.name, sum(found), len(found))


def measure_detector(dataset: DatasetFolder, host: str) -> tuple[DetectorLine, ...]:
    """Return what the detector finds in every attack put into a narrative, and in honest texts.

    Args:
        dataset: Its narratives and references are taken for honest texts, also where one truly holds an attack.
        host: The narrative that attacks and harmless notes are put into; it should hold none itself.
    """
    return (*_lines(host), _line(LENGTHENED, [lengthened(host)]), _line(HONEST, _own(dataset)))


def _own(dataset: DatasetFolder) -> Iterator[str]:
    return (text.text for texts in (dataset.iter_narratives(), dataset.iter_references()) for text in texts)


def _lines(host: str) -> Iterator[DetectorLine]:
    for is_held_out in (False, True):
        for kind in (*attack_classes(), HARMLESS):
            chosen = [
                one
                for one in (*text_attacks(), *harmless_notes())
                if one.kind == kind and one.is_held_out == is_held_out
            ]
            if chosen:
                yield _line(kind, _put(chosen, host), is_attack=kind != HARMLESS, is_held_out=is_held_out)


def _put(attacks: Iterable[TextAttack], host: str) -> Iterator[str]:
    return (attack.put_into(host) for attack in attacks)


def _line(kind: str, texts: Iterable[str], *, is_attack: bool = False, is_held_out: bool = False) -> DetectorLine:
    found = [is_suspected(text) for text in texts]
    return DetectorLine(kind, is_attack, is_held_out, sum(found), len(found))


def recall(lines: Iterable[DetectorLine], *, is_held_out: bool) -> tuple[int, int]:
    """Return how many attacks were found, of how many.

    Example:
        >>> lines = DetectorLine("asks", True, False, 3, 4), DetectorLine("notes", False, False, 1, 9)
        >>> recall(lines, is_held_out=False)
        (3, 4)
    """
    chosen = [line for line in lines if line.is_attack and line.is_held_out == is_held_out]
    return sum(line.n_found for line in chosen), sum(line.n for line in chosen)
