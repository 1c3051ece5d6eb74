"""Make the test vectors of encryption: `python -m tests.support.sealed_vectors`.

Written from `vault-format.md` and `audit-log.md` with hashes, HMAC and AES-GCM alone; it imports
nothing of the program, so that a mistake there cannot repeat itself here. Every byte follows from a
label, so that a second run makes the same files, and a test compares them. One case is one file
with the expected outcome and the reason. Refusals are made by an attacker who can do everything but
guess a key: checksums are made to fit, and so is the MAC unless the MAC is what the case is about.
"""
