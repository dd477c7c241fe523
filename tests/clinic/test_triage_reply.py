"""Replies written for this test, in the shapes that models use."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dermatrust.clinic.differential_reply import read_differential_reply
from dermatrust.clinic.triage_json import stated_share
from dermatrust.clinic.triage_reply import TriageReply, read_triage_reply
from dermatrust.clinic.urgency_words import URGENCIES

JSON = [
    ('{"urgency": "routine", "urgent_probability": 0.05, "cannot_tell": false}', ("routine", 0.05, None, False)),
    ('{"urgency": "emergent", "probability_urgent": 95, "confidence": "80%"}', ("emergent", 0.95, 0.8, False)),
    ('{"urgency": null, "cannot_tell": true}', (None, None, None, True)),
    ('{"urgency": "urgent", "cannot_tell": "yes"}', ("urgent", None, None, True)),
    ('```json\n{"urgency": "Urgent"}\n```\nBecause it is not routine.', ("urgent", None, None, False)),
    ('{"urgent": false, "confidence": 0.6}', ("routine", None, 0.6, False)),
    ('{"urgent": "yes"}', ("urgent", None, None, False)),
    ('{"urgency": "emergent", "urgent": true}', ("emergent", None, None, False)),
    ('{"probabilities": {"emergent": 0.1, "urgent": 0.3, "routine": 0.6}}', ("routine", 0.4, None, False)),
    ('{"urgency": "urgent", "probabilities": {"emergent": 20, "urgent": 60, "routine": 20}}',
     ("urgent", 0.8, None, False)),
    ('{"triage": {"level": "two-week wait", "confidence": 0.6}}', ("urgent", None, 0.6, False)),
    ('{"urgency": "urgent", "probability_urgent": "70%", ', ("urgent", 0.7, None, False)),
    ('{"urgency": "urgent", "probability_urgent": 170}', ("urgent", None, None, False)),
    ('{"urgency": "routine", "recommendation": "Urgent biopsy to be safe"}', ("routine", None, None, False)),
    ('{"recommendation": "Refer within two weeks"}', ("urgent", None, None, False)),
    ('{"urgency": "same day"}', ("emergent", None, None, False)),
    ('{"level": 2}', (None, None, None, False)),
]  # fmt: skip
TEXTS = [
    ("Level: routine", "routine", "line"),
    ("**Triage level:** Urgent (within 2 weeks)\n\nReasoning: this is not an emergency.", "urgent", "line"),
    ("1. Urgency: **Emergent**\n2. Why: blisters of the mouth", "emergent", "line"),
    ("- Priority - non-urgent", "routine", "line"),
    ("Urgency: urgent\nOn reflection it itches only.\nFinal answer: routine", "routine", "line"),
    ("Recommendation: urgent biopsy\nUrgency: routine", "routine", "line"),
    ("It could be urgent were it larger. I would classify this as routine.", "routine", "prose"),
    ("Some of these are emergencies. In conclusion, an urgent referral.", "urgent", "prose"),
    ("This needs same-day assessment", "emergent", "prose"),
    ("URGENT", "urgent", "prose"),
    ("<think>an emergency?</think>Routine", "routine", "prose"),
    ("Non-urgent. There is a 5% chance of being urgent.", "routine", "prose"),
]


@pytest.mark.parametrize(("text", "expected"), JSON)
def test_json_in_the_shapes_models_use(text, expected):
    found = read_triage_reply(text)
    urgency, probability, confidence, cannot_tell = expected
    assert (found.urgency, found.cannot_tell) == (urgency, cannot_tell)
    assert found.urgent_probability == (None if probability is None else pytest.approx(probability))
    assert found.confidence == (None if confidence is None else pytest.approx(confidence))
    assert found.form == ("json" if urgency else "none")


@pytest.mark.parametrize(("text", "urgency", "form"), TEXTS)
def test_lines_and_sentences(text, urgency, form):
    found = read_triage_reply(text)
    assert (found.urgency, found.form, found.cannot_tell) == (urgency, form, False)


@pytest.mark.parametrize(
    "text",
    [
        '{"urgency": "emergent"} {"urgency": "routine"}', '{"urgency": "emergent|urgent|routine"}',
        '{"urgency": "routine", "urgent": true}', "Urgency: urgent\nTriage: routine", "Routine. No, urgent!",
        "Level: urgent or emergent",
    ],
)  # fmt: skip
def test_replies_that_contradict_themselves_answer_nothing(text):
    found = read_triage_reply(text)
    assert (found.urgency, found.form, found.cannot_tell) == (None, "contradictory", False)


@pytest.mark.parametrize(
    "text",
    [
        "I cannot determine the urgency from this image.", "It is not possible to tell.", "There is not enough detail.",
        "Unsure.", "I can’t assess how soon.",
    ],
)  # fmt: skip
def test_not_knowing_is_an_answer_of_its_own(text):
    found = read_triage_reply(text)
    assert (found.urgency, found.cannot_tell, found.form) == (None, True, "none")


@pytest.mark.parametrize("text", ["", "   ", "I'm sorry, I can't help with that.", "A scaly plaque.", "<think>urgent"])
def test_silence_and_refusals_are_unanswered_and_no_abstention(text):
    assert read_triage_reply(text) == TriageReply()


def test_a_doubt_beside_a_level_is_no_abstention():
    assert not read_triage_reply("I cannot tell what it is. A routine referral will do.").cannot_tell


@pytest.mark.parametrize(
    ("text", "probability", "confidence"),
    [
        ("The probability that this is urgent is 30%. Routine. Confidence: 80%", 0.3, 0.8),
        ("P(urgent) = 0.7\nUrgency: urgent", 0.7, None),
        ("Probability urgent or emergent: 85%.\nUrgent.", 0.85, None),
        ("15 % chance that it is urgent, so routine", 0.15, None),
        ("Routine, confidence level: 7/10", None, 0.7),
        ("Routine, confidence: high", None, None),
        ("Urgent in 2 weeks, confidence 200%", None, None),
    ],
)
def test_numbers_said_in_words(text, probability, confidence):
    found = read_triage_reply(text)
    assert found.urgent_probability == (None if probability is None else pytest.approx(probability))
    assert found.confidence == (None if confidence is None else pytest.approx(confidence))
    assert found.urgency is not None


@pytest.mark.parametrize(
    ("value", "expected"), [(0, 0), (1, 1), (1.0, 1), ("0,5", 0.5), (100, 1), ("100%", 1), (True, None), ("-1", None),
                            (-0.2, None), (None, None), ("", None), ("30/100", 0.3), ("ten", None), ([], None)],
)  # fmt: skip
def test_fractions(value, expected):
    assert stated_share(value) == (None if expected is None else pytest.approx(expected))


@given(
    st.sampled_from(URGENCIES), st.floats(0, 1) | st.none(), st.floats(0, 1) | st.none(), st.booleans(),
    st.sampled_from(["{}", "```json\n{}\n```", "Thus:\n{}\nIt might be urgent or routine.", "<think>?</think>{}"]),
)  # fmt: skip
def test_our_own_schema_is_read_exactly(urgency, probability, confidence, cannot_tell, around):
    fields = {
        "urgency": urgency,
        "probability_urgent": probability,
        "confidence": confidence,
        "cannot_tell": cannot_tell,
    }
    found = read_triage_reply(around.replace("{}", json.dumps(fields)))
    assert found.urgency == urgency
    assert found.cannot_tell == cannot_tell
    for stated, read in ((probability, found.urgent_probability), (confidence, found.confidence)):
        assert read == (None if stated is None else pytest.approx(stated, abs=1e-6))


@given(st.text(max_size=200))
def test_any_text_is_read_without_an_error(text):
    found = read_triage_reply(text)
    assert (found.form in ("none", "contradictory")) == (found.urgency is None)


@pytest.mark.parametrize(
    "text", ["{" * 50_000, "urgent " * 14_000, "if " * 33_000, "Level: " * 14_000, "\n- " * 33_000]
)
def test_hostile_lengths_take_no_time(text):
    began = time.process_time()
    read_triage_reply(text)
    assert time.process_time() - began < 5


def test_one_among_percentages_is_one_percent_not_certainty():
    reply = read_triage_reply('{"probabilities": {"emergent": 1, "urgent": 19, "routine": 80}}')
    assert reply.urgency == "routine"
    assert reply.urgent_probability == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("{'urgency': 'routine', 'urgent_probability': 0.2, 'cannot_tell': False}", "routine"),
        ("Urgency: low", "routine"),
        ("**Urgency:** High.", "urgent"),
        ('{"urgency": "low"}', "routine"),
        ("Low urgency.", "routine"),
    ],
)
def test_shapes_that_models_use_for_a_level(text, level):
    assert read_triage_reply(text).urgency == level


@pytest.mark.parametrize(
    ("text", "cannot_tell"),
    [
        ("The image quality is too poor.", True),
        ("I cannot safely or reliably triage this patient.", True),
        ("The photograph is inconclusive.", True),
        ("As an AI I cannot provide medical advice.", False),
        ("I'm sorry, I can't assist with that.", False),
        ("I cannot exclude melanoma.", False),
    ],
)
def test_triage_and_differentials_say_alike_that_they_cannot_tell(text, cannot_tell):
    assert read_triage_reply(text).cannot_tell == cannot_tell
    assert read_differential_reply(text).cannot_tell == cannot_tell
