"""The audit of references as one HTML page: what was found, how surely, and the sentences that show it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dermatrust.audit.finding import HIGH, KINDS, MEDIUM, Kind, ReferenceFinding
from dermatrust.audit.references import ReferenceAudit
from dermatrust.report.page import write_page

TABLE_NAME = "references-audit.csv"
MOST_SHOWN = 100
"""Findings of one kind on the page; the table file has all of them."""
MEANINGS: dict[Kind, str] = {
    "refusal": "The text is about a refusal, or about not seeing anything, instead of about skin.",
    "label contradicted": "The text concludes another disease than the case’s label. Either may be wrong.",
    "label never named": "The text bears no trace of the case’s label, by any of its names.",
    "answer dictated": "The text says that it was told its answer, so that does not follow from what it sees.",
    "unsupported finding": "The text says of the skin what the recorded truth of the images excludes.",
    "named too early": "The disease is named before the last sentence, though the text should reason towards it.",
    "unbalanced tags": "A tag is opened and not closed, or the reverse, or a piece of a prompt template was left in.",
    "second person": "The text speaks to the reader instead of describing a patient.",
    "duplicate text": "The same text, or nearly so, stands for another case.",
    "template text": "Sentences of the text stand in at least three references, names of diseases aside.",
    "file family": "Files that are near-duplicates of each other stand in several splits, or make up many cases.",
    "too short": "The text is too short to describe, to reason and to conclude.",
}


@dataclass(frozen=True, slots=True)
class KindSection:
    """The findings of one kind that the page shows."""

    kind: Kind
    ident: str
    meaning: str
    shown: tuple[ReferenceFinding, ...]
    n: int


def write_reference_audit(path: Path, audit: ReferenceAudit, *, table_name: str = TABLE_NAME, title: str = "") -> None:
    """Write the page. It opens from the file system and fetches nothing.

    Args:
        path: The file to write; it is replaced as a whole.
        audit: What was found.
        table_name: Name of the table file beside it that holds every finding.
        title: Name of the dataset; that of its card unless given.

    Raises:
        DataError: The file cannot be written.
    """
    write_page(
        path,
        "reference_audit.html",
        synthetic=audit.card.synthetic,
        leaving=_leaving(audit),
        **summary_context(audit, table_name=table_name, title=title) | {"sections": kind_sections(audit.findings)},
    )


def summary_context(audit: ReferenceAudit, *, table_name: str = TABLE_NAME, title: str = "") -> dict[str, Any]:
    """Return what the summary of the audit places; it quotes no case."""
    return {
        "audit": audit,
        "card": audit.card,
        "title": title or audit.card.name,
        "lines": [count.cells() for count in audit.counts],
        "sections": (),
        "table_name": table_name,
        "high": HIGH,
        "medium": MEDIUM,
    }


def kind_sections(findings: Sequence[ReferenceFinding]) -> list[KindSection]:
    """Return the kinds of which something was found, in their order, each with its surest findings."""
    sections = []
    for kind in KINDS:
        own = [one for one in findings if one.kind == kind]
        if own:
            sections.append(
                KindSection(kind, kind.replace(" ", "-"), MEANINGS[kind], tuple(own[:MOST_SHOWN]), len(own))
            )
    return sections


def _leaving(audit: ReferenceAudit) -> str:
    if audit.card.may_leave_machine or not any(one.sentence for one in audit.findings):
        return ""
    rule = f"The card of {audit.card.name} does not allow its cases to leave this machine"
    return f"This file quotes case texts. {rule}: do not send the file on."
