"""From a judge's name on the command line to the judge."""

from pathlib import Path

from dermatrust.clients import Client, Sampling, open_client
from dermatrust.clients.open import ELSEWHERE, FORMS
from dermatrust.errors import ModelError
from dermatrust.judge.judge import Judge
from dermatrust.judge.lexical import LexicalJudge
from dermatrust.judge.llm import LLMJudge
from dermatrust.judge.prompt import load_judge_prompt
from dermatrust.judge.rubric import load_rubric

_NO_READERS = ("nano/", "synthetic/")
"""Models that read no narrative: whatever they were asked, no verdict would come back."""


def open_judge(
    name: str, *, sampling: Sampling, repeats: int = 1, rubric: Path | None = None, prompt: str = "judge"
) -> Judge:
    """Return the judge a name stands for: "lexical", or any model name.

    Args:
        name: "lexical", or a model as `open_client` takes it.
        sampling: How an LLM judge decodes.
        repeats: Draws of an LLM judge for each narrative.
        rubric: A rubric file of the user's own.
        prompt: A judge prompt's name or file.

    Raises:
        ModelError: The name stands for no judge.
        DataError: The rubric or the prompt cannot be read.
    """
    if name == "lexical":
        return LexicalJudge()
    return LLMJudge(
        _open_client(name),
        rubric=load_rubric(rubric),
        prompt=load_judge_prompt(prompt),
        repeats=repeats,
        sampling=sampling,
    )


def _open_client(name: str) -> Client:
    if name.startswith(_NO_READERS):
        do = "nano/evaluator rates by the photographs: `dermatrust rate`." if name == "nano/evaluator" else ""
        raise ModelError(repr(name), "is not a judge", f"lexical, {ELSEWHERE}", do)
    try:
        return open_client(name)
    except ModelError as error:
        if error.expected != FORMS:
            raise
        raise ModelError(error.where, "is not a judge", f"lexical, {ELSEWHERE}") from None
