"""A web application on an address, until Ctrl-C."""

import errno
import logging
import socket
import sys
from typing import Any

from dermatrust.errors import UserError


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens; port 0 takes a free one.

    Raises:
        UserError: The address cannot be taken.
    """
    try:
        kind = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=kind)
    except OSError as error:
        where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        if error.errno == errno.EADDRINUSE:
            do = "Stop that program, or take another --port; 0 takes a free one."
            raise UserError(where, "another program listens there already", do=do) from None
        if error.errno == errno.EACCES:
            raise UserError(where, "needs more rights than yours", do="Take a --port from 1024 on.") from None
        what = f"cannot be listened on ({error.strerror or error})"
        raise UserError(where, what, "an address of this machine", "Check --host.") from None


def address_of(listening: socket.socket) -> str:
    """Return the address of a socket as a URL."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def run(app: Any, listening: socket.socket, *, logger: str, **settings: Any) -> None:
    """Serve an application on a socket until Ctrl-C; only its own logger says what happens, on stderr.

    Args:
        app: An ASGI application.
        listening: Where.
        logger: Name of the application's logger. uvicorn's own access log would write whole addresses.
        settings: Of uvicorn.

    Raises:
        KeyboardInterrupt: After it has ended by Ctrl-C, as uvicorn raises it again.
    """
    import uvicorn

    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(asctime)s %(message)s")
    logging.getLogger(logger).setLevel(logging.INFO)
    config = uvicorn.Config(
        app, access_log=False, server_header=False, log_config=None, timeout_graceful_shutdown=5, **settings
    )
    uvicorn.Server(config).run(sockets=[listening])
