"""Hashing and checking of sign-in passwords; knows nothing of accounts."""

import hashlib
import hmac
import secrets

ROUNDS = 5_000


def hash_password(password: str, salt: str = "") -> str:
    salt = salt or secrets.token_hex(8)
    digest = hashlib.pbkdf2_hmac("sha256", password.encode("utf-8", "replace"), salt.encode(), ROUNDS)
    return f"{salt}${digest.hex()}"


def password_matches(password: str, stored: str) -> bool:
    return hmac.compare_digest(hash_password(password, stored.partition("$")[0]), stored)
