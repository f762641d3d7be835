"""Names for rows: unique, and in the order in which one process gave them."""

import secrets
import time


def new_id() -> str:
    """32 hexadecimal digits: nanoseconds first, so that sorting by id is sorting by age."""
    return f"{time.time_ns():016x}{secrets.token_hex(8)}"
