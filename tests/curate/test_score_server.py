"""The scoring API behind a real server, with clients that come at once."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest

from dermatrust.curate.image_cleaning import Cleaners
from dermatrust.curate.serve_app import Serving
from dermatrust.evaluator.open import open_evaluator

from .serving import FOURS, PHOTO, open_api, running
from .uploads import png_bomb, refused_files


@pytest.fixture
def ask():
    with httpx2.Client(timeout=60, limits=httpx2.Limits(max_connections=64)) as client:

        def post(address, token, narrative="A plaque.", image=PHOTO, **headers):
            return client.post(
                f"{address}/v1/score", files={"image": ("a.jpg", image)}, data={"narrative": narrative},
                headers={"Authorization": f"Bearer {token}"} | headers,
            )  # fmt: skip

        yield post


def test_a_full_queue_turns_away_and_everybody_is_answered(tmp_path, ask):
    serving = Serving(n_at_once=2, n_waiting=4, per_minute=10**6)
    with open_api(tmp_path, serving=serving, delay_s=0.2) as api, running(api.app) as address:
        with ThreadPoolExecutor(32) as pool:
            answers = list(pool.map(lambda _: ask(address, api.token), range(32)))
        codes = [answer.status_code for answer in answers]
        assert set(codes) == {200, 503}
        assert codes.count(200) >= 6
        assert api.behind.most_open == 2
        assert all(int(a.headers["retry-after"]) >= 1 for a in answers if a.status_code == 503)
        assert ask(address, api.token).status_code == 200


def test_sixteen_racing_with_one_key_are_scored_once(tmp_path, ask):
    with open_api(tmp_path, serving=Serving(per_minute=10**6), delay_s=0.1) as api, running(api.app) as address:
        key = {"Idempotency-Key": "race"}
        start = threading.Barrier(16)

        def racer(number):
            start.wait()
            return ask(address, api.token, "A plaque." if number % 4 else "Another.", **key)

        with ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(racer, range(16)))
    assert len(api.behind.asked) == 1
    won = [answer.content for answer in answers if answer.status_code == 200]
    assert len(won) in (4, 12)  # those who sent what came first
    assert len(set(won)) == 1
    assert [a.status_code for a in answers].count(409) == 16 - len(won)


def test_what_is_asked_at_once_is_in_the_evaluators_hands_at_once(tmp_path, ask):
    # An evaluator of Transformers weights scores what it holds at one time in one batch.
    serving = Serving(n_at_once=8, per_minute=10**6)
    with (
        open_api(tmp_path, serving=serving, delay_s=0.3) as api,
        running(api.app) as address,
        ThreadPoolExecutor(8) as pool,
    ):
        answers = list(pool.map(lambda _: ask(address, api.token), range(8)))
    assert {answer.status_code for answer in answers} == {200}
    assert api.behind.most_open == 8


def test_many_clients_and_hostile_files_at_once_all_get_their_own_answer(tmp_path, ask):
    texts = [f"A plaque of the {site}. It is psoriasis." for site in ("elbow", "knee", "scalp", "back", "arm", "leg")]
    files = [content for content, _ in [*refused_files().values()][:8]] + [png_bomb(8000, 5000)]
    serving = Serving(n_at_once=4, n_waiting=100, per_minute=10**6)
    with (
        Cleaners(2) as cleaners,
        open_api(tmp_path, serving=serving, evaluator=open_evaluator("nano/evaluator"), clean=cleaners.clean) as api,
        running(api.app) as address,
    ):
        alone = [ask(address, api.token, text).json() for text in texts]
        with ThreadPoolExecutor(12) as pool:
            bad = [pool.submit(ask, address, api.token, "A plaque.", content) for content in files]
            good = list(pool.map(lambda k: ask(address, api.token, texts[k % 6]).json(), range(12)))
            codes = [one.result().status_code for one in bad]
    assert good == [alone[k % 6] for k in range(12)]
    assert set(codes[:-1]) <= {415, 422}
    assert codes[-1] == 200


def test_a_client_that_leaves_gives_its_place_back(tmp_path, ask):
    serving = Serving(n_at_once=1, n_waiting=0, per_minute=10**6)
    with open_api(tmp_path, FOURS, serving, delay_s=0.3) as api, running(api.app) as address:
        with pytest.raises(httpx2.TimeoutException):
            httpx2.post(
                f"{address}/v1/score", files={"image": ("a.jpg", PHOTO)}, data={"narrative": "a"}, timeout=0.1,
                headers={"Authorization": f"Bearer {api.token}"},
            )  # fmt: skip
        for _ in range(200):
            if ask(address, api.token).status_code == 200:
                return
            time.sleep(0.02)
        pytest.fail("the place was never given back")
