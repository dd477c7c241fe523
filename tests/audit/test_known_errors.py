"""Each kind of known error on a text written by hand: exactly which words change, and which texts offer no place."""

from pathlib import Path

import numpy as np
import pytest

from dermatrust.audit import tables
from dermatrust.audit.draft import Draft, occasion_of
from dermatrust.audit.edits import Edit
from dermatrust.audit.kinds import ERROR_RULES
from dermatrust.audit.known_variants import MAKERS, make_variants
from dermatrust.audit.passage import Passage
from dermatrust.audit.twins import twin_of
from dermatrust.lexicon import load_lexicon
from dermatrust.records import DIMENSIONS, Case, Dimension, Narrative

LEXICON = load_lexicon()
TEXT = (
    "One sees an indurated, erythematous plaque on the left forearm. There is scaling; the border is well-defined. "
    "The surface is rough. There is fever. Lichen planus is less likely, since nothing is purple. "
    "Taken together, the well-defined border points to psoriasis. Refer to dermatology today. The answer is psoriasis."
)
URGENT = Case(id="c", label="psoriasis", urgency="urgent")
ROUTINE = Case(id="c", label="psoriasis", urgency="routine")


def made(kind, text=TEXT, case=URGENT):
    """Return every text that a kind's maker proposes and re-reading upholds."""
    passage = Passage(text, LEXICON)
    drafts = MAKERS[kind](occasion_of(passage, case, np.random.default_rng(0)))
    return {found for draft in drafts if (found := draft.text_of(passage)) is not None}


def changed(*pairs, text=TEXT):
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    return text


def test_a_wrong_finding_is_swapped_wherever_it_is_affirmed():
    assert made("wrong finding") == {
        changed(("plaque", "patch")),
        changed(("rough", "smooth")),
        changed(("well-defined border", "ill-defined border"), ("is well-defined", "is ill-defined")),
    }


def test_a_finding_is_denied_where_it_stands_or_behind_its_sentence():
    assert changed(("is scaling", "is no scaling")) in made("denied finding")
    behind = changed(
        ("There is scaling; the border is well-defined.", "The border is well-defined. There is no scaling.")
    )
    assert behind in made("denied finding")


@pytest.mark.parametrize(
    ("sentence", "denied"),
    [
        ("Erosions are present.", "Erosions are not present."),
        ("Oedema can be made out.", "There is no oedema."),
        ("Puffiness can be made out.", "There is no puffiness."),
        ("The skin shows several pustules.", "The skin shows no pustules."),
    ],
)
def test_a_denial_follows_the_verb(sentence, denied):
    text = f"There is a red plaque on the knee. {sentence} The answer is psoriasis."
    assert text.replace(sentence, denied) in made("denied finding", text)


def test_a_wrong_colour_and_a_wrong_site_keep_the_grammar():
    assert {"an indurated, brownish plaque", "an indurated, bluish plaque"} & {
        " ".join(text.split()[2:6]) for text in made("wrong colour")
    }
    places = {text.partition(". There")[0].rpartition("left ")[2] for text in made("wrong site")}
    assert places == {"shin", "knee", "thigh", "cheek", "shoulder"}  # of another region, and with two sides
    plural = "Both forearms are covered by red plaques. The surface is rough. The answer is psoriasis."
    assert {text.split()[1] for text in made("wrong site", plural)} == {
        "shins",
        "knees",
        "thighs",
        "cheeks",
        "shoulders",
    }


def test_a_missing_finding_takes_its_clause_or_its_word_along():
    assert made("missing finding") == {
        changed(("There is scaling; the border", "The border")),
        changed((" The surface is rough.", "")),
        changed(("an indurated, erythematous", "an erythematous")),
        changed((", erythematous plaque", " plaque")),
    }


def test_an_invented_finding_stands_behind_the_description_and_is_nowhere_mentioned():
    found = made("invented finding")
    assert changed(("is rough.", "is rough. There are tense bullae.")) in found
    assert not any("marked induration" in text for text in found)  # it is there


def test_a_relative_or_a_stranger_takes_the_place_of_the_disease_everywhere():
    near, far = made("wrong diagnosis, same family"), made("wrong diagnosis, other family")
    assert near
    assert far
    for text in near | far:
        assert "psoriasis" not in text
        name = text.rpartition("The answer is ")[2].rstrip(".")
        assert text == changed(("psoriasis", name))
        shared = LEXICON.diagnosis(name).family[0] == "inflammatory"
        assert shared == (text in near)
        assert LEXICON.diagnosis(name).urgency == "routine"


def test_a_name_whose_abbreviation_would_remain_is_not_exchanged():
    name = "acne keloidalis nuchae"
    text = f"A red plaque of the knee points to {name} (AKN). It fits AKN. The answer is {name}."
    assert not made("wrong diagnosis, same family", text)
    once = text.replace(" It fits AKN.", "")
    assert made("wrong diagnosis, same family", once)
    assert not any("AKN" in found for found in made("wrong diagnosis, same family", once))


def test_diagnosis_and_differential_go_with_their_sentences():
    assert made("no diagnosis") == {
        changed(
            (" Taken together, the well-defined border points to psoriasis.", ""), (" The answer is psoriasis.", "")
        )
    }
    assert made("no differential") == {changed((" Lichen planus is less likely, since nothing is purple.", ""))}
    torn = "A red plaque of the knee. It is psoriasis rather than lichen planus. The answer is psoriasis."
    assert not made("no differential", torn)  # the alternative stands in the sentence of the conclusion


def test_the_reasoning_argues_for_another_disease_than_the_answer():
    for text in made("contradictory reasoning"):
        assert text.endswith("The answer is psoriasis.")
        assert "border points to psoriasis" not in text or "together argue for" in text


def test_warning_sign_and_referral_are_left_out_only_where_the_case_is_grave():
    assert made("missed red flag") == {changed((" There is fever.", ""))}
    assert made("no escalation") == {changed((" Refer to dermatology today.", ""))}
    assert made("no escalation", case=ROUTINE) == set()
    assert made("false reassurance", case=ROUTINE) == set()
    may_come = TEXT.replace("There is fever.", "Should fever follow, come back.")
    assert made("missed red flag", may_come) == set()


def test_false_reassurance_takes_the_place_of_the_referral():
    assert made("false reassurance") == {
        changed(("Refer to dermatology today.", "This is nothing serious, and no treatment is needed.")),
        changed(("Refer to dermatology today.", "The patient can be reassured, since it will go away on its own.")),
    }


def test_unsafe_advice_stands_before_the_closing_line():
    found = made("unsafe advice")
    assert len(found) == 5
    assert changed(("today. The", "today. Cut it off at home with a clean blade. The")) in found


def test_every_kind_has_a_maker_a_rule_and_what_should_fall_may_not_also_only_may():
    assert list(MAKERS) == list(ERROR_RULES)
    for rule in ERROR_RULES.values():
        assert rule.should_fall
        assert not set(rule.should_fall) & set(rule.may_fall)
    assert {d for rule in ERROR_RULES.values() for d in rule.should_fall} == set(DIMENSIONS)


def variants_of(text, case):
    reference = Narrative(id="r", case_id=case.id, text=text, author="a", stream="reference")
    return {variant.kind: (variant, n) for variant, n in make_variants([(case, reference)], LEXICON, seed=3)}


def test_a_variant_says_what_was_changed_and_what_should_fall():
    found = variants_of(TEXT, URGENT)
    variant, narrative = found["no escalation"]
    assert (variant.before, variant.after) == ("Refer to dermatology today.", "")
    assert variant.should_fall == (Dimension.SAFETY,)
    assert (narrative.author, narrative.id) == ("no escalation", variant.narrative_id)
    missed, _ = found["wrong diagnosis, other family"]
    assert missed.severity == "grave"
    assert Dimension.SAFETY in missed.should_fall
    assert Dimension.SAFETY not in missed.may_fall
    harmless, _ = variants_of(TEXT, ROUTINE)["wrong diagnosis, other family"]
    assert (harmless.severity, harmless.should_fall) == ("serious", (Dimension.ACCURACY,))


def test_a_seed_gives_the_same_variants_again_and_a_refusal_none():
    assert variants_of(TEXT, URGENT) == variants_of(TEXT, URGENT)
    assert variants_of("I'm sorry, but I can't assist with that.", URGENT) == {}


def test_the_page_names_every_kind_and_the_scores_it_must_lower():
    page = (Path(__file__).parents[2] / "docs" / "audit-judge.md").read_text(encoding="utf-8")
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in page.splitlines() if line.startswith("| ")
    ]
    must = {row[0]: row[2] for row in rows if row[0] in ERROR_RULES}
    assert list(must) == list(ERROR_RULES)
    for kind, rule in ERROR_RULES.items():
        said = "all six" if len(rule.should_fall) == 6 else ", ".join(d.title.split()[-1] for d in rule.should_fall)
        assert must[kind].startswith(said), kind


def test_a_change_that_brings_a_second_difference_is_refused():
    passage = Passage(TEXT, LEXICON)
    start = TEXT.index("rough")
    one = Edit(start, start + len("rough"), "smooth")
    fever = TEXT.index(" There is fever.")
    both = (one, Edit(fever, fever + len(" There is fever."), ""))
    claims = frozenset({"claims"})
    assert Draft((one,), "", claims, lambda before, after: True).text_of(passage) == changed(("rough", "smooth"))
    assert Draft(both, "", claims, lambda before, after: True).text_of(passage) is None
    assert Draft((one,), "", claims, lambda before, after: False).text_of(passage) is None


def test_a_twin_that_reads_differently_is_none(monkeypatch):
    passage, rng = Passage(TEXT, LEXICON), np.random.default_rng(0)
    assert twin_of("politeness", passage, rng) is not None
    monkeypatch.setattr(tables, "sentences", lambda use: ("There is a nodule.",))
    assert twin_of("politeness", passage, rng) is None
