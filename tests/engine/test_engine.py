import asyncio
import itertools
import random
import time
from collections import Counter
from pathlib import Path

import pytest

from dermatrust.clients import AskFailed, Message, Reply, Request, Sampling
from dermatrust.clients.openai import OpenAIClient
from dermatrust.clients.scripted import ScriptedClient
from dermatrust.engine import Engine, Limits, Price
from dermatrust.errors import ModelError
from dermatrust.store.replies import ReplyStore

QUICK = Limits(max_concurrency=32, timeout_s=0.5, max_attempts=4)


@pytest.fixture
def store(tmp_path):
    opened = ReplyStore(tmp_path / "replies.sqlite")
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def no_long_pauses(monkeypatch):
    monkeypatch.setattr(Engine, "_pause_s", lambda self, attempt: 0.001)


def question(number, **more):
    return Request((Message("user", f"case {number}"),), case_id=str(number), **more)


def run_all(engine, client, numbers, **more):
    outcomes = {}

    def play(number):
        async def one(ask):
            try:
                return number, await ask(client, question(number))
            except AskFailed as failure:
                return number, failure

        return one

    async def main():
        await engine.run((play(n) for n in numbers), take=lambda pair: outcomes.update([pair]), **more)
        await client.close()

    asyncio.run(main())
    return outcomes


def test_a_reply_is_asked_once_and_remembered(store):
    asked = []
    client = ScriptedClient("m", lambda request: asked.append(request) or f"about {request.case_id}")
    first = run_all(Engine(store), client, range(300))
    again = run_all(Engine(store), client, range(300))
    assert len(asked) == 300
    assert {n: r.text for n, r in first.items()} == {n: f"about {n}" for n in range(300)} == {
        n: r.text for n, r in again.items()
    }  # fmt: skip


def test_the_same_ask_made_twice_at_once_is_asked_once(store, server, answered, answer_type):
    server.answer = lambda body: answer_type(body=answered("slow").body, delay_s=0.1)
    client = OpenAIClient("m", base_url=server.url, model="x")
    engine = Engine(store)

    async def both():
        found = await asyncio.gather(engine.ask(client, question(1)), engine.ask(client, question(1)))
        await client.close()
        return found

    one, two = asyncio.run(both())
    assert one.text == two.text == "slow"
    assert len(server.asked) == 1


def test_other_draws_settings_and_models_are_other_asks(store):
    asked = []
    script = lambda request: asked.append(1) or "x"  # noqa: E731
    engine = Engine(store)

    async def main():
        one, two = ScriptedClient("one", script), ScriptedClient("two", script)
        await engine.ask(one, question(1))
        await engine.ask(two, question(1))
        await engine.ask(one, question(1, draw=1))
        await engine.ask(one, question(1, sampling=Sampling(temperature=1.0)))
        await engine.ask(one, question(1, sampling=Sampling(schema={"type": "object"})))
        await engine.ask(one, question(1))

    asyncio.run(main())
    assert len(asked) == 5


def test_a_failure_is_recorded_and_asked_again_by_the_next_run(store):
    def refuse(request):
        raise AskFailed("rejected", "HTTP 400: no")

    found = run_all(Engine(store), ScriptedClient("m", refuse), [1])
    assert isinstance(found[1], AskFailed)
    assert list(store.failures()) == [("m", "1", "rejected", "HTTP 400: no")]
    found = run_all(Engine(store), ScriptedClient("m", lambda request: "now"), [1])
    assert found[1].text == "now"
    assert list(store.failures()) == []


def test_retries_end_and_only_failures_worth_it_are_retried(store):
    tries = Counter()

    def fail(kind):
        def script(request):
            tries[kind] += 1
            raise AskFailed(kind, "no")

        return script

    for kind in ("server error", "bad reply", "connection", "rejected", "not recorded"):
        run_all(Engine(store, default_limits=QUICK), ScriptedClient(kind, fail(kind)), [1])
    assert tries == {"server error": 4, "bad reply": 4, "connection": 4, "rejected": 1, "not recorded": 1}


def test_a_stalled_model_is_timed_out(store):
    class Stalled(ScriptedClient):
        async def ask(self, request):
            await asyncio.sleep(60)
            raise AssertionError

    limits = Limits(timeout_s=0.05, max_attempts=2)
    found = run_all(Engine(store, default_limits=limits), Stalled("m", str), [1, 2])
    assert [f.kind for f in found.values()] == ["timeout", "timeout"]


def test_a_dead_server_stops_the_run_instead_of_wearing_it_out(store):
    def refuse(request):
        raise AskFailed("connection", "refused")

    with pytest.raises(ModelError, match=r"has not answered 20 asks in a row.*same command again"):
        run_all(Engine(store, default_limits=QUICK), ScriptedClient("m", refuse), range(1000))
    assert len(list(store.failures())) < 100


def test_a_bug_in_a_play_ends_the_run_with_its_own_error_and_keeps_the_replies(store):
    client = ScriptedClient("m", lambda request: "kept")

    async def good(ask):
        await ask(client, question(1))

    async def bad(ask):
        await asyncio.sleep(0.01)
        raise KeyError("a bug")

    with pytest.raises(KeyError, match="a bug"):
        asyncio.run(Engine(store).run([good, bad], take=lambda _: None))
    assert store.n_buffered == 0
    assert [t.n_replies for t in store.totals()] == [1]


def test_plays_are_drawn_only_as_there_is_room(store):
    drawn = itertools.count()
    ahead = []
    n_done = 0

    def plays():
        for _ in range(500):
            ahead.append(next(drawn) - n_done)

            async def play(ask):
                await asyncio.sleep(0)

            yield play

    def take(_):
        nonlocal n_done
        n_done += 1

    asyncio.run(Engine(store).run(plays(), take=take, n_at_once=10))
    assert n_done == 500
    assert max(ahead) <= 10


def test_429_narrows_the_lane_and_retry_after_is_waited_for(store, server, answered, answer_type):
    state = {"n": 0}

    def answer(body):
        state["n"] += 1
        if state["n"] <= 3:
            return answer_type(status=429, body=b"{}", headers={"Retry-After": "0.2"})
        return answered("ok")

    server.answer = answer
    engine = Engine(store, default_limits=QUICK)
    client = OpenAIClient("m", base_url=server.url, model="x")
    started = time.monotonic()
    found = run_all(engine, client, range(20))
    assert all(isinstance(r, Reply) for r in found.values())
    assert time.monotonic() - started >= 0.2
    assert engine._lanes["m"].width < 32


def test_no_more_than_max_concurrency_are_under_way(store, server, answered, answer_type):
    server.answer = lambda body: answer_type(body=answered("ok").body, delay_s=0.01)
    limits = Limits(max_concurrency=5)
    client = OpenAIClient("m", base_url=server.url, model="x")
    run_all(Engine(store, default_limits=limits), client, range(60))
    assert server.most_open == 5


def test_requests_per_minute_are_kept(store):
    times = []

    client = ScriptedClient("m", lambda request: times.append(time.monotonic()) or "x")
    run_all(Engine(store, limits={"m": Limits(requests_per_minute=1200)}), client, range(11))
    assert times[-1] - times[0] >= 10 * 0.05 * 0.9


def test_cost_is_counted_from_the_price_file_and_unknown_tokens_have_no_price(store, server, answered):
    server.answer = lambda body: answered("ok", prompt_tokens=1_000_000, completion_tokens=500_000)
    client = OpenAIClient("m", base_url=server.url, model="x")
    run_all(Engine(store, prices={"m": Price(input=2.0, output=4.0)}), client, [1, 2])
    assert store.totals()[0].cost == pytest.approx(8.0)
    assert Price(input=1, output=1).of(None, 3) is None


def test_progress_counts_only_what_is_committed(store):
    class Told:
        def __init__(self):
            self.n = 0

        def committed(self, model, n):
            assert store.n_buffered == 0
            self.n += n

        def spent(self, model, tokens, cost):
            pass

    told = Told()
    run_all(Engine(store, progress=told), ScriptedClient("m", lambda r: "x"), range(700))
    assert told.n == 700


def test_a_faulty_server_loses_nothing_and_hangs_nowhere(tmp_path, server, answered, answer_type):
    """2,000 asks to a server that fails in every way we know all end as a reply or a recorded failure."""
    dice = random.Random(1)
    whole = answered("fine").body

    def answer(body):
        roll = dice.random()
        faults = [
            (0.70, lambda: answered("fine")),
            (0.76, lambda: answer_type(status=429, body=b"slow down", headers={"Retry-After": "0.01"})),
            (0.82, lambda: answer_type(status=500, body=b"<html>oops</html>")),
            (0.84, lambda: answer_type(body=whole, delay_s=5.0)),
            (0.88, lambda: answer_type(body=whole, cut_after=dice.randrange(0, 120))),
            (0.92, lambda: answer_type(body=whole[: dice.randrange(0, 80)])),
            (0.94, lambda: answer_type(body=b'{"choices": []}')),
            (0.96, lambda: answer_type(body=b'{"choices": [{"message": {"content": 7}}]}')),
            (0.97, lambda: answer_type(body=b"[" * 100_000)),
            (0.98, lambda: answer_type(status=302, headers={"Location": "http://127.0.0.1:1/"})),
            (1.00, lambda: answer_type(status=400, body=b'{"error": {"message": "bad case"}}')),
        ]
        return next(make() for bound, make in faults if roll < bound)

    server.answer = answer
    opened = ReplyStore(tmp_path / "replies.sqlite")
    limits = Limits(max_concurrency=64, timeout_s=0.4, max_attempts=5)
    client = OpenAIClient("m", base_url=server.url, model="x")
    found = run_all(Engine(opened, default_limits=limits, seed=1), client, range(2000))
    total = opened.totals()[0]
    failed = [f for f in found.values() if isinstance(f, AskFailed)]
    assert len(found) == 2000
    assert total.n_replies + total.n_failures == 2000
    assert total.n_failures == len(failed) == len(list(opened.failures()))
    assert all(r.text == "fine" for r in found.values() if isinstance(r, Reply))
    assert 0 < len(failed) < 400
    opened.close()


def test_a_huge_body_is_refused_before_it_fills_the_memory(store, server, answer_type, monkeypatch):
    monkeypatch.setattr("dermatrust.clients.openai.LARGEST_BODY", 100_000)
    server.answer = lambda body: answer_type(body=b" " * 5_000_000)
    client = OpenAIClient("m", base_url=server.url, model="x")
    found = run_all(Engine(store, default_limits=QUICK), client, [1])
    assert found[1].kind == "bad reply"
    assert "over" in found[1].detail


def test_text_no_file_can_hold_is_mended_not_lost(store, server, answer_type):
    server.answer = lambda body: answer_type(
        body=b'{"choices":[{"message":{"content":"a\\u0000b\\ud800c \\ud83d\\ude00"}}]}'
    )
    client = OpenAIClient("m", base_url=server.url, model="x")
    found = run_all(Engine(store), client, [1])
    assert found[1].text == "a\ufffdb\ufffdc \U0001f600"


def test_stores_merge_by_union(tmp_path):
    paths = [tmp_path / name for name in ("a.sqlite", "b.sqlite")]
    for path, numbers in zip(paths, (range(0, 30), range(20, 50)), strict=True):
        opened = ReplyStore(path)
        run_all(Engine(opened), ScriptedClient("m", lambda r: r.case_id), numbers)
        opened.close()
    a = ReplyStore(paths[0])
    assert a.merge(paths[1]) == (20, 0)
    assert a.merge(paths[1]) == (0, 0)
    assert a.totals()[0].n_replies == 50
    a.close()


def test_a_merge_reports_two_texts_under_one_key_and_keeps_ours(tmp_path):
    for name, text in (("a", "ours"), ("b", "theirs")):
        opened = ReplyStore(tmp_path / f"{name}.sqlite")
        run_all(Engine(opened), ScriptedClient("m", lambda r, text=text: text), [1])
        opened.close()
    a = ReplyStore(tmp_path / "a.sqlite")
    assert a.merge(tmp_path / "b.sqlite") == (0, 1)
    found = run_all(Engine(a), ScriptedClient("m", lambda r: pytest.fail("asked")), [1])
    assert found[1].text == "ours"
    a.close()


def test_a_file_that_is_no_store_is_named(tmp_path):
    path = tmp_path / "replies.sqlite"
    Path(path).write_text("hello, I am not a database, just a longer text than a header would be" * 20)
    with pytest.raises(Exception, match=r"replies.sqlite: is not a reply store"):
        ReplyStore(path)


@pytest.mark.parametrize(
    "more",
    [
        {"prompt_tokens": 10**30},
        {"completion_tokens": 10**30},
        {"model_version": "\ud800"},
        {"finish_reason": "a\0\udfff"},
    ],
)
def test_what_sqlite_cannot_hold_beside_the_text_costs_no_reply(store, more):
    class Odd(ScriptedClient):
        async def ask(self, request):
            return Reply(text="good", **more)

    found = run_all(Engine(store), Odd("m", str), [1])
    assert found[1].text == "good"
    assert [total.n_replies for total in store.totals()] == [1]


@pytest.mark.parametrize("kind", ["rate limited", "server error", "bad reply"])
def test_a_model_that_only_fails_ends_the_run_in_bounded_time(store, monkeypatch, kind):
    monkeypatch.setattr("dermatrust.engine.engine.PATIENCE_S", 0.05)

    def fail(request):
        raise AskFailed(kind, "no")

    quick = Limits(max_concurrency=4, max_attempts=20)
    with pytest.raises(ModelError, match="has given no reply for"):
        run_all(Engine(store, default_limits=quick), ScriptedClient("m", fail), range(10_000))
