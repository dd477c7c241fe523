"""Items that stand or fall together: MediConfusion, MMEvalPro, ProbMed, worked by hand."""

import json
import math

import numpy as np
import pytest

from dermatrust.protocols import Played, ScoreTable
from dermatrust.protocols.find import find_protocol
from dermatrust.protocols.scored import score_all, tabulate
from dermatrust.protocols.scripted import play_item

RNG = np.random.default_rng


def table_of(protocol, replies_by_row):
    """Score rows whose items get these replies, one list per row; None is an ask that failed."""
    table = ScoreTable()
    for row, replies in replies_by_row:
        for item, reply in zip(protocol.items(row), replies, strict=True):
            table.add(item, None if reply is None else protocol.score(item, Played(reply=reply)))
    return table


def figures(protocol, table):
    return {name: metric(table, RNG(0)) for name, metric in protocol.metrics.items()}


class TestMediConfusion:
    protocol = find_protocol("mediconfusion")

    def row(self, number, **more):
        return {**self.protocol.examples[0].row, "id": str(number), **more}

    def test_its_five_figures(self):
        table = table_of(
            self.protocol,
            [
                (self.row(1), ["A", "B"]),  # both right
                (self.row(2), ["A", "A"]),  # confused: one choice for both
                (self.row(3), ["B", "A"]),  # different, both wrong
                (self.row(4), ["A or B", "B"]),  # the first is no valid choice
            ],
        )
        found = figures(self.protocol, table)
        assert found["set accuracy"].value == 1 / 4
        assert found["individual accuracy"].value == 4 / 8
        assert (found["confusion"].value, found["confusion"].n) == (pytest.approx(1 / 3), 3)
        assert (found["invalid"].value, found["invalid"].n) == (1 / 8, 8)
        assert (found["precision"].value, found["precision"].n) == (1 / 2, 2)

    def test_a_pair_with_a_failed_ask_is_missing_as_a_pair(self):
        found = figures(self.protocol, table_of(self.protocol, [(self.row(1), ["A", "B"]), (self.row(2), ["A", None])]))
        assert (found["set accuracy"].value, found["set accuracy"].n) == (1, 1)
        assert found["individual accuracy"].n == 3
        assert found["invalid"].n == 3

    @pytest.mark.parametrize(
        ("a", "b", "value", "answered"), [(9, 6, 1.0, True), (9, 7, 0.0, False), (2, 5, 0.0, True), (5, 5, 0.0, False)]
    )
    def test_the_margin_of_free_form_answers(self, a, b, value, answered):
        protocol = self.protocol.variant("free-form")
        (first, _) = protocol.items(self.row(1))
        verdict = f"A: {a}, B: {b}"
        score = protocol.score(first, Played(reply="something", verdicts={"closeness": verdict}))
        assert (score.value, score.answered) == (value, answered)

    def test_no_reading_of_the_judge_is_missing(self):
        protocol = self.protocol.variant("free-form")
        (first, _) = protocol.items(self.row(1))
        score = protocol.score(first, Played(reply="something", verdicts={"closeness": None}))
        assert math.isnan(score.value)

    def test_an_item_under_each_of_its_categories(self):
        table = table_of(self.protocol, [(self.row(1), ["A", "B"])])
        assert {level: len(part.ids) for level, part in table.by_tag("category").items()} == {"Head": 1, "Skin": 2}


class TestMMEvalPro:
    protocol = find_protocol("mmevalpro")

    def rows(self, source, triplet, answers="BBB"):
        for kind, answer in zip(("Origin", "Perception", "Knowledge"), answers, strict=True):
            yield {
                "index": f"{source}{triplet}{kind}", "triplet_id": triplet, "question": "?", "choices": ["x", "y"],
                "answer": answer, "source": source, "eval_type": kind,
            }  # fmt: skip

    def test_genuine_accuracy_micro_and_macro(self):
        replies = [(row, ["B"]) for row in self.rows("MMMU", 1)]
        replies += [(row, ["B"]) for row in self.rows("MMMU", 2)]
        replies += [(row, [reply]) for row, reply in zip(self.rows("ScienceQA", 1), "BBA", strict=True)]
        found = figures(self.protocol, table_of(self.protocol, replies))
        assert (found["genuine accuracy"].value, found["genuine accuracy"].n) == (pytest.approx(2 / 3), 3)
        assert found["genuine accuracy, mean of sources"].value == pytest.approx((1 + 0) / 2)
        assert found["average accuracy"].value == pytest.approx(8 / 9)
        assert found["knowledge accuracy"].value == pytest.approx(2 / 3)

    def test_a_triplet_that_lacks_a_question_is_missing_not_genuine(self):
        rows = [*self.rows("MMMU", 1), *list(self.rows("MMMU", 2))[:2]]
        found = figures(self.protocol, table_of(self.protocol, [(row, ["B"]) for row in rows]))
        assert (found["genuine accuracy"].value, found["genuine accuracy"].n) == (1, 1)
        assert found["average accuracy"].n == 5

    @pytest.mark.parametrize("variant", [None, "released-code"])
    @pytest.mark.parametrize(
        ("answer", "reply", "value"),
        [("d", "d", 1), ("d", "D", 0), ("D", "d", 0), ("gray fox", "gray fox", 1), ("gray fox", "Gray fox", 0),
         ("J", "J", 1), ("Z", "D", 0), ("B", "B", 1)],
    )  # fmt: skip
    def test_equality_minds_capitals(self, variant, answer, reply, value):
        protocol = self.protocol.variant(variant) if variant else self.protocol
        (row, *_) = self.rows("MMMU", 1, answers=[answer, "B", "B"])
        (item,) = protocol.items({**row, "choices": ["w", "x", "y", "z"]})
        expected = 1 if not variant and (answer, reply) == ("D", "d") else value  # a small letter states the option
        assert protocol.score(item, Played(reply=reply)).value == expected

    def test_every_figure_comes_as_the_mean_of_sources_too(self):
        replies = [(row, ["B"]) for row in self.rows("MMMU", 1)] + [(row, ["B"]) for row in self.rows("MMMU", 2)]
        replies += [(row, [reply]) for row, reply in zip(self.rows("ScienceQA", 1), "BAA", strict=True)]
        found = figures(self.protocol, table_of(self.protocol, replies))
        assert found["average accuracy, mean of sources"].value == pytest.approx((1 + 1 / 3) / 2)
        assert found["origin accuracy, mean of sources"].value == 1
        assert found["perception accuracy, mean of sources"].value == pytest.approx(1 / 2)
        assert found["knowledge accuracy"].value == pytest.approx(2 / 3)

    def test_the_released_code_counts_a_triplet_that_lacks_a_question(self):
        rows = [(row, ["B"]) for row in [*self.rows("MMMU", 1), *list(self.rows("MMMU", 2))[:2]]]
        released = self.protocol.variant("released-code")
        found = figures(released, table_of(released, rows))
        assert (found["genuine accuracy"].value, found["genuine accuracy"].n) == (1, 2)

    @pytest.mark.parametrize("variant", [None, "released-code"])
    def test_the_authors_result_file_holds_no_questions(self, tmp_path, variant):
        protocol = self.protocol.variant(variant) if variant else self.protocol
        said = {"Origin": "B", "Perception": "B", "Knowledge": "A"}
        rows = [{key: row[key] for key in ("index", "triplet_id", "answer", "source", "eval_type")}
                | {"model_output": said[row["eval_type"]]} for row in self.rows("MMMU", 1)]  # fmt: skip
        path = tmp_path / "demo_model_output.json"
        path.write_text(json.dumps(rows))
        for items in ((), [item for row in self.rows("MMMU", 1) for item in protocol.items(row)]):
            table = tabulate(score_all(protocol.score, protocol.recorded(path, items)))
            assert table.values == [1, 1, 0]
            assert figures(protocol, table)["genuine accuracy"].value == 0
        unrecorded = [item for row in self.rows("MathVista", 9) for item in protocol.items(row)]
        table = tabulate(score_all(protocol.score, protocol.recorded(path, unrecorded)))
        assert not table.is_known.any()

    def test_an_image_of_a_hub_s_table_is_its_bytes(self):
        (row, *_) = self.rows("MMMU", 1)
        (item,) = self.protocol.items({**row, "image": {"bytes": b"png", "path": "1.png"}})
        assert item.images == (b"png",)


class TestProbMed:
    protocol = find_protocol("probmed")

    def rows(self, image, kind="mri", **answers):
        for qa_type, (answer, said) in answers.items():
            row = {"id": image, "image": "a.png", "image_type": kind, "qa_type": qa_type, "question": "?"}
            yield row | {"answer": answer}, [said]

    def test_credit_needs_the_twin_too(self):
        rows = [
            *self.rows(1, modality_gt=("yes", "Yes"), modality_hallu=("no", "No"), body_part_gt=("yes", "Yes"),
                       body_part_hallu=("no", "Yes"), abnormality=("yes", "No")),
            *self.rows(2, modality_gt=("yes", "yes."), modality_hallu=("no", "Yes"), body_part_gt=("yes", "Yes"),
                       body_part_hallu=("no", "no"), abnormality=("yes", "Yes, and No")),
            *self.rows(3, entity_gt_1=("yes", "Yes"), entity_hallu_1=("no", "No"), entity_gt_2=("yes", "Yes"),
                       entity_hallu_2=("no", "perhaps")),
        ]  # fmt: skip
        found = figures(self.protocol, table_of(self.protocol, rows))
        assert found["modality"].value == 1 / 2
        assert found["organ"].value == 1 / 2
        assert found["abnormality"].value == 1 / 2
        assert (found["condition"].value, found["condition"].n) == (0, 1)
        assert found["condition, without twins"].value == 1
        assert found["modality, without twins"].value == 1
        # All three images weigh in each paired family, the two answers in abnormality.
        assert found["overall"].value == pytest.approx((3 / 2 + 3 / 2 + 2 / 2 + 0) / (3 + 3 + 2 + 3))
        assert found["overall, without twins"].value == pytest.approx((3 + 3 + 3) / (3 + 3 + 3))
        assert math.isnan(found["position"].value)
        released = figures(self.protocol.variant("released-code"), table_of(self.protocol, rows))
        assert released["overall"].value == pytest.approx((2 / 2 + 2 / 2 + 2 / 2 + 0) / (2 + 2 + 2 + 3))

    def test_an_image_with_other_than_two_answers_is_dropped_but_weighs(self):
        rows = [
            *self.rows(1, modality_gt=("yes", "Yes"), modality_hallu=("no", "No")),
            *self.rows(2, modality_gt=("yes", "No")),
            *self.rows(3, abnormality=("yes", "No")),
        ]
        found = figures(self.protocol, table_of(self.protocol, rows))
        assert (found["modality"].value, found["modality"].n) == (1, 1)
        assert (found["modality, without twins"].value, found["modality, without twins"].n) == (1, 1)
        assert found["overall"].value == pytest.approx(3 / 4)  # modality weighs 3 images, abnormality 1 answer
        released = figures(self.protocol.variant("released-code"), table_of(self.protocol, rows))
        assert released["overall"].value == pytest.approx(1 / 2)  # modality weighs the one image that is left
        three = self.rows(1, modality_gt=("yes", "Yes"), modality_hallu=("no", "No"), modality_hallu_2=("no", "No"))
        assert math.isnan(figures(self.protocol, table_of(self.protocol, three))["modality"].value)

    def test_images_without_a_finding_have_one_twin_alone_and_no_position(self):
        rows = [
            *self.rows(1, entity_hallu=("no", "No")),
            *self.rows(2, entity_hallu=("no", "Yes")),
            *self.rows(3, "ct", entity_gt_7=("yes", "Yes"), entity_hallu_7=("no", "No"), grounding_gt_7=("yes", "Yes"),
                       grounding_hallu_7=("no", "Yes")),
        ]  # fmt: skip
        found = figures(self.protocol, table_of(self.protocol, rows))
        assert found["condition"].value == pytest.approx(2 / 3)
        assert found["condition, without twins"].value == pytest.approx(2 / 3)
        assert (found["position"].value, found["position, without twins"].value) == (0, 1)
        assert found["overall"].value == pytest.approx((2 * 1 / 2 + 1 + 0) / (2 + 1 + 1))

    def test_image_types_weigh_by_all_their_images(self):
        rows = [
            *self.rows(1, grounding_gt_1=("yes", "Yes"), grounding_hallu_1=("no", "No")),
            *self.rows(2, abnormality=("no", "No")),
            *self.rows(3, abnormality=("no", "No")),
            *self.rows(4, "ct", grounding_gt_1=("yes", "Yes"), grounding_hallu_1=("no", "Yes")),
        ]
        found = figures(self.protocol, table_of(self.protocol, rows))
        assert (found["position"].value, found["position"].n) == (pytest.approx(3 / 4), 2)
        assert found["position"].low <= found["position"].value <= found["position"].high

    def test_a_question_without_its_twin_counts_for_nothing(self):
        rows = self.rows(1, entity_gt_1=("yes", "No"), entity_gt_2=("yes", "Yes"), entity_hallu_2=("no", "No"))
        found = figures(self.protocol, table_of(self.protocol, rows))
        assert (found["condition"].value, found["condition, without twins"].value) == (1, 1)

    def test_a_failed_ask_is_missing_and_no_lost_twin(self):
        rows = self.rows(1, entity_gt_1=("yes", "Yes"), entity_hallu_1=("no", None))
        found = figures(self.protocol, table_of(self.protocol, rows))
        assert (math.isnan(found["condition"].value), found["condition"].n) == (True, 0)
        assert found["condition, without twins"].value == 1

    def test_result_files_of_the_authors_with_and_without_the_type_of_image(self, tmp_path):
        said = {"modality_gt": ("yes", "Yes, it is."), "modality_hallu": ("no", "No.")}
        whole = [
            {"id": 9, "gpt_idx": k, "qa_type": qa_type, "question": "?", "gt_ans": answer, "response": reply}
            for k, (qa_type, (answer, reply)) in enumerate(said.items())
        ]
        path = tmp_path / "gpt4o.json"
        path.write_text(json.dumps([row | {"image_type": "x-ray_chest"} for row in whole]))
        table = tabulate(score_all(self.protocol.score, self.protocol.recorded(path, ())))
        assert (table.values, set(table.tags["image type"])) == ([1, 1], {"x-ray_chest"})
        bare = tmp_path / "gpt4o.jsonl"
        bare.write_text("".join(json.dumps(row) + "\n" for row in whole))
        (row, _), *_ = self.rows(9, "ct_brain", modality_gt=("yes", ""))
        for items, kind in (((), ""), (self.protocol.items(row), "ct_brain")):
            table = tabulate(score_all(self.protocol.score, self.protocol.recorded(bare, items)))
            assert (table.values, set(table.tags["image type"])) == ([1, 1], {kind})

    def test_yes_and_no_in_one_reply_is_right_either_way(self):
        (row, _), *_ = self.rows(1, abnormality=("no", ""))
        (item,) = self.protocol.items(row)
        assert self.protocol.score(item, Played(reply="Yes. No.")).value == 1
        assert self.protocol.score(item, Played(reply="YES")).answered is True
        assert self.protocol.score(item, Played(reply="nope")).answered is False


def test_free_form_play_asks_model_then_judge():
    protocol = find_protocol("mediconfusion").variant("free-form")
    (first, second) = protocol.items(protocol.examples[0].row)
    assert [play_item(protocol, item, item.target)[1].value for item in (first, second)] == [1, 1]
