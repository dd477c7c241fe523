import pytest
from hypothesis import given
from hypothesis import strategies as st

from dermatrust.narrate import closing_diagnosis

STATED = [
    ("The answer is Psoriasis", "Psoriasis"),
    ("the answer is psoriasis.", "psoriasis"),
    ("THE ANSWER IS PSORIASIS!", "PSORIASIS"),
    ("**The answer is:** Tinea corporis", "Tinea corporis"),
    ("**The answer is: Tinea corporis**", "Tinea corporis"),
    ("The answer is **Tinea corporis**.", "Tinea corporis"),
    ('The answer is "Basal cell carcinoma".', "Basal cell carcinoma"),
    ("The answer is “Basal cell carcinoma”.", "Basal cell carcinoma"),
    ("The answer is {Basal Cell Carcinoma}", "Basal Cell Carcinoma"),
    ("The answer is [melanoma]", "melanoma"),
    ("The answer is `melanoma`", "melanoma"),
    ("The answer is: \n\n**Melanoma**", "Melanoma"),
    ("Therefore, the answer is lichen planus.", "lichen planus"),
    ("The final answer is lichen planus", "lichen planus"),
    ("The answer is - lichen planus", "lichen planus"),
    ("The  answer\nis lichen planus", "lichen planus"),
    ("The answer is \\boxed{lichen planus}", "lichen planus"),
    ("The answer is $\\boxed{\\text{lichen planus}}$", "lichen planus"),
    (
        "The answer is Bowen's disease (squamous cell carcinoma in situ).",
        "Bowen's disease (squamous cell carcinoma in situ)",
    ),
    ("The answer is psoriasis. Please have it confirmed.", "psoriasis"),
    ("The answer is T. rubrum infection", "T. rubrum infection"),
    ("The answer is eczema.\nOn reflection: the answer is tinea.", "tinea"),
    ("The answer is tinea.\n\nEnd with: The answer is {DISEASE NAME}", "tinea"),
    ("<think>The answer is eczema</think>\nThe answer is tinea", "tinea"),
    ("> The answer is *Tinea versicolor*", "Tinea versicolor"),
    ("The answer is 银屑病", "银屑病"),
]
NOT_STATED = [
    "",
    "Probably psoriasis.",
    "The answer is",
    "The answer is {DISEASE NAME}",
    "The answer is not clear from this image.",
    "The answer is unknown",
    "The answer is **unclear**.",
    "The answer is N/A",
    "The answer is " + "that many things must be weighed " * 10,
    "The answers issue from histology",
]


@pytest.mark.parametrize(("text", "disease"), STATED)
def test_the_disease_of_the_last_closing_line(text, disease):
    assert closing_diagnosis(text) == disease


@pytest.mark.parametrize("text", NOT_STATED)
def test_no_closing_line_names_no_disease(text):
    assert closing_diagnosis(text) is None


@given(st.text())
def test_any_text_gets_an_answer_without_white_space_around_it(text):
    named = closing_diagnosis(text)
    assert named is None or (named and named == named.strip())


@given(st.text(), st.sampled_from(["Psoriasis", "Tinea corporis", "Bowen's disease"]))
def test_what_stands_before_never_matters(before, disease):
    assert closing_diagnosis(f"{before}\nThe answer is {disease}") == disease
