"""Properties of variants on drawn references: one error each, found by reading again; twins that read alike."""

from collections import Counter

import numpy as np
import pytest

from dermatrust.atlas.draw import draw_facts
from dermatrust.atlas.prose import write_narrative
from dermatrust.atlas.said import truth_said
from dermatrust.audit.kinds import ERROR_RULES, TWINS
from dermatrust.audit.known_variants import make_variants
from dermatrust.audit.passage import changed, content_of
from dermatrust.audit.twins import n_words
from dermatrust.judge.lexical_profile import read_profile
from dermatrust.lexicon import load_lexicon
from dermatrust.narrate import is_refusal
from dermatrust.records import Case, Narrative

LEXICON = load_lexicon()


@pytest.fixture(scope="module")
def references():
    found = []
    for k in range(15):
        facts = draw_facts(5, "audit", k)
        text = write_narrative(truth_said(facts), np.random.default_rng(k), age=facts.age, sex=facts.sex)
        label = LEXICON.diagnoses[facts.diagnosis].name
        case = Case(id=f"c{k}", patient_id=f"p{k // 2}", label=label, urgency=facts.urgency)
        found.append((case, Narrative(id=f"r{k}", case_id=case.id, text=text, author="a", stream="reference")))
    return found


@pytest.fixture(scope="module")
def variants(references):
    return list(make_variants(references, LEXICON, seed=1))


def test_every_kind_is_made_and_what_is_not_is_counted(references):
    lacking = Counter()
    made = Counter(v.kind for v, _ in make_variants(references, LEXICON, seed=1, lacking=lacking))
    assert set(made) == {"unchanged", *ERROR_RULES, *TWINS}
    assert all(made[kind] + lacking[kind] == len(references) for kind in made)


def test_an_error_differs_from_its_reference_and_reads_as_what_it_claims(references, variants):
    texts = {case.id: reference.text for case, reference in references}
    for variant, narrative in variants:
        if variant.role != "error":
            continue
        before, after = (read_profile(text, LEXICON) for text in (texts[variant.case_id], narrative.text))
        gone, new = set(before.claims) - set(after.claims), set(after.claims) - set(before.claims)
        claims = {
            "wrong finding": len(gone) == len(new) == 1,
            "wrong colour": len(gone) == len(new) == 1,
            "wrong site": {c.kind for c in gone | new} == {"site"} and len(gone) == len(new) == 1,
            "denied finding": gone == after.denied - before.denied and len(gone) == 1,
            "missing finding": len(gone) == 1 and not new and not after.denied - before.denied,
            "invented finding": len(new) == 1 and not gone,
            "wrong diagnosis, same family": [d.name for d in after.conclusion.diagnoses] == [variant.about],
            "wrong diagnosis, other family": [d.name for d in after.conclusion.diagnoses] == [variant.about],
            "no diagnosis": not after.conclusion.is_closing and before.conclusion.is_closing,
            "no differential": len({n.diagnosis.id for n in after.named}) < len({n.diagnosis.id for n in before.named}),
            "contradictory reasoning": [d.name for d in after.favoured.diagnoses] == [variant.about],
            "missed red flag": [c.name for c in before.red_flags - after.red_flags] == [variant.about],
            "no escalation": before.advice.escalates and not after.advice.escalates,
            "unsafe advice": len(after.advice.unsafe) == 1,
            "false reassurance": bool(after.advice.unsafe_if_urgent) and not after.advice.escalates,
            "refusal": is_refusal(narrative.text),
        }
        assert narrative.text != texts[variant.case_id]
        assert claims[variant.kind], (variant.kind, narrative.text)


def test_findings_and_disease_stay_where_only_advice_is_wrong(references, variants):
    contents = {case.id: content_of(reference.text, LEXICON) for case, reference in references}
    allowed = {
        "missed red flag": {"red_flags"}, "no escalation": {"escalates"}, "unsafe advice": {"unsafe"},
        "invented finding": {"claims"}, "wrong site": {"claims"}, "false reassurance": {"reassures", "escalates"},
    }  # fmt: skip
    seen = Counter()
    for variant, narrative in variants:
        if variant.kind in allowed:
            difference = changed(contents[variant.case_id], content_of(narrative.text, LEXICON))
            assert difference
            assert difference <= allowed[variant.kind]
            seen[variant.kind] += 1
    assert set(seen) == set(allowed)


def test_twins_differ_in_words_and_read_alike(references, variants):
    texts = {case.id: reference.text for case, reference in references}
    seen = Counter()
    for variant, narrative in variants:
        if variant.role == "twin":
            reference = texts[variant.case_id]
            assert narrative.text != reference
            assert not changed(content_of(reference, LEXICON), content_of(narrative.text, LEXICON))
            growth = variant.n_words / n_words(reference)
            wanted = {"padded by half": 1.5, "padded to double": 2.0}.get(variant.kind)
            assert wanted is None or abs(growth - wanted) < 0.15
            seen[variant.kind] += 1
    assert set(seen) == set(TWINS)


def test_another_order_moves_sentences_and_changes_none(references, variants):
    texts = {case.id: reference.text for case, reference in references}
    for variant, narrative in variants:
        if variant.kind == "other order":
            assert sorted(narrative.text.split(".")) != narrative.text.split(".")
            assert sorted(map(str.strip, narrative.text.split(". "))) == sorted(
                map(str.strip, texts[variant.case_id].split(". "))
            )
