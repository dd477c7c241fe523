"""Numbers in sentences."""


def counted(n: int, noun: str) -> str:
    """Return a number with its noun, in the plural unless there is one.

    Example:
        >>> counted(1, "case"), counted(0, "image"), counted(24, "narrative")
        ('1 case', '0 images', '24 narratives')
    """
    return f"{n} {noun if n == 1 else noun + 's'}"
