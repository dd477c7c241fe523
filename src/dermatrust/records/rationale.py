"""A rationale: why a narrative has the six scores it has, written after people gave them."""

from typing import Literal

from dermatrust.records.dimensions import Dimension
from dermatrust.records.rating import Score
from dermatrust.records.record import Name, Record, Text

RationaleFlag = Literal["invented quotation", "new diagnosis"]
"""What a check found in a rationale, and that asking again did not mend.

invented quotation  it puts words between quotation marks that the narrative does not hold
new diagnosis       it names a disease that the narrative does not name
"""


class Rationale(Record):
    """Six sections about one narrative, one per dimension; each restates its score. No score is changed."""

    narrative_id: Name
    rater: Name
    """Whose scores it is about; "mean" for the mean of several people."""
    scores: dict[Dimension, Score]
    """All six, as the rationale states them."""
    text: Text
    author: Name
    """The model that wrote it."""
    family: Name
    prompt_id: Name
    flags: tuple[RationaleFlag, ...] = ()
