"""A narrative: a text about one case, by a model or a person."""

import hashlib
from typing import Any, Literal, Self

from dermatrust.records.record import Name, Record, Text

Stream = Literal["candidate", "reference", "regular", "label", "caption"]
"""Where a narrative comes from.

candidate  a model under test wrote it from the images
reference  expert-certified, or on its way to be: the truth that judges read
regular    written without the label, for training an evaluator (paper, data construction, regular stream)
label      not written by anyone: the facts a dataset records (diagnosis, site, size) put into sentences
caption    site and findings alone, from which references and regular narratives are reasoned
"""

NarrativeFlag = Literal[
    "no opening", "names a disease", "named early", "label missing", "no diagnosis", "conclusion changed"
]
"""What a check found in a text that `dermatrust build` asked for, and that asking again did not mend.

no opening          the caption does not begin as a caption
names a disease     the caption names one
named early         the label is named before the last sentence
label missing       the last sentence does not name the label
no diagnosis        a text written without the label ends without a diagnosis
conclusion changed  the chain of thought ends on another disease than the reasoning it was made from
"""


class Certificate(Record):
    """Who vouches for a reference, and where that is recorded."""

    certified_by: Name
    source: Name
    certified_on: Name | None = None
    """ISO date, where the source gives one."""


class Narrative(Record):
    """A text about one case. An empty candidate text is kept: a model that does not answer is wrong."""

    id: Name
    case_id: Name
    text: Text
    author: Name
    stream: Stream = "candidate"
    prompt_id: Name | None = None
    """Name and hash of the prompt it answers, e.g. "dermbench-candidate@1:3f2a9c…"."""
    certificate: Certificate | None = None
    family: Name | None = None
    """Whose model wrote it, e.g. "gpt", as far as its name told when it wrote."""
    parent: Name | None = None
    """Id of the text it was made from: of a chain its reasoning, of that the caption, of an edited text the draft."""
    flags: tuple[NarrativeFlag, ...] = ()
    """What is wrong with it, or with a text it was made from, as far as checks can tell."""

    @classmethod
    def candidate(cls, *, case_id: str, author: str, text: str, prompt_id: str | None = None) -> Self:
        """Return a candidate narrative whose id follows from its case, author and text.

        Example:
            >>> Narrative.candidate(case_id="c1", author="m", text="A plaque.").id
            'c1:fca62cb5c39c'
        """
        digest = hashlib.blake2b(f"{author}\0{text}".encode(), digest_size=6).hexdigest()
        return cls(id=f"{case_id}:{digest}", case_id=case_id, text=text, author=author, prompt_id=prompt_id)

    @classmethod
    def built(cls, *, case_id: str, author: str, text: str, stream: Stream, **more: Any) -> Self:
        """Return a narrative whose id follows from case, author, stream, text and parent; `more` are other fields.

        Example:
            >>> Narrative.built(case_id="c1", author="m", text="A plaque.", stream="caption").id
            'c1:caption:9aea00a99c39'
        """
        parts = "\0".join((author, more.get("parent") or "", text))
        digest = hashlib.blake2b(parts.encode(), digest_size=6).hexdigest()
        return cls(id=f"{case_id}:{stream}:{digest}", case_id=case_id, text=text, author=author, stream=stream, **more)
