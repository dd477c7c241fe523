import asyncio
from pathlib import Path

import pytest

from dermatrust.clients import AskFailed, Image, Reply, Sampling
from dermatrust.narrate import candidate_request, load_prompt, narrate_case
from dermatrust.records import Case, ClinicalContext

CASE = Case(
    id="c1",
    label="Psoriasis",
    category="Papulosquamous",
    context=ClinicalContext(
        age=54, sex="female", site="elbow", symptoms={"itch": True, "pain": False}, note="Worse in winter."
    ),
)
IMAGES = (Image("aa", Path("a.jpg")), Image("bb", Path("b.jpg")))
PROMPT = load_prompt()


class Model:
    name = "some/model"
    leaves_machine = False
    needs_images = True


def answering(text):
    async def ask(client, request):
        return Reply(text)

    return ask


def test_the_default_is_images_and_prompt_only():
    request = candidate_request(CASE, IMAGES, PROMPT, Sampling(max_tokens=7))
    (message,) = request.messages
    assert (message.role, message.text, message.images) == ("user", PROMPT.text, IMAGES)
    assert (request.case_id, request.sampling.max_tokens) == ("c1", 7)


def test_the_context_is_given_when_asked_for_and_never_the_label():
    text = candidate_request(CASE, IMAGES, PROMPT, Sampling(), with_context=True).messages[0].text
    for known in ("Age: 54 years", "Sex: female", "Body site: elbow", "itch: yes", "pain: no", "Worse in winter."):
        assert known in text
    assert "Psoriasis" not in text
    assert "Papulosquamous" not in text


def test_an_unknown_context_adds_nothing():
    assert candidate_request(Case(id="c"), (), PROMPT, Sampling(), with_context=True).messages[0].text == PROMPT.text


def narrate(ask, **options):
    return asyncio.run(narrate_case(CASE, IMAGES, ask, Model(), PROMPT, Sampling(), **options))


def test_a_narrative_is_the_reply_as_written():
    narrative = narrate(answering(" A plaque.\nThe answer is Psoriasis "))
    assert narrative.text == " A plaque.\nThe answer is Psoriasis "
    assert (narrative.case_id, narrative.author, narrative.stream) == ("c1", "some/model", "candidate")
    assert narrative.prompt_id == PROMPT.name_and_hash


def test_a_narrative_with_context_says_so():
    assert narrate(answering("x"), with_context=True).prompt_id == PROMPT.name_and_hash + "+context"


def test_an_empty_reply_is_kept_as_an_empty_narrative():
    assert narrate(answering("")).text == ""


def test_a_failed_ask_leaves_no_narrative():
    async def ask(client, request):
        raise AskFailed("timeout", "30 s")

    with pytest.raises(AskFailed):
        narrate(ask)
