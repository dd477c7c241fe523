"""Replies as models write them, read into a ranked differential."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dermatrust.clinic.differential_names import fraction, read_entry
from dermatrust.clinic.differential_reply import DifferentialReply, read_differential_reply
from dermatrust.lexicon import load_lexicon

FORMS = [
    # JSON: our prompt's schema, and what models send instead
    ('{"diagnoses": [{"name": "Psoriasis", "confidence": 0.6}, {"name": "Eczema", "confidence": 0.3}], '
     '"cannot_tell": false}', "psoriasis|eczema"),
    ('{"differential": [{"diagnosis": "Psoriasis", "probability": 0.6}, {"diagnosis": "Eczema", "probability": 0.3}], '
     '"confidence": 0.6, "cannot_tell": false}', "psoriasis|eczema"),
    ('```json\n{"differential": ["Psoriasis", "Tinea corporis",], "confidence": "70%"}\n```',
     "psoriasis|tinea corporis"),
    ('Here you go: {"differential_diagnosis": {"psoriasis": 0.6, "eczema": 0.3}}', "psoriasis|eczema"),
    ("{'differential': ['Psoriasis', 'Eczema'], 'cannot_tell': False}", "psoriasis|eczema"),
    ('["Melanoma", "Seborrheic keratosis"]', "melanoma|seborrheic keratosis"),
    ('[{"rank": 2, "condition": "eczema"}, {"rank": 1, "condition": "scabies"}]', "scabies|eczema"),
    ('{"diagnosis_1": "BCC", "diagnosis_2": "SCC", "diagnosis_3": "AK"}', "bcc|scc|ak"),
    ('{"differential": {"1": "Melanoma", "2": "Blue nevus"}}', "melanoma|blue nevus"),
    ('{"primary_diagnosis": {"name": "Rosacea", "confidence": 80}, "differential": [{"name": "Acne vulgaris"}]}',
     "rosacea|acne vulgaris"),
    ('{"diagnosis": "Psoriasis", "confidence": 0.9, "differential": ["Eczema", "Tinea"]}', "psoriasis|eczema|tinea"),
    ('{"answer": {"differential": ["Scabies", "Atopic dermatitis"], "confidence": 0.4}}', "scabies|atopic dermatitis"),
    ('{"differential": [{"diagnosis": "Psoriasis", "probability": 0.6}, {"diagnosis": "Ecz', "psoriasis"),
    ('{"differential": [{"diagnosis": "Psoriasis - because of the scale", "probability": "60%"}]}', "psoriasis"),
    ('{"diagnosis": "Melanoma", "probability": 0.7}\n{"diagnosis": "Blue nevus", "probability": 0.2}',
     "melanoma|blue nevus"),
    ('Draft: {"differential": ["Eczema"]}\nFinal: {"differential": ["Psoriasis", "Eczema"]}', "psoriasis|eczema"),
    # lists
    ("1. Psoriasis\n2. Eczema\n3. Tinea corporis", "psoriasis|eczema|tinea corporis"),
    ("1) Psoriasis (70%)\n2) Nummular eczema (20%)\n3) Tinea (10%)", "psoriasis|nummular eczema|tinea"),
    ("**1. Psoriasis** – silvery scale\n**2. Eczema** – less likely, no itch\n**3. Tinea**", "psoriasis|eczema|tinea"),
    ("1. **Psoriasis** - because of scale\n   - silvery\n   - elbows\n2. **Lichen planus** - violaceous",
     "psoriasis|lichen planus"),
    ("- Psoriasis\n- Eczema", "psoriasis|eczema"),
    ("• Basal cell carcinoma (nodular): pearly papule\n• Sebaceous hyperplasia: yellowish",
     "basal cell carcinoma (nodular)|sebaceous hyperplasia"),
    ("a) Scabies\nb) Atopic dermatitis\nc) Insect bites", "scabies|atopic dermatitis|insect bites"),
    ("1st: Melanoma\n2nd: Blue nevus\n3rd: Pigmented BCC", "melanoma|blue nevus|pigmented bcc"),
    ("Diagnosis 1: Scabies (0.6)\nDiagnosis 2: Eczema (0.3)", "scabies|eczema"),
    ("Top 3: 1. Melanoma 2. Nevus 3. Seborrheic keratosis", "melanoma|nevus|seborrheic keratosis"),
    ("(1) Melanoma (2) Blue naevus (3) Thrombosed haemangioma", "melanoma|blue naevus|thrombosed haemangioma"),
    ("[1] Psoriasis\n[2] Eczema", "psoriasis|eczema"),
    ("① Psoriasis\n② Eczema", "psoriasis|eczema"),
    ("1. Psoriasis or eczema\n2. Tinea", "psoriasis|eczema|tinea"),
    ("1. Not melanoma\n2. Seborrheic keratosis", "seborrheic keratosis"),
    ("Possible diagnoses:\n* Rule out melanoma\n* Dysplastic nevus", "melanoma|dysplastic nevus"),
    ("60% Tinea corporis\n25% Granuloma annulare", "tinea corporis|granuloma annulare"),
    ("1. Psoriasis, given the silvery scale\n2. Seborrheic dermatitis, which may look similar\n"
     "3. Mycosis fungoides — must be excluded", "psoriasis|seborrheic dermatitis|mycosis fungoides"),
    ("1. Dermatitis due to nickel\n2. Erythroderma secondary to drug reaction",
     "dermatitis due to nickel|erythroderma secondary to drug reaction"),
    ("1. Condition: Psoriasis\n   Probability: 0.7\n   Rationale: scale\n2. Condition: Eczema\n   Probability: 0.3",
     "psoriasis|eczema"),
    ("1. Foobaritis\n2. Quxosis", "foobaritis|quxosis"),
    ("To weigh:\n1. Lichen planus: too red\n2. Vasculitis: not purpuric\n\nAll in all this is most consistent with "
     "porphyria cutanea tarda. A biopsy is advised to rule out melanoma.",
     "porphyria cutanea tarda|lichen planus|vasculitis"),
    ("1. Psoriasis\n2. Eczema\n\n**Next steps**\nA biopsy, if the picture is suggestive of mycosis fungoides.",
     "psoriasis|eczema"),
    ("What is likely seen:\n- Opaque white discoloration\n- No signs of inflammation\n\nThe changes are consistent "
     "with leukonychia.", "leukonychia"),
    # headings and sections
    ("### Findings\n- Red plaque\n- Silvery scale\n\n### Differential diagnosis\n1. Psoriasis\n2. Eczema\n\n"
     "### Next steps\n1. Biopsy\n2. Refer", "psoriasis|eczema"),
    ("**Findings:**\n- Scale\n\n**Differential diagnosis:**\n  - Psoriasis\n    - silvery\n  - Eczema",
     "psoriasis|eczema"),
    ("Top differential:\n\n- **Psoriasis**: silvery\n- **Nummular dermatitis**: coins\n\nRecommendation:\n- Biopsy",
     "psoriasis|nummular dermatitis"),
    ("Differential Diagnosis:\n\nPsoriasis\nEczema\nTinea corporis", "psoriasis|eczema|tinea corporis"),
    ("**Most Likely Diagnosis**\nPityriasis rosea\n\n**Other Differentials**\n1. Secondary syphilis\n"
     "2. Guttate psoriasis",
     "pityriasis rosea|secondary syphilis|guttate psoriasis"),
    ("**Differential diagnosis:**\n1. **Most likely: Psoriasis (60-70%)**\n"
     "2. **Possible: Seborrheic dermatitis (20%)**\n3. **Less likely: Tinea (10%)**",
     "psoriasis|seborrheic dermatitis|tinea"),
    ("- Diagnosis: Psoriasis\n- Confidence: 70%\n- Differential: eczema, tinea", "psoriasis|eczema|tinea"),
    # phrases
    ("Most likely: Psoriasis. Differential: Eczema, Tinea corporis and lichen planus.",
     "psoriasis|eczema|tinea corporis|lichen planus"),
    ("The most likely diagnosis is basal cell carcinoma. Differential diagnoses include squamous cell carcinoma, "
     "actinic keratosis, and amelanotic melanoma.",
     "basal cell carcinoma|squamous cell carcinoma|actinic keratosis|amelanotic melanoma"),
    ("Differential diagnosis includes hand, foot and mouth disease, herpes simplex, or impetigo.",
     "hand, foot and mouth disease|herpes simplex|impetigo"),
    ("Differential diagnosis includes (in order of likelihood): 1) impetigo, 2) herpes simplex.",
     "impetigo|herpes simplex"),
    ("Diagnosis: Rosacea\nDifferential: Acne vulgaris; perioral dermatitis; lupus erythematosus",
     "rosacea|acne vulgaris|perioral dermatitis|lupus erythematosus"),
    ("The lesion is suspicious for melanoma; alternatives: seborrheic keratosis or blue naevus.",
     "melanoma|seborrheic keratosis|blue naevus"),
    ("The possibilities: psoriasis (most likely), eczema (less likely), and tinea (unlikely).", "psoriasis|eczema"),
    ("My differential is psoriasis > eczema > tinea.", "psoriasis|eczema|tinea"),
    ("Cellulitis vs. stasis dermatitis vs. deep vein thrombosis", "cellulitis|stasis dermatitis|deep vein thrombosis"),
    ("<think>maybe eczema</think>Diagnosis: psoriasis\nConfidence: 85%", "psoriasis"),
    ("Final answer: Kaposi sarcoma", "kaposi sarcoma"),
    ("\\boxed{Psoriasis}", "psoriasis"),
    # names alone
    ("Melanoma.", "melanoma"),
    ("psoriasis, eczema, tinea corporis", "psoriasis|eczema|tinea corporis"),
    ("Psoriasis (70%), eczema (20%), tinea (10%)", "psoriasis|eczema|tinea"),
    ("Stevens-Johnson syndrome/toxic epidermal necrolysis, DRESS",
     "stevens-johnson syndrome|toxic epidermal necrolysis|dress"),
    ("Foobaritis", "foobaritis"),
    # tables
    ("| Rank | Diagnosis | Probability |\n|---|---|---|\n| 1 | Melanoma | 60% |\n| 2 | Dysplastic nevus | 30% |",
     "melanoma|dysplastic nevus"),
    ("| Diagnosis | Likelihood |\n|:--|:-:|\n| **Lichen planus** | High |\n| Psoriasis | Low |",
     "lichen planus|psoriasis"),
    # narratives
    ("A well-demarcated plaque with silvery scale. This is consistent with psoriasis. Eczema is less likely. There is "
     "no sign of melanoma. The answer is psoriasis.", "psoriasis|eczema"),
    ("The patient has a history of psoriasis. There is no evidence of melanoma. Findings are consistent with actinic "
     "keratosis.", "actinic keratosis"),
    ("Likely acral lentiginous melanoma; consider subungual hematoma.",
     "acral lentiginous melanoma|subungual hematoma"),
    ("I believe it is cellulitis.", "cellulitis"),
    ("The image is of poor quality. Possible psoriasis.", "psoriasis"),
    ("Although I cannot determine this with certainty, the lesion is most consistent with psoriasis.", "psoriasis"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), FORMS, ids=range(len(FORMS)))
def test_a_reply_in_any_form_is_read(text, expected):
    reply = read_differential_reply(text)
    assert "|".join(reply.diagnoses).lower() == expected
    assert not reply.cannot_tell


@pytest.mark.parametrize(
    "text",
    [
        "I cannot tell from this image.",
        "I cannot determine whether this is eczema or psoriasis from the image.",
        "The image quality is too poor to make a diagnosis.",
        "No diagnosis can be made from this photograph.",
        "Unable to determine",
        "Insufficient information.",
        '{"differential": [], "cannot_tell": true, "confidence": 0.1}',
        '{"differential": ["Cannot determine"], "confidence": 0}',
    ],
)
def test_saying_that_it_cannot_be_told_is_an_abstention(text):
    reply = read_differential_reply(text)
    assert reply.cannot_tell
    assert reply.diagnoses == ()
    assert reply.form == "none"


@pytest.mark.parametrize(
    "text",
    ["", "   ", "I'm sorry, but I can't assist with that.", "Sorry, as an AI I cannot provide a medical diagnosis.",
     "<think>psoriasis", "The photograph shows a red plaque."],
)  # fmt: skip
def test_a_reply_without_a_diagnosis_names_none_and_is_no_abstention(text):
    reply = read_differential_reply(text)
    assert (reply.diagnoses, reply.cannot_tell, reply.confidence) == ((), False, None)


def test_the_flag_counts_even_where_diagnoses_are_named():
    reply = read_differential_reply('{"differential": ["Eczema"], "cannot_tell": true}')
    assert reply.cannot_tell
    assert reply.diagnoses == ("Eczema",)


def test_entries_are_ranked_by_probability_only_where_all_have_one():
    ranked = read_differential_reply("1. Tinea (20%)\n2. Psoriasis (70%)\n3. Eczema (10%)")
    assert ranked.diagnoses == ("Psoriasis", "Tinea", "Eczema")
    assert ranked.probabilities == (0.7, 0.2, 0.1)
    assert ranked.confidence == 0.7
    partly = read_differential_reply("1. Tinea (20%)\n2. Psoriasis\n3. Eczema (70%)")
    assert partly.diagnoses == ("Tinea", "Psoriasis", "Eczema")
    assert partly.probabilities == ()


def test_two_names_of_one_disease_are_one_entry_at_the_better_rank():
    reply = read_differential_reply("1. Eczema\n2. Psoriasis vulgaris\n3. Tinea\n4. Plaque psoriasis (40%)")
    assert reply.diagnoses == ("Eczema", "Psoriasis vulgaris", "Tinea")
    unknown = read_differential_reply("1. Foobaritis\n2. Eczema\n3. the FOOBARITIS")
    assert unknown.diagnoses == ("Foobaritis", "Eczema")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0.7", 0.7), ("70%", 0.7), ("70 percent", 0.7), ("7/10", 0.7), ("70/100", 0.7), ("60-80%", 0.7), ("~ 70 %", 0.7),
     ("70", 0.7), ("1", 1.0), ("1%", 0.01), ("0", 0.0), (".5", 0.5), ("0,5", 0.5), ("high", None), ("120%", None),
     ("", None)],
)  # fmt: skip
def test_probabilities_are_read_as_written(text, expected):
    assert fraction(text) == (None if expected is None else pytest.approx(expected))


def test_a_confidence_in_words_is_no_number():
    assert read_differential_reply("Diagnosis: psoriasis\nConfidence: high").confidence is None


def test_every_name_of_the_lexicon_is_read_as_one_entry_and_unchanged():
    lexicon = load_lexicon()
    names = [name for d in lexicon.diagnoses.values() for name in (d.name, *d.synonyms)]
    for text in ("{}", "**{}** (30%)", "{}: because it looks so", "{} - 30%"):
        changed = [name for name in names if [e.name for e in read_entry(text.format(name), lexicon)] != [name]]
        assert changed == []


@given(st.text(max_size=400))
def test_no_text_breaks_the_reader(text):
    reply = read_differential_reply(text)
    assert len(set(reply.diagnoses)) == len(reply.diagnoses)
    assert reply.confidence is None or 0 <= reply.confidence <= 1
    assert all(0 <= p <= 1 for p in reply.probabilities)


NAMES = [d.name for d in load_lexicon().diagnoses.values()]


def in_every_form(names):
    return {
        "json": json.dumps({"differential": names, "cannot_tell": False}),
        "list": "\n".join(f"{i}. {name}" for i, name in enumerate(names, 1)),
        "table": "| Diagnosis |\n|---|\n" + "\n".join(f"| {name} |" for name in names),
        "line": f"Differential diagnosis: {', '.join(names)}",
        "lead": f"The most likely diagnosis is {names[0]}. Differential: {', '.join(names)}.",
    }


@pytest.mark.parametrize("form", in_every_form(["psoriasis"]))
def test_every_diagnosis_is_read_in_every_form(form):
    pairs = [[name, "melanoma"] for name in NAMES if name != "melanoma"]
    wrong = [names for names in pairs if read_differential_reply(in_every_form(names)[form]).diagnoses != tuple(names)]
    assert wrong == []


@given(st.lists(st.sampled_from(NAMES), min_size=1, max_size=6, unique=True))
def test_one_differential_reads_alike_in_every_form(names):
    assert {read_differential_reply(text).diagnoses for text in in_every_form(names).values()} == {tuple(names)}


GERMAN = [
    ("Am ehesten Psoriasis vulgaris. DD: Tinea corporis, Ekzem.", "psoriasis vulgaris|tinea corporis|ekzem"),
    ("Es handelt sich am ehesten um ein Melanom.", "melanom"),
    ("Am ehesten handelt es sich um eine Psoriasis vulgaris.", "psoriasis vulgaris"),
    ("Verdacht auf Melanom", "melanom"),
    ("V.a. Melanom, DD seborrhoische Keratose", "melanom|seborrhoische keratose"),
    ("Kein Verdacht auf Mycosis fungoides. V. a. Psoriasis vulgaris.", "psoriasis vulgaris"),
    ("Verdachtsdiagnose: Herpes zoster\nDifferentialdiagnosen: Impetigo contagiosa, Erysipel",
     "herpes zoster|impetigo contagiosa|erysipel"),
    ("Differentialdiagnosen:\n1. Psoriasis\n2. Tinea corporis\n3. Mycosis fungoides",
     "psoriasis|tinea corporis|mycosis fungoides"),
    ("Differenzialdiagnosen: Psoriasis, Tinea corporis oder Mycosis fungoides",
     "psoriasis|tinea corporis|mycosis fungoides"),
    ("Differentialdiagnostisch kommen Tinea corporis und Psoriasis in Betracht.", "tinea corporis|psoriasis"),
    ("Diagnose: Melanom\nDD: Naevus", "melanom|naevus"),
    ("Meine Diagnose lautet Psoriasis.", "psoriasis"),
    ("Die wahrscheinlichste Diagnose ist Psoriasis. Alternativ Tinea corporis.", "psoriasis|tinea corporis"),
    ("Z.n. Herpes zoster. Jetzt am ehesten Tinea corporis. Psoriasis ist unwahrscheinlich.", "tinea corporis"),
    ("**Diagnose:** Psoriasis\n\n**Differentialdiagnosen:**\n- Tinea corporis\n\n**Empfehlung:**\n- Biopsie",
     "psoriasis|tinea corporis"),
    ("Most likely psoriasis, DD eczema.", "psoriasis|eczema"),
]  # fmt: skip
FAVOURED = [
    ("Psoriasis versus eczema; favor eczema.", "eczema|psoriasis"),
    ("Psoriasis vs. eczema. Favor psoriasis.", "psoriasis|eczema"),
    ("Melanoma versus dysplastic nevus; I would favour dysplastic nevus.", "dysplastic nevus|melanoma"),
    ("Melanoma versus dysplastic nevus (favor dysplastic nevus)", "dysplastic nevus|melanoma"),
    ("Foobaritis versus quxosis; favor quxosis", "quxosis|foobaritis"),
    ("Tinea corporis versus psoriasis; favor the latter.", "psoriasis|tinea corporis"),
    ("Tinea corporis vs psoriasis, I favour the former.", "tinea corporis|psoriasis"),
    ("Psoriasis versus eczema; the scale favors eczema.", "eczema|psoriasis"),
    ("I favor psoriasis over eczema", "psoriasis|eczema"),
    ("I favour psoriasis rather than eczema.", "psoriasis"),
    ("I would favor psoriasis over tinea instead of eczema.", "psoriasis|tinea"),
    ("Psoriasis rather than eczema", "psoriasis"),
    ("1. Psoriasis versus eczema, favor eczema\n2. Tinea corporis", "eczema|psoriasis|tinea corporis"),
    ("- Psoriasis versus eczema, favor eczema\n- Tinea corporis", "eczema|psoriasis|tinea corporis"),
    ("Psoriasis versus eczema; not favoring either.", "psoriasis|eczema"),
    # An argument on the way to the conclusion is none.
    ("The debris favors onychomycosis over psoriasis. The final diagnosis is psoriasis.", "psoriasis|onychomycosis"),
]
GENERAL = [
    ("The most common skin cancer is basal cell carcinoma.", ""),
    ("Most common skin cancer is basal cell carcinoma. This lesion is a seborrheic keratosis.", "seborrheic keratosis"),
    ("Basal cell carcinoma (BCC) is the most common type of skin cancer. I see a blue nevus.", "blue nevus"),
    ("Melanoma is the most dangerous skin cancer; this is a blue nevus.", "blue nevus"),
    ("This is basal cell carcinoma, the most common skin cancer.", "basal cell carcinoma"),
    ("The most common tumour at this site is basal cell carcinoma.", "basal cell carcinoma"),
    ("Most likely a blue nevus. The most dangerous malignancy to exclude is melanoma.", "blue nevus|melanoma"),
]
IN_GERMAN = [
    ("Am ehesten Schuppenflechte, DD Handekzem und Fußpilz", ("psoriasis", "hand eczema", "tinea pedis")),
    ("1. Basaliom (70 %)\n2. aktinische Keratose (20 %)", ("basal cell carcinoma", "actinic keratosis")),
    ("Das Bild passt zu einer Gürtelrose. Kein Hinweis auf Wundrose.", ("herpes zoster",)),
]
SPEAKERS = [
    *(
        (said, "")
        for said in (
            "Hello",
            "Hi there!",
            "Thanks",
            "Thank you very much.",
            "Sure!",
            "Of course.",
            "Guten Tag",
            "Good morning",
            "Danke",
            "Understood",
            "Great question",
            "You're welcome",
        )
    ),
    ("Hello!\n1. Psoriasis\n2. Eczema", "psoriasis|eczema"),
    ("The answer is I", ""),
    ("I", ""),
    ("Differential diagnosis: I, II", ""),
    ("Most likely diagnosis: I would say psoriasis", "psoriasis"),
    ("Differential: psoriasis, and I would also include eczema.", "psoriasis|eczema"),
    ("Most likely psoriasis, but I cannot exclude eczema", "psoriasis"),
    ("1. I think psoriasis\n2. I also consider eczema\n3. I am not sure", "psoriasis|eczema"),
    ("Diagnosis:\nI\nPsoriasis", "psoriasis"),
    ('{"diagnoses": [{"name": "I think psoriasis"}, {"name": "I"}]}', "psoriasis"),
    ("Diagnosis: type I reaction", "type i reaction"),
]


@pytest.mark.parametrize(("text", "expected"), [*GERMAN, *FAVOURED, *GENERAL, *SPEAKERS])
def test_wordings_are_read_as_a_clinician_means_them(text, expected):
    assert "|".join(read_differential_reply(text).diagnoses).lower() == expected


@pytest.mark.parametrize(
    "text",
    [
        "Ich kann das anhand des Bildes nicht beurteilen.",
        "Eine Diagnose ist anhand des Bildes nicht möglich.",
        "Keine sichere Diagnose anhand des Bildes möglich.",
        "Most likely: I am not sure",
    ],
)
def test_not_knowing_in_german_or_in_the_first_person_is_an_abstention(text):
    reply = read_differential_reply(text)
    assert (reply.diagnoses, reply.cannot_tell) == ((), True)


HOSTILE = (
    "1. ", "(", "differential: ", "psoriasis, ", "| a ", "{", "cannot tell ", "Confidence: ", "**", "a\n", "\n- x",
    "[\"", "not enough information, ", "\n**a", "the answer is ", "<think>", "70% ",
    "most likely diagnosis is psoriasis ", "favor ", "a vs b, scale favors ", "the most common skin cancer is ",
    "am ehesten ", "Verdacht auf ", "nicht ", "DD ", "I would think ",
)  # fmt: skip


@pytest.mark.parametrize("part", HOSTILE)
def test_a_hostile_reply_takes_no_time(part):
    started = time.process_time()
    read_differential_reply(part * (100_000 // len(part)))
    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    "text",
    [
        '{"diagnoses": [{"name": "melanoma", "confidence": 85}, {"name": "eczema", "confidence": 14}, '
        '{"name": "acne", "confidence": 1}]}',
        '{"diagnoses": [{"name": "melanoma", "confidence": "85"}, {"name": "eczema", "confidence": "14"}, '
        '{"name": "acne", "confidence": "1"}]}',
        '{"diagnoses": {"melanoma": 85, "eczema": 14, "acne": 1}}',
        '{"diagnoses": [{"melanoma": 85}, {"eczema": 14}, {"acne": 1}]}',
        "| Diagnosis | Probability (%) |\n|---|---|\n| Melanoma | 85 |\n| Eczema | 14 |\n| Acne | 1 |",
    ],
)
def test_one_among_percentages_is_one_percent_not_certainty(text):
    reply = read_differential_reply(text)
    assert [name.lower() for name in reply.diagnoses] == ["melanoma", "eczema", "acne"]
    assert reply.probabilities == pytest.approx((0.85, 0.14, 0.01))
    assert reply.confidence == pytest.approx(0.85)


@pytest.mark.parametrize(
    "text",
    [
        "The lesion is an actinic keratosis, which may progress to squamous cell carcinoma if untreated.",
        "This is an actinic keratosis and differs from melanoma.",
        "It is an actinic keratosis, a precursor of squamous cell carcinoma.",
    ],
)
def test_what_a_disease_may_become_or_differs_from_is_no_part_of_the_differential(text):
    assert read_differential_reply(text).diagnoses == ("actinic keratosis",)


@pytest.mark.parametrize(
    "refusal",
    [
        "I am sorry, I cannot help.", "Sorry, I can't help with medical images.", "No.", "No, sorry.",
        "Unfortunately, no.", "Apologies, but I must decline.", "Request denied.", "Nein.",
        "Es tut mir leid, ich kann nicht helfen.",
    ],
)  # fmt: skip
def test_a_refusal_names_no_disease(refusal):
    assert read_differential_reply(refusal) == DifferentialReply()


def test_an_apology_does_not_hide_the_disease_behind_it():
    assert read_differential_reply("Unfortunately, melanoma.").diagnoses == ("melanoma",)


@pytest.mark.parametrize(("text", "expected"), IN_GERMAN)
def test_german_names_of_diseases_are_those_of_the_lexicon(text, expected):
    said = read_differential_reply(text).diagnoses
    assert tuple(load_lexicon().diagnosis(name).name for name in said) == expected
