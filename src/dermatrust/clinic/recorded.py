"""What recorded replies say that a study does not ask: a mistyped case or arm would otherwise go unnoticed."""

from collections.abc import Iterator

from dermatrust.clients import Client
from dermatrust.clients.replay import ReplayClient, plain_arm
from dermatrust.clinic.arms import ARMS
from dermatrust.clinic.study import Study


def unasked(study: Study) -> Iterator[str]:
    """Yield a line on recorded replies about cases that there are none of, in arms that there are none of, or unasked.

    Replies about cases beyond the limit, or without a truth, are not mentioned: the same file serves other studies.
    """
    for client in study.clients:
        if isinstance(client, ReplayClient):
            yield from _of_client(study, client)


def _of_client(study: Study, client: ReplayClient) -> Iterator[str]:
    cases = {case.id for case in study.all_cases}
    arms, asked = set(map(plain_arm, ARMS)), set(map(plain_arm, study.arms))
    strange: dict[str, int] = {}
    misnamed: dict[str, int] = {}
    others = 0
    for case_id, arm, _, n in client.recorded():
        if case_id not in cases:
            strange[case_id] = strange.get(case_id, 0) + n
        elif arm not in arms:
            misnamed[arm] = misnamed.get(arm, 0) + n
        elif arm not in asked:
            others += n
    for found, what in ((strange, "about cases that the dataset has not"), (misnamed, "in arms that there are not")):
        if found:
            yield _line(client, sum(found.values()), f"{what}, such as {next(iter(found))!r}")
    if others:
        yield _line(client, others, "in arms that are not asked here")


def _line(client: Client, n: int, what: str) -> str:
    return f"{client.name}: {n:,} recorded {'reply is' if n == 1 else 'replies are'} {what}."
