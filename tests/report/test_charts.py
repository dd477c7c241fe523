import re
from dataclasses import replace
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dermatrust.bench.results import MEASURES, Estimate
from dermatrust.report.donut import donut, slices
from dermatrust.report.forest_chart import forest_chart, symmetric_axis
from dermatrust.report.intervals import WIDE, WIDTH, Axis, IntervalRow, interval_chart
from dermatrust.report.score_chart import models_in_order, score_chart
from dermatrust.report.svg import shorten, text_width, wrapped

SVG = "{http://www.w3.org/2000/svg}"
NAN = float("nan")
SCALE = Axis(0.0, 5.0, tuple((float(k), str(k)) for k in range(6)))

names = st.text(min_size=1, max_size=80)
numbers = st.one_of(st.just(NAN), st.floats(-3, 9))
interval_rows = st.lists(
    st.builds(IntervalRow, names, names, numbers, numbers, numbers, names, st.integers(0, 9)), max_size=8
)


def texts(chart):
    return [element.text for element in ElementTree.fromstring(chart).iter(f"{SVG}text")]


def extent(element):
    """The x and y values an element reaches, texts by the width allowed for them."""
    get = lambda name: float(element.get(name))  # noqa: E731
    tag = element.tag.removeprefix(SVG)
    if tag == "line":
        return [get("x1"), get("x2")], [get("y1"), get("y2")]
    if tag == "circle":
        reach = get("r") + float(element.get("stroke-width", 0)) / 2
        return [get("cx") - reach, get("cx") + reach], [get("cy") - reach, get("cy") + reach]
    if tag in ("polygon", "polyline"):
        points = [pair.split(",") for pair in element.get("points").split()]
        return [float(x) for x, _ in points], [float(y) for _, y in points]
    if tag == "text":
        width = text_width(element.text or "")
        start = get("x") - {"end": width, "middle": width / 2}.get(element.get("text-anchor"), 0)
        return [start, start + width], [get("y") - 9, get("y") + 3]
    if tag == "path":
        points = re.findall(r"(-?[\d.]+) (-?[\d.]+)(?=[ALZ]|$)", element.get("d"))
        return [float(x) for x, _ in points], [float(y) for _, y in points]
    return [], []


def assert_inside_its_frame(chart):
    root = ElementTree.fromstring(chart)
    _, _, width, height = (float(value) for value in root.get("viewBox").split())
    for element in root.iter():
        xs, ys = extent(element)
        assert all(-0.5 <= x <= width + 0.5 for x in xs), ElementTree.tostring(element)
        assert all(-0.5 <= y <= height + 0.5 for y in ys), ElementTree.tostring(element)


@given(interval_rows)
def test_an_interval_chart_is_well_formed_and_stays_inside_its_frame(rows):
    chart = interval_chart(rows, SCALE, ident="c", title="A < B", desc='says "so"')
    assert_inside_its_frame(chart)
    assert "nan" not in re.sub(r"<(text|title|desc)[^>]*>[^<]*", "", chart)


@given(st.lists(st.tuples(names, st.integers(0, 10**6)), max_size=40))
def test_a_donut_is_well_formed_and_stays_inside_its_frame(counts):
    chart = donut(counts, title="Mix")
    if sum(n for _, n in counts):
        assert_inside_its_frame(chart)
    else:
        assert chart == ""


@pytest.mark.parametrize("n_models", [1, 3])
@pytest.mark.parametrize("kind", ["scores", "differences"])
def test_no_line_of_the_scale_strikes_through_words(make_table, n_models, kind):
    table = make_table([f"organisation/a-rather-long-model-name-{i}" for i in range(n_models)], ["lexical", "judge"])
    if kind == "scores":
        rows = [replace(row, macro=Estimate(NAN, NAN, NAN, 0, 24)) for row in table.rows[:1]]
        chart = score_chart(replace(table, rows=(*rows, *table.rows[1:])), "macro")
    else:
        chart = forest_chart(table, "lexical", "macro", by="lexical")
    elements = list(ElementTree.fromstring(chart).iter())
    words = [extent(element) for element in elements if element.tag == f"{SVG}text"]
    lines = [extent(element) for element in elements if element.get("class") in {"grid", "zero"}]
    assert words
    assert lines
    for (x, _), (top, bottom) in lines:
        assert not [w for w in words if w[0][0] < x < w[0][1] and w[1][0] < bottom and top < w[1][1]]


@given(st.lists(st.text(st.characters(categories=["L", "Zs"])), max_size=20), st.integers(1, 4), st.floats(60, 300))
def test_wrapped_lines_fit_and_lose_nothing_silently(words, most_lines, width):
    text = " ".join(words)
    lines = wrapped(text, width, most_lines)
    assert 1 <= len(lines) <= most_lines
    assert all(text_width(line) <= width for line in lines)
    assert "…" in "".join(lines) or " ".join(lines).split() == text.split()


def test_long_category_names_wrap_and_end_at_a_word():
    name = "Cellulitis Impetigo and other Bacterial Infections of the skin and of soft tissue"
    chart = donut([(name, 3), ("Eczema", 1)], title="Mix")
    assert_inside_its_frame(chart)
    root = ElementTree.fromstring(chart)
    shown = [element for element in root.iter(f"{SVG}text") if element.get("class") == "name"]
    assert [element.text for element in shown] == [
        "Cellulitis Impetigo",
        "and other Bacterial",
        "Infections of the…",
        "Eczema",
    ]
    assert {element.findtext(f"{SVG}title") for element in shown[:3]} == {name}
    assert shown[3].find(f"{SVG}title") is None


@given(st.lists(st.integers(1, 1000), min_size=1, max_size=30))
def test_a_donut_counts_every_case_once(counts):
    parts = slices([(f"c{i}", n) for i, n in enumerate(counts)])
    assert sum(part.n for part in parts) == sum(counts)
    assert len(parts) <= 9


def test_a_donut_names_its_eight_largest_and_sums_the_rest():
    parts = slices([(f"c{n}", n) for n in range(1, 24)])
    assert [part.n for part in parts[:8]] == list(range(23, 15, -1))
    assert (parts[8].name, parts[8].n) == ("other (15 categories)", sum(range(1, 16)))


def test_a_rest_of_one_category_keeps_its_name():
    assert slices([(f"c{n}", n) for n in range(1, 10)])[-1].name == "c1"


def test_a_donut_of_one_category_is_a_whole_ring():
    assert "<circle" in donut([("Eczema", 7)], title="Mix")


def test_donut_labels_do_not_overlap():
    counts = [("a", 1000)] + [(f"tiny {i}", 1) for i in range(8)]
    root = ElementTree.fromstring(donut(counts, title="Mix"))
    heights = {}
    for element in root.iter(f"{SVG}text"):
        heights.setdefault(element.get("text-anchor"), []).append(float(element.get("y")))
    ends = sorted(heights["end"])
    assert all(b - a >= 13 for a, b in pairwise(ends))


@given(st.lists(st.tuples(st.sampled_from(["tiny", "two words that do not fit into one line"]), st.integers(1, 900))))
def test_donut_labels_never_overlap(counts):
    chart = donut([(f"{name} {i}", n) for i, (name, n) in enumerate(counts)], title="Mix")
    if not chart:
        return
    heights = {"start": [], "end": []}
    for element in ElementTree.fromstring(chart).iter(f"{SVG}text"):
        if element.get("text-anchor") in heights:
            heights[element.get("text-anchor")].append(float(element.get("y")))
    for side in heights.values():
        assert all(b - a >= 13.9 for a, b in pairwise(sorted(side)))


@pytest.mark.parametrize("n_models", [1, 3, 9])
@pytest.mark.parametrize("raters", [("lexical",), ("lexical", "judge")])
def test_every_model_and_value_is_written_out(make_table, n_models, raters):
    authors = [f"model-{i}" for i in range(n_models)]
    table = make_table(authors, raters)
    for measure in MEASURES:
        chart = score_chart(table, measure)
        assert_inside_its_frame(chart)
        found = texts(chart)
        assert all(author in found for author in authors)
        assert sum("[" in text for text in found) == n_models * len(raters)
        assert all(found.count(rater) == (n_models if len(raters) > 1 else 0) for rater in raters)


def test_raters_differ_by_shape_as_well_as_colour(make_table):
    chart = score_chart(make_table(["m"], ["a", "b"]), "macro")
    assert len(re.findall("<circle", chart)) == 1
    assert len(re.findall("<polygon", chart)) == 1


def test_a_forest_chart_shows_every_pair(make_table):
    table = make_table(["a", "b", "c"], ["lexical"])
    chart = forest_chart(table, "lexical", "macro", by="the lexical judge")
    assert_inside_its_frame(chart)
    assert {"a − b", "a − c", "b − c"} <= set(texts(chart))


def test_long_names_are_cut_in_the_middle_and_kept_in_a_title(make_table):
    name = "organisation/" + "very-" * 30 + "long-2026"
    chart = score_chart(make_table([name], ["lexical"]), "macro")
    assert_inside_its_frame(chart)
    group = next(e for e in ElementTree.fromstring(chart).iter(f"{SVG}text") if e.get("class") == "group")
    assert group.text.startswith("organisation/")
    assert group.text.endswith("long-2026")
    assert group.find(f"{SVG}title").text == name


@given(names, st.floats(20, 400))
def test_a_shortened_text_fits(text, width):
    assert text_width(shorten(text, width)) <= max(width, text_width("W…W") * 2)


def test_undefined_estimates_are_words_not_marks():
    rows = [IntervalRow("m", "", NAN, NAN, NAN, "–"), IntervalRow("k", "", 3.0, NAN, NAN, "3.00")]
    chart = interval_chart(rows, SCALE, ident="c", title="t", desc="d")
    assert "no score" in texts(chart)
    assert chart.count("<circle") == 1
    assert 'class="bar' not in chart


def test_a_chart_gives_its_labels_and_values_the_room_they_need_and_the_scale_the_rest():
    rows = [IntervalRow("m", "planted referral, one by one", 3.0, 2.0, 4.0, "47 % [33, 58]")]
    charts = [interval_chart(rows, SCALE, ident="c", title="t", desc="d", width=width) for width in (WIDTH, WIDE)]
    scales = []
    for chart, width in zip(charts, (WIDTH, WIDE), strict=True):
        assert "…" not in chart
        assert_inside_its_frame(chart)
        assert chart.startswith(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} ')
        at = [float(x) for x in re.findall(r'<line x1="([\d.]+)" y1="[\d.]+" x2="\1"', chart)]
        scales.append(max(at) - min(at))
    assert scales[0] >= 120
    assert scales[1] == pytest.approx(scales[0] + WIDE - WIDTH, abs=0.2)


def test_models_without_a_mean_stand_last(make_table):
    table = make_table(["good", "none", "poor"], ["r"])
    rows = tuple(
        replace(row, macro=Estimate(NAN, NAN, NAN, 0, 24)) if row.author == "none" else row for row in table.rows
    )
    assert models_in_order(replace(table, rows=rows)) == ["good", "poor", "none"]


@given(st.lists(st.floats(-5, 5), max_size=6))
def test_the_axis_of_differences_is_symmetric_and_holds_every_value(values):
    axis = symmetric_axis([IntervalRow("g", "", v, v, v, "") for v in values])
    assert axis.low == -axis.high
    assert all(axis.low <= v <= axis.high for v in values)
    assert axis.zero in [value for value, _ in axis.ticks]


def test_a_chart_reads_itself_out():
    root = ElementTree.fromstring(interval_chart([], SCALE, ident="c", title="Means", desc="All of them"))
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == "c-title c-desc"
    assert [root.find(f"{SVG}{tag}").text for tag in ("title", "desc")] == ["Means", "All of them"]


def test_the_longest_figure_with_its_interval_is_not_cut():
    value = "+100.0 [−100.0, +100.0]"
    rows = [IntervalRow("m", "a label that is as long as any label can be", 0.0, -1.0, 1.0, value)]
    assert value in texts(interval_chart(rows, SCALE, ident="c", title="t", desc="d"))
