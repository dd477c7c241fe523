"""What a curator says of a project when it is made in the browser: what `dermatrust curate` asks on the first start."""

from pathlib import Path
from typing import Annotated

from pydantic import ConfigDict, Field

from dermatrust.curate.projects import Texts
from dermatrust.curate.queue import CASE_COLUMN, read_queue
from dermatrust.curate.rules import Rules
from dermatrust.records.record import Text
from dermatrust.store.atomic import write_text


class NewProject(Rules):
    """A form: the rules of the project, and what is settled with them. What is left empty is as `Rules` has it."""

    model_config = ConfigDict(extra="ignore")  # a form brings its token too

    name: Annotated[Text, Field(max_length=200)] = ""
    """What it is called; named after the dataset and its texts where this is empty."""
    texts: Texts | None = None
    """What is rated; narratives, if the dataset has any."""
    cases: Annotated[Text, Field(max_length=200_000)] = ""
    """The only cases that come in, in this order: a column of ids, or a CSV with a column `case_id`; empty for all."""
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0
    """Of the raters' orders and of the choice of anchors."""

    @property
    def rules(self) -> Rules:
        """How the project works."""
        return Rules(**self.model_dump(include=set(Rules.model_fields)))

    def queue(self, room: Path) -> dict[str, str] | None:
        """Return the cases wanted, as `read_queue` does, None where all are.

        Args:
            room: A folder in which the list may lie while it is read.

        Raises:
            DataError: It cannot be read as CSV, or lists no case.
        """
        lines = self.cases.replace("\r\n", "\n").strip()
        if not lines:
            return None
        path = room / "cases"
        has_header = CASE_COLUMN in lines.partition("\n")[0]
        write_text(path, f"{lines}\n" if has_header else f"{CASE_COLUMN}\n{lines}\n")
        return read_queue(path)
