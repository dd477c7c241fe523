"""Replies with known scores, bent in every way a model bends them; and broken ones that must not yield new numbers."""

import json
import re

from hypothesis import given, settings
from hypothesis import strategies as st

from dermatrust.judge import read_verdict
from dermatrust.records import DIMENSIONS, Unscored
from dermatrust.records.rating import Rating

SCORES = st.fixed_dictionaries({d: st.sampled_from([0, 0.5, 1, 2, 2.5, 3, 3.25, 4, 4.5, 5]) for d in DIMENSIONS})
PROSE = [
    "Here is my verdict.",
    "The candidate lists 3 differentials.",
    "",
    "---",
    "Thank you!",
    "Note: 2 of 3 facts hold.",
]
NAMES = [str.upper, str.lower, str.title, lambda n: n.replace(" ", "_"), lambda n: n.replace(" ", "-")]
FIELDS = [
    "{n}: {s}",
    "**{n}**: {s}",
    "**{n}:** {s}/5",
    "- {n} - {s}",
    "{i}. {n} (0-5): {s}",
    "{n} = {s} out of 5",
    "* {n}: {s}, as shown",
    "| {n} | {s} | fine |",
    "{n} ({s}/5): fine",
    "### {n}\nScore: {s}/5",
    "> {n}:\t{s}",
    "“{n}”: {s};",
    "{n} score: **{s}**",
    "{i}) {n} — {s} / 5.0",
    "{n}： {s}",
]


def as_json(scores, order, nested, indent, wrapped):
    fields = {d.value: {"reason": "Holds in 2 of 3 facts.", "score": scores[d]} if nested else scores[d] for d in order}
    return json.dumps({"scores": fields} if wrapped else fields, indent=indent)


@settings(max_examples=250)
@given(
    SCORES,
    st.permutations(DIMENSIONS),
    st.booleans(),
    st.sampled_from([None, 0, 2]),
    st.booleans(),
    st.sampled_from(
        ["{}", "```json\n{}\n```", "```\n{}```", "<think>Accuracy: 1\n</think>\n{}", "\ufeff{}", "Verdict: {}"]
    ),
    st.sampled_from(PROSE),
    st.sampled_from(PROSE),
)
def test_json_in_any_dress_keeps_its_scores(scores, order, nested, indent, wrapped, dress, before, after):
    reply = dress.replace("{}", as_json(scores, order, nested, indent, wrapped))
    reply = f"{before}\n{reply}" if not dress.startswith("<") else reply
    assert read_verdict(f"{reply}\n{after}").scores == scores


@settings(max_examples=250)
@given(SCORES, st.permutations(DIMENSIONS), st.lists(st.sampled_from(PROSE), min_size=7, max_size=7), st.data())
def test_lines_in_any_dress_keep_their_scores(scores, order, prose, data):
    field = data.draw(st.sampled_from(FIELDS))
    name = data.draw(st.sampled_from(NAMES))
    end = data.draw(st.sampled_from(["\n", "\r\n", "\n\n", "  \n"]))
    # A Markdown table is broken by prose between its rows.
    prose = [""] * 7 if field.startswith("|") else prose
    lines = [field.format(n=name(d.title), s=scores[d], i=i) + end + prose[i] for i, d in enumerate(order, 1)]
    assert read_verdict(end.join(lines)).scores == scores


NAMES_OF_FIELDS = [d.title for d in DIMENSIONS] + [d.value for d in DIMENSIONS]
NAMES_OF_FIELDS += ["Harm", "Hallucination", "Score", "reasoning"]
MARKS = [
    ":",
    " - ",
    "|",
    "\n",
    "/5",
    "/10",
    " out of 5",
    "(0-5)",
    "(0-10)",
    "**",
    '"',
    "{",
    "}",
    "[",
    "]",
    ",",
    " ",
    "%",
]
MARKS += ["```json", "<think>", "</think>", "null", "NaN", "true", '"score":', "-", "–", "steps", "\t", "。", "分"]
NUMBERS = ["0", "1", "2.5", "3", "4,5", "5", "7", "8", "10", "-1", "1e3", "3-4", "04", "99999999999999999999"]
PIECES = st.one_of(
    st.sampled_from(NAMES_OF_FIELDS), st.sampled_from(MARKS), st.sampled_from(NUMBERS), st.text(max_size=4)
)


def numbers_it_could_mean(text):
    written = {abs(float(n.replace(",", "."))) for n in re.findall(r"\d+(?:[.,]\d+)?(?:e\d+)?", text)}
    halved = {n / 2 for n in written}
    return written | halved | {5 - n for n in written | halved}


def check_is_sound(text):
    verdict = read_verdict(text)
    assert verdict.scores.keys() | verdict.unscored.keys() == set(DIMENSIONS)
    assert not verdict.scores.keys() & verdict.unscored.keys()
    assert all(0 <= score <= 5 and score in numbers_it_could_mean(text) for score in verdict.scores.values())
    assert all(isinstance(u, Unscored) and len(u.raw) <= 2100 for u in verdict.unscored.values())
    Rating(narrative_id="n", rater="r", scores=verdict.scores, unscored=verdict.unscored, critique=verdict.critique)
    return verdict


@settings(max_examples=500)
@given(st.lists(PIECES, max_size=40))
def test_rubble_never_yields_a_number_that_is_not_there(pieces):
    check_is_sound("".join(pieces))


@settings(max_examples=250)
@given(SCORES, st.booleans(), st.data())
def test_a_broken_reply_yields_its_scores_or_none(scores, nested, data):
    reply = as_json(scores, DIMENSIONS, nested, None, wrapped=False)
    reply = reply[: data.draw(st.integers(0, len(reply)))]
    read = check_is_sound(reply).scores
    assert all(scores[dimension] == score for dimension, score in read.items())


@settings(max_examples=250)
@given(SCORES, st.sampled_from(DIMENSIONS), st.sampled_from([6, 7.5, 8, 10, 50, -1, -0.5, 5.0001]))
def test_a_number_off_the_scale_is_reported_and_the_others_stand(scores, dimension, off):
    for reply in (
        as_json(scores | {dimension: off}, DIMENSIONS, nested=False, indent=None, wrapped=False),
        "\n".join(f"{d.title}: {(scores | {dimension: off})[d]}" for d in DIMENSIONS),
    ):
        verdict = read_verdict(reply)
        assert verdict.unscored[dimension].reason == "out of range"
        assert str(off) in verdict.unscored[dimension].raw
        assert verdict.scores == {d: s for d, s in scores.items() if d != dimension}


@settings(max_examples=250)
@given(SCORES, st.sampled_from(DIMENSIONS), st.sampled_from([0, 1, 2, 3, 4, 5]), st.booleans())
def test_the_same_field_twice_stands_only_if_both_agree(scores, dimension, again, first):
    lines = [f"{d.title}: {scores[d]}" for d in DIMENSIONS]
    repeat = f"{dimension.title}: {again}"
    verdict = read_verdict("\n".join([repeat, *lines] if first else [*lines, repeat]))
    if again == scores[dimension]:
        assert verdict.scores == scores
    else:
        assert verdict.unscored[dimension].reason == "doubled"


@settings(max_examples=200)
@given(st.text(st.characters(codec=None, exclude_categories=())))
def test_any_text_at_all_is_read_without_an_error(text):
    check_is_sound(text)
