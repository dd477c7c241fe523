"""Judges whether a final answer means what the reference says, in one word; plans may be looked up first.

Reference: Qiu et al. (2025), https://arxiv.org/abs/2503.04691, the outcome of MedR-Bench.
"""

from dermatrust.protocols.asking import Ask
from dermatrust.protocols.item import user
from dermatrust.protocols.scorers.judge import Read, ask_judge, quote, stated

SEARCH = "search"
"""The role of whoever looks things up."""
PROMPT = """\
Is a model's {kind} right, given the reference? It is right where it means the same, in whatever words; where it is \
less exact than the reference, or another, it is wrong.

{reply}
{reference}
{known}
Reply with Correct or Wrong and nothing else."""
KEYWORDS = """\
Somebody is going to judge a plan of treatment for this patient. Which key words should be looked up first? Reply with \
them alone.

{about}"""
outcome = stated(("correct", "wrong"))
"""Reads "correct" or "wrong"; a reply that says neither, or both, is unread."""


def holds_correct(reply: str) -> str:
    """Return "correct" for any reply that holds the word, "incorrect" too, as released.

    Example:
        >>> holds_correct("Incorrect."), holds_correct("Wrong."), outcome("Incorrect.")
        ('correct', 'wrong', None)
    """
    return "correct" if "correct" in reply.lower() else "wrong"


def answer_in(reply: str) -> str:
    r"""Return what stands under the last "### Answer", else the last "### Conclusion", else all of a reply.

    Example:
        >>> answer_in("### Reasoning:\nIt itches.\n### Answer:\nScabies."), answer_in("Scabies.")
        ('Scabies.', 'Scabies.')
    """
    heading = "### Answer" if "### Answer" in reply else "### Conclusion"
    said = reply.rpartition(heading)[2].partition("###")[0] if heading in reply else reply
    return said.lstrip(": ").strip()


async def judge_outcome(
    ask: Ask, reply: str, reference: str, *, kind: str, read: Read = outcome, about: str = ""
) -> str | None:
    """Return "correct" or "wrong" of the final answer in a reply.

    Args:
        ask: What the protocol asks with.
        reply: What the model said, as a whole.
        reference: What is right.
        kind: What is judged, e.g. "final diagnosis".
        read: How the verdict is read.
        about: What is known of the case, where key words of it are to be looked up first, of the role "search"; empty
            for a judge that goes by what it knows.
    """
    known = ""
    if about:
        keywords = await ask([user(KEYWORDS.format(about=quote("CASE", about)))], role="judge")
        known = quote("LOOKED UP", (await ask([user(keywords.text)], role=SEARCH)).text) + "\n"
    texts = {"reply": quote("REPLY", answer_in(reply)), "reference": quote("REFERENCE", reference)}
    return await ask_judge(ask, PROMPT.format(kind=kind, known=known, **texts), read)
