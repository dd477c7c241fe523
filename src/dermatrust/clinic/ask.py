"""One answer of one model about one case in one arm."""

import asyncio
from typing import TYPE_CHECKING

from dermatrust.bench.photographs import photographs
from dermatrust.clients import Ask, AskFailed, Client, Image, Request
from dermatrust.clinic.answer import Answer
from dermatrust.clinic.vote import vote
from dermatrust.narrate.candidate import candidate_request
from dermatrust.store.contact_sheet import contact_sheet

if TYPE_CHECKING:
    from dermatrust.clinic.study import Asked, Study

NO_PHOTOGRAPH = "no photograph: the case has none"


async def answer_case(study: "Study", asked: "Asked", client: Client, ask: Ask) -> Answer:
    """Return what a model answers, from one ask or, one by one, from one for each photograph and a vote.

    Where an ask fails, or the case cannot be asked about in the arm, the answer is missing and says why.

    Raises:
        DataError: A photograph is missing or unreadable.
    """
    case, told = asked.case, asked.told
    about = case.id, client.name, asked.arm, asked.image_arm.name
    if told.failure:
        return Answer(*about, failure=told.failure)
    answers = []
    for number, names in enumerate(asked.image_arm.shown(case.file_names, case.id, study.seed)):
        if told.shows_images and client.needs_images and not names:
            return Answer(*about, failure=NO_PHOTOGRAPH)
        images = await _images(study, asked, names) if client.needs_images else ()
        try:
            reply = await ask(client, _request(study, asked, images, number))
        except AskFailed as failure:
            answers.append(Answer(*about, failure=str(failure)))
        else:
            answers.append(study.task.read(Answer(*about, text=reply.text)))
    return answers[0] if len(answers) == 1 else vote(answers)


async def _images(study: "Study", asked: "Asked", names: tuple[str, ...]) -> tuple[Image, ...]:
    found = await photographs(study.dataset, study.images, asked.case.id, names)
    if asked.image_arm.kind != "grid" or not found:
        return found
    sheet = await asyncio.to_thread(contact_sheet, found, study.images.root / "sheets", side_px=study.images.side_px)
    return (sheet,)


def _request(study: "Study", asked: "Asked", images: tuple[Image, ...], number: int) -> Request:
    """Return the ask: as for a narrative with context, with what this arm tells in its place."""
    return candidate_request(
        asked.shown, images, study.prompt, study.sampling, with_context=True,
        draw=number, arm=asked.arm, image_arm=asked.image_arm.name,
    )  # fmt: skip
