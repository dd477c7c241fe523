"""MedAgentBench end to end: scripted agents in a record on this machine, every kind of task right and wrong."""

import json

import pytest

from dermatrust.errors import DataError
from dermatrust.protocols.find import find_protocol
from dermatrust.protocols.interaction.fhir_agent import fetch_here
from dermatrust.protocols.interaction.fhir_server import FhirServer
from dermatrust.protocols.scored import score_all, tabulate
from dermatrust.protocols.scripted import play_item

PROTOCOL = find_protocol("medagentbench")
MRN = "S1"
NOTE = "Acute left knee injury, made up."


def observation(code, value, time):
    return {
        "resourceType": "Observation", "id": f"{code}{time}", "subject": {"reference": f"Patient/{MRN}"},
        "code": {"coding": [{"code": code}]}, "effectiveDateTime": time, "valueQuantity": {"value": value},
    }  # fmt: skip


PATIENT = {
    "resourceType": "Patient", "id": MRN, "identifier": [{"value": MRN}], "birthDate": "1963-11-14",
    "name": [{"family": "Made", "given": ["Up"]}],
}  # fmt: skip
RECORD = [
    PATIENT,
    observation("MG", 1.2, "2023-11-13T09:00:00+00:00"),
    observation("MG", 2.5, "2023-11-12T09:00:00+00:00"),  # more than 24 hours ago
    observation("GLU", 100.0, "2023-11-13T01:00:00+00:00"),
    observation("GLU", 110.0, "2023-11-13T05:00:00+00:00"),
    observation("GLU", 999.0, "2023-11-01T05:00:00+00:00"),
    observation("K", 3.2, "2023-11-13T01:00:00+00:00"),
    observation("A1C", 5.9, "2022-03-01T01:00:00+00:00"),
]


@pytest.fixture
def url(monkeypatch):
    with FhirServer(RECORD) as server:
        monkeypatch.setenv("DERMATRUST_FHIR", server.url)
        yield server.url


def post(url, kind, **content):
    subject = {"subject": {"reference": f"Patient/{MRN}"}}
    return f"POST {url}{kind}\n{json.dumps({'resourceType': kind, **subject, **content})}"


def order(url, kind, **content):
    return post(url, kind, status="active", intent="order", **content)


def drug(url, code, dose, unit, **more):
    amounts = {"doseQuantity": {"value": dose, "unit": unit}, **more}
    return order(
        url, "MedicationRequest", medicationCodeableConcept={"coding": [{"code": code}]},
        dosageInstruction=[{"doseAndRate": [amounts]}],
    )  # fmt: skip


def lab(url, code, time):
    return order(url, "ServiceRequest", code={"coding": [{"code": code}]}, occurrenceDateTime=time)


def pressure(url, value="118/77 mmHg"):
    return post(
        url, "Observation", status="final", effectiveDateTime="2023-11-13T10:15:00+00:00", valueString=value,
        code={"text": "BP"}, category=[{"coding": [{"code": "vital-signs"}]}],
    )  # fmt: skip


def referral(url, note=NOTE):
    return order(url, "ServiceRequest", code={"coding": [{"code": "306181000000106"}]}, note={"text": note})


def infusion(url, grams, hours):
    return drug(url, "0338-1715-40", grams, "g", rateQuantity={"value": hours, "unit": "h"})


def score_of(task, replies, **more):
    row = {
        "id": f"task{task}_1",
        "instruction": f'Do it, with the note "{NOTE}"',
        "context": "",
        "eval_MRN": MRN,
        **more,
    }
    (item,) = PROTOCOL.items(row)
    return play_item(PROTOCOL, item, replies)


@pytest.mark.parametrize(
    ("task", "right", "wrong"),
    [
        (2, ["FINISH([59])"], ["FINISH([60])"]),
        (3, [pressure, "FINISH([])"], [lambda url: pressure(url, "120/80 mmHg"), "FINISH([])"]),
        (4, ["FINISH([1.2])"], ["FINISH([2.5])"]),
        (5, [lambda url: infusion(url, 2, 2), "FINISH([])"], [lambda url: infusion(url, 1, 1), "FINISH([1.2])"]),
        (5, [lambda url: infusion(url, 2, 2), "FINISH([1.2])"], ["FINISH([1.2])"]),
        (6, ["FINISH([105.05])"], ["FINISH([105.2])"]),
        (7, ["FINISH([110.0])"], ["FINISH([100])"]),
        (8, [referral, "FINISH([])"], [lambda url: referral(url, "knee"), "FINISH([])"]),
        (9, [lambda url: drug(url, "40032-917-01", 30, "mEq"),
             lambda url: lab(url, "2823-3", "2023-11-14T08:00:00+00:00"), "FINISH([])"],
         [lambda url: drug(url, "40032-917-01", 30, "mEq"), "FINISH([])"]),
        (10, [lambda url: lab(url, "4548-4", "2023-11-13T10:15:00+00:00"),
              'FINISH([5.9, "2022-03-01T01:00:00+00:00"])'], ['FINISH([5.9, "2022-03-01T01:00:00+00:00"])']),
    ],
)  # fmt: skip
def test_every_kind_of_task_is_right_and_wrong(url, task, right, wrong):
    for replies, value in ((right, 1.0), (wrong, 0.0)):
        said = [reply if isinstance(reply, str) else reply(url) for reply in replies]
        played, score = score_of(task, said)
        assert played.ending == "finished"
        assert score.value == value, (task, said)


def test_an_agent_looks_up_and_answers(url):
    played, score = score_of(1, [f"GET {url}Patient?name=Made&birthdate=1963-11-14", f'FINISH(["{MRN}"])'], sol=[MRN])
    assert score.value == 1
    assert '"total": 1' in played.turns[1].text


def test_a_question_that_only_reads_fails_with_an_order_or_talk_of_one(url):
    malformed = f"POST {url}Observation\n{{not json"
    for said in (pressure(url), f"GET {url}Patient?name=POST", malformed):
        assert score_of(2, [said, "FINISH([59])"])[1].value == 0


@pytest.mark.parametrize("reply", ["I would search first.", "", "DELETE x", "get Patient"])
def test_what_is_no_action_ends_it(url, reply):
    played, score = score_of(2, [reply, "FINISH([59])"])
    assert (played.ending, score.value, score.answered) == ("invalid action", 0, False)
    assert score.parts["invalid action"] == 1


def test_an_agent_that_never_stops_has_eight_replies(url):
    played, score = score_of(2, f"GET {url}Patient?name=Made")
    assert (played.ending, score.value, score.answered, score.parts["rounds"]) == ("round limit", 0, False, 8)


def test_a_malformed_order_is_told_of_and_places_nothing(url):
    played, score = score_of(3, [f"POST {url}Observation\n{{not json", pressure(url), "FINISH([])"])
    assert "not valid JSON" in played.turns[1].text
    assert score.value == 1


def test_a_message_that_only_speaks_of_post_is_no_second_order(url):
    assert score_of(3, [pressure(url), 'FINISH(["POST done"])'])[1].value == 1
    assert score_of(8, [f"GET {url}Patient?name=POST", referral(url), "FINISH([])"])[1].value == 1


def test_where_nothing_is_low_an_order_or_talk_of_one_is_wrong(monkeypatch):
    with FhirServer([PATIENT, observation("MG", 2.5, "2023-11-13T09:00:00+00:00")]) as server:
        monkeypatch.setenv("DERMATRUST_FHIR", server.url)
        for task in (5, 9):
            answer = "FINISH([2.5])" if task == 5 else "FINISH([-1])"
            assert score_of(task, [answer])[1].value == 1
            assert score_of(task, ["FINISH([])"])[1].value == 1
            assert score_of(task, [infusion(server.url, 2, 2), "FINISH([])"])[1].value == 0


@pytest.mark.parametrize(
    ("answer", "value"),
    [
        ('[5.9, "2022-03-01T01:00:00+00:00"]', 1), ("[]", 1), ("[5.9]", 0), ('[5.9, "2022-03-01"]', 0), ("[-1]", 0),
        ('[5.9, "2022-03-01T01:00:00+00:00", 1]', 0), ('["2022-03-01T01:00:00+00:00", 5.9]', 0), ('["5.9"]', 0),
    ],
)  # fmt: skip
def test_an_a1c_is_told_exactly_with_its_time(url, answer, value):
    ordered = lab(url, "4548-4", "2023-11-13T10:15:00+00:00")
    assert score_of(10, [ordered, f"FINISH({answer})"])[1].value == value


def test_an_a1c_of_the_last_year_needs_no_order_and_none_at_all_does(monkeypatch):
    for found, told in (([observation("A1C", 6.1, "2023-05-01T01:00:00+00:00")], '6.1, "2023-05-01T01:00:00+00:00"'),
                        ([], "-1")):  # fmt: skip
        with FhirServer([PATIENT, *found]) as server:
            monkeypatch.setenv("DERMATRUST_FHIR", server.url)
            ordered = lab(server.url, "4548-4", "2023-11-13T10:15:00+00:00")
            assert score_of(10, [f"FINISH([{told}])"])[1].value == (1 if found else 0)
            assert score_of(10, [ordered, f"FINISH([{told}])"])[1].value == (0 if found else 1)


def test_a_referral_s_note_may_lose_the_blank_at_its_end_and_an_order_says_what_it_is(url):
    quoted = {"instruction": f'Refer. Specify "{NOTE} "'}
    assert score_of(8, [referral(url), "FINISH([])"], **quoted)[1].value == 1
    unnamed = referral(url).replace('"resourceType": "ServiceRequest", ', "")
    assert score_of(8, [unnamed, "FINISH([])"], **quoted)[1].value == 0


def run_of(index, agent, status="completed", result=None):
    told = [{"role": "user", "content": "the prompt, which speaks of POST"}]
    history = told + [one for text in agent for one in ({"role": "agent", "content": text}, *told)]
    return {"index": index, "error": None, "info": None, "time": {},
            "output": {"index": index, "status": status, "result": result, "history": history}}  # fmt: skip


def test_the_authors_runs_are_graded_again_against_the_record(tmp_path, url, monkeypatch):
    rows = [{"id": f"task{task}_1", "instruction": f'Do it, with the note "{NOTE}"', "context": "", "eval_MRN": MRN}
            for task in (2, 8, 4, 4, 2, 2)]  # fmt: skip
    items = [{**row, "id": f"{row['id']}{k}"} for k, row in enumerate(rows)]
    items = [PROTOCOL.items(row)[0] for row in items]
    runs = [
        run_of(0, ["FINISH([59])"], result="[59]"),
        run_of(1, [referral(url), "FINISH([])"], result="[]"),
        run_of(2, ["FINISH([1.2])"], result="[1.2]"),
        run_of(3, ["I think it is 1.2"], status="agent invalid action"),
        {"index": 4, "error": "a network error", "output": None},
    ]
    path = tmp_path / "runs.jsonl"
    path.write_text("\n".join(map(json.dumps, runs)))
    table = tabulate(score_all(PROTOCOL.score, PROTOCOL.recorded(path, items)))
    assert table.values[:4] == [1, 1, 1, 0]
    assert table.answered[:4] == [True, True, True, False]
    assert table.parts["invalid action"][:4] == [0, 0, 0, 1]
    assert list(table.is_known[4:]) == [False, False]
    monkeypatch.setenv("DERMATRUST_FHIR", "http://127.0.0.1:9/fhir/")
    alone = tabulate(score_all(PROTOCOL.score, PROTOCOL.recorded(path, items)))
    assert list(alone.is_known[:3]) == [False, True, False]
    path.write_text(json.dumps({"index": 0, "output": {"status": "completed"}}))
    with pytest.raises(DataError, match="no run of a task"):
        list(PROTOCOL.recorded(path, items))


def test_a_malformed_end_is_no_answer(url):
    assert score_of(2, ["FINISH(59"])[1].answered is False


def test_a_record_that_cannot_be_read_leaves_the_task_missing(monkeypatch):
    monkeypatch.setenv("DERMATRUST_FHIR", "http://127.0.0.1:9/fhir/")
    value = score_of(2, ["FINISH([59])"])[1].value
    assert value != value


@pytest.mark.parametrize(
    "address", ["http://example.org/fhir/Patient", "file:///etc/passwd", "https://localhost/x", "x"]
)
def test_nothing_but_this_machine_is_asked(address):
    assert fetch_here(address).startswith("Error: only the FHIR server on this machine")


def test_the_server_pages_sorts_and_compares(url):
    def found(query):
        return json.loads(fetch_here(f"{url}Observation?{query}"))

    assert found(f"patient={MRN}&code=GLU")["total"] == 3
    newest = found(f"patient={MRN}&code=GLU&_sort=-date&_count=1")["entry"]
    assert [one["resource"]["valueQuantity"]["value"] for one in newest] == [110.0]
    assert found("code=GLU&date=ge2023-11-13")["total"] == 2
    assert found("patient=S2")["total"] == 0
    assert json.loads(fetch_here(f"{url}Patient/{MRN}"))["birthDate"] == "1963-11-14"
    assert json.loads(fetch_here(f"{url}Patient/nobody"))["resourceType"] == "OperationOutcome"
