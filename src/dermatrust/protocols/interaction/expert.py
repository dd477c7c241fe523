"""An expert who may question a patient before answering: the loop of MediQ, in all its settings.

Reference: Li et al. (2024), https://arxiv.org/abs/2406.00922; prompts are in our own words.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from dermatrust.protocols.asking import MODEL, Ask
from dermatrust.protocols.interaction.abstention import POLICIES
from dermatrust.protocols.interaction.patient import PATIENTS, facts_of
from dermatrust.protocols.item import Item, Played, Turn, user
from dermatrust.protocols.scorers.choice import Parser, answer_line, first_letter, first_of, only_letter

MOST_QUESTIONS = 30
MOST_TOKENS = 256
CHOOSE = 'With what you know now, choose one option. Reply with one line "Answer: X", where X is its letter.'
BASIC = """If you need to know more, ask the patient one specific question. If not, reply with the letter of your choice
alone, and no question mark."""
RATIONALE = """Before that, write one line that begins with "REASON:" and says in one sentence why; then a line that
begins with "DECISION:", followed by the reply itself."""
ASK = "Ask the patient one specific question that would help you most. Reply with the question alone."
stated_letter = first_of(answer_line, first_letter, only_letter)
"""How an option is read from a reply, unless another way is wanted."""


class _Dialogue:
    """The conversation of one item: what was said between expert and patient, and what the expert would choose."""

    def __init__(self, item: Item, ask: Ask, *, has_rationale: bool) -> None:
        self._item = item
        self._ask = ask
        self._has_rationale = has_rationale
        self.log: list[Turn] = []
        self.choices: list[str] = []

    async def say(self, wanted: str, draw: int = 0, *, role: str = MODEL, before: Sequence[Turn] = ()) -> str:
        """Return the expert's reply to what is wanted of it now, or another's who puts its questions."""
        turns = [*self._item.turns(), *self.log, *before, user(wanted)]
        return (await self._ask(turns, role=role, draw=draw, max_tokens=MOST_TOKENS)).text

    async def decide(self, wanted: str, draw: int = 0) -> str:
        """Return the expert's reply to a decision, without the reason that goes before it."""
        if not self._has_rationale:
            return await self.say(wanted, draw)
        return (await self.say(f"{wanted}\n\n{RATIONALE}", draw)).rpartition("DECISION:")[2].strip()

    async def choose(self, parse: Parser) -> str:
        """Return the option that the expert would choose now; every turn logs one."""
        reply = await self.say(CHOOSE)
        self.choices.append(parse(reply, self._item.options))
        return reply

    def hear(self, question: str, answer: str) -> None:
        """Add a question and its answer."""
        self.log += [Turn("assistant", question), user(f"The patient says: {answer}")]

    def questions(self) -> list[str]:
        """Return what the expert has asked so far."""
        return [turn.text for turn in self.log if turn.role == "assistant"]


@dataclass(frozen=True, kw_only=True)
class Expert:
    """How an expert decides whether to ask, who puts its questions, and who answers them.

    Attributes:
        policy: "basic", or one of `POLICIES`.
        patient: One of `PATIENTS`.
        has_rationale: Whether it gives a reason before each decision.
        n_draws: How often each decision is drawn.
        questioner: The role of who puts the questions.
        is_joint: Whether they are put in the conversation in which it was decided to ask.
        takes_apart: Whether the patient has the case taken apart into facts anew.
        parse: How a choice is read.
    """

    policy: str = "basic"
    patient: str = "fact-select"
    has_rationale: bool = False
    n_draws: int = 1
    questioner: str = MODEL
    is_joint: bool = False
    takes_apart: bool = False
    parse: Parser = stated_letter

    async def play(self, item: Item, ask: Ask) -> Played:
        """Let the expert ask until it answers, at most 30 times; then it must."""
        dialogue = _Dialogue(item, ask, has_rationale=self.has_rationale)
        if self.takes_apart:
            item = replace(item, known={**item.known, "facts": await facts_of(item, ask)})
        ending, reply = "question limit", ""
        for turn in range(MOST_QUESTIONS):
            is_answer, said = await self._turn(dialogue, item, turn)
            if is_answer:
                ending, reply = "answer", said
                break
            await dialogue.choose(self.parse)
            answer = await PATIENTS[self.patient](item, [*dialogue.questions(), said], ask)
            dialogue.hear(said, answer)
        if self.policy == "basic" and ending == "answer":
            dialogue.choices.append(self.parse(reply, item.options))
        else:
            reply = await dialogue.choose(self.parse)
        return Played(reply=reply, turns=tuple(dialogue.log), draws=tuple(dialogue.choices), ending=ending)

    async def _turn(self, dialogue: _Dialogue, item: Item, turn: int) -> tuple[bool, str]:
        """Return whether the expert answers now, and its answer (if it is basic) or its question."""
        if self.policy == "basic":
            replies = [await dialogue.decide(BASIC, draw) for draw in range(self.n_draws)]
            asked = [reply for reply in replies if "?" in reply]
            if 2 * len(asked) >= len(replies) and asked:
                return False, asked[0]
            return True, most_said([reply for reply in replies if "?" not in reply], self.parse, item.options)
        decision = await POLICIES[self.policy](dialogue.decide, item.id, turn, self.n_draws)
        if decision.answers:
            return True, ""
        before = [user(decision.asked), Turn("assistant", decision.said)] if self.is_joint and decision.asked else []
        return False, await dialogue.say(ASK, role=self.questioner, before=before)


def most_said(replies: Sequence[str], parse: Parser, options: Mapping[str, str]) -> str:
    """Return the first reply that chooses the option most of them choose, of equals the first."""
    letters = [parse(reply, options) for reply in replies]
    stated = [letter for letter in letters if letter]
    return replies[letters.index(max(stated, key=stated.count))] if stated else replies[0]
