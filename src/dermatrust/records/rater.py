"""A rater: who or what gives ratings, and what is known of them."""

from typing import Annotated, Literal

from pydantic import Field

from dermatrust.records.record import Name, Record

RaterKind = Literal["human", "simulated", "llm", "lexical", "evaluator"]
"""What a rater is.

human      a person
simulated  a program that knows the truth and errs from it as people do; synthetic
llm        a language model that compares a narrative with its reference
lexical    a program that does so by the words
evaluator  a model that looks at the images and reads no reference
"""


class Rater(Record):
    """One line of `raters.jsonl`: who stands behind a name in the ratings."""

    id: Name
    """The name in the ratings."""
    kind: RaterKind
    qualification: Name | None = None
    """For a person, e.g. "board-certified dermatologist"."""
    years: Annotated[float, Field(ge=0, le=80)] | None = None
    """Years in practice."""
    adjudicates: bool = False
    """Whether this rater's scores settle what the others disagree about: they are then the ones to agree with."""
    family: Name | None = None
    """For a model, whose it is, e.g. "gpt"."""
    weights: Name | None = None
    """For an evaluator whose weights lie on the machine that rated, the beginning of their hash."""
