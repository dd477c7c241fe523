import asyncio
import json

import PIL.Image
import pytest

from dermatrust.clients import AskFailed, Image, Message, Request, Sampling, open_client
from dermatrust.clients.replay import ReplayClient
from dermatrust.errors import DataError, ModelError
from dermatrust.store.replies import request_key


def about(case_id, *, author="", draw=0):
    return Request((Message("user", "?"),), draw=draw, case_id=case_id, author=author)


def write(path, *rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_recorded_candidates_are_found_by_case_and_draw(tmp_path):
    path = write(
        tmp_path / "out.jsonl",
        {"id": "1", "model": "a", "candidate_text": "one"},
        {"id": "1", "model": "b", "candidate_text": "b's"},
        {"id": "1", "model": "a", "candidate_text": "one again", "extra": 1},
        {"id": "2", "model": "a", "candidate_text": ""},
    )
    client = open_client(f"replay:{path}#a")
    assert (client.name, client.leaves_machine) == ("a", False)
    assert asyncio.run(client.ask(about("1"))).text == "one"
    assert asyncio.run(client.ask(about("1", draw=1))).text == "one again"
    assert asyncio.run(client.ask(about("2"))).text == ""
    with pytest.raises(AskFailed, match=r"no draw 0 for case '3'"):
        asyncio.run(client.ask(about("3")))
    assert client.endpoint(about("1")) != client.endpoint(about("2"))


def test_judged_rows_are_found_by_the_author_they_judge(tmp_path):
    rows = [
        {
            "id": "1",
            "candidate_model": m,
            "judge_model": "r1",
            "scores": {},
            "missing_metrics": [],
            "judge_text": f"of {m}",
        }
        for m in "ab"
    ]
    client = ReplayClient(write(tmp_path / "judged.jsonl", *rows))
    assert client.name == "r1"
    assert asyncio.run(client.ask(about("1", author="b"))).text == "of b"


def test_our_own_narratives_replay_too(tmp_path):
    row = {"id": "c1:00", "case_id": "c1", "author": "me", "text": "A plaque."}
    assert asyncio.run(ReplayClient(write(tmp_path / "n.jsonl", row)).ask(about("c1"))).text == "A plaque."


def test_a_file_of_several_models_needs_a_choice(tmp_path):
    path = write(tmp_path / "o.jsonl", *({"id": "1", "model": m, "candidate_text": "x"} for m in "ab"))
    with pytest.raises(ModelError, match=r"holds several models; expected one of a, b"):
        open_client(f"replay:{path}")
    with pytest.raises(ModelError, match="no such model"):
        open_client(f"replay:{path}#c")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "is not valid JSON .*; expected a recorded output"),
        ("[1]", "is not an object; expected a recorded output"),
        ('{"id": "1"}', r"has the fields \{id\}; expected a recorded output: \{id, model, candidate_text\}"),
        ('{"candidate_text": "x"}', r"has the fields \{candidate_text\}; expected a recorded output"),
        ('{"id": "1", "model": "m", "text": "x"}', r"has the fields \{id, model, text\}; .*\{case_id, author, text\}"),
        ('{"id": "1", "candidate_text": 5}', "candidate_text is 5; expected text"),
        ('{"id": 7, "candidate_text": "x"}', "id is 7; expected text that is not empty"),
        ('{"id": "1", "judge_model": [], "judge_text": "x"}', r"judge_model is \[\]; expected text"),
        ('{"case_id": "1", "author": null, "text": "x"}', "author is None; expected text"),
    ],
)
def test_a_line_that_is_no_recorded_output_is_named(tmp_path, line, said):
    path = tmp_path / "o.jsonl"
    path.write_text('{"id": "1", "candidate_text": "fine"}\n' + line + "\n")
    with pytest.raises(DataError, match=f"o.jsonl line 2: {said}"):
        open_client(f"replay:{path}")


def test_names_stand_for_clients_and_keys_stay_with_their_host():
    environment = {"OPENAI_API_KEY": "k1", "DERMATRUST_KEY_API_DEEPSEEK_COM": "k2"}
    hosted = open_client("openai/gpt-x", environment=environment)
    assert hosted.leaves_machine
    assert hosted._headers["Authorization"] == "Bearer k1"
    other = open_client("https://api.deepseek.com/v1#chat", environment=environment)
    assert other._headers["Authorization"] == "Bearer k2"
    local = open_client("http://localhost:8000/v1#llava", environment=environment)
    assert "Authorization" not in local._headers
    assert not local.leaves_machine
    for client in (hosted, other, local):
        assert "k1" not in str(client.endpoint(about("1")))
        assert "k2" not in str(client.endpoint(about("1")))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("gpt-5", "is not a model name; expected nano/MODEL, openai/MODEL"),
        ("openai/gpt-5", "OPENAI_API_KEY is not set"),
        ("http://localhost:1/v1", "names no model"),
        ("http://u:secret@h/v1#m", "carries a user name or password"),
        ("http://h/v1?key=secret#m", "carries a query"),
        ("http://[::1/v1#m", "cannot be read"),
        ("http://[::1].example/v1#m", "cannot be read|names no model"),
        ("http://h:abc/v1#m", "cannot be read"),
        ("http://h:99999999/v1#m", "cannot be read"),
        ("http://127.0.0.1:80\\.example/v1#m", "cannot be read"),
        ("replay:nowhere.jsonl", "there is no such file"),
        ("replay:", "names no file; expected replay:FILE.jsonl"),
        ("replay:#m", "names no file; expected replay:FILE.jsonl"),
        ("replay:.", "is a folder; expected a file"),
        ("inspect/nonsense/m", "Inspect AI cannot open it"),
    ],
)
def test_a_bad_name_says_what_is_wrong(name, said):
    with pytest.raises((ModelError, DataError), match=said) as caught:
        open_client(name, environment={})
    assert "secret" not in str(caught.value)


@pytest.mark.filterwarnings("ignore:The 'initial' parameter:DeprecationWarning")  # inspect-ai calls tenacity so
def test_inspect_providers_ask_the_server_what_we_ask(server, answered, monkeypatch, tmp_path):
    monkeypatch.setenv("FAKE_API_KEY", "k")
    monkeypatch.setenv("FAKE_BASE_URL", server.url)
    server.answer = lambda body: answered("hi", prompt_tokens=7, completion_tokens=2)
    photo = tmp_path / "p.jpg"
    PIL.Image.new("RGB", (8, 8)).save(photo)
    client = open_client("inspect/openai-api/fake/model-x")
    assert client.leaves_machine
    messages = (Message("system", "s"), Message("user", "look", (Image("ab", photo),)))
    schema = {"type": "object", "properties": {"a": {"type": "number"}}, "required": ["a"]}

    async def main():
        reply = await client.ask(Request(messages, Sampling(seed=40, schema=schema), draw=2))
        await client.close()
        return reply

    reply = asyncio.run(main())
    assert (reply.text, reply.finish_reason, reply.prompt_tokens, reply.completion_tokens) == ("hi", "stop", 7, 2)
    [body] = server.asked
    assert (body["model"], body["seed"], body["temperature"]) == ("model-x", 42, 0)
    assert [m["role"] for m in body["messages"]] == ["system", "user"]
    assert [part["type"] for part in body["messages"][1]["content"]] == ["image_url", "text"]
    assert body["response_format"]["json_schema"]["schema"]["properties"]["a"]["type"] == "number"


@pytest.mark.filterwarnings("ignore:The 'initial' parameter:DeprecationWarning")
def test_a_failing_inspect_provider_is_a_failed_ask(server, answer_type, monkeypatch):
    monkeypatch.setenv("FAKE_API_KEY", "k")
    monkeypatch.setenv("FAKE_BASE_URL", server.url)
    server.answer = lambda body: answer_type(status=400, body=b'{"error": {"message": "bad case"}}')
    client = open_client("inspect/openai-api/fake/model-x")

    async def main():
        try:
            await client.ask(about("1"))
        finally:
            await client.close()

    with pytest.raises(AskFailed, match="bad case"):
        asyncio.run(main())


@pytest.mark.parametrize("url", ["http://u:secret@127.0.0.1/v1", "http://h/v1?key=secret", "http://[::1/v1"])
def test_a_base_url_with_a_secret_or_a_flaw_is_refused(url):
    with pytest.raises(ModelError) as caught:
        open_client("openai/m", environment={"OPENAI_BASE_URL": url, "OPENAI_API_KEY": "k"})
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "line",
    [
        '{"id": "c", "model": "m\\ud800", "candidate_text": "x"}',
        '{"id": "c\\u0000", "candidate_text": "x"}',
        "[" * 99_999,
    ],
)
def test_a_recorded_line_that_no_file_of_ours_could_hold_is_one_clear_error(tmp_path, line):
    (tmp_path / "r.jsonl").write_text(line + "\n")
    with pytest.raises(DataError, match="line 1"):
        open_client(f"replay:{tmp_path / 'r.jsonl'}")


def test_a_blank_model_name_in_a_recording_counts_as_none(tmp_path):
    (tmp_path / "r.jsonl").write_text('{"id": "c", "model": " ", "candidate_text": "x"}\n')
    assert open_client(f"replay:{tmp_path / 'r.jsonl'}").name == "replay:r.jsonl"


def in_arm(arm, image_arm, draw=0):
    return Request((Message("user", "?"),), draw=draw, case_id="1", arm=arm, image_arm=image_arm)


def test_a_recorded_reply_of_a_study_answers_its_own_arm_alone(tmp_path):
    path = write(
        tmp_path / "o.jsonl",
        {"id": "1", "model": "m", "candidate_text": "alone", "arm": "image only"},
        {"id": "1", "model": "m", "candidate_text": "told", "arm": "image+context", "image_arm": "all"},
        {"id": "1", "model": "m", "candidate_text": "told, three", "arm": "Image + Context", "image_arm": "first:3"},
        {"id": "1", "model": "m", "candidate_text": "near", "arm": "image-only", "image_arm": "one-by-one"},
        {"id": "1", "model": "m", "candidate_text": "far", "arm": "image only", "image_arm": "one by one"},
        {"case_id": "1", "author": "m", "text": "text alone", "arm": "context-only"},
        {"id": "2", "model": "m", "candidate_text": "of no study"},
    )
    client = ReplayClient(path)

    def text(*about):
        return asyncio.run(client.ask(in_arm(*about))).text

    assert client.has_arms
    assert text("image only", "all") == "alone"
    assert text("image + context", "all") == "told"
    assert text("image + context", "first 3") == "told, three"
    assert [text("image only", "one by one", draw) for draw in (0, 1)] == ["near", "far"]
    assert text("context only", "none") == "text alone"
    for arm, image_arm in (("image only", "grid"), ("erroneous", "all"), ("", "")):
        with pytest.raises(AskFailed, match="no draw 0 for case '1'"):
            text(arm, image_arm)
    keys = {request_key(client, in_arm(*about)) for about in (("image only", "all"), ("image only", "grid"), ("", ""))}
    assert len(keys) == 3
    assert not ReplayClient(write(tmp_path / "p.jsonl", {"id": "1", "candidate_text": "x"})).has_arms


def test_to_have_a_conversation_scored_is_another_ask(tmp_path):
    client = ReplayClient(write(tmp_path / "r.jsonl", {"id": "1", "candidate_text": "x"}))
    scored, plain = (Request(about("1").messages, Sampling(scores_last=flag)) for flag in (True, False))
    assert request_key(client, scored) != request_key(client, plain)
