"""Encryption, and nothing else: bytes in, bytes out.

Nothing here opens a file, asks the time, starts a thread or draws randomness of its own (but for
two things that `cryptography` draws inside: Cobblestone's salt and HPKE's ephemeral key). What a
function answers follows from what it was given, so a test vector describes it completely. The
contract is `docs/vault-format.md` and `docs/audit-log.md`; names are theirs.

    padme, blob          originals: rounded, sealed, opened from the front or anywhere
    keys, slots, words   the master key, the ways in to it, recovery words
    canonical, header    one spelling of JSON; the public file of a vault
    entries, tree        the record: leaves with salted fields, RFC 6962 over them
    signing, checkpoint  what others are given of it: two signatures, certificates, signed notes
    state, anchor        roll-back: the hash of all rows, the note in the keyring
    refused              failed unlocks, sealed to a public key
"""
