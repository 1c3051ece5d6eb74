"""Disk and keyring: header, slots, catalog, transactions, blobs, anchor."""
