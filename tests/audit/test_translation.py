"""Twins in another language: what is checked of a translation, what is missing, and going on where it stopped."""

import json
from collections import Counter

import pytest

from dermatrust.audit.candidates import read_candidates
from dermatrust.audit.card_rows import card_json
from dermatrust.audit.card_text import cards_text
from dermatrust.audit.judge_audit import audit_judges
from dermatrust.audit.judged import Resampling
from dermatrust.audit.kinds import OTHER_LANGUAGE
from dermatrust.audit.known_errors import write_known_errors
from dermatrust.audit.translation import (
    Translator,
    add_translations,
    fault_of,
    load_translation_prompt,
)
from dermatrust.clients import AskFailed, Reply, Sampling
from dermatrust.clients.scripted import ScriptedClient
from dermatrust.errors import DataError
from dermatrust.records import DIMENSIONS, JudgeCard, Rating
from dermatrust.report.judge_card import kind_lines
from dermatrust.store.jsonl import append_records
from dermatrust.store.run import RunFolder

SOURCE = "A red plaque of 1.5 cm with 3 satellites on the left knee. It has a sharp border. The answer is psoriasis."
SPANISH = (
    "Una placa roja de 1,5 cm con 3 satélites en la rodilla izquierda. Su borde es neto. La respuesta es psoriasis."
)


@pytest.mark.parametrize(
    ("translation", "fault"),
    [
        (SPANISH, None),
        ("红色斑块，1.5厘米，左膝有3个卫星灶。边界清楚。答案是银屑病。", None),
        ("", "no text"),
        ("I'm sorry, but I can't assist with that.", "refused"),
        (SOURCE, "not translated"),
        (SOURCE.replace("sharp", "neto"), "not translated"),
        ("Una placa roja.", "other length"),
        (SPANISH * 4, "other length"),
        (SPANISH.replace("1,5", "15"), "other numbers"),
        (SPANISH.replace(" con 3 satélites", " con tres satélites"), "other numbers"),
        (SPANISH + " 3.", "other numbers"),
    ],
)
def test_what_can_be_told_without_reading_it(translation, fault):
    assert fault_of(SOURCE, translation) == fault


class Talker(ScriptedClient):
    """A scripted model whose replies may be cut off."""

    async def ask(self, request):
        said = self._script(request)
        return said if isinstance(said, Reply) else Reply(said, finish_reason="stop")


def spanish(request):
    """Return a translation of a reference of the fixture's: each has its number as its shade."""
    shade = request.messages[0].text.rpartition("shade ")[2][0]
    return (
        f"Una placa roja, tono {shade}. Su borde es neto. Está en el brazo. La respuesta es una enfermedad de la piel."
    )


def failing(request):
    shade = request.messages[0].text.rpartition("shade ")[2][0]
    if shade == "1":
        raise AskFailed("rejected", "no")
    if shade == "2":
        return "Lo siento."
    return Reply(spanish(request), finish_reason="length") if shade == "3" else spanish(request)


@pytest.fixture
def known(dataset, tmp_path):
    return write_known_errors(dataset, tmp_path / "variants")


@pytest.fixture
def translated(known, tmp_path, quiet):
    def run(script):
        translator = Translator(Talker("t", script), load_translation_prompt(), Sampling(0.0, 512))
        return add_translations(known, translator, RunFolder(tmp_path / "run"), quiet), translator

    return run


def test_translations_are_twins_and_what_fails_is_missing_with_its_reason(translated):
    (known, translation, failures), translator = translated(failing)
    assert translation.missing == Counter({"no answer": 1, "other length": 1, "cut off": 1})
    assert (translation.n_references, failures.total()) == (6, 1)
    made = [variant for variant in known.variants if variant.kind == OTHER_LANGUAGE]
    assert {variant.case_id for variant in made} == {"c0", "c4", "c5"}
    assert {(variant.role, variant.about, variant.should_fall) for variant in made} == {("twin", translator.name, ())}
    texts = {n.id: n for n in known.folder.iter_narratives()}
    assert all(texts[v.narrative_id].text.startswith("Una placa roja, tono") for v in made)


def test_going_on_asks_only_what_failed_and_writes_nothing_twice(translated):
    translated(failing)
    asked = []

    def counting(request):
        asked.append(request)
        return spanish(request)

    (known, translation, _), _ = translated(counting)
    assert len(asked) == 1  # a refusal and a text that was cut off are replies, and stay what they are
    assert translation.missing == Counter({"other length": 1, "cut off": 1})
    assert sum(variant.kind == OTHER_LANGUAGE for variant in known.variants) == 4
    ids = [narrative.id for narrative in known.folder.iter_narratives()]
    assert len(ids) == len(set(ids)) == len(known.variants)


def test_the_card_shows_the_shift_and_says_what_nobody_checked(translated, dataset):
    (known, translation, _), _ = translated(failing)
    scores = {v.narrative_id: 3.0 if v.kind == OTHER_LANGUAGE else 4.0 for v in known.variants}
    append_records(
        known.folder.path / "ratings.jsonl",
        [Rating(narrative_id=n, rater="j", scores=dict.fromkeys(DIMENSIONS, s)) for n, s in scores.items()],
    )
    card = JudgeCard(judge="j", kind="llm", family="f", version="1", rubric="r")
    few, candidates = Resampling(n_resamples=50), read_candidates(dataset)
    audit = audit_judges(dataset.card, candidates, known, [card], resampling=few, translation=translation)
    (row,) = [twin for twin in audit.cards[0].twins if twin.kind == OTHER_LANGUAGE]
    assert (row.n, row.shifts[DIMENSIONS[0]].value) == (3, -1.0)
    text = cards_text(audit)
    assert "Other language: 3 of 6 references translated by t, translate@1:" in text
    assert "missing: no answer 1, other length 1, cut off 1. Of a translation only numbers, length" in text
    assert f"twin: {OTHER_LANGUAGE}" in text
    assert json.loads(card_json(audit))["translation"]["missing"]["cut off"] == 1
    kind, *_, without, said = kind_lines(audit)[-1]
    assert (kind, without) == (f"twin: {OTHER_LANGUAGE}", "3 of 6")
    assert "the lexicon reads English alone" in said


def test_a_prompt_needs_one_place_for_the_text(tmp_path):
    for text in ("Translate.", "{text} {text}"):
        (tmp_path / "p.md").write_text(f"---\nid: p\nversion: 1\n---\n{text}\n", encoding="utf-8")
        with pytest.raises(DataError, match="has no place for the text, or several"):
            load_translation_prompt(tmp_path / "p.md")
