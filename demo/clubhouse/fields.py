"""Reading what people typed into typed values, with one sentence for what is wrong. Knows no page."""

import re
from datetime import date, timedelta

ADDRESS = re.compile(r"[^@\s<>\"',;]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63}){1,4}")
NAME_AND_HOST = re.compile(r"[^@\s<>\"',;]{1,64}@[A-Za-z0-9-]{0,63}")


class Problems(dict[str, str]):
    """Field name to sentence; empty when all is well."""

    def check(self, field: str, fine: bool, sentence: str) -> None:
        if not fine:
            self.setdefault(field, sentence)


def whole(text: str, low: int, high: int) -> int | None:
    """A whole number within bounds, else None."""
    text = text.strip()
    if not re.fullmatch(r"-?[0-9]{1,9}", text, re.ASCII):
        return None
    value = int(text)
    return value if low <= value <= high else None


def cents(text: str, high: int = 100_000) -> int | None:
    """An amount such as 12, 12.5 or 12,50 in cents, else None."""
    match = re.fullmatch(r"([0-9]{1,6})(?:[.,]([0-9]{1,2}))?", text.strip(), re.ASCII)
    if not match:
        return None
    value = int(match[1]) * 100 + int((match[2] or "0").ljust(2, "0"))
    return value if value <= high else None


def day_within(text: str, today: date, back: int, ahead: int) -> date | None:
    """An ISO day at most `back` days before and `ahead` days after today, else None."""
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text.strip(), re.ASCII):
        return None
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        return None
    return day if today - timedelta(days=back) <= day <= today + timedelta(days=ahead) else None


def is_address(text: str) -> bool:
    return len(text) <= 120 and ADDRESS.fullmatch(text) is not None


def lacks_domain(text: str) -> bool:
    """Whether it would be an address if a domain such as `example.org` stood behind the @."""
    return NAME_AND_HOST.fullmatch(text) is not None
