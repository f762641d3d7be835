"""How amounts, days and counts are written for people. Pure."""

from datetime import date, timedelta


def money(cents: int) -> str:
    sign = "-" if cents < 0 else ""
    return f"{sign}€{abs(cents) // 100}.{abs(cents) % 100:02}"


def day_text(day: str | date) -> str:
    shown = day if isinstance(day, date) else date.fromisoformat(day)
    return f"{shown:%a} {shown.day} {shown:%b} {shown.year}"


def hour_text(hour: int) -> str:
    return f"{hour:02}:00"


def plural(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def day_before(day: str) -> date:
    return date.fromisoformat(day) - timedelta(days=1)
