"""MedExpQA: Spanish residency exam questions in four languages, with and without doctors' explanations to lean on.

Paper     Alonso et al. (2024), https://arxiv.org/abs/2404.05590
Data      HiTZ/MedExpQA, data/{en,es,fr,it}/test.{lang}.casimedicos.rag.jsonl; also a file with one list a language.
Measures  Exam knowledge by language, and what grounding is worth: `explanation` gives the doctors' whole explanation,
          `explanation-of-wrong` that of the wrong options alone, `explanation-hidden` the whole with references to the
          answer hidden, `rag-7` and `rag-32` so many retrieved snippets. Text only.
Not for   Comparing languages as such: the texts are translations from Spanish.
Deviates  A chat model may answer at once, so a reply that begins with an option's number is read too; `released-code`
          wants the localised closing words and takes the first character after them, whatever it is, and takes for the
          wrong options' explanation all but the right one's. Snippets are cut to the released budgets of tokens, at
          four characters each, since a chat model's tokens are not known; the other groundings are given whole.
Verified  Partly: the sample loads in four languages. No figures were found to check.
"""

import re
from functools import partial

from dermatrust.protocols import Example, Item, Played, Protocol, Row, Score, Source, grounding
from dermatrust.protocols.grounding import Grounding, snippets
from dermatrust.protocols.item import id_of
from dermatrust.protocols.metrics import ACCURACIES
from dermatrust.protocols.recorded.medexpqa import read, read_predictions
from dermatrust.protocols.scorers.choice import graded

CLOSING = {
    "en": "The correct answer is: ",
    "es": "La opción correcta es: ",
    "it": "L'opzione corretta è: ",
    "fr": "La bonne option est: ",
}
"""How a prompt ends and what is looked for in a reply; one table for both, since two once differed."""
TEMPLATES = {
    "en": "You are a medical expert. {use}Choose the right option of this question.\n\n{context}{question}\n\n{options}"
    "\n\nReply with the number and text of one option.\n",
    "es": "Eres un experto en medicina. {use}Elige la opción correcta de esta pregunta.\n\n{context}{question}\n\n"
    "{options}\n\nResponde con el número y el texto de una sola opción.\n",
    "it": "Sei un esperto di medicina. {use}Scegli l'opzione corretta di questa domanda.\n\n{context}{question}\n\n"
    "{options}\n\nRispondi con il numero e il testo di una sola opzione.\n",
    "fr": "Tu es un expert en médecine. {use}Choisis la bonne option de cette question.\n\n{context}{question}\n\n"
    "{options}\n\nRéponds par le numéro et le texte d'une seule option.\n",
}
USE = {
    "en": "Use the passages below where they help. ",
    "es": "Apóyate en los textos siguientes si son útiles. ",
    "it": "Usa i testi seguenti dove sono utili. ",
    "fr": "Appuie-toi sur les textes ci-dessous s'ils sont utiles. ",
}
BUDGETS = {7: 2_048, 32: 8_000}
"""Number of snippets to the tokens of the whole prompt, as released: `rag-7` means as many of them as fit."""
_TOKEN = 4
"""Characters."""


def retrieved(n: int) -> Grounding:
    """Return the grounding in the first n retrieved snippets, as many as the budget of the prompt leaves."""
    return lambda row: snippets(row, n, BUDGETS[n] * _TOKEN - len(TEMPLATES[row["lang"]]))


CONDITIONS: dict[str, Grounding] = {
    "explanation": grounding.explanation, "explanation-of-wrong": grounding.explanation_of_wrong,
    "explanation-hidden": grounding.explanation_hidden, "rag-7": retrieved(7), "rag-32": retrieved(32),
}  # fmt: skip


def to_item(row: Row, *, passages: Grounding | None = None) -> Item:
    """Ask a question, with the passages that are given with it; the target is the right option's number."""
    language = row["lang"]
    options = {number: text for number, text in sorted(row["options"].items()) if text}
    if str(row["correct_option"]) not in options:
        raise ValueError(f"its correct_option is {row['correct_option']!r}; expected one of {', '.join(options)}")
    context = "\n\n".join(passages(row)) if passages else ""
    return Item(
        id=id_of(language, row["full_question"]),
        question=f"{row['type']}: {row['full_question']}" if row.get("type") else row["full_question"],
        options=options,
        target=str(row["correct_option"]),
        template=TEMPLATES[language] + CLOSING[language],
        fields={"context": f"{context}\n\n" if context else "", "use": USE[language] if context else ""},
        tags={"language": language},
    )


def _after_closing(item: Item, reply: str) -> str:
    return reply.partition(CLOSING[item.tags["language"]])[2]


def score(item: Item, played: Played) -> Score:
    """Grade the number after the closing words, or the one that the reply begins with."""
    said = _after_closing(item, played.reply) or played.reply.lstrip(" *(\n")[:2]
    number = re.match(r"\d(?!\d)", said)
    return graded(number[0] if number else "", item)


def score_by_release(item: Item, played: Played) -> Score:
    """Grade the first character after the closing words; without them nothing is answered."""
    return graded(_after_closing(item, played.reply)[:1], item)


def gold_reply(item: Item) -> str:
    """Return what a perfect model would say."""
    return f"{CLOSING[item.tags['language']]}{item.target}. {item.options[item.target]}"


_ROW = {
    "lang": "es", "full_question": "Caso inventado: ¿qué es?", "correct_option": 2, "full_answer": "Es evidente.",
    "full_answer_no_ref": "Es [HIDDEN].", "options": {"2": "eso", "1": "esto", "3": "aquello", "4": "nada", "5": None},
    "explanations": {
        "1": {"exist": False, "char_ranges": [], "text": ""}, "2": {"exist": False, "char_ranges": [], "text": ""},
        "3": {"exist": True, "char_ranges": [], "text": "No lo es."},
    },
    "rag": {"clinical_case_options": {"MedCorp": {"RRF-2": [{"id": "a", "content": "Un texto inventado."}]}}},
}  # fmt: skip
PROTOCOL = Protocol(
    name="medexpqa",
    version=1,
    about=__doc__,
    kind="multiple choice, with grounding",
    language="en, es, fr, it",
    source=Source(
        dataset="HiTZ/MedExpQA",
        files=tuple(f"{folder}test.{one}.casimedicos.rag.jsonl" for one in CLOSING for folder in (f"data/{one}/", "")),
        split="test", licence="CC-BY-4.0", is_on_hub=True,
    ),
    read=read,
    to_item=to_item,
    score=score,
    metrics=ACCURACIES,
    gold_reply=gold_reply,
    by=("language",),
    recorded=partial(read_predictions, closing=CLOSING),
    records_bring_items=True,
    variants={
        **{name: {"to_item": partial(to_item, passages=one)} for name, one in CONDITIONS.items()},
        "released-code": {"score": score_by_release},
        **{
            f"released-code+{name}": {"score": score_by_release, "to_item": partial(to_item, passages=one)}
            for name, one in {**CONDITIONS, "explanation-of-wrong": grounding.explanation_but_right}.items()
        },
    },
    examples=(
        Example(row=_ROW, target="2", wrong_reply="La opción correcta es: 1. esto", other={"correct_option": 1}),
        *(
            Example(
                row={**_ROW, "lang": one}, target="2", wrong_reply=f"{CLOSING[one]}3", other={"correct_option": 1}
            )
            for one in ("en", "fr", "it")
        ),
    ),
)  # fmt: skip
