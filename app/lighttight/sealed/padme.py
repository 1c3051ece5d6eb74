"""Padmé: how long a blob's plaintext is made, so that its size tells less.

Nikitin et al., "Reducing Metadata Leakage from Encrypted Files and Communication with PURBs",
PETS 2019, algorithm 1. A length of about E bits keeps only its top ⌊log2 E⌋ + 1 significant bits
below the first; the rest is rounded up. It costs at most 12 %, and leaks O(log log L) bits of the
size instead of O(log L). It rounds sizes, it does not hide them: someone who has a set of known
files and sees the rounded sizes can still guess.
"""

from __future__ import annotations


def padme(length: int) -> int:
    """The length to pad to: the least one not below `length` (≥ 0) that Padmé allows."""
    if length < 2:
        return length
    exponent = length.bit_length() - 1
    significant = exponent.bit_length()
    mask = (1 << (exponent - significant)) - 1
    return (length + mask) & ~mask
