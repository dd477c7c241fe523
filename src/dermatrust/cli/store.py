"""`dermatrust store`: look into and merge reply stores."""

from pathlib import Path

import click

from dermatrust.cli.groups import SuggestingGroup
from dermatrust.errors import DataError


@click.group(cls=SuggestingGroup)
def store() -> None:
    """Look into and merge reply stores. A store is a run folder or its replies.sqlite."""


@store.command()
@click.argument("target", type=click.Path(path_type=Path))
@click.argument("sources", nargs=-1, required=True, type=click.Path(path_type=Path))
def merge(target: Path, sources: tuple[Path, ...]) -> None:
    """Take every reply of SOURCES into TARGET, which is made if there is none."""
    from dermatrust.store.replies import ReplyStore

    paths = [_store_path(source) for source in sources]
    replies = ReplyStore(_store_path(target, may_be_new=True))
    try:
        for path in paths:
            added, conflicts = replies.merge(path)
            click.echo(f"{path}\t{added} new\t{conflicts} conflicts")
            if conflicts:
                click.echo(
                    f"{conflicts} replies of {path} differ from ours under the same key; ours are kept.", err=True
                )
    finally:
        replies.close()


@store.command()
@click.argument("path", type=click.Path(path_type=Path))
def stats(path: Path) -> None:
    """Print what the store at PATH holds: one line per model, tab-separated."""
    from dermatrust.store.replies import ReplyStore

    replies = ReplyStore(_store_path(path))
    try:
        click.echo("model\treplies\tfailures\tprompt tokens\tcompletion tokens\tcost\tmean latency (s)")
        for total in replies.totals():
            cost = "not priced" if total.cost is None else f"{total.cost:.6f}"
            click.echo(
                f"{total.model}\t{total.n_replies}\t{total.n_failures}\t{total.prompt_tokens}\t"
                f"{total.completion_tokens}\t{cost}\t{total.latency_s:.3f}"
            )
        for model, case_id, kind, detail in replies.failures():
            click.echo(f"failed: {model}, case {case_id}: {kind} ({detail})", err=True)
    finally:
        replies.close()


def _store_path(path: Path, *, may_be_new: bool = False) -> Path:
    """Return the file of the store; what is there already must be one."""
    from dermatrust.store.replies import check_store

    found = path / "replies.sqlite" if path.is_dir() else path
    if may_be_new and not found.exists():
        return found
    if not found.exists():
        raise DataError(str(path), "is not a reply store", "a run folder or its replies.sqlite")
    check_store(found)
    return found
