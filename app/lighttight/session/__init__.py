"""What the window and the command line see of the rest: a session, and the values it speaks in.

Shells import this package, `model`, `errors`, `messages`, `progress` and `settings`, and nothing
else of the program (a contract of the linter).
"""

from __future__ import annotations

from lighttight.audit.copies import Copy, CopyState
from lighttight.audit.reading import Entry
from lighttight.files.disks import Disk
from lighttight.library.importing import ImportResult, ImportStatus, ImportSummary, Original
from lighttight.library.resealing import Pending, Resealed
from lighttight.library.trash import Purged
from lighttight.media.client import Finding as Inside
from lighttight.media.client import Pixels, Probe
from lighttight.sealed.entries import EntryKind, Field, Value
from lighttight.session.care import Repaired
from lighttight.session.exports import Told
from lighttight.session.protection import Protecting, Protection
from lighttight.session.session import (
    CreatedSession,
    Session,
    create_session,
    is_library,
    look,
    open_session,
    restore_session,
)
from lighttight.sharing.egress import Exported, SavedProof
from lighttight.sharing.renditions import Size
from lighttight.vault.anchoring import AnchorState, Finding
from lighttight.vault.backup import BackedUp
from lighttight.vault.checking import Damage, RecordReport, Report
from lighttight.vault.header_files import insist_outside
from lighttight.vault.password_store import PasswordStore, StoreState
from lighttight.vault.process import Hardening, harden
from lighttight.vault.rotation import Rotated
from lighttight.vault.vault import SUFFIX, Locked, Since, SlotInfo
from lighttight.vault.ways_in import Offer, WayIn, strength

__all__ = [
    "SUFFIX",
    "AnchorState",
    "BackedUp",
    "Copy",
    "CopyState",
    "CreatedSession",
    "Damage",
    "Disk",
    "Entry",
    "EntryKind",
    "Exported",
    "Field",
    "Finding",
    "Hardening",
    "ImportResult",
    "ImportStatus",
    "ImportSummary",
    "Inside",
    "Locked",
    "Offer",
    "Original",
    "PasswordStore",
    "Pending",
    "Pixels",
    "Probe",
    "Protecting",
    "Protection",
    "Purged",
    "RecordReport",
    "Repaired",
    "Report",
    "Resealed",
    "Rotated",
    "SavedProof",
    "Session",
    "Since",
    "Size",
    "SlotInfo",
    "StoreState",
    "Told",
    "Value",
    "WayIn",
    "create_session",
    "harden",
    "insist_outside",
    "is_library",
    "look",
    "open_session",
    "restore_session",
    "strength",
]
