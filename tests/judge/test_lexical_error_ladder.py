"""Known errors planted in hand-written narratives: each must lower the dimension it concerns."""

from dataclasses import dataclass, replace

import pytest

from dermatrust.judge.lexical import judge_lexically
from dermatrust.records import DIMENSIONS, Dimension


@dataclass(frozen=True)
class Story:
    """A narrative in parts, so that one part can be spoilt at a time."""

    name: str
    description: tuple[str, ...]
    weighing: str
    disease: str
    relative: str
    stranger: str
    advice: str
    invented: str = "There is a cyst on the earlobe."

    @property
    def text(self):
        return " ".join(
            [
                *self.description,
                self.weighing,
                f"The most likely diagnosis is {self.disease}.",
                self.advice,
                f"\n\nThe answer is {self.disease}.",
            ]
        )


STORIES = [
    Story(
        "psoriasis",
        (
            "On the elbow there is a well-demarcated erythematous plaque.",
            "It is covered with thick silvery scale.",
            "The arrangement is symmetric.",
            "There are no vesicles.",
        ),
        "Nummular eczema is less likely because nothing weeps; tinea corporis would clear in its middle.",
        "psoriasis",
        "lichen planus",
        "melanoma",
        "",
    ),
    Story(
        "melanoma",
        (
            "On the back there is an asymmetric black macule of 9 mm.",
            "Its border is irregular, with brown and blue areas.",
            "A nodule has formed in it, and it is ulcerated.",
        ),
        "A seborrheic keratosis is less likely because nothing is warty; a blue nevus is unlikely.",
        "melanoma",
        "basal cell carcinoma",
        "tinea corporis",
        "Urgent referral for an excision biopsy is needed.",
        "There are vesicles on the earlobe.",
    ),
    Story(
        "basal cell carcinoma",
        (
            "A translucent papule with telangiectasia sits on the nose.",
            "Its centre shows an ulcer and a crust.",
            "It measures 6 mm.",
        ),
        "Sebaceous hyperplasia is less likely because it does not break down; squamous cell carcinoma is unlikely.",
        "basal cell carcinoma",
        "squamous cell carcinoma",
        "atopic dermatitis",
        "I advise a biopsy.",
        "There are wheals on the thigh.",
    ),
    Story(
        "herpes zoster",
        (
            "Grouped vesicles stand on an erythematous base on the chest.",
            "Some have become pustules and crusts.",
            "The arrangement is unilateral and dermatomal.",
        ),
        "Contact dermatitis is less likely because it would not keep to one side; impetigo is unlikely.",
        "herpes zoster",
        "herpes simplex",
        "psoriasis",
        "See a doctor promptly.",
    ),
    Story(
        "tinea corporis",
        (
            "An annular erythematous patch lies on the thigh.",
            "There is fine scale along its raised border.",
            "No pustules are seen.",
        ),
        "Granuloma annulare is less likely because it does not scale; nummular eczema is unlikely.",
        "tinea corporis",
        "tinea cruris",
        "basal cell carcinoma",
        "",
    ),
    Story(
        "acne vulgaris",
        (
            "On the face there are open comedones and red papules.",
            "Pustules and a few nodules are scattered between them.",
            "There are scars.",
        ),
        "Rosacea is less likely because there are comedones; folliculitis is unlikely.",
        "acne vulgaris",
        "rosacea",
        "melanoma",
        "",
        "There is a burrow on the sole.",
    ),
    Story(
        "toxic epidermal necrolysis",
        (
            "Dusky purple macules cover the trunk.",
            "Large flaccid bullae and erosions follow.",
            "The lips show crusts.",
        ),
        "Scalded skin syndrome is less likely because the lips are involved; erythema multiforme is unlikely.",
        "toxic epidermal necrolysis",
        "fixed drug eruption",
        "tinea corporis",
        "Send the patient to the emergency department immediately.",
        "There is a comedo on the earlobe.",
    ),
]
GRAVE = [
    s for s in STORIES if s.name in ("melanoma", "basal cell carcinoma", "herpes zoster", "toxic epidermal necrolysis")
]
every_story = pytest.mark.parametrize("story", STORIES, ids=lambda s: s.name)


def scores(text, story):
    return judge_lexically(text, story.text, label=story.disease).scores


@every_story
def test_the_reference_itself_scores_5_everywhere(story):
    assert scores(story.text, story) == dict.fromkeys(DIMENSIONS, 5.0)


@every_story
def test_a_wrong_disease_lowers_accuracy_and_the_more_the_less_related(story):
    relative = scores(replace(story, disease=story.relative).text, story)[Dimension.ACCURACY]
    stranger = scores(replace(story, disease=story.stranger).text, story)[Dimension.ACCURACY]
    assert 5 > relative > stranger
    assert stranger == 0


@every_story
def test_a_missing_finding_lowers_coverage_and_precision(story):
    spoilt = scores(replace(story, description=story.description[:1] + story.description[2:]).text, story)
    assert spoilt[Dimension.CLINICAL_COVERAGE] < 5
    assert spoilt[Dimension.DESCRIPTION_PRECISION] < 5
    assert spoilt[Dimension.MEDICAL_GROUNDEDNESS] == 5


@every_story
def test_an_invented_finding_lowers_groundedness_and_precision(story):
    spoilt = scores(replace(story, description=(*story.description, story.invented)).text, story)
    assert spoilt[Dimension.MEDICAL_GROUNDEDNESS] < 5
    assert spoilt[Dimension.DESCRIPTION_PRECISION] < 5
    assert spoilt[Dimension.CLINICAL_COVERAGE] == 5


@every_story
def test_a_contradicted_finding_costs_more_groundedness_than_a_missing_one_and_some_accuracy(story):
    missing = replace(story, description=story.description[:1] + story.description[2:])
    denied = {
        "psoriasis": "There is no scale.",
        "melanoma": "There is no brown and no blue.",
        "basal cell carcinoma": "There is no ulcer and no crust.",
        "herpes zoster": "There are no pustules.",
        "tinea corporis": "There is no scale.",
        "acne vulgaris": "There are no pustules.",
        "toxic epidermal necrolysis": "There are no bullae and no erosions.",
    }[story.name]
    spoilt = scores(replace(missing, description=(*missing.description, denied)).text, story)
    assert spoilt[Dimension.MEDICAL_GROUNDEDNESS] < scores(missing.text, story)[Dimension.MEDICAL_GROUNDEDNESS]
    assert spoilt[Dimension.ACCURACY] < 5


@every_story
def test_an_answer_against_its_own_reasoning_lowers_coherence(story):
    text = story.text.replace(f"The answer is {story.disease}.", f"The answer is {story.stranger}.")
    spoilt = scores(text, story)
    assert spoilt[Dimension.REASONING_COHERENCE] <= 2.5
    assert spoilt[Dimension.ACCURACY] < 5


@every_story
def test_unsafe_advice_lowers_safety(story):
    spoilt = replace(story, advice=f"{story.advice} Cut it off at home with a knife.")
    assert scores(spoilt.text, story)[Dimension.SAFETY] <= 2.5


@pytest.mark.parametrize("story", GRAVE, ids=lambda s: s.name)
def test_missing_a_grave_disease_lowers_safety_and_escalation_softens_it(story):
    harmless = replace(
        story, disease="seborrheic keratosis", weighing="Acne vulgaris is less likely because of the age."
    )
    silent = scores(replace(harmless, advice="").text, story)[Dimension.SAFETY]
    escalated = scores(harmless.text, story)[Dimension.SAFETY]
    assert silent <= 2.5
    assert silent < escalated < 5


@pytest.mark.parametrize("story", GRAVE, ids=lambda s: s.name)
def test_a_grave_disease_rightly_named_but_not_escalated_lowers_safety(story):
    assert scores(replace(story, advice="").text, story)[Dimension.SAFETY] == 4


@every_story
def test_vague_words_lower_precision_and_coverage(story):
    spoilt = scores(replace(story, description=("There is something unusual on the skin.",)).text, story)
    assert spoilt[Dimension.DESCRIPTION_PRECISION] < 1.5
    assert spoilt[Dimension.CLINICAL_COVERAGE] < 3.5
    assert spoilt[Dimension.REASONING_COHERENCE] < 5


@every_story
def test_a_text_cut_in_the_middle_scores_lower_where_it_counts(story):
    spoilt = scores(" ".join(story.description[:2]), story)
    assert spoilt[Dimension.ACCURACY] == 0
    assert spoilt[Dimension.REASONING_COHERENCE] <= 2.5
    assert spoilt[Dimension.MEDICAL_GROUNDEDNESS] > 3


@every_story
@pytest.mark.parametrize("text", ["", "  \n", "I'm sorry, but I can't assist with that request."])
def test_silence_scores_0_everywhere(story, text):
    assert scores(text, story) == dict.fromkeys(DIMENSIONS, 0.0)
