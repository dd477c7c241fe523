"""What the pages of clinical studies must show, worked out from the JSON of `result.json` alone."""

import math

CUTS = (1, 3, 5)
RUNGS = ("exact", "synonym", "family")
STEPS = {"exact": "The same words", "synonym": "The same disease"}


def plain(value):
    """Return JSON with its words for what is no number read as that."""
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    return float(value) if value in ("NaN", "Infinity", "-Infinity") else value


def percent(one):
    """A share, or a difference of shares, with its interval."""
    return [10.0] if one is None else [100 * one[name] for name in ("value", "low", "high")]


def scores(one):
    return [one[name] for name in ("value", "low", "high")]


def p_value(p):
    return "–" if math.isnan(p) else "< 0.001" if p < 0.001 else [p]


def arm_of(result, one):
    several = len([name for name in result["image_arms"] if name != "none"]) > 1
    return f"{one['arm']}, {one['image_arm']}" if several and one["image_arm"] != "none" else one["arm"]


def about(result, one):
    return [one["model"], arm_of(result, one)]


def answers(cell):
    return [cell["n"], cell["n"] + cell["n_missing"]]


def by_images(result):
    """The ways to show photographs in the base arm, and the cells of each."""
    found = {}
    for cell in result["cells"]:
        if cell["arm"] == result["base"]:
            found.setdefault(cell["image_arm"], []).append(cell)
    return found


def parts(result, task, titles):
    """The tables of parts, for every way to show the photographs."""
    tables = {}
    for place, image_arm in enumerate(by_images(result), 1):
        ident = task if place == 1 else f"{task}-{place}"
        own = {
            name: [r for r in result[name] if (r["arm"], r["image_arm"]) == (result["base"], image_arm)]
            for name in ("subgroups", "gaps", "within")
        }
        tables[f"{ident}-parts-table"] = [
            [r["factor"], r["level"], r["model"], titles.get(r["measure"], r["measure"]), percent(r["value"]),
             "–" if r["difference"] is None else percent(r["difference"]), [r["n"]]]
            for r in own["subgroups"]
        ]  # fmt: skip
        tables[f"{ident}-gaps"] = [
            [r["factor"], f"{r['lowest']}, {r['highest']}", r["model"], titles.get(r["measure"], r["measure"]),
             [100 * r["at_lowest"]], [100 * r["at_highest"]], percent(r["gap"]), scores(r["ratio"]),
             [100 * r["chance"]], "beyond chance" if r["gap"]["value"] > r["chance"] else "within chance",
             [r["gap"]["n"]]]
            for r in own["gaps"]
        ]  # fmt: skip
        tables[f"{ident}-within"] = [
            [r["factor"], f"{r['level']} less {r['beside']}", r["model"], titles.get(r["measure"], r["measure"]),
             percent(r["difference"]), [r["n_diseases"]], [r["n_level"], r["n_beside"]]]
            for r in own["within"]
        ]  # fmt: skip
    return {ident: rows for ident, rows in tables.items() if rows}


def bins(result, task):
    cells = [cell for own in by_images(result).values() for cell in own]
    return {
        f"{task}-{k}-bins": [[[100 * x], [100 * y], [n]] for x, y, n in cell["confidence"]["bins"] if n]
        for k, cell in enumerate(cells, 1)
        if cell["confidence"]
    }


def missing(result):
    return [
        [*about(result, c), answers(c), [c["n_missing"]],
         ", ".join(f"{name} {n}" for name, n in sorted(c["reasons"].items(), key=lambda one: (-one[1], one[0]))),
         [c["n_unanswered"]], [c["n_abstained"]], [c["n_given_away"]]]
        for c in result["cells"]
    ]  # fmt: skip


def change(result, one, names, *tests):
    against = one["base_arm"] if one["base_arm"] != one["arm"] else one["base_image_arm"]
    figures = [*(percent(one["differences"][name]) for name in names), percent(one["flips"])]
    told = [one["mcnemar"][test] for test in tests]
    counts = [
        text for each in told for text in ([each["n_first_only"]], [each["n_second_only"]], p_value(each["p_mid"]))
    ]
    return [*about(result, one), against, *figures, *counts, [one["n"], result["n_cases"]]]


def ladder(result, groups):
    rows = []
    for cell in result["cells"]:
        counts = [cell["measures"][name]["n"] for name in groups]
        n = [counts[0]] if min(counts) == max(counts) else [min(counts), max(counts)]
        rows.append(
            [*about(result, cell), *(percent(cell["measures"][name]) for name in groups), [*n, result["n_cases"]]]
        )
    return rows


def differential_tables(result):
    """Every table of the page of a study of differentials."""
    titles = {"top-1 synonym": "right disease first", "top-3 synonym": "among the first 3"}
    led = ("adopted_1", "adopted_3", "unprompted_1", "unprompted_3", "newly_1", "newly_3")
    text = ("top_1", "frequent_1", "above_1", "top_3", "frequent_3", "above_3", "top_1_given_away", "top_1_else")
    return {
        "ddx-headline": [
            [*about(result, c), *(of_part(c["measures"][f"top-{k} synonym"], c["n"]) for k in CUTS), answers(c)]
            for c in result["cells"]
        ],
        "ddx-rungs": ladder(result, [f"top-{k} {rung}" for rung in RUNGS for k in CUTS]),
        "ddx-comparable-table": [
            [*about(result, c), percent(c["balanced"]),
             *([*percent(c[name]), c[name]["n"]] for name in ("sensitivity", "specificity")),
             percent(c["cancer_balanced"]), [c["n_diseases"]], [c["balanced"]["n"], result["n_cases"]]]
            for c in result["comparable"]
        ],
        "ddx-verbatim": ladder(result, [f"verbatim-{k}" for k in CUTS]),
        "ddx-extra": ladder(result, [f"{name}-{k}" for name in ("credit", "overlap", "weighted") for k in CUTS]),
        "ddx-changes-table": [
            change(result, one, ("top-1 synonym", "top-3 synonym"), "top-1 synonym") for one in result["changes"]
        ],
        "ddx-anchoring-table": [
            [f"{one['model']} {one['image_arm']}", *(percent(one[name]) for name in led), [one["n"], result["n_cases"]]]
            for one in result["anchoring"]
        ],
        "ddx-shortcuts-table": [
            [one["model"], *(percent(one[name]) for name in text), [one["n_given_away"]], [one["n"], result["n_cases"]]]
            for one in result["shortcuts"]
        ],
        "ddx-missing-table": missing(result),
        "ddx-unknown": [
            [one["name"], {"truth": "label of the dataset", "answer": "said by a model"}[one["where"]], [one["n"]],
             ", ".join(one["nearest"]) or "nothing near"]
            for one in result["unknown"]
        ],
        "ddx-embedding-table": [
            [*about(result, c), *map(percent, c["hits"]), [c["cosines"][1]], [c["f1"][1]], [c["n_beyond"], c["n"]],
             [c["n"], result["n_cases"]]]
            for c in result["embedding"]["cells"]
        ],
        "ddx-adjudicated-table": [
            [*about(result, c), *map(percent, c["hits"]), [c["n_undecided"], c["n"] + c["n_undecided"]],
             [c["n"], result["n_cases"]]]
            for c in result["adjudication"]["cells"]
        ],
        "ddx-adjudication-table": [
            [STEPS[one["rung"]], "first" if one["k"] == 1 else f"among the first {one['k']}",
             *([one[name]] for name in ("both", "only_adjudicator", "only_rung", "neither")), [one["kappa"]],
             [one["n"], result["adjudication"]["n"]]]
            for one in result["adjudication"]["agreement"]
        ],
        **parts(result, "ddx", titles),
        **bins(result, "ddx"),
    }  # fmt: skip


def triage_tables(result):
    """Every table of the page of a study of triage."""
    two = ("sensitivity", "specificity", "ppv", "npv", "balanced accuracy")
    three = ("right", "under-triage", "over-triage", "unanswered")
    tables = {
        "triage-headline": [
            [*about(result, c), *(percent(c["measures"][name]) for name in two), answers(c)] for c in result["cells"]
        ],
        "triage-levels": [
            [*about(result, c), *(percent(c["measures"][name]) for name in three), answers(c)] for c in result["cells"]
        ],
        "triage-wilson": [
            [*about(result, c), *([*percent(c["rates"][name]), c["rates"][name]["n"]] for name in two[:4]), answers(c)]
            for c in result["cells"]
        ],
        "triage-changes-table": [change(result, one, two[:2], *two[:2]) for one in result["changes"]],
        "triage-missing-table": missing(result),
        **parts(result, "triage", {}),
        **bins(result, "triage"),
    }  # fmt: skip
    for number, cell in enumerate((cell for own in by_images(result).values() for cell in own), 1):
        tables |= triage_cell(cell, f"triage-{number}")
    return tables


def triage_cell(cell, ident):
    rates, stated = cell["rates"], cell["probability"]
    pressing = ("true_positives", "false_negatives", "unanswered_positives")
    routine = ("false_positives", "true_negatives", "unanswered_negatives")
    said = [cell["measures"][name]["value"] for name in ("sensitivity", "specificity")]
    curves = [stated["benefit"], cell["benefit"]]
    return {
        f"{ident}-two": [
            counted(name, [rates[one] for one in names])
            for name, names in (("urgent or emergent", pressing), ("routine", routine))
        ],
        f"{ident}-three": [
            counted(name, row) for name, row in zip(("emergent", "urgent", "routine"), cell["table"], strict=True)
        ],
        f"{ident}-points": [
            ["By the level it names", "–", *([100 * one] for one in said)],
            *([name, threshold(point["threshold"]), [100 * point["sensitivity"]], [100 * point["specificity"]]]
              for name, point in zip(("Specificity of 90 %", "Youden’s index"), stated["points"], strict=True)),
        ],
        f"{ident}-thresholds": [
            [
                [100 * x],
                *(
                    cell
                    for c in curves
                    for names in (("net_benefit", "low", "high"), ("gain", "gain_low", "gain_high"), ("treat_all",))
                    for cell in ([100 * c[name][k] for name in names],)
                ),
            ]
            for k, x in enumerate(curves[0]["thresholds"])
        ],
    }  # fmt: skip


def of_part(measure, n):
    """Return a share, and what it is of where that is not all answers."""
    return percent(measure) + ([measure["n"]] if measure["n"] != n else [])


def threshold(probability):
    return [probability] if math.isfinite(probability) else "none: nobody is called"


def counted(name, counts):
    return [name, *([n, 100 * n / sum(counts)] for n in counts), [sum(counts)]]


def sure_lists(result):
    """What stands beside each name in the lists about stated confidence, model by model."""
    cells = [c for own in by_images(result).values() for c in own if c["confidence"]]
    sures = [cell["confidence"] for cell in cells]
    return {
        "Answered": [percent(one["coverage"]) for one in sures],
        "Right, of those answered": [percent(one["accuracy_answered"]) for one in sures],
        "Right, of all; what is not answered is wrong": [percent(one["accuracy_all"]) for one in sures],
        "Too sure by, points of percent": [percent(one["excess"]) for one in sures],
        "Expected calibration error": [[one["ece"]] for one in sures],
        "Area under the risk-coverage curve": [[one["area"]["value"], one["area_by_chance"]] for one in sures],
        "Says that it cannot tell": [[one["n_abstained"], one["n"]] for one in sures],
        "States no confidence": [[one["n_without"]] for one in sures],
    }


def stress_tables(result):
    """Every table of the page of a stress test."""
    tables, models = {}, dict.fromkeys((row["model"], row["arm"]) for row in result["rows"])
    for place, (model, arm) in enumerate(models, 1):
        rows = [row for row in result["rows"] if (row["model"], row["arm"]) == (model, arm)]
        tables[f"stress-{place}-table-1"] = [
            [*condition(row["image_arm"] if "image_arm" in row else row["condition"]),
             *([*percent(row["values"][name]), *(percent(row["changes"][name]) if row["changes"] else [])]
               for name in ("top-1", "top-3", "confidence", "overconfidence", "cannot tell")),
             answers(row)]
            for row in rows
        ]  # fmt: skip
    return tables


def baseline_tables(result):
    """Every table of the page of what can be had without a photograph."""

    def line(title, row):
        names = ("balanced_accuracy", "accuracy", "malignancy_balanced")
        return [title, *(percent(row[name]) for name in names), scores(row["malignancy"]),
                [row["accuracy"]["n"], result["n_cases"]]]  # fmt: skip

    titles = ("Always the commonest", "Which fields are empty", "The text", "The text, the same fields empty")
    return {
        "baseline-table": [line(title, row) for title, row in zip(titles, result["rows"], strict=True)],
        "baseline-fields-table": [line(row["about"], row) for row in result["fields"]],
        "baseline-labels": [
            [label, *(percent(row["recall"][label]) for row in result["rows"]), [n, result["n_cases"]]]
            for label, n in result["n_of_label"].items()
        ],
    }  # fmt: skip


def condition(name):
    kind, _, severity = name.rpartition(" ")
    return ["clean", ""] if name == "all" else [kind, {"1": "mild", "2": "marked", "3": "severe"}[severity]]


def every_number(value):
    """Every number somewhere in a result, as it stands and in percent."""
    if isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from every_number(one)
    elif isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        yield from (value, 100 * value)
