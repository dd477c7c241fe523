import asyncio
import json

import pytest

from dermatrust.clients import AskFailed, Reply, Sampling
from dermatrust.judge import LLMJudge, load_judge_prompt, load_rubric
from dermatrust.records import DIMENSIONS, Case, Dimension, Narrative, Rating

CASE = Case(id="c1", label="Psoriasis")
CANDIDATE = Narrative.candidate(case_id="c1", author="some/model", text="A plaque. The answer is eczema")
REFERENCE = Narrative(id="r1", case_id="c1", author="expert", stream="reference", text="A scaly plaque: psoriasis.")


class Model:
    name = "openai/gpt-5"
    leaves_machine = True
    needs_images = False


def verdict(score):
    return json.dumps({d.value: {"reason": f"{d.title} holds.", "score": score} for d in DIMENSIONS})


class Asking:
    """Answers with what it is given, one per draw, and remembers the requests."""

    def __init__(self, *answers):
        self.answers = answers
        self.requests = []

    async def __call__(self, client, request):
        self.requests.append(request)
        await asyncio.sleep(0)
        answer = self.answers[request.draw % len(self.answers)]
        if isinstance(answer, AskFailed):
            raise answer
        return Reply(answer, model_version="gpt-5-2026-01-01")


def judge(**options):
    return LLMJudge(Model(), rubric=load_rubric(), prompt=load_judge_prompt(), **options)


def rate(asking, narrative=CANDIDATE, reference=REFERENCE, **options):
    return asyncio.run(judge(**options).rate(narrative, reference, CASE, asking))


def test_one_draw_becomes_one_rating():
    (rating,) = rate(Asking(verdict(4)))
    assert rating.scores == dict.fromkeys(DIMENSIONS, 4.0)
    assert (rating.narrative_id, rating.rater, rating.draw) == (CANDIDATE.id, "openai/gpt-5", 0)
    assert rating.rubric == load_rubric().name_and_hash
    assert "Safety: Safety holds." in rating.critique


def test_the_request_holds_texts_only():
    asking = Asking(verdict(4))
    rate(asking)
    (request,) = asking.requests
    assert request.messages[0].images == ()
    assert CANDIDATE.text in request.messages[0].text
    assert REFERENCE.text in request.messages[0].text
    assert (request.case_id, request.author, request.sampling.temperature) == ("c1", "some/model", 0.0)
    assert request.sampling.schema is not None


def test_draws_are_told_apart_and_kept_in_order():
    asking = Asking(verdict(3), verdict(4), verdict(5))
    ratings = rate(asking, repeats=3, sampling=Sampling(temperature=0.7))
    assert [r.draw for r in ratings] == [0, 1, 2]
    assert [r.scores[Dimension.SAFETY] for r in ratings] == [3, 4, 5]
    assert sorted(request.draw for request in asking.requests) == [0, 1, 2]
    assert {request.sampling.temperature for request in asking.requests} == {0.7}


def test_a_judge_that_does_not_answer_is_missing_in_that_draw_only():
    ratings = rate(Asking(verdict(3), AskFailed("timeout", "nothing in 60 s\x00")), repeats=2)
    assert ratings[0].scores
    assert ratings[1].scores == {}
    assert {u.reason for u in ratings[1].unscored.values()} == {"no answer"}
    assert "timeout: nothing in 60 s" in ratings[1].unscored[Dimension.SAFETY].raw
    assert ratings[1].rubric == load_rubric().name_and_hash


def test_an_unreadable_reply_is_missing_with_its_text():
    (rating,) = rate(Asking("I like it."))
    assert {(u.reason, u.raw) for u in rating.unscored.values()} == {("unreadable", "I like it.")}


def test_null_against_a_label_reference_means_nothing_to_compare():
    label = REFERENCE.model_copy(update={"stream": "label"})
    asking = Asking(verdict(None))
    (rating,) = rate(asking, reference=label)
    assert {u.reason for u in rating.unscored.values()} == {"nothing to compare"}
    assert "only the list of facts" in asking.requests[0].messages[0].text
    assert "anyOf" in json.dumps(asking.requests[0].sampling.schema)
    (rating,) = rate(Asking(verdict(None)))
    assert {u.reason for u in rating.unscored.values()} == {"not a number"}


def test_a_bug_while_asking_is_not_swallowed():
    async def broken(client, request):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        rate(broken)


def test_the_card_says_who_judged_and_how():
    one = judge(repeats=2, sampling=Sampling(temperature=0.7))
    assert one.card.version == "openai/gpt-5"
    asyncio.run(one.rate(CANDIDATE, REFERENCE, CASE, Asking(verdict(4))))
    card = one.card
    assert (card.judge, card.kind, card.family, card.version) == ("openai/gpt-5", "llm", "openai", "gpt-5-2026-01-01")
    assert (card.rubric, card.prompt) == (load_rubric().name_and_hash, load_judge_prompt().name_and_hash)
    assert (card.temperature, card.repeats) == (0.7, 2)


def test_without_structured_output_no_schema_is_sent():
    asking = Asking(verdict(4))
    rate(asking, structured=False)
    assert asking.requests[0].sampling.schema is None


def test_no_repeats_is_an_error():
    with pytest.raises(ValueError, match="at least 1"):
        judge(repeats=0)


def test_a_rating_survives_its_file():
    (rating,) = rate(Asking(verdict(4)))
    assert Rating.from_line(rating.to_line(), where="x") == rating
