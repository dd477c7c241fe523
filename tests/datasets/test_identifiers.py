import pytest

from dermatrust.datasets.identifiers import context_texts, suspected_identifiers
from dermatrust.records import Case, ClinicalContext

SUSPECTED = [
    ("an e-mail address", "Results to jane.doe+skin@clinic-a.example.org please."),
    ("a date", "Biopsy on 12/03/2021."),
    ("a date", "Seen 12.3.21 for review"),
    ("a date", "First seen 2021-03-12."),
    ("a date", "US style 03/28/2021 visit"),
    ("a date", "Excised on the 3rd of May."),
    ("a date", "Excised on 3 May 2021"),
    ("a date", "Since March 2021 it grows."),
    ("a date", "since march 2021 it grows"),
    ("a date", "Review January 5th"),
    ("a date", "Vorstellung am 12. März 2021"),
    ("a date", "vue le 14 juillet"),
    ("a date", "visto el 3 de octubre de 2020"),
    ("a telephone number", "Call her on 07700 900123."),
    ("a telephone number", "tel: 5550134"),
    ("a telephone number", "phone (555) 013-4567"),
    ("a telephone number", "+49 30 1234567"),
    ("a telephone number", "Ring 555-013-4567 tomorrow"),
    ("a telephone number", "030 1234567"),
    ("a record number", "MRN 004512"),
    ("a record number", "mrn: AB-12345"),
    ("a record number", "Hospital number 83121"),
    ("a record number", "Patient ID: 12-3456"),
    ("a record number", "SSN 078-05-1120"),
    ("a record number", "078-05-1120"),
    ("a record number", "ref 9434765919 sent"),
    ("a record number", "Fallnummer 20114"),
    ("a name after a title", "Mrs Smith has had eczema."),
    ("a name after a title", "referred by Dr. J. Meyer-Lindner"),
    ("a name after a title", "Prof. Dr. med. Schulz"),
    ("a name after a title", "Frau Müller berichtet"),
    ("a name after a title", "señora? Señora García"),
    ("a name after a title", "Patient name: Jane"),
    ("a name after a title", "Surname: O'Neil"),
    ("an address", "lives at 12 Acacia Avenue with her sister"),
    ("an address", "221b Baker Street"),
    ("an address", "wohnt Lindenstraße 5"),
    ("an address", "P.O. Box 44"),
    ("an address", "domiciled at SW1A 1AA"),
    ("an address", "12, Rue de Rivoli"),
]
INNOCENT = [
    "A 5-10 mm papule on the left arm for 3 weeks.",
    "Three lesions, 3.5 x 2.1 x 0.4 cm; Breslow 0.76 to 1.5 mm.",
    "Hydrocortisone 1 % twice daily, then 0.05-0.1 % tacrolimus.",
    "Prednisolone 40 mg, tapered by 5 mg/week; may 5 mg be enough?",
    "It may 2 weeks later have spread.",
    "Fitzpatrick III, Monk 5; PASI 12.4; DLQI 10/30.",
    "Vitamin B12 5MG; vitamin D 10000 IU; HbA1c 6.5 % (48 mmol/mol).",
    "Since 2019, worse in 2020-2021; 10 years of psoriasis.",
    "BP 120/80, HR 72, temp 37.5; ratio 1/2 to 3/4.",
    "WBC 12,000; platelets 250000; IgE 1234 kU/l.",
    "Dr. is not sure. Miss no dose. Ms and multiple sclerosis (MS).",
    "Bowen's disease, Kaposi sarcoma, Paget disease; Grover's; Mr and Mrs.",
    "The drug name: unclear. Brand name: Elidel.",
    "M. furfur and M. canis were cultured; Sr. creatinine normal.",
    "Confirmed via Doppler ultrasonography; road traffic accident in the past.",
    "A 63-year-old woman; 2nd of three children; the 4th toe.",
    "Drove 5 miles; took Court action; square plaque.",
    "HLA-B27, CD30+, p16INK4a, BRAF V600E, ICD-10 L40.0.",
    "1. Eczema 2. Psoriasis 3. Tinea",
    "An order of 10-12 lesions; in 3 de novo lesions",
]


@pytest.mark.parametrize(("kind", "text"), SUSPECTED, ids=[text for _, text in SUSPECTED])
def test_what_looks_like_an_identifier_is_found(kind, text):
    assert kind in [suspicion.kind for suspicion in suspected_identifiers(text)]


@pytest.mark.parametrize("text", INNOCENT)
def test_what_clinicians_write_all_the_time_is_not(text):
    assert [(s.kind, text[s.start : s.end]) for s in suspected_identifiers(text)] == []


def test_places_are_where_it_stands_and_do_not_overlap():
    text = "Mrs Smith, 3 May 2021, jane@example.org"
    found = suspected_identifiers(text)
    assert [text[s.start : s.end] for s in found] == ["Mrs Smith", "3 May 2021", "jane@example.org"]


def test_what_somebody_wrote_of_a_case_is_text_and_structured_facts_are_not():
    context = ClinicalContext(note="n", history={"job": "baker"}, site="arm", symptoms={"itch": True})
    assert list(context_texts(Case(id="c", context=context))) == [
        ("note", "n"),
        ("site", "arm"),
        ("job", "baker"),
    ]
