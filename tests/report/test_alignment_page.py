"""The page of an alignment study: what it says, and that nothing a model wrote is taken for markup."""

import base64
import hashlib
import math
import re
from dataclasses import replace
from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import pytest

from dermatrust.align.compare import Bootstrap
from dermatrust.align.details import StudyResult, details_of
from dermatrust.align.ratings import read_rating_table
from dermatrust.align.results import RankingRow
from dermatrust.align.study import align
from dermatrust.align.target import study_of
from dermatrust.bench.results import MEASURES, Estimate
from dermatrust.records import DIMENSIONS, Case, DatasetCard, Narrative, Rater, Rating, Unscored
from dermatrust.report.agreement_views import measure_lines, number_cell, replacement_lines
from dermatrust.report.alignment_page import write_alignment
from dermatrust.report.alignment_summary import bias_words, sentences, summary_lines
from dermatrust.report.part_views import missing_lines
from dermatrust.report.plot import Level, Plot, Scale
from dermatrust.report.rater_views import confusion_table, rater_views
from dermatrust.store.folder import DatasetFolder, write_dataset
from dermatrust.store.jsonl import append_records

from .parsed import Page

NAN = math.nan
HOSTILE = '<script>alert(1)</script></svg></table>" onmouseover="alert(1)" {{ 7 * 7 }} \x01'
BOOTSTRAP = Bootstrap(n_resamples=60)
N = 50


def ratings_of(k, text):
    """Two people one point apart, a judge half a point above their mean, an evaluator that is right and says so."""
    base = float(1 + k % 4)
    people = {"Dr A": base, "Dr B": base + 1}
    ratings = [Rating(narrative_id=f"n{k}", rater=r, scores=dict.fromkeys(DIMENSIONS, s)) for r, s in people.items()]
    judged = {d: min(5.0, base + 1.0) for d in DIMENSIONS if (d, k) != (DIMENSIONS[1], 3)}
    unread = {d: Unscored(reason="unreadable") for d in DIMENSIONS if d not in judged}
    ratings.append(Rating(narrative_id=f"n{k}", rater="judge", scores=judged, unscored=unread, critique=text))
    eye = dict.fromkeys(DIMENSIONS, 0.0 if k == 5 else base + 0.5)
    stated = dict.fromkeys(DIMENSIONS, 0.8)
    return [*ratings, Rating(narrative_id=f"n{k}", rater="eye", scores=eye, probabilities=stated)]


@pytest.fixture
def make(tmp_path, make_sketch):
    """Return a function that writes the page of a made-up dataset and returns (its text, study, details)."""

    def make(*, synthetic=True, may_leave=True, text="A plaque.", critique="Because.", panel=True, n_worst=2, n=N):
        photo, path = tmp_path / "photo.jpg", tmp_path / "d"
        photo.write_bytes(make_sketch(1))
        card = DatasetCard(name="d & e", version="1", source="s", licence="private", consent="c", synthetic=synthetic,
                           may_leave_machine=may_leave)  # fmt: skip
        cases = [
            Case(id=f"c{k}", label="psoriasis", fitzpatrick=1 + k % 2, patient_id=f"SECRET-{k}",
                 file_names=(f"images/{k}.jpg",))
            for k in range(n)
        ]  # fmt: skip
        write_dataset(path, card, cases, [], [(f"images/{k}.jpg", photo) for k in range(n)])
        narratives = [Narrative(id=f"n{k}", case_id=f"c{k}", author=f"m{k % 2}", text=text) for k in range(n)]
        ratings = [rating for k in range(n) for rating in ratings_of(k, critique)]
        raters = [Rater(id="Dr A", kind="human", years=9), Rater(id="Dr B", kind="human")] if panel else []
        raters += [Rater(id="eye", kind="evaluator")]
        for name, records in (("narratives", narratives), ("ratings", ratings), ("raters", raters)):
            append_records(path / f"{name}.jsonl", records)
        folder = DatasetFolder.open(path)
        table = read_rating_table(folder)
        study = align(table, BOOTSTRAP, n_worst=n_worst)
        details = details_of(study_of(table), BOOTSTRAP)
        write = tmp_path / "alignment.html"
        write_alignment(
            write,
            StudyResult(card, study, details, BOOTSTRAP),
            cases={case.id: case for case in cases},
            image_path=folder.image_path,
        )
        return write.read_text("utf-8"), study, details

    return make


def test_the_page_is_well_formed_and_reads_in_order(make):
    text, _, _ = make()
    page = Page(text)
    assert [len(page.all(tag)) for tag in ("h1", "main", "nav", "footer")] == [1, 1, 1, 1]
    idents = [attrs["id"] for _, attrs, _ in page.tags if "id" in attrs]
    assert len(idents) == len(set(idents)) > 50
    assert {attrs["href"].removeprefix("#") for attrs in page.all("a")} <= set(idents)
    labels = {part for _, attrs, _ in page.tags for part in attrs.get("aria-labelledby", "").split()}
    assert labels <= set(idents)
    levels = [int(tag[1]) for tag, _, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_every_table_has_a_caption_every_header_a_scope_and_every_chart_its_text(make):
    text, _, _ = make()
    page = Page(text)
    assert len(page.all("table")) == len(page.all("caption")) > 30
    assert all(attrs.get("scope") in {"col", "row", "rowgroup"} for attrs in page.all("th"))
    assert all(attrs.get("alt") for attrs in page.all("img"))
    charts = re.findall(r"<svg.*?</svg>", text, re.DOTALL)
    # 2 scales x 7 measures, 1 of differences, 6 Bland-Altman each of two raters, 6 + 6 of the one that states
    assert len(charts) == 14 + 1 + 12 + 12
    for chart in charts:
        root = ElementTree.fromstring(chart)
        assert root.get("role") == "img"
        (title, desc) = list(root)[:2]
        assert [child.tag.rpartition("}")[2] for child in (title, desc)] == ["title", "desc"]
        assert title.text
        assert desc.text
    for before in text.split("<svg")[:-1]:
        assert before.endswith('tabindex="0">')


def test_nothing_is_fetched_and_the_policy_allows_only_our_own_style_and_script(make):
    text, _, _ = make()
    page = Page(text)
    loaded = [
        attrs[key] for _, attrs, _ in page.tags for key in ("src", "href", "xlink:href", "action") if key in attrs
    ]
    assert all(target.startswith(("data:image/jpeg;base64,", "#")) for target in loaded)
    assert not any("style" in attrs or key.startswith("on") for _, attrs, _ in page.tags for key in attrs)
    policy = next(attrs["content"] for attrs in page.all("meta") if "http-equiv" in attrs)
    for tag in ("style", "script"):
        (source,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        assert f"{tag}-src 'sha256-{base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()}'" in policy
        assert "url(" not in source


def test_a_hostile_narrative_and_critique_are_shown_and_never_interpreted(make):
    text, _, _ = make(text=HOSTILE, critique=HOSTILE)
    page = Page(text)
    assert len(page.all("script")) == len(page.all("style")) == 1
    assert not any(key.startswith("on") for _, attrs, _ in page.tags for key in attrs)
    assert "".join(page.text).count(HOSTILE) >= 4  # two narratives each of two raters, and the judge's critiques
    assert "<script>alert" not in text


def test_synthetic_is_said_on_top_and_on_every_table_chart_and_case(make):
    text, _, _ = make(synthetic=True)
    for tag in ("caption", "figcaption", "h4 id"):
        found = re.findall(rf"<{tag}.*?</{tag.split()[0]}>", text, re.DOTALL)
        assert found
        assert all("Synthetic data" in one for one in found)
    assert "None of its numbers says anything about clinical performance" in text


def test_photographs_are_not_called_synthetic_and_a_card_that_keeps_them_is_obeyed(make):
    text, _, _ = make(synthetic=False, may_leave=False)
    assert "Synthetic data" not in text
    assert "contains case images that may not leave this machine" in text
    assert "SECRET" not in text


def test_key_numbers_are_those_of_the_study(make):
    text, study, _ = make()
    words = " ".join(re.sub(r"<[^>]+>", " ", text).split())
    # The judge is half a point above the panel's mean; the evaluator is right but for one narrative, 2.5 points off.
    assert summary_lines(study)[0].name == "eye"
    (judge,) = [line for line in summary_lines(study) if line.name == "judge"]
    assert (judge.error.value, judge.error.interval, judge.bias.value) == ("0.50", "[0.50, 0.50]", "+0.50")
    assert judge.bias_means == "more generous"
    first = sentences(study)[0]
    assert first.startswith(f"eye errs by {2.5 / N:.2f} [")
    assert "one of the panel, against the others, by 1.00" in first
    assert "It is not shown to be more generous or stricter" in first
    assert "judge errs by 0.50 [0.50, 0.50] points on average" in words
    assert "It is more generous than the target by 0.50 [0.50, 0.50] points." in words
    assert f"judge unreadable 1 of {6 * N} (0.3 %)" in words
    assert "Dr A (human, 9 years)" in words


def test_a_score_stated_at_80_percent_is_held_to_the_target(make):
    _, study, details = make()
    judge, eye = sorted(rater_views(study, details), key=lambda view: view.name, reverse=True)
    assert judge.confidence == judge.reliabilities == ()
    line = eye.confidence[0]
    assert (line.stated, line.right, line.excess, eye.step) == (
        "80 %",
        f"{100 * (N - 1) / N:.0f} %",
        "−18",
        "half points",
    )
    assert line.ece == "0.18"
    assert eye.bins == (("70–80 %", ("98.0 % of 50",) * 6),)
    assert [line.n for line in judge.limits][:2] == ["50 of 50", "49 of 50"]


def test_a_confusion_table_has_counts_row_shares_and_both_margins():
    counts = np.zeros((6, 6), dtype=np.int64)
    counts[2, 2], counts[2, 3], counts[5, 0] = 3, 1, 400
    table = confusion_table(counts, ident="i", title="Safety")
    score, cells, total = table.rows[2]
    assert (score, cells[2].n, cells[2].share, total.n, total.share) == ("2", "3", "75 %", "4", "1 %")
    assert (cells[2].css, cells[3].css, cells[0].css) == ("shade4 same", "shade2", "shade0")
    assert table.rows[5][1][0].css == "shade5"
    assert [cell.n for cell in table.totals] == ["400", "0", "3", "1", "0", "0"]
    assert (table.totals[3].share, table.n) == ("<1 %", "404")


def test_worst_cases_have_texts_scores_and_small_images(make):
    text, _, _ = make(text="A salmon plaque.", critique="It names the plaque.", n_worst=3)
    page = Page(text)
    assert len([a for a in page.all("article") if a.get("class") == "worst"]) == 4  # the evaluator errs on one only
    assert len(page.all("img")) == 4
    assert text.count("A salmon plaque.") == 4
    assert text.count("It names the plaque.") == 3
    assert text.count("It gave scores and no critique.") == 1


def test_no_worst_case_is_shown_where_none_was_asked_for(make):
    text, _, _ = make(n_worst=0, text="A salmon plaque.")
    assert "No narrative is shown: none was asked for" in text
    assert "A salmon plaque." not in text
    assert "<img" not in text


def test_an_image_that_is_gone_is_said_to_be_missing(make, tmp_path):
    _, study, details = make()
    (tmp_path / "d" / "images" / "5.jpg").unlink()
    folder = DatasetFolder.open(tmp_path / "d")
    path = tmp_path / "again.html"
    result = StudyResult(folder.card, study, details, BOOTSTRAP)
    write_alignment(path, result, cases={}, image_path=folder.image_path)
    text = path.read_text("utf-8")
    assert "Image 1 is not shown:" in text
    assert str(tmp_path) not in text


def test_a_panel_alone_still_gives_a_page(make, tmp_path):
    _, study, details = make()
    alone = replace(study, automatic=(), agreement=[r for r in study.agreement if r.role in ("panel", "member")],
                    differences=(), rankings=(), replacements=(), groups=(), worst=())  # fmt: skip
    bare = replace(details, dimensions=(), confidence=(), gaps=(), within=(), missing={})
    path = tmp_path / "alone.html"
    card = DatasetFolder.open(tmp_path / "d").card
    result = StudyResult(card, alone, bare, BOOTSTRAP)
    write_alignment(path, result, cases={}, image_path=tmp_path.joinpath)
    text = path.read_text("utf-8")
    Page(text)
    assert "there is no automatic rater to compare" in text
    assert "Nothing: every rater gave every score" in text


def test_undefined_numbers_never_appear_as_nan(make):
    text, _, _ = make(n=3)
    Page(text)
    assert not re.search(r"\bnan\b", text, re.IGNORECASE)


def test_a_bias_row_of_the_whole_panel_is_left_out_and_missing_scores_are_counted(make):
    _, study, _ = make()
    biases = measure_lines(study, "as given", "bias", signed=True)
    assert sorted(line.name for line in biases) == ["Dr A", "Dr B", "eye", "judge"]
    assert "one of the panel" in {line.name for line in measure_lines(study, "as given", "MAE")}
    (judge,) = [line for line in measure_lines(study, "as given", "MAE") if line.name == "judge"]
    assert (judge.compared, judge.missing) == (f"{N - 1}–{N} of {N}", f"1 of {6 * N} scores missing")


def test_the_verdict_of_the_alternative_annotator_test_has_its_numbers(make):
    _, study, _ = make()
    lines = {line.name: line for line in replacement_lines(study)}
    assert {cell.value for cell in lines["eye"].cells} == {"yes"}
    assert lines["eye"].cells[0].interval == "wins 1.00, advantage 0.98"
    assert [member for member, _ in lines["eye"].members] == ["Dr A", "Dr B"]


def test_a_single_patient_is_too_few_for_a_verdict(make):
    text, study, _ = make(n=1)
    assert {(cell.value, cell.interval) for line in replacement_lines(study) for cell in line.cells} == {
        ("too few", "")
    }
    assert {(line.stands_in, line.why) for line in summary_lines(study) if line.name in ("eye", "judge")} == {
        ("too few", "")
    }
    assert all("too few patients to test whether it may stand in" in one for one in sentences(study))
    assert not {"no", "yes"} & set(re.findall(r'<span class="verdict">(.*?)</span>', text))


@pytest.mark.parametrize(
    ("low", "high", "words"), [(0.1, 0.2, "more generous"), (-0.2, -0.1, "stricter"), (-0.1, 0.1, "neither shown"),
                               (NAN, NAN, "not known")]
)  # fmt: skip
def test_which_way_a_rater_leans_needs_an_interval(low, high, words):
    assert bias_words(Estimate(0.1, low, high, 9, 0)) == words


def test_a_strict_rater_is_told_by_how_much(make):
    _, study, _ = make()
    below = [
        replace(row, estimate=Estimate(-0.5, -0.7, -0.4, 9, 0)) if row.statistic == "bias" else row
        for row in study.agreement
    ]
    rankings = [RankingRow("eye", m, Estimate(1.0, 0.5, 1.0, 9, 0), Estimate(NAN, NAN, NAN, 0, 0)) for m in MEASURES]
    said = sentences(replace(study, agreement=below, rankings=rankings))[0]
    assert "It is stricter than the target by 0.50 [0.40, 0.70] points." in said
    assert said.endswith("It orders the models as the target does with a tau-b of 1.00 [0.50, 1.00].")


def test_missing_scores_stand_most_first():
    missing = {"j": {"unreadable": 2, "no answer": 4}, "k": {}}
    assert missing_lines(missing, 10) == [
        ("j", "no answer", "4 of 60 (6.7 %)"), ("j", "unreadable", "2 of 60 (3.3 %)"),
    ]  # fmt: skip


def test_numbers_say_why_they_are_not_there():
    assert number_cell(Estimate(NAN, NAN, NAN, 0, 4)).note == "none"
    assert number_cell(Estimate(NAN, NAN, NAN, 4, 0)).note == "not defined"
    assert number_cell(Estimate(0.5, NAN, NAN, 4, 0)).note == "no interval"
    assert number_cell(Estimate(0.5, 0.4, 0.6, 4, 0), signed=True).value == "+0.50"


def test_labels_of_lines_that_are_close_do_not_overlap():
    plot = Plot(Scale(0, 5, (), "x"), Scale(-5, 5, (), "y"))
    lines = [Level(v, f"{v}", "limit") for v in (0.0, 0.01, 0.02, 4.0, NAN)]
    heights = [
        float(y) for y in re.findall(r'<text x="[\d.]+" y="([\d.]+)" class="level"', "".join(plot.levels(lines)))
    ]
    assert len(heights) == 4
    assert all(before - after >= 12.9 for before, after in pairwise(heights))


def contrast(a, b):
    def light(colour):
        channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((light(a), light(b)))
    return (high + 0.05) / (low + 0.05)


def test_text_stands_out_from_every_shade_in_both_modes(make):
    text, _, _ = make()
    (style,) = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    shades = re.findall(r"--shade(\d): (#\w{6})", style)
    inks = re.findall(r"--ink: (#\w{6})", style)
    assert (len(shades), len(inks)) == (10, 2)
    for ink, mode in zip(inks, (shades[:5], shades[5:]), strict=True):
        assert min(contrast(ink, colour) for _, colour in mode) >= 4.5
