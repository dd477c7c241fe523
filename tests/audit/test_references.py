"""Planted faults in hand-written references: each is found, and the sound one beside it is not called faulty."""

import math

import pytest

from dermatrust.audit.labels import read_label
from dermatrust.audit.references import audit_references
from dermatrust.errors import DataError
from dermatrust.lexicon import load_lexicon
from dermatrust.records import Case, DatasetCard, Narrative
from dermatrust.store.folder import DatasetFolder, write_dataset

SOUND = (
    "This image shows the elbow with a raised red area and thick silvery scale. The edge is sharp and there are no "
    "vesicles. An inflammatory condition comes first, since nothing points to an infection. Within that group the dry "
    "scale argues against eczema, which would weep. Lichen planus is less likely because the surface is not flat and "
    "violet. Taken together, the sharp edge and the silvery scale are most consistent with plaque psoriasis."
)
CONTRADICTED = (
    "This image shows the groin with a ring of red, scaling skin and a clear centre. The border is active. A fungal "
    "origin comes first. The ring speaks against a contact reaction, and the clear centre against candida. Together, "
    "the advancing border is most consistent with tinea cruris. The most likely diagnosis is **tinea cruris**."
)
REFUSED = (
    "The description contains only a refusal message and no visual information about the skin. I cannot identify any "
    "disease from it. It is impossible to classify the case without an image. Please provide a clear image of the skin "
    "so that it can be assessed, since every further step would be a guess and guesses are of no use to a patient."
)


def folder_of(tmp_path, texts, *, labels=None, stream="reference", **more):
    cases = [Case(id=f"c{i}", label=(labels or {}).get(i, "psoriasis"), **more) for i in range(len(texts))]
    references = [
        Narrative(id=f"r{i}", case_id=f"c{i}", author="a", stream=stream, text=text) for i, text in enumerate(texts)
    ]
    card = DatasetCard(name="t", version="1", source="t", licence="private", consent="none")
    write_dataset(tmp_path / "set", card, cases, references)
    return DatasetFolder.open(tmp_path / "set")


def found(tmp_path, *texts, **more):
    audit = audit_references(folder_of(tmp_path, texts, **more))
    return {(one.case_id, one.kind): one for one in audit.findings}


def test_a_sound_reference_is_left_alone(tmp_path):
    assert all(one.level == "low" for one in found(tmp_path, SOUND).values())


def test_a_fault_that_no_reference_or_every_one_has_is_no_certainty(tmp_path):
    """By Wilson's interval of two patients up to z² / (2 + z²) = 0.658 of all may be otherwise; one says nothing."""
    counts = {one.kind: one for one in audit_references(folder_of(tmp_path, [SOUND, SOUND])).counts}
    none = counts["refusal"]
    assert (none.n_references, none.n_checked, none.share, none.low) == (0, 2, 0, 0)
    assert none.high == pytest.approx(0.6576, abs=1e-4)
    (tmp_path / "all").mkdir()
    counts = {one.kind: one for one in audit_references(folder_of(tmp_path / "all", [REFUSED, REFUSED])).counts}
    assert (counts["refusal"].share, counts["refusal"].high) == (1, 1)
    assert counts["refusal"].low == pytest.approx(1 - 0.6576, abs=1e-4)
    (tmp_path / "one").mkdir()
    counts = {one.kind: one for one in audit_references(folder_of(tmp_path / "one", [SOUND])).counts}
    assert math.isnan(counts["refusal"].high)


def test_a_conclusion_of_another_family_is_a_contradiction_shown_by_its_sentence(tmp_path):
    one = found(tmp_path, CONTRADICTED)["c0", "label contradicted"]
    assert one.level == "high"
    assert "tinea cruris" in one.found
    assert "most likely diagnosis is tinea cruris" in one.sentence
    assert "psoriasis" in one.expected


@pytest.mark.parametrize(
    ("label", "level"),
    [
        ("tinea cruris", None),
        ("tinea groin", None),
        ("jock itch", None),
        ("TineaCruris3", None),
        ("melanoma", "high"),
        ("nodular melanoma", "high"),
        ("tinea / psoriasis", None),  # one of two labels is concluded
    ],
)
def test_labels_are_matched_tolerantly(tmp_path, label, level):
    one = found(tmp_path, CONTRADICTED, labels={0: label}).get(("c0", "label contradicted"))
    assert (one and one.level) == level


def test_a_relative_of_the_label_is_graded_lower_than_a_stranger(tmp_path):
    def confidence(label, name):
        (tmp_path / name).mkdir()
        return found(tmp_path / name, CONTRADICTED, labels={0: label})["c0", "label contradicted"].confidence

    stranger, relative = confidence("psoriasis", "a"), confidence("candidal intertrigo", "b")
    assert relative < stranger


def test_every_malignant_tumour_is_a_skin_cancer(tmp_path):
    text = "A keratotic, ulcerated nodule on the ear. The most likely diagnosis is squamous cell carcinoma."
    benign = "A waxy brown plaque on the back. The most likely diagnosis is seborrheic keratosis."
    kinds = found(tmp_path, text, benign, labels={0: "skin cancer", 1: "skin cancer"})
    assert not {("c0", "label contradicted"), ("c0", "label never named")} & set(kinds)
    assert ("c1", "label contradicted") in kinds


def test_a_disease_that_is_all_the_last_sentence_says_is_a_conclusion(tmp_path):
    text = "Fixed purpuric papules on the legs, palpable, older than a day. Urticaria fades sooner and is excluded. {}"
    kinds = found(
        tmp_path, text.format("Leukocytoclastic vasculitis."), text.format("It was seen in winter and lasted long."),
        labels={0: "urticaria", 1: "urticaria"},
    )  # fmt: skip
    assert kinds["c0", "label contradicted"].level == "medium"
    assert "vasculitis" in kinds["c0", "label contradicted"].found
    assert ("c1", "label contradicted") not in kinds


def test_a_label_that_is_set_aside_is_contradicted_and_not_called_unnamed(tmp_path):
    text = f"{CONTRADICTED} Psoriasis is less likely."
    kinds = found(tmp_path, text)
    assert kinds["c0", "label contradicted"].level == "high"
    assert "set aside" in kinds["c0", "label contradicted"].found
    assert ("c0", "label never named") not in kinds


def test_a_label_concluded_beside_another_disease_is_not_called_contradicted_with_confidence(tmp_path):
    text = CONTRADICTED.replace("**tinea cruris**", "**tinea cruris**, on top of **psoriasis**")
    one = found(tmp_path, text).get(("c0", "label contradicted"))
    assert one is None or one.level != "high"


def test_a_label_without_trace_is_never_named(tmp_path):
    kinds = found(tmp_path, CONTRADICTED, SOUND)
    assert kinds["c0", "label never named"].level == "high"
    assert ("c1", "label never named") not in kinds


def test_a_label_that_the_lexicon_does_not_know_is_sought_by_its_words(tmp_path):
    labels = {0: "zzz disease xyzzy", 1: "xyzzya"}
    kinds = found(tmp_path, SOUND, f"{SOUND} Or xyzzyas.", labels=labels)
    assert kinds["c0", "label never named"].level == "medium"
    assert ("c1", "label never named") not in kinds


def test_a_text_about_a_refusal_is_found_and_one_that_asks_for_a_biopsy_is_not(tmp_path):
    careful = f"{SOUND} Without a biopsy the diagnosis cannot be made with certainty; no evidence of scarring is seen."
    kinds = found(tmp_path, REFUSED, careful, "I'm sorry, but I can't assist with that.")
    assert kinds["c0", "refusal"].level == "high"
    assert kinds["c2", "refusal"].level == "high"
    assert ("c1", "refusal") not in kinds


@pytest.mark.parametrize(
    "text",
    [
        "The image could not be loaded, so no assessment of the lesion is possible.",
        "The caption states that the assistant is unable to view photographs. By default the label is assumed.",
        "No picture was attached, therefore nothing can be said about the skin.",
        "I do not have access to the photograph. Border and colour would have been looked at.",
        "Since there are no visible features to analyse, the category cannot be determined.",
    ],
)
def test_a_text_about_a_picture_that_nobody_saw_is_found(tmp_path, text):
    assert found(tmp_path, text)["c0", "refusal"].level in ("high", "medium")


@pytest.mark.parametrize(
    "text",
    [
        "Treatment was refused by the patient, so the ulcer has grown. Rolled border. Basal cell carcinoma.",
        "A dermoscopic image is not available. A pearly papule on the nose. Basal cell carcinoma.",
        "The image could not be clearer. There are no visible features of malignancy. Psoriasis.",
        "The immune system is unable to clear the virus. A rough papule with black dots. Common wart.",
    ],
)
def test_words_that_refusals_use_do_not_make_one(tmp_path, text):
    assert ("c0", "refusal") not in found(tmp_path, text)


@pytest.mark.parametrize(
    ("change", "kind", "says"),
    [
        (lambda t: f"<think> {t}", "unbalanced tags", "never closed"),
        (lambda t: f"{t}</think>", "unbalanced tags", "closes nothing"),
        (lambda t: f"<a><b>{t}</a></b>", "unbalanced tags", "closes nothing"),
        (lambda t: f"{t} <|im_end|>", "unbalanced tags", "template"),
        (lambda t: f"{t} Your skin needs care.", "second person", "Your"),
        (lambda t: f"{t} It appears that you have it.", "second person", "you have"),
        (lambda t: f"{t} As per your instruction, the answer is psoriasis.", "answer dictated", "instruction"),
        (lambda t: "Red plaque. It is psoriasis.", "too short", "5 words"),
        (lambda t: f"Psoriasis is the most likely diagnosis. {t}", "named too early", "sentence 1"),
    ],
)
def test_a_fault_of_form_is_found(tmp_path, change, kind, says):
    one = found(tmp_path, change(SOUND))["c0", kind]
    assert one.level == "high"
    assert says in one.found


SHORT = "A red plaque with silvery scale is seen on the elbow, and its border is sharp."


@pytest.mark.parametrize(
    ("text", "n_words", "level"),
    [
        ("Red plaque. It is psoriasis.", 5, "high"),
        (f"{SHORT} The answer is psoriasis.", 20, "medium"),
        (f"{SHORT} Both parents have it, and so do a brother and an aunt. It is psoriasis.", 31, "low"),
        (
            "There is something on the elbow that the patient has had for as long as she can think, and which nobody in"
            " the family has. It is not new. The diagnosis is psoriasis.",
            33,
            "medium",
        ),
        (f"{SHORT} There is nothing else to be seen.", 23, "high"),
        (f"{SHORT} It is not psoriasis.", 20, "high"),
    ],
)
def test_a_short_text_with_a_diagnosis_is_a_question(tmp_path, text, n_words, level):
    one = found(tmp_path, text)["c0", "too short"]
    assert (one.found, one.level) == (f"{n_words} words in all", level)


@pytest.mark.parametrize(
    "text",
    [
        f"<think> {SOUND} </think>",
        f'{SOUND} The sign read "mind your head".',
        f"{SOUND} The size is < 5 mm and > 2 mm.",
    ],
)
def test_sound_form_is_left_alone(tmp_path, text):
    assert not {kind for _, kind in found(tmp_path, text)} & {"unbalanced tags", "second person"}


def test_label_facts_are_not_held_to_the_rules_of_reasoning(tmp_path):
    kinds = {kind for _, kind in found(tmp_path, "It is psoriasis. Site: arm.", stream="label")}
    assert not kinds & {"too short", "named too early", "template text"}


def test_copies_are_found_once_and_name_their_original(tmp_path):
    near = SOUND.replace("elbow", "knee")
    kinds = found(tmp_path, SOUND, CONTRADICTED, SOUND, near)
    assert "100% the same as the reference of c0" in kinds["c2", "duplicate text"].found
    assert kinds["c3", "duplicate text"].level in ("high", "medium")
    assert not {("c0", "duplicate text"), ("c1", "duplicate text")} & set(kinds)


def test_more_copies_than_stock_phrases_are_still_copies(tmp_path):
    kinds = found(tmp_path, *[SOUND] * 60)
    assert sum(kind == "duplicate text" for _, kind in kinds) == 59


def test_template_sentences_count_from_three_texts_on_whatever_disease_they_name(tmp_path):
    stock = "After a careful look at every feature of this case the answer must be {}."
    texts = [f"{SOUND if i else CONTRADICTED} {stock.format(d)}" for i, d in enumerate(("psoriasis", "eczema"))]
    assert not any(kind == "template text" for _, kind in found(tmp_path, *texts))
    (tmp_path / "more").mkdir()
    own = "A wholly different text about a scar on the nose of a sailor, and nothing but that."
    kinds = found(tmp_path / "more", *texts, f"{own} {stock.format('melanoma')}")
    assert "in 3 texts" in kinds["c2", "template text"].found


def test_a_family_in_two_splits_is_worse_than_one_in_a_single_split(tmp_path):
    levels = []
    for name, splits in (("a", ("train", "test")), ("b", ("train", "train"))):
        cases = [Case(id=f"c{i}", file_family="acne", split=split) for i, split in enumerate(splits)]
        references = [
            Narrative(id=f"r{i}", case_id=f"c{i}", author="a", stream="reference", text=SOUND) for i in range(2)
        ]
        card = DatasetCard(name="t", version="1", source="t", licence="private", consent="none")
        write_dataset(tmp_path / name, card, cases, references)
        audit = audit_references(DatasetFolder.open(tmp_path / name))
        levels += [one.level for one in audit.findings if one.kind == "file family"]
    assert levels == ["high", "low"]


def test_shares_are_of_the_references_that_could_be_checked(tmp_path):
    audit = audit_references(folder_of(tmp_path, [SOUND, CONTRADICTED, REFUSED], labels={2: None}))
    by_kind = {count.kind: count for count in audit.counts}
    contradicted = by_kind["label contradicted"]
    assert (contradicted.n_references, contradicted.n_checked, contradicted.share) == (1, 2, 0.5)
    assert by_kind["unsupported finding"].n_checked == by_kind["file family"].n_checked == 0
    assert "not checked" in audit.to_text()
    assert [one.confidence for one in audit.findings] == sorted((f.confidence for f in audit.findings), reverse=True)


def test_less_sure_findings_are_left_out_on_request(tmp_path):
    folder = folder_of(tmp_path, [SOUND, CONTRADICTED, REFUSED])
    everything, sure = audit_references(folder), audit_references(folder, min_confidence=0.8)
    assert {one for one in everything.findings if one.confidence >= 0.8} == set(sure.findings)
    assert len(sure.findings) < len(everything.findings)


def test_a_dataset_without_references_is_one_clear_error(tmp_path):
    card = DatasetCard(name="t", version="1", source="t", licence="private", consent="none")
    write_dataset(tmp_path / "set", card, [Case(id="c")], [])
    with pytest.raises(DataError, match="has no reference"):
        audit_references(DatasetFolder.open(tmp_path / "set"))


def test_a_label_the_lexicon_does_not_know_keeps_its_own_words():
    lexicon = load_lexicon()
    assert read_label("IMG018", lexicon).name == "IMG018"
    assert read_label("tinea palm", lexicon).name == "tinea manuum (label 'tinea palm')"
