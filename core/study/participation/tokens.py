"""What a participant's browser holds, and what is stored of it: hashes that lead nowhere back."""

import hashlib
import re

from core.errors import PenumbraError

TOKEN = re.compile(r"[0-9a-f]{32}")  # made by the browser
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: nothing looks alike
LENGTH = 12  # characters of a withdrawal code: 60 bits


def token_hash(token: str) -> str:
    """What is stored of a token. Raises PenumbraError for what is none."""
    if not isinstance(token, str) or not TOKEN.fullmatch(token):
        raise PenumbraError("this browser's token is damaged; open the study's link anew")
    return _hash("token", token).hex()


def withdrawal_code(token: str) -> str:
    """The code that goes with a token, as ABCD-EFGH-JKLM. It cannot be turned back."""
    number = int.from_bytes(_hash("code", token)[:8], "big")
    return _grouped("".join(ALPHABET[(number >> 5 * i) & 31] for i in range(LENGTH)))


def code_hash(code: str) -> str | None:
    """What is stored of a withdrawal code, however it was typed; None for what is none."""
    if not isinstance(code, str) or len(code) > 5 * LENGTH:
        return None
    letters = re.sub(r"[\s-]", "", code).upper().translate(str.maketrans("OIL", "011"))
    if len(letters) != LENGTH or not set(letters) <= set(ALPHABET):
        return None
    return _hash("withdrawal", _grouped(letters)).hex()


def seed(study_seed: int, number: int) -> int:
    """The seed of a study's participant `number`: 48 bits."""
    return int.from_bytes(_hash("seed", f"{study_seed}/{number}")[:6], "big")


def _grouped(letters: str) -> str:
    return "-".join(letters[i : i + 4] for i in range(0, LENGTH, 4))


def _hash(purpose: str, value: str) -> bytes:
    """SHA-256 with its purpose in it: hashes for different purposes say nothing about each other."""
    return hashlib.sha256(f"penumbra study {purpose}\0{value}".encode()).digest()
