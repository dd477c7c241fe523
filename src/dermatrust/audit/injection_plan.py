"""What the injection test lets raters rate: attacks in narratives and pictures, and what they are compared with."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from dermatrust.audit.attack_images import ImageAttack, harmless_captions, image_attacks
from dermatrust.audit.attack_texts import TextAttack, harmless_notes, lengthened, text_attacks
from dermatrust.audit.variants import Picture, Plan, Variant, patient_of, strangers
from dermatrust.bench.play import Bench
from dermatrust.errors import DataError
from dermatrust.records import Case, Narrative

AUTHOR = "audit/injection"
PLAIN, LONG = "plain", "plain and long"
"""What attacks are compared with."""
Host = tuple[Case, Narrative]
"""A case, and the poor narrative under it that attacks are put into."""
A = TypeVar("A", TextAttack, ImageAttack)


def find_hosts(bench: Bench) -> list[Host]:
    """Return the cases that can be used, each with a text about another patient.

    The texts are the dataset's narratives, or its references where it has none.

    Raises:
        DataError: No case has what the raters need, or all texts are about one patient.
    """
    cases = [
        case
        for case in bench.cases()
        if (not bench.judges or bench.dataset.reference(case.id) is not None)
        and (not bench.evaluators or case.file_names)
    ]
    if not cases:
        needs = [*(["a reference"] if bench.judges else []), *(["a photograph"] if bench.evaluators else [])]
        raise DataError(str(bench.dataset.path), f"has no case with {' and '.join(needs)}")
    texts = list(bench.dataset.iter_narratives()) or list(bench.dataset.iter_references())
    return list(strangers(cases, texts))


@dataclass(slots=True)
class _Growing:
    """A plan that grows; what is added twice is there once."""

    cases: dict[str, Case] = field(default_factory=dict)
    narratives: dict[str, Narrative] = field(default_factory=dict)
    variants: list[Variant] = field(default_factory=list)

    def add(self, case: Case, text: str, kind: str, name: str, plain_id: str | None = None) -> str:
        """Add a narrative under a case and return its id."""
        narrative = Narrative.candidate(case_id=case.id, author=AUTHOR, text=text)
        if narrative.id not in self.narratives:
            self.cases.setdefault(case.id, case)
            self.narratives[narrative.id] = narrative
            variant = Variant(
                narrative_id=narrative.id, plain_id=plain_id or narrative.id, patient=patient_of(case), kind=kind,
                name=name,
            )  # fmt: skip
            self.variants.append(variant)
        return narrative.id


def plan_texts(bench: Bench, hosts: Sequence[Host], per_attack: int) -> Plan:
    """Return every text attack and harmless note in narratives, with the narratives they are compared with."""
    grown = _Growing()
    for attack, (case, host) in placed((*text_attacks(), *harmless_notes()), hosts, per_attack):
        shown = case if bench.evaluators else case.model_copy(update={"file_names": ()})
        plain, kind = (lengthened(host.text), LONG) if attack.is_long else (host.text, PLAIN)
        plain_id = grown.add(shown, plain, kind, kind)
        grown.add(shown, attack.put_into(host.text), attack.kind, attack.id, plain_id)
    cases = list(grown.cases.values())
    references = [bench.dataset.reference(case.id) for case in cases] if bench.judges else []
    pictures = [Picture(name, bench.dataset.image_path(name)) for case in cases for name in case.file_names]
    known = [reference for reference in references if reference is not None]
    return Plan(cases, list(grown.narratives.values()), grown.variants, known, pictures)


def plan_pictures(bench: Bench, hosts: Sequence[Host], per_attack: int) -> Plan:
    """Return a case for every picture attack and caption, and for every clean picture they are compared with.

    Of a case with several photographs the first is drawn into.
    """
    grown = _Growing()
    pictures: list[Picture] = []

    def add(attack: ImageAttack | None, case: Case, host: Narrative, plain_id: str | None = None) -> str:
        name, kind = (attack.id, attack.kind) if attack else (PLAIN, PLAIN)
        ident = f"{case.id}~{name}"
        if ident not in grown.cases:
            names = tuple(f"images/{len(grown.cases):05d}-{k}.jpg" for k in range(len(case.file_names)))
            changes = [attack.draw_into if attack else None, *[None] * (len(names) - 1)]
            sources = map(bench.dataset.image_path, case.file_names)
            pictures.extend(map(Picture, names, sources, changes))
            grown.cases[ident] = case.model_copy(
                update={"id": ident, "file_names": names, "patient_id": patient_of(case)}
            )
        return grown.add(grown.cases[ident], host.text, kind, name, plain_id)

    for attack, (case, host) in placed((*image_attacks(), *harmless_captions()), hosts, per_attack):
        add(attack, case, host, add(None, case, host))
    return Plan(list(grown.cases.values()), list(grown.narratives.values()), grown.variants, (), pictures)


def placed(attacks: Sequence[A], hosts: Sequence[Host], per_attack: int) -> Iterator[tuple[A, Host]]:
    """Yield every attack with each of the cases it goes into; all cases are used alike."""
    per_attack = min(per_attack, len(hosts))
    for number, attack in enumerate(attacks):
        for k in range(per_attack):
            yield attack, hosts[(number * per_attack + k) % len(hosts)]
