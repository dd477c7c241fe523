"""A protocol is read in one sitting: what several share, and what only its authors' files need, is beside it."""

from pathlib import Path

from dermatrust.protocols import published

MOST_LINES = 150


def test_the_file_of_every_protocol_is_short():
    (folder,) = published.__path__
    lines = {path.name: len(path.read_text(encoding="utf-8").splitlines()) for path in Path(folder).glob("*.py")}
    assert len(lines) > 28
    too_long = {name for name, n in lines.items() if n > MOST_LINES}
    assert not too_long, "readers go to protocols/recorded, grading to scorers, dialogues to interaction"
