import asyncio

import pytest

from dermatrust.curate.problems import ConflictError
from dermatrust.curate.score_limits import Allowance, Answers, Places
from dermatrust.curate.score_problems import ApiError


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def test_an_allowance_fills_steadily_and_never_beyond_its_size():
    clock = Clock()
    allowance = Allowance(60, clock)
    for _ in range(60):
        allowance.take("a")
    with pytest.raises(ApiError) as refused:
        allowance.take("a")
    assert (refused.value.status, refused.value.headers) == (429, {"Retry-After": "1"})
    allowance.take("b")
    clock.now = 2.0
    allowance.take("a")
    allowance.take("a")
    with pytest.raises(ApiError):
        allowance.take("a")
    clock.now = 10_000.0
    for _ in range(60):
        allowance.take("a")
    with pytest.raises(ApiError):
        allowance.take("a")


def test_a_full_queue_turns_away_at_once_and_lets_in_again():
    clock = Clock()
    places = Places(2, 1, clock)

    async def visits():
        doors = [places.admitted() for _ in range(4)]
        for door in doors[:3]:
            door.__enter__()
        with pytest.raises(ApiError) as refused:
            doors[3].__enter__()
        assert refused.value.status == 503
        assert int(refused.value.headers["Retry-After"]) >= 1
        doors[0].__exit__(None, None, None)
        with places.admitted():
            assert places.n_inside == 3
        for door in doors[1:3]:
            door.__exit__(None, None, None)
        assert places.n_inside == 0

    asyncio.run(visits())


def test_no_more_are_worked_on_than_allowed_and_nobody_is_forgotten():
    most = n_now = n_done = 0

    async def visit(places):
        nonlocal most, n_now, n_done
        with places.admitted():
            async with places.working():
                n_now += 1
                most = max(most, n_now)
                await asyncio.sleep(0.001)
                n_now -= 1
                n_done += 1

    async def all_at_once():
        places = Places(3, 100)
        visits = [asyncio.create_task(visit(places)) for _ in range(50)]
        await asyncio.sleep(0)
        for cancelled in visits[10:20]:
            cancelled.cancel()  # clients leave
        await asyncio.gather(*visits, return_exceptions=True)
        assert places.n_inside == 0

    asyncio.run(all_at_once())
    assert (most, n_done) == (3, 40)


def test_sixteen_with_one_key_are_one_piece_of_work():
    n_worked = 0

    async def work():
        nonlocal n_worked
        n_worked += 1
        await asyncio.sleep(0.01)
        return "answer"

    async def race():
        answers = Answers()
        askers = [asyncio.create_task(answers.once("k", "d", work)) for _ in range(16)]
        await asyncio.sleep(0)
        askers[0].cancel()  # who asked first leaves; the others still get the answer
        with pytest.raises(ConflictError):
            await answers.once("k", "another", work)
        found = await asyncio.gather(*askers, return_exceptions=True)
        assert found[1:] == ["answer"] * 15
        assert isinstance(found[0], asyncio.CancelledError)
        assert await answers.once("k", "d", work) == "answer"

    asyncio.run(race())
    assert n_worked == 1


def test_all_who_wait_hear_of_a_failure_and_the_next_tries_again():
    outcomes = [OSError("down"), "answer"]

    async def work():
        await asyncio.sleep(0.001)
        outcome = outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def race():
        answers = Answers()
        found = await asyncio.gather(*(answers.once("k", "d", work) for _ in range(3)), return_exceptions=True)
        assert [str(one) for one in found] == ["down"] * 3
        assert await answers.once("k", "other", work) == "answer"

    asyncio.run(race())


def test_answers_are_forgotten_after_an_hour_and_when_there_are_too_many():
    clock = Clock()
    n_worked = 0

    async def work():
        nonlocal n_worked
        n_worked += 1
        return n_worked

    async def asked():
        answers = Answers(keep_s=3600, most=2, clock=clock)
        assert [await answers.once(key, "d", work) for key in "aabb"] == [1, 1, 2, 2]
        assert await answers.once("c", "d", work) == 3  # a is forgotten
        assert [await answers.once(key, "d", work) for key in "bc"] == [2, 3]
        assert await answers.once("a", "d", work) == 4
        clock.now = 3600.0
        assert await answers.once("c", "other", work) == 5

    asyncio.run(asked())
