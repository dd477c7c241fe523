"""What is given with a question for a model to lean on: doctors' explanations of it, or retrieved snippets.

Fields of rows are those of MedExpQA: Alonso et al. (2024), https://arxiv.org/abs/2404.05590.
"""

from collections.abc import Callable

from dermatrust.protocols.item import Row

Grounding = Callable[[Row], list[str]]
"""From a row to the passages that are given with its question."""


def explanation(row: Row) -> list[str]:
    """Return the doctors' whole explanation.

    Example:
        >>> explanation({"full_answer": "It is scabies."})
        ['It is scabies.']
    """
    return [row["full_answer"]]


def explanation_hidden(row: Row) -> list[str]:
    """Return it with references to the answer hidden.

    Example:
        >>> explanation_hidden({"full_answer_no_ref": "It is [HIDDEN]."})
        ['It is [HIDDEN].']
    """
    return [row["full_answer_no_ref"]]


def explanation_of_wrong(row: Row) -> list[str]:
    """Return what it says of the wrong options.

    Example:
        >>> said = {"1": {"exist": True, "text": "It is not."}, "2": {"exist": True, "text": "It is."}}
        >>> explanation_of_wrong({"correct_option": 2, "explanations": said})
        ['It is not.']
    """
    wrong = {number: one for number, one in row["explanations"].items() if int(number) != int(row["correct_option"])}
    return [one["text"] for _, one in sorted(wrong.items()) if one.get("exist")]


def explanation_but_right(row: Row) -> list[str]:
    """Return the whole explanation without the right option's parts, taken out one after the other as released.

    Places are those in the whole text, so that a second part is taken out too early.

    Example:
        >>> said = {"2": {"char_ranges": [[0, 5]]}}
        >>> explanation_but_right({"correct_option": 2, "full_answer": "Two. Not one.", "explanations": said})
        [' Not one.']
    """
    text = row["full_answer"]
    for start, end in row["explanations"][str(row["correct_option"])]["char_ranges"]:
        text = f"{text[:start]} {text[end:]}"
    return [text]


def snippets(row: Row, n: int, room: int) -> list[str]:
    """Return the first n retrieved snippets, whole ones, each once, as many as there is room for.

    Args:
        row: With the snippets that the release retrieved by question and options.
        n: How many are looked at.
        room: Characters, for question, options and snippets.

    Example:
        >>> found = [{"content": "one"}, {"content": "one"}, {"content": "two, longer"}]
        >>> rag = {"clinical_case_options": {"MedCorp": {"RRF-2": found}}}
        >>> snippets({"full_question": "Which?", "options": {"1": "a"}, "rag": rag}, 7, 12)
        ['one']
    """
    kept, left = [], room - sum(map(len, [row["full_question"], *filter(None, row["options"].values())]))
    found = row["rag"]["clinical_case_options"]["MedCorp"]["RRF-2"][:n]
    for content in dict.fromkeys(snippet["content"] for snippet in found):
        left -= len(content)
        if left < 0:
            break
        kept.append(content)
    return kept
