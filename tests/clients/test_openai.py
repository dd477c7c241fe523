import asyncio
import base64
import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from dermatrust.clients import AskFailed, Image, Message, Request, Sampling
from dermatrust.clients.openai import OpenAIClient, is_loopback, read_completion, seconds_until
from dermatrust.errors import ModelError

HELLO = Request((Message("system", "be brief"), Message("user", 'say "hé"\n')))
SCHEMA = {"type": "object", "properties": {"a": {"type": "number"}}}


def ask(client, *requests):
    async def main():
        try:
            return [await client.ask(request) for request in requests]
        finally:
            await client.close()

    return asyncio.run(main())


@pytest.fixture
def client(server):
    return OpenAIClient("m", base_url=server.url, model="model-x", key="sesame", key_variable="KEY_VARIABLE")


def test_the_request_is_what_the_interface_asks_for(server, client, answered, tmp_path):
    server.answer = lambda body: answered("hi", prompt_tokens=7, completion_tokens=2)
    photo = tmp_path / "x.jpg"
    photo.write_bytes(b"\xff\xd8jpeg")
    request = Request(
        (Message("user", "look", (Image("ab", photo),)),),
        Sampling(temperature=0.5, max_tokens=9, seed=40, top_logprobs=3, schema=SCHEMA),
        draw=2,
        case_id="secret-case",
    )
    [reply] = ask(client, request)
    assert (reply.text, reply.prompt_tokens, reply.completion_tokens, reply.finish_reason) == ("hi", 7, 2, "stop")
    assert reply.model_version == "fake-1"
    assert reply.latency_s > 0
    [body] = server.asked
    assert body == {
        "model": "model-x", "temperature": 0.5, "max_tokens": 9, "seed": 42, "logprobs": True, "top_logprobs": 3,
        "response_format": {"type": "json_schema", "json_schema": {"name": "reply", "schema": SCHEMA, "strict": True}},
        "messages": [{"role": "user", "content": [
            {"type": "image_url", "image_url": {
                "url": "data:image/jpeg;base64," + base64.b64encode(b"\xff\xd8jpeg").decode()}},
            {"type": "text", "text": "look"},
        ]}],
    }  # fmt: skip
    assert "secret-case" not in json.dumps(body)
    assert server.headers[0]["authorization"] == "Bearer sesame"


def test_a_conversation_is_scored_with_its_last_message_unfinished(server, client, answer_type):
    scored = [None, {"5": {"logprob": -0.5, "rank": 2, "decoded_token": " a"}, "7": {"logprob": -0.1}}, {}]
    choice = {"message": {"content": "x"}, "logprobs": None}
    body = json.dumps({"choices": [choice], "prompt_logprobs": scored}).encode()
    server.answer = lambda asked: answer_type(status=200, body=body)
    told = (Message("user", "What is it?"), Message("assistant", "a"))
    [reply] = ask(client, Request(told, Sampling(max_tokens=1, scores_last=True)))
    assert reply.logprobs == [{"token": " a", "logprob": -0.5}]
    [sent] = server.asked
    assert sent["messages"][-1] == {"role": "assistant", "content": "a"}
    names = ("prompt_logprobs", "add_generation_prompt", "continue_final_message", "max_tokens")
    assert [sent[name] for name in names] == [1, False, True, 1]


def test_of_what_was_scored_the_end_is_kept_with_all_of_the_last_message(server, client, answer_type):
    scored = [None, *({"9": {"logprob": -1.0, "decoded_token": "<image>"}} for _ in range(5000))]
    scored += [{"1": {"logprob": -0.1 * k, "decoded_token": token}} for k, token in enumerate("déf")]
    body = json.dumps({"choices": [{"message": {"content": "x"}}], "prompt_logprobs": scored}).encode()
    server.answer = lambda asked: answer_type(status=200, body=body)
    [reply] = ask(client, Request((Message("assistant", "déf"),), Sampling(scores_last=True)))
    assert [one["token"] for one in reply.logprobs[-4:]] == ["<image>", "d", "é", "f"]
    assert len(reply.logprobs) < 100


@pytest.mark.parametrize("said", ["Unknown parameter: 'prompt_logprobs'", "Extra inputs: continue_final_message"])
def test_a_server_that_scores_no_given_text_is_asked_without(server, client, answered, answer_type, caplog, said):
    refusal = answer_type(status=400, body=json.dumps({"error": {"message": said}}).encode())
    server.answer = lambda body: refusal if "continue_final_message" in body else answered("plain")
    [reply] = ask(client, Request(HELLO.messages, Sampling(scores_last=True)))
    assert (reply.text, reply.logprobs) == ("plain", None)
    assert not {"prompt_logprobs", "add_generation_prompt", "continue_final_message"} & server.asked[-1].keys()
    assert "no given text can be scored" in caplog.text


def test_text_arrives_as_it_was_and_the_head_follows_the_sampling(server, client, answered):
    ask(
        client,
        HELLO,
        Request(HELLO.messages, Sampling(max_tokens=5)),
        Request(HELLO.messages, Sampling(seed=1), draw=1),
    )
    assert server.asked[0]["messages"] == [
        {"role": "system", "content": "be brief"},
        {"role": "user", "content": 'say "hé"\n'},
    ]
    assert [body["max_tokens"] for body in server.asked] == [1024, 5, 1024]
    assert "seed" not in server.asked[0]
    assert server.asked[2]["seed"] == 2


def test_a_server_without_structured_output_is_asked_again_without_it(server, client, answered, answer_type, caplog):
    refusal = answer_type(status=400, body=b'{"error": {"message": "response_format is not supported"}}', delay_s=0.05)
    server.answer = lambda body: refusal if "response_format" in body else answered("plain")
    request = Request(HELLO.messages, Sampling(schema=SCHEMA))

    async def main():  # both are under way when the first refusal comes
        replies = await asyncio.gather(client.ask(request), client.ask(request))
        replies.append(await client.ask(request))
        await client.close()
        return replies

    assert [r.text for r in asyncio.run(main())] == ["plain"] * 3
    assert sorted("response_format" in body for body in server.asked) == [False, False, False, True, True]
    assert "does not take response_format" in caplog.text
    assert len(caplog.records) == 1


def test_a_model_that_takes_no_temperature_and_another_token_field_is_still_asked(
    server, client, answered, answer_type
):
    def answer(body):
        if "max_tokens" in body:
            said = "Unsupported parameter: 'max_tokens' is not supported with this model."
        elif "temperature" in body:
            said = "Unsupported value: 'temperature' does not support 0 with this model."
        else:
            return answered("thought")
        return answer_type(status=400, body=json.dumps({"error": {"message": said}}).encode())

    server.answer = answer
    assert ask(client, HELLO)[0].text == "thought"
    assert server.asked[-1]["max_completion_tokens"] == 1024
    assert "temperature" not in server.asked[-1]


def test_a_complaint_that_stays_is_a_rejection(server, client, answer_type):
    server.answer = lambda body: answer_type(
        status=400, body=b'{"error": "max_tokens is not supported, whatever you do"}'
    )
    with pytest.raises(AskFailed, match="rejected"):
        ask(client, HELLO)
    assert len(server.asked) == 2


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (429, "rate limited"),
        (503, "rate limited"),
        (500, "server error"),
        (408, "timeout"),
        (400, "rejected"),
        (302, "rejected"),
    ],
)
def test_statuses_are_told_apart(server, client, answer_type, status, kind):
    server.answer = lambda body: answer_type(
        status=status,
        body=b'{"error": {"message": "why"}}',
        headers={"Retry-After": "3", "Location": "http://elsewhere/"},
    )
    with pytest.raises(AskFailed) as caught:
        ask(client, HELLO)
    assert caught.value.kind == kind
    assert caught.value.retry_after_s == 3
    assert "why" in caught.value.detail
    assert len(server.asked) == 1


def test_a_refused_key_stops_everything_and_names_the_variable_not_the_key(server, client, answer_type):
    server.answer = lambda body: answer_type(status=401, body=b'{"error": "bad key"}')
    with pytest.raises(ModelError, match=r"HTTP 401: bad key.*Set KEY_VARIABLE") as caught:
        ask(client, HELLO)
    assert "sesame" not in str(caught.value)


def test_an_unknown_model_stops_everything(server, client, answer_type):
    server.answer = lambda body: answer_type(status=404, body=b'{"error": {"message": "no model-x"}}')
    with pytest.raises(ModelError, match="no model-x"):
        ask(client, HELLO)


def test_nobody_listening_is_a_connection_failure():
    with pytest.raises(AskFailed, match="connection"):
        ask(OpenAIClient("m", base_url="http://127.0.0.1:1/v1", model="x"), HELLO)


def test_a_large_image_travels_whole(server, client, answered, tmp_path):
    photo = tmp_path / "big.jpg"
    photo.write_bytes(bytes(range(256)) * 8000)
    ask(client, Request((Message("user", "look", (Image("big", photo),)),)))
    url = server.asked[0]["messages"][0]["content"][0]["image_url"]["url"]
    assert base64.b64decode(url.removeprefix("data:image/jpeg;base64,")) == photo.read_bytes()


def test_log_probabilities_come_back(server, client, answer_type):
    content = [{"token": "4", "logprob": -0.1, "top_logprobs": []}]
    body = {"choices": [{"message": {"content": "4"}, "logprobs": {"content": content}}]}
    server.answer = lambda _: answer_type(body=json.dumps(body).encode())
    assert ask(client, HELLO)[0].logprobs == content


def test_a_reply_without_words_is_an_empty_text_and_a_stated_refusal_is_kept():
    assert read_completion(b'{"choices":[{"message":{"content":null}}]}', latency_s=0).text == ""
    said = read_completion(b'{"choices":[{"message":{"content":null,"refusal":"No."}}]}', latency_s=0)
    assert said.text == "No."


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b'{"choices":[]}',
        b'{"choices":[{}]}',
        b'{"choices":[{"message":{"content":[1]}}]}',
        b'{"choices":[{"message":{"content":"a"},"finish_reason":3}]}',
        b"[" * 50_000,
        b'{"choices":[{"message"',
        b"\xff\xfe",
    ],
)
def test_what_is_not_a_completion_is_a_bad_reply(body):
    with pytest.raises(AskFailed, match="bad reply"):
        read_completion(body, latency_s=0)


def test_retry_after_may_be_a_date():
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    assert 25 < seconds_until(later) <= 30
    assert seconds_until("-5") == 0
    assert seconds_until("nan") is None


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("http://127.0.0.1:1/v1", True),
        ("http://localhost/v1", True),
        ("http://[::1]:8000/v1", True),
        ("http://127.8.9.1/", True),
        ("http://127.0.0.1.evil.org/", False),
        ("http://10.0.0.1/", False),
        ("http://0.0.0.0/", False),
        ("http://localhost.org/", False),
        ("https://api.openai.com/v1", False),
        ("http://1127.0.0.1/", False),
    ],
)
def test_only_loopback_addresses_are_this_machine(url, local):
    assert is_loopback(url) is local
    assert OpenAIClient("m", base_url=url, model="x").leaves_machine is not local


@pytest.mark.parametrize("url", ["http://127.1.0.1:8/v1", "http://[::1]:8/v1", "http://LOCALHOST/v1"])
def test_this_machine_by_its_address_is_loopback(url):
    assert is_loopback(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1@evil.example/v1", "http://localhost.evil.example/v1", "http://127.\u0661.0.1/v1",
        "http://127.999.0.1/v1", "http://127.0.0.1.evil.example/v1", "http://0.0.0.0/v1", "http://localhost./v1",
    ],
)  # fmt: skip
def test_what_only_looks_like_this_machine_is_not_loopback(url):
    assert not is_loopback(url)


@pytest.mark.parametrize("status", [200, 400, 401, 500])
def test_a_key_that_the_server_quotes_is_neither_kept_nor_printed(server, client, answered, answer_type, status):
    said = "wrong key: Bearer sesame"
    refusal = answer_type(status=status, body=json.dumps({"error": {"message": said}}).encode())
    server.answer = lambda body: answered(said) if status == 200 else refusal
    if status == 200:
        [reply] = ask(client, HELLO)
        assert "sesame" not in reply.text
    else:
        with pytest.raises((AskFailed, ModelError), match="wrong key") as caught:
            ask(client, HELLO)
        assert "sesame" not in str(caught.value)
