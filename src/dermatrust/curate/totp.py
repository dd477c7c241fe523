"""One-time codes from an authenticator, as a second proof of who signs in."""

import base64
import hashlib
import hmac
import secrets
import struct
from urllib.parse import quote

STEP_S = 30
_DIGITS = 6


def new_secret() -> str:
    """Return a secret of 160 random bits in Base32, as authenticators take it."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def code_at(secret: str, step: int, *, digits: int = _DIGITS) -> str:
    """Return the code of one time step: RFC 6238 with HMAC-SHA-1.

    Args:
        secret: In Base32.
        step: Whole time steps of 30 seconds since 1970.
        digits: Of the code.

    Example:
        >>> code_at(base64.b32encode(b"12345678901234567890").decode(), 59 // 30, digits=8)
        '94287082'

    Reference:
        M'Raihi et al. (2011), RFC 6238, https://www.rfc-editor.org/rfc/rfc6238, appendix B.
    """
    digest = hmac.new(base64.b32decode(secret), struct.pack(">Q", step), hashlib.sha1).digest()
    start = digest[-1] & 0xF
    (number,) = struct.unpack(">I", digest[start : start + 4])
    return f"{(number & 0x7FFFFFFF) % 10**digits:0{digits}d}"


def matching_step(secret: str, code: str, at_s: float) -> int | None:
    """Return the time step whose code this is, now or one step to either side, or None.

    Args:
        secret: In Base32.
        code: As typed; spaces do not count.
        at_s: Seconds since 1970.
    """
    typed, present = code.replace(" ", "").encode(), int(at_s) // STEP_S
    steps = (present, present - 1, present + 1)
    return next((s for s in steps if hmac.compare_digest(code_at(secret, s).encode(), typed)), None)


def provisioning_uri(secret: str, name: str) -> str:
    """Return the address by which an authenticator takes in the secret."""
    return f"otpauth://totp/dermatrust:{quote(name, safe='')}?secret={secret}&issuer=dermatrust"
