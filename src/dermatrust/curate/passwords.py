"""Passwords: which are allowed, and how they are kept."""

import secrets
from functools import cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from dermatrust.curate.problems import RefusedError

SHORTEST, LONGEST = 12, 1_000
_COMMON = Path(__file__).with_name("common_passwords.txt")
_OURS = ("dermatrust", "dermatology", "workbench")


@cache
def common_passwords() -> frozenset[str]:
    """Return the passwords that everybody's dictionary begins with, in lower case."""
    lines = _COMMON.read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if not line.startswith("# "))


def check_password(password: str, name: str) -> str:
    """Return the password, if a person of this name may choose it.

    Raises:
        RefusedError: It is shorter than 12 characters or longer than 1,000, is a common password or two of them in a
            row, or is hardly more than the person's name.

    Example:
        >>> check_password("violet plaque on a tin roof", "ada")
        'violet plaque on a tin roof'
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise RefusedError(
            "the password", f"has {len(password)} characters", "12 or more" if len(password) < SHORTEST else "1,000"
        )
    plain = password.casefold()
    if _is_common(plain):
        raise RefusedError(
            "the password", "is one that everybody tries first", do="Take four words that do not belong."
        )
    for known in (name.casefold(), *_OURS):
        if known and len(plain.replace(known, "")) < SHORTEST // 2:
            raise RefusedError("the password", "is hardly more than a name", do="Take four words that do not belong.")
    return password


def _is_common(plain: str) -> bool:
    common = common_passwords()
    return plain in common or any(plain[:k] in common and plain[k:] in common for k in range(1, len(plain)))


class Passwords:
    """Makes and checks hashes of passwords (Argon2id).

    Args:
        hasher: With which costs; None for the library's, about 0.1 s and 64 MiB a check.

    Reference:
        Biryukov et al. (2021), Argon2, RFC 9106, https://www.rfc-editor.org/rfc/rfc9106.
    """

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._nobody = self._hasher.hash(secrets.token_urlsafe(32))

    def hash(self, password: str) -> str:
        """Return what is kept instead of the password."""
        return self._hasher.hash(password)

    def is_right(self, kept: str | None, password: str) -> bool:
        """Return whether the password belongs to the hash; where there is none it is wrong, and that takes as long."""
        try:
            return self._hasher.verify(kept or self._nobody, password) and kept is not None
        except (VerificationError, InvalidHashError):
            return False
