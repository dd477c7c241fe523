"""Failures a user can act on: where, what it is, what was expected, what to do.

Anything that is not one of these is a bug and keeps its traceback.
"""


def shown(value: object, most: int = 60) -> str:
    """Return a value for a message: on one line, and if it takes more characters than `most` cut inside its quotes.

    Example:
        >>> shown("red"), shown("a much too long answer", 12), shown([1, 2, 3], 6)
        ("'red'", "'a much...'", '[1,...')
    """
    text = ascii(value)
    if len(text) <= most:
        return text
    if not isinstance(value, str):
        return f"{text[: most - 3]}..."
    head = value[:most]
    while len(ascii(head)) > most - 3:  # by whole characters: an escape may take ten
        head = head[:-1]
    return f"{ascii(head)[:-1]}...{ascii(head)[-1]}"


class UserError(Exception):
    """A failure the user can mend; the command line prints it as one line and exits with 2.

    Example:
        >>> str(UserError("ratings.jsonl line 17", "accuracy is 5.5", "a number from 0 to 5"))
        'ratings.jsonl line 17: accuracy is 5.5; expected a number from 0 to 5.'
        >>> str(UserError("photo.jpg", "the file is truncated", do="Copy it again from its source."))
        'photo.jpg: the file is truncated. Copy it again from its source.'
    """

    def __init__(self, where: str, what: str, expected: str = "", do: str = "") -> None:
        self.where = where
        self.what = what
        self.expected = expected
        self.do = do
        text = f"{where}: {what}"
        if expected:
            text += f"; expected {expected}"
        text = text if text.endswith((".", "?", "!")) else text + "."
        super().__init__(f"{text} {do}".strip())

    def __reduce__(self) -> tuple[type["UserError"], tuple[str, str, str, str]]:
        """Let the error pass from a worker process to the one that shows it."""
        return type(self), (self.where, self.what, self.expected, self.do)


class DataError(UserError):
    """A file or record that is not what its format says it should be."""


class ModelError(UserError):
    """A model that is misnamed, out of reach, or not allowed to see this dataset."""
