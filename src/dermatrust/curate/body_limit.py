"""How much of a request is read: no byte more than it may have, whatever length was announced."""

from collections.abc import Callable

from starlette.types import Message, Receive


def limited(receive: Receive, largest: int, refusal: Callable[[], Exception], *, announced: str = "") -> Receive:
    """Return a way to receive a request that stops at the first byte too many.

    Args:
        receive: Of the ASGI server.
        largest: Bytes that the body may have.
        refusal: Makes what is raised at a larger one.
        announced: The length that the request's header gives; where it is too large already, nothing is read.
    """
    is_too_large = announced.isascii() and announced.isdigit() and int(announced[:18]) > largest
    n_bytes = 0

    async def received() -> Message:
        nonlocal n_bytes
        message = {} if is_too_large else await receive()
        n_bytes += len(message.get("body", b""))
        if is_too_large or n_bytes > largest:
            raise refusal()
        return message

    return received
