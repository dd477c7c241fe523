from dermatrust.datasets.labels import label_facts, unknown_labels
from dermatrust.lexicon.nearest import nearest_diagnoses
from dermatrust.records import Case, ClinicalContext, DifferentialItem


def test_labels_the_lexicon_knows_are_not_mentioned():
    assert list(unknown_labels([Case(id="a", label="melanoma"), Case(id="b")])) == []


def test_unknown_labels_are_listed_with_what_they_are_spelt_like_the_commonest_first():
    cases = [Case(id="a", label="psoriazis"), Case(id="b", label="qwertz"), Case(id="c", label="qwertz")]
    cases.append(Case(id="d", label="acne", differential=(DifferentialItem(diagnosis="psoriazis", weight=1),)))
    head, first, second = unknown_labels(cases)
    assert head.startswith("The lexicon does not know 2 of 3 labels: kept as written")
    assert sorted([first, second]) == [
        "  'psoriazis' in 2 cases; spelt like psoriasis or seborrheic dermatitis or parapsoriasis",
        "  'qwertz' in 2 cases; nothing is spelt like it",
    ]


def test_spellings_of_one_unknown_label_are_one_in_an_order_that_never_changes():
    spelt = [Case(id="a", label="Blorptitis"), Case(id="b", label="blorptitis"), Case(id="c", label="Wug sores")]
    lines = list(unknown_labels([*spelt, Case(id="d", label="psoriasis")]))
    assert lines[0].startswith("The lexicon does not know 2 of 3 labels")
    assert [line.split(";")[0] for line in lines[1:]] == ["  'Blorptitis' in 2 cases", "  'Wug sores' in 1 case"]


def test_many_unknown_labels_are_cut_and_counted():
    lines = list(unknown_labels(Case(id=str(i), label=f"qqqq{'x' * i}") for i in range(1, 26)))
    assert len(lines) == 22
    assert lines[-1] == "  and 5 more."


def test_the_nearest_are_named_once_and_no_more_than_asked_for():
    assert nearest_diagnoses("reed or spitz nevus") == ("Spitz nevus",)
    assert len(nearest_diagnoses("melanosis")) == 3
    assert len(nearest_diagnoses("melanosis", n=1)) == 1


def test_without_a_label_there_are_no_facts():
    assert label_facts(Case(id="a", context=ClinicalContext(site="arm")), "X") == ()
    (facts,) = label_facts(Case(id="a", label="acne", context=ClinicalContext(site="arm")), "X", ["Seen twice."])
    assert (facts.text, facts.stream, facts.certificate) == ("Diagnosis: acne. Seen twice. Site: arm.", "label", None)
