"""Candidate narratives: what a model under test is asked, and what it wrote."""

from collections.abc import Iterator, Sequence

from dermatrust.clients import Ask, Client, Image, Message, Request, Sampling
from dermatrust.narrate.prompt import Prompt
from dermatrust.records import Case, ClinicalContext, Narrative

WITH_CONTEXT = "+context"
"""Added to a narrative's prompt id where the model was also given the clinical context."""


def candidate_request(
    case: Case, images: Sequence[Image], prompt: Prompt, sampling: Sampling, *, with_context: bool = False,
    draw: int = 0, arm: str = "", image_arm: str = "",
) -> Request:  # fmt: skip
    """Ask for one diagnostic narrative of a case from its images, and from its clinical context if told to.

    The label, the category and the differential of the case are never part of what is asked.
    """
    context = "\n".join(_context_lines(case.context)) if with_context else ""
    text = f"{prompt.text}\n\nClinical information:\n{context}" if context else prompt.text
    messages = (Message("user", text, tuple(images)),)
    return Request(messages=messages, sampling=sampling, draw=draw, case_id=case.id, arm=arm, image_arm=image_arm)


async def narrate_case(
    case: Case,
    images: Sequence[Image],
    ask: Ask,
    client: Client,
    prompt: Prompt,
    sampling: Sampling,
    *,
    with_context: bool = False,
) -> Narrative:
    """Return the model's narrative of one case, exactly as written, be it empty or a refusal.

    Raises:
        AskFailed: The model could not be asked; then there is no narrative, and nothing to score.
    """
    reply = await ask(client, candidate_request(case, images, prompt, sampling, with_context=with_context))
    prompt_id = prompt.name_and_hash + (WITH_CONTEXT if with_context else "")
    return Narrative.candidate(case_id=case.id, author=client.name, text=reply.text, prompt_id=prompt_id)


def _context_lines(context: ClinicalContext) -> Iterator[str]:
    """Yield one line per thing that is known; what nobody recorded is not mentioned."""
    if context.age is not None:
        yield f"- Age: {context.age:g} years"
    if context.sex is not None:
        yield f"- Sex: {context.sex}"
    if context.site is not None:
        yield f"- Body site: {context.site}"
    for symptom, present in context.symptoms.items():
        yield f"- {symptom}: {'yes' if present else 'no'}"
    for name, value in context.history.items():
        yield f"- {name}: {value}"
    if context.note:
        yield f"- Note: {context.note}"
