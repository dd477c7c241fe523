import base64
import gc
import hashlib
import re
import tracemalloc
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from dermatrust.errors import DataError
from dermatrust.records import Case, Narrative
from dermatrust.report import Candidate, CasePage, write_report

from .parsed import Page

AUTHORS = ["alpha", "beta", "gamma"]
RATERS = ["judge", "lexical"]


@pytest.fixture
def write(tmp_path, make_table, make_manifest, make_page):
    def write(*, n=3, authors=AUTHORS, raters=RATERS, pages=None, table=None, total=None, chosen=None, **manifest):
        path = tmp_path / "report.html"
        more = {} if chosen is None else {"chosen": chosen}
        write_report(
            path,
            manifest=make_manifest(authors, raters, **manifest),
            table=table or make_table(authors, raters),
            pages=(make_page(k, authors, raters) for k in range(n)) if pages is None else iter(pages),
            n_cases_total=n if total is None else total,
            **more,
        )
        return path.read_text("utf-8")

    return write


def test_the_page_is_well_formed_with_landmarks_and_one_heading_1(write):
    page = Page(write())
    assert [len(page.all(tag)) for tag in ("h1", "main", "nav", "footer")] == [1, 1, 1, 1]
    in_body = {tag for tag, _, inside in page.tags if inside == ("html", "body")}
    assert in_body == {"a", "header", "main", "footer"}
    assert page.all("html") == [{"lang": "en"}]
    idents = [attrs["id"] for _, attrs, _ in page.tags if "id" in attrs]
    assert len(idents) == len(set(idents))
    targets = {attrs["href"].removeprefix("#") for attrs in page.all("a")}
    assert targets <= set(idents)
    labels = {
        part for _, attrs, _ in page.tags for key in ("aria-labelledby",) for part in attrs.get(key, "").split() if part
    }
    assert labels <= set(idents)


def test_every_table_has_a_caption_and_every_header_a_scope(write):
    page = Page(write())
    assert len(page.all("table")) == len(page.all("caption")) > 10
    assert all(attrs.get("scope") in {"col", "row", "rowgroup"} for attrs in page.all("th"))
    assert all("alt" in attrs for attrs in page.all("img"))


def test_every_chart_is_xml_with_title_and_description_and_followed_by_a_table(write):
    text = write()
    charts = re.findall(r"<svg.*?</svg>", text, re.DOTALL)
    assert len(charts) == 7 + 2 * 7 + 1
    for chart in charts:
        root = ElementTree.fromstring(chart)
        assert [child.tag.rpartition("}")[2] for child in root][:2] == ["title", "desc"]
    for after in text.split("</svg>")[1:]:
        assert 0 <= after.find("<table") < 1500


def test_nothing_is_fetched_and_the_policy_allows_only_our_own_style_and_script(write):
    text = write()
    page = Page(text)
    loaded = [
        attrs[key] for _, attrs, _ in page.tags for key in ("src", "href", "xlink:href", "action") if key in attrs
    ]
    assert all(target.startswith(("data:image/jpeg;base64,", "#")) for target in loaded)
    assert not any("style" in attrs or key.startswith("on") for _, attrs, _ in page.tags for key in attrs)
    policy = next(attrs["content"] for attrs in page.all("meta") if "http-equiv" in attrs)
    for tag in ("style", "script"):
        (source,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
        assert "url(" not in source
        assert "@import" not in source
    assert policy.startswith("default-src 'none'; img-src data:;")
    assert "unsafe" not in policy


def test_synthetic_is_said_on_top_and_on_every_table_chart_and_case(write):
    text = write(synthetic=True)
    for tag in ("caption", "figcaption", "h3"):
        found = [s for s in re.findall(rf"<{tag}[ >].*?</{tag}>", text, re.DOTALL) if "Configuration" not in s]
        assert found
        assert all("Synthetic data" in s for s in found)
    assert "None of its numbers says anything about clinical performance" in text
    assert "Synthetic data" not in write(synthetic=False)


@pytest.mark.parametrize("may_leave", [True, False])
def test_the_confidential_banner_follows_the_card(write, may_leave):
    assert ("contains case images that may not leave this machine" in write(may_leave_machine=may_leave)) != may_leave


HOSTILE = [
    "<script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    "</svg></table></article></main><img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)" x="',
    "' autofocus onfocus='alert(1)",
    "{{ 7 * 7 }} {% raw %}",
    "<!-- ]]> <![CDATA[ &lt;b&gt; &amp;",
    "a" * 5000,
    "\u202eright to left override",
    "هذه لويحة حمامية متقشرة",
    "🧴👩🏽‍⚕️ naïve — ümlaut",
    "\x01\x0b\x1b[31m",
    "first line\nsecond line\n\n  indented",
    "erythema " * 10_000,
]


@pytest.mark.parametrize("hostile", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_text_is_shown_and_never_interpreted(write, make_rating, hostile):
    rating = make_rating("n", hostile, critique=hostile)
    case = Case(id=hostile, label=hostile, category=hostile)
    reference = Narrative(id="r", case_id="c", text=hostile, author="a", stream="reference")
    pages = [CasePage(case, (), reference, (Candidate(hostile, hostile, ratings=(rating,)),))]
    text = write(pages=pages, authors=[hostile, "beta"], raters=[hostile], families={hostile: hostile})
    page = Page(text)
    assert len(page.all("script")) == len(page.all("style")) == 1
    assert page.all("img") == []
    assert not any(key.startswith("on") or key in {"style", "autofocus"} for _, attrs, _ in page.tags for key in attrs)
    assert hostile in "".join(page.text)
    for chart in re.findall(r"<svg.*?</svg>", text, re.DOTALL):
        ElementTree.fromstring(chart)


def test_lines_and_spaces_of_a_narrative_are_kept(write):
    narrative = "  Findings:\n\n  - a plaque\n"
    pages = [CasePage(Case(id="c"), candidates=(Candidate("m", narrative),))]
    text = write(pages=pages)
    assert f'dir="auto">{narrative}</div>' in text
    assert "white-space: pre-wrap" in text


def test_a_long_narrative_gets_its_own_box_that_the_keyboard_reaches(write):
    pages = [CasePage(Case(id="c"), candidates=(Candidate("m", "erythema " * 10_000),))]
    (box,) = [attrs for attrs in Page(write(pages=pages)).all("div") if attrs.get("class") == "narrative long"]
    assert (box["role"], box["tabindex"]) == ("group", "0")
    assert box["aria-label"]


def test_cases_are_indexed_and_linked_to_their_neighbours(write):
    text = write(n=3)
    page = Page(text)
    assert [attrs["id"] for attrs in page.all("article")] == ["case-1", "case-2", "case-3"]
    hrefs = [attrs["href"] for attrs in page.all("a")]
    assert [hrefs.count(f"#case-{k}") for k in (1, 2, 3)] == [2, 3, 2]  # the index, and each neighbour
    assert "Showing 3 of 3 cases." in text


def test_fewer_pages_than_cases_say_how_they_were_chosen(write):
    text = write(n=2, total=4000, chosen="by their lowest score")
    assert "Showing 2 of 4,000 cases, chosen by their lowest score." in text
    assert "Showing 2 of 4,000 cases, and how they were chosen is not recorded." in write(n=2, total=4000)
    assert "Showing 0 of 24 cases: this report was made without case pages." in write(n=0, total=24)


def test_the_index_begins_with_the_lowest_mean(write, make_rating):
    def page(name, *bases):
        ratings = tuple(make_rating("n", "j", base=base, draw=draw) for draw, base in enumerate(bases))
        return CasePage(Case(id=name), candidates=(Candidate("m", "A plaque.", ratings=ratings),))

    text = write(pages=[page("fair", 3, 3), page("unscored"), page("worst", 1, 2), page("mixed", 0, 4)])
    index = text[text.index('id="case-index-caption"') : text.index('<details class="folded')]
    assert re.findall(r"<bdi>(\w+)</bdi>", index) == ["worst", "mixed", "fair", "unscored"]
    assert '<td class="number">2.00</td><td>1 · Accuracy · m</td>' in index
    assert '<td class="number">–</td><td>no score</td>' in index


def test_the_number_of_cases_agrees_with_its_noun(write):
    assert "Showing 1 of 1 case." in write(n=1)


def test_a_run_of_one_model_ranks_nothing(write):
    text = write(authors=["alpha"])
    for said in ("highest overall mean", "rank 1", ">Rank<", "A rank is", "significantly better"):
        assert said not in text
        assert said in write()
    assert "has an overall mean of" in text


def test_what_is_drawn_is_not_left_to_the_scroll_position(write):
    assert "content-visibility: auto" not in write()


def test_one_category_is_a_sentence_and_no_donut(write, make_table):
    table = make_table(AUTHORS, RATERS)
    kept = [g for g in table.subgroups if g.factor != "category" or g.level == "not recorded"]
    text = write(table=replace(table, subgroups=tuple(kept)))
    assert "The dataset records no category for any case." in text
    assert "chart-categories" not in text


def test_chart_text_stays_readable_on_a_phone(write):
    text = write()
    for css in ("intervals", "donut"):
        width = float(re.search(rf'viewBox="0 0 (\d+) \d[\d.]*" role="img" class="chart {css}"', text)[1])
        least_rem = float(re.search(rf"\.{css} {{ min-width: ([\d.]+)rem; }}", text)[1])
        assert 12 * 16 * least_rem / width >= 11
    for before in text.split("<svg")[:-1]:
        assert before.endswith('tabindex="0">')
        assert '<div class="scroll" role="group" aria-label="' in before[-200:]


def test_patients_are_not_named(write):
    assert "SECRET" not in write()


def test_the_run_can_be_made_again_from_what_is_printed(write):
    text = write()
    for said in ("0.1.0", "dermatrust bench atlas", "blake2b:0123456789abcdef", "3f2a9c000000", "10,000", "CC0-1.0"):
        assert said in text


def test_label_references_and_kinship_are_warned_of_beside_the_results(write, make_table):
    table = make_table(AUTHORS, RATERS, references="label")
    text = write(table=table, families={"alpha": "gpt"}, judge_family="gpt")
    results = text[text.index('id="results"') : text.index('id="dimensions"')]
    assert "No expert wrote or certified the references" in results
    assert "judge and alpha are of one family (gpt)" in results


def test_undefined_numbers_never_appear_as_nan(write, make_table):
    text = write(table=make_table(AUTHORS, RATERS, n_cases=3))
    assert not re.search(r"\bnan\b", text, re.IGNORECASE)


@pytest.mark.parametrize("n_models", [1, 9])
def test_one_model_and_nine_models(write, n_models):
    authors = [f"model-{i}" for i in range(n_models)]
    text = write(n=1, authors=authors)
    Page(text)
    assert ("There is one model, so there is nothing to compare." in text) == (n_models == 1)


def test_an_empty_run_still_gives_a_page(write, make_table):
    table = replace(make_table(["m"], ["r"]), rows=(), subgroups=(), authors=(), raters=(), n_cases=0, n_patients=0)
    Page(write(n=0, authors=[], raters=[], table=table))


def test_a_failure_leaves_the_old_report_as_it_was(write, tmp_path):
    before = write()

    def pages():
        yield CasePage(Case(id="c"))
        raise DataError("metadata.jsonl line 2", "is not valid JSON")

    with pytest.raises(DataError):
        write(pages=pages())
    assert (tmp_path / "report.html").read_text("utf-8") == before
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def test_memory_does_not_grow_with_the_number_of_pages(tmp_path, make_table, make_manifest, make_page):
    page = make_page(0, AUTHORS, RATERS, images=())
    long = replace(page, candidates=(replace(page.candidates[0], text="erythema " * 5_000),))

    manifest, table = make_manifest(AUTHORS, RATERS), make_table(AUTHORS, RATERS)

    def peak(n):
        gc.collect()
        tracemalloc.start()
        pages = (long for _ in range(n))
        write_report(tmp_path / "r.html", manifest=manifest, table=table, pages=pages, n_cases_total=n)
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(2)
    few, many = peak(20), peak(200)
    assert many < few + 3_000_000  # 180 more pages of 45 kB each would be 8 MB


def contrast(a, b):
    def light(colour):
        channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((light(a), light(b)))
    return (high + 0.05) / (low + 0.05)


def test_colours_have_enough_contrast_in_both_modes(write):
    style = re.findall(r"<style>(.*?)</style>", write(n=0), re.DOTALL)[0]
    modes = [dict(re.findall(r"--([\w-]+): (#\w{6})", block)) for block in style.split("@media", 2)[:2]]
    assert all("paper" in mode for mode in modes)
    for mode in modes:
        for ground in ("paper", "faint"):
            assert min(contrast(mode[name], mode[ground]) for name in ("ink", "muted", "link")) >= 4.5
        assert contrast(mode["warn-ink"], mode["warn-ground"]) >= 4.5
        graphics = [name for name in mode if name.startswith(("mark", "slice")) or name == "rest"]
        assert len(graphics) == 13
        assert min(contrast(mode[name], mode["paper"]) for name in graphics) >= 3.0


def test_flagged_ratings_are_said_below_the_results(write, make_table):
    assert "is flagged" not in write()
    table = make_table(AUTHORS, RATERS)
    rows = [replace(row, n_suspected=3 * (row.rater == "lexical" and row.author == "beta")) for row in table.rows]
    page = write(table=replace(table, rows=tuple(rows)))
    (shown,) = re.findall(r'<table[^>]*>\s*<caption id="flags-caption">.*?</table>', page, re.DOTALL)
    assert re.findall(r'class="number">(\w+)<span class="interval">by ([\w ]+)<', shown) == [
        ("injection_suspected", "the lexical judge")
    ]
    counts = re.findall(r'<bdi>(\w+)</bdi></th><td class="number">([\d of]+)</td></tr>', shown)
    assert dict(counts) == {author: f"{3 * (author == 'beta')} of 24" for author in AUTHORS}
    assert "<code>injection_suspected</code>: the narrative shows signs" in page
    assert "unfamiliar_text" not in page
