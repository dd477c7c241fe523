"""A narrative: a text about one case, by a model or a person."""

import hashlib
from typing import Literal, Self

from dermatrust.records.record import Name, Record, Text

Stream = Literal["candidate", "reference", "regular", "label"]
"""Where a narrative comes from.

candidate  a model under test wrote it from the images
reference  expert-certified, or on its way to be: the truth that judges read
regular    written without the label, for training an evaluator (paper, data construction, regular stream)
label      not written by anyone: the facts a dataset records (diagnosis, site, size) put into sentences
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

    @classmethod
    def candidate(cls, *, case_id: str, author: str, text: str, prompt_id: str | None = None) -> Self:
        """Return a candidate narrative whose id follows from its case, author and text.

        Example:
            >>> Narrative.candidate(case_id="c1", author="m", text="A plaque.").id
            'c1:fca62cb5c39c'
        """
        digest = hashlib.blake2b(f"{author}\0{text}".encode(), digest_size=6).hexdigest()
        return cls(id=f"{case_id}:{digest}", case_id=case_id, text=text, author=author, prompt_id=prompt_id)
