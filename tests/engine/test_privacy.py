import pytest

from dermatrust.clients.scripted import ScriptedClient
from dermatrust.engine.privacy import check_may_leave, check_names_may_leave
from dermatrust.errors import ModelError
from dermatrust.records import Case, ClinicalContext, DatasetCard, Narrative
from dermatrust.store import DatasetFolder, write_dataset
from dermatrust.store.jsonl import write_records

AWAY, HERE = "https://models.example/v1#m", "http://localhost:8000/v1#m"
NAMED = "Mrs Smith has had this for years."


@pytest.fixture
def folder(tmp_path):
    def make(*, note="Itches.", reference="A plaque.", narrative=None, **card):
        fields = {"name": "d", "version": "1", "source": "s", "licence": "private", "consent": "written"}
        case = Case(id="c1", context=ClinicalContext(note=note))
        truth = Narrative(id="r1", case_id="c1", text=reference, author="x", stream="reference")
        path = tmp_path / "set"
        write_dataset(path, DatasetCard(**fields | {"may_leave_machine": True} | card), [case], [truth])
        if narrative:
            write_records(path / "narratives.jsonl", [Narrative(id="n1", case_id="c1", text=narrative, author="m")])
        return DatasetFolder.open(path)

    return make


def test_what_may_leave_and_names_nobody_may_be_sent(folder):
    check_names_may_leave(folder(), [AWAY])


def test_what_may_not_leave_is_not_sent_whatever_its_texts_say(folder):
    with pytest.raises(ModelError, match="does not let its cases leave it; expected may_leave_machine: true"):
        check_names_may_leave(folder(may_leave_machine=False, identifiers_reviewed=True), [HERE, AWAY])


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        ({"note": NAMED}, "of case 'c1' its note holds what looks like a name after a title, at character 1"),
        ({"reference": "Biopsy on 3 May 2021."}, "of narrative 'r1' its text holds what looks like a date"),
        ({"narrative": "Write to a@example.org."}, "of narrative 'n1' its text holds what looks like an e-mail"),
    ],
)
def test_a_text_that_may_identify_somebody_is_not_sent(folder, texts, said):
    with pytest.raises(ModelError) as caught:
        check_names_may_leave(folder(**texts), [AWAY])
    assert said in str(caught.value)
    assert "identifiers_reviewed: true in card.yaml" in str(caught.value)


def test_it_is_sent_once_somebody_has_looked_or_where_nobody_can_be_meant(folder):
    check_names_may_leave(folder(note=NAMED, identifiers_reviewed=True), [AWAY])


def test_synthetic_texts_are_about_nobody(folder):
    check_names_may_leave(folder(note=NAMED, synthetic=True), [AWAY])


def test_models_on_this_machine_may_read_everything(folder):
    check_names_may_leave(folder(note=NAMED, may_leave_machine=False), [HERE, "lexical", "nano/evaluator"])


def test_the_clients_themselves_are_asked_too(folder):
    dataset, client = folder(note=NAMED), ScriptedClient("m", lambda request: "")
    check_may_leave(dataset, [client])
    client.leaves_machine = True
    with pytest.raises(ModelError, match="m: is not on this machine, and of case 'c1' its note holds"):
        check_may_leave(dataset, [client])
