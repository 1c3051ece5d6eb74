"""What a person reads when something does not work: one place, for window and command line.

`words(error)` turns an error into a title (what happened, a few words), a sentence (to what, and
what it means for their pictures) and an action (what to do now). A frightened person reads this,
so: second person, short, concrete, no jargon; nothing that blames them; never "wrong key" where
changed bytes look the same. On screen the vault is the library, the keyring is this computer's
password store, a slot is a way in, an export or a rendition is a copy, to revoke is to end.

Where an action names a command, `IN_WINDOW` says it with the window's own buttons and places.

A text may name facts of its error as `{fact}`, and a number of bytes as `{fact:size}`, or
as `{fact:room}` where less would not do.
What is filled in may come from an attacker (a file name with a line break, or with signs that turn
the reading direction around), so control and direction signs are shown as �, and long values are
cut in the middle. A fact that the error does not carry fails the tests, which read every place that
raises; should one slip through all the same, the text says "unknown" and the person still gets the
rest.

An error that nobody expected gets a short code that can be searched for. It is made of the kind
of the error and the place in the code, never of its message, which may hold what is private.

Codes are the strings that the code raises, kept here in one section for each room of the house.
Length: texts, one after another; a table does not get clearer by being cut up.
"""

from __future__ import annotations

import dataclasses
import hashlib
import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime
from types import TracebackType

from lighttight.errors import Cancelled, LighttightError


@dataclass(frozen=True, slots=True)
class Words:
    """Title, sentence, action: each plain text, complete in itself."""

    title: str
    sentence: str
    action: str


# --- The start of the program

_START = {
    "no-display": Words(
        "No screen to open a window on",
        "This terminal has no display, so Lighttight cannot open its window here.",
        "To see the whole story without one, run: lighttight demo",
    ),
}

# --- sealed: encryption, ways in, entries

_SEALED = {
    "did-not-open": Words(
        "That didn’t open it",
        "That didn’t open it. Nothing was changed or lost.",
        "Look at what you typed and try again, or use another way in, such as your recovery words.",
    ),
    "recovery-words-unknown": Words(
        "Word {position} isn’t on the list",
        "Word {position} is none of the words that Lighttight uses. Nothing was changed or lost.",
        "Look at word {position} on your page again. The first four letters of a word are enough.",
    ),
    "recovery-words-count": Words(
        "There should be 24 words",
        "You entered {count}. Nothing was changed or lost.",
        "Enter all 24 words, in the order on your page, with a space between them.",
    ),
    "recovery-words-checksum": Words(
        "One of the words doesn’t fit",
        "All 24 words are known, but they don’t belong together in this order. "
        "Nothing was changed or lost.",
        "Compare each word with your page. Two may be swapped, or one may be a similar word.",
    ),
    "passphrase-not-text": Words(
        "That passphrase can’t be read",
        "It holds signs that are not text, so it could not be typed the same way again.",
        "Type the passphrase again. In a terminal, check that it uses UTF-8.",
    ),
    "memory-short": Words(
        "Not enough memory right now",
        "Checking a passphrase needs {mebibytes} MiB for a moment, and they are not free. "
        "Your pictures are untouched.",
        "Close other programs and try again, or use a way in without a passphrase.",
    ),
    "factor-unsupported": Words(
        "This way in needs a newer Lighttight",
        "This version can show a way in with a security key, but cannot use it.",
        "Use another way in, or install the newest version.",
    ),
    "vault-newer": Words(
        "Made by a newer Lighttight",
        "This library has format {version}, which this version cannot read. Nothing was changed.",
        "Install the newest version of Lighttight and open it again.",
    ),
    "header-damaged": Words(
        "The library’s first page is damaged",
        "The file that says how to open this library was changed or cut, and so was its copy. "
        "Your pictures are still there, sealed.",
        "Put back the files “header” and “header.copy” from a backup of this library.",
    ),
    "header-costs": Words(
        "The library’s first page can’t be right",
        "It asks for a passphrase check that no Lighttight makes: too cheap to be safe, or too "
        "large for a computer. Someone may have changed it. That check was not made.",
        "Put back the files “header” and “header.copy” from a backup of this library.",
    ),
    "header-forged": Words(
        "The library’s first page was changed",
        "What you gave fits, but the file that says how to open this library was not written by "
        "Lighttight. Someone may have changed it. Your pictures are still there, sealed.",
        "Put back the files “header” and “header.copy” from a backup, and ask who can reach them.",
    ),
    "header-copies-differ": Words(
        "The library’s two first pages disagree",
        "“header” and “header.copy” are both whole, yet say different things. Two computers may "
        "have written at once, or someone may have changed one.",
        "Put both back from a backup of this library.",
    ),
    "blob-damaged": Words(
        "This picture’s file is damaged",
        "Its sealed file was changed, cut or swapped, so Lighttight does not open it. "
        "The others are not affected.",
        "If you have a backup, restore it from there. To see which others are "
        "damaged, run: lighttight verify",
    ),
    "key-damaged": Words(
        "A key in the library is damaged",
        "A key has the wrong size, so what it belongs to cannot be opened. Nothing was changed.",
        "Restore the library from a backup.",
    ),
    "range-refused": Words(
        "This file asked for something impossible",
        "While it was read, a part was asked for that no file has. It may be made to do harm.",
        "Leave this file out. The others are not affected.",
    ),
    "state-damaged": Words(
        "The library’s own count doesn’t add up",
        "The note that vouches for the catalog was changed or is damaged. "
        "Nothing leaves until this is cleared up.",
        "Run: lighttight verify. If it finds the same, restore the library from a backup.",
    ),
    "anchor-forged": Words(
        "This computer’s note about the library was changed",
        "The note in this computer’s password store, which shows whether the library is the newest "
        "version, was not written by Lighttight.",
        "If you restored the password store, that explains it. If not, something else wrote there.",
    ),
    "entry-forged": Words(
        "The record was changed",
        "An entry of what happened in this library is not as Lighttight wrote it.",
        "Compare with a backup, and run: lighttight verify. Don’t rely on the record before that.",
    ),
    "entry-value": Words(
        "That can’t be written into the record",
        "The {field} is too long or holds signs that are not text. Nothing was done.",
        "Shorten or retype it and try again.",
    ),
    "checkpoint-forged": Words(
        "A signed state of the record was changed",
        "What was signed about how the record stood at some moment is not as Lighttight wrote it.",
        "Compare with a backup, and run: lighttight verify. Don’t rely on the record before that.",
    ),
    "certificate-forged": Words(
        "The signing keys don’t fit together",
        "The chain that leads from this library’s identity to the keys that sign its record was "
        "changed, or is another library’s.",
        "Compare with a backup, and run: lighttight verify. Don’t rely on the record before that.",
    ),
    "signature-forged": Words(
        "A signature doesn’t hold",
        "What was signed was changed since, or somebody else signed it.",
        "Don’t rely on it. Compare with a backup, and run: lighttight verify.",
    ),
    "signing-key-damaged": Words(
        "A signing key is damaged",
        "A key that signs the record has a form that Lighttight does not make.",
        "Compare with a backup, and run: lighttight verify. Don’t rely on the record before that.",
    ),
    "signing-unsupported": Words(
        "This computer can’t sign the record",
        "The encryption library installed here does not know ML-DSA-65, one of the two signatures "
        "that the record needs.",
        "Install Lighttight with the libraries that come with it, and try again.",
    ),
    "tree-forged": Words(
        "The record doesn’t fit together",
        "The entries of what happened in this library do not lead to the result they should. "
        "Some may have been changed, removed or added.",
        "Compare with a backup, and run: lighttight verify. Don’t rely on the record before that.",
    ),
    "randomness-failed": Words(
        "This computer gave no random numbers",
        "Keys are made of random numbers, so Lighttight stopped before it made an unsafe one. "
        "Nothing was changed.",
        "Restart the computer and try again.",
    ),
}

# --- media: pictures and videos

_MEDIA = {
    "media-unknown": Words(
        "Not a picture or a video",
        "By its content this file is no picture and no video that Lighttight knows.",
        "Nothing to do. The file stays where it is.",
    ),
    "media-undecodable": Words(
        "No preview for this one",
        "It is damaged, far larger than usual, or in a format that this version cannot show. "
        "What is in your library stays safe, exactly as it was.",
        "To open it in another program, export the original.",
    ),
    "copy-impossible": Words(
        "No clean copy of this one",
        "It is damaged, or in a format of which this version cannot take place, date and device "
        "away for sure. It was not saved, and is safe in your library.",
        "You can save it unchanged instead, with everything that it says besides the picture.",
    ),
    "media-source-short": Words(
        "The file changed while it was read",
        "It became shorter than it was at the start. Nothing in your library was changed.",
        "If the file is still being copied, wait for that, then try again.",
    ),
    "decoder-died": Words(
        "This file made the preview stop",
        "The separate process that reads pictures ended over this file. That is what it is for: "
        "nothing else was affected, and the file itself is kept as it is.",
        "Go on. If you did not expect this file, don’t open it in other programs.",
    ),
    "decoder-timeout": Words(
        "No preview in reasonable time",
        "Reading this file took too long, so it was stopped. The file itself is kept as it is.",
        "Go on. The preview can be tried again later with: lighttight doctor",
    ),
    "decoder-unavailable": Words(
        "Previews can’t be made here",
        "The separate process that reads pictures did not start. Files are kept safe as they are, "
        "without previews.",
        "Start Lighttight again. If it stays so, reinstall it; your library is not affected.",
    ),
}

# --- files and settings

_FILES: dict[str, Words] = {
    "disk-full": Words(
        "The disk is full",
        "The disk that holds {path} has no room left to save anything more. What was saved before "
        "is safe.",
        "Free some space on that disk, then try again. To look and to check, a few megabytes are "
        "enough.",
    ),
    "disk-failed": Words(
        "The disk reports an error",
        "Reading or writing failed. The disk may be wearing out, or was unplugged.",
        "Stop using this disk. If you have a backup, check it now; then run: lighttight verify",
    ),
    "disk-file-limit": Words(
        "This disk cannot hold a file this large",
        "The disk that holds {path} has a limit on the size of one file.",
        "Choose another disk, or one formatted for large files.",
    ),
    "disk-error": Words(
        "The disk did not do what was asked",
        "Reading or writing failed in a way that is not known. What was saved before is safe.",
        "Try again. If it happens again, copy the library to another disk and open it there.",
    ),
    "not-writable": Words(
        "No permission to do that here",
        "This computer does not let you write there, or the disk is read-only.",
        "Choose another place, or change the permissions of that folder.",
    ),
    "workers-hanging": Words(
        "A disk does not answer",
        "Too much is waiting for it: nothing more can be done until it answers.",
        "Unplug that disk if it can be. Otherwise close Lighttight, and open it again.",
    ),
    "vault-gone": Words(
        "Your library cannot be reached",
        "Its folder is not there any more. The disk may have been unplugged.",
        "Connect the disk again, then open the library again.",
    ),
    "folder-gone": Words(
        "That folder cannot be reached",
        "The folder that holds {path} is not there any more. The disk may have been unplugged.",
        "Connect it again, or choose another folder.",
    ),
    "file-missing": Words(
        "A file is missing",
        "{path} should be there and is not.",
        "If you moved it, put it back. Otherwise run: lighttight verify",
    ),
    "file-oversized": Words(
        "A file is much longer than it can be",
        "{path} is not what Lighttight wrote, so it was not used.",
        "Run: lighttight doctor",
    ),
    "file-not-found": Words(
        "Nothing is there",
        "There is no file or folder {path}.",
        "Check the name, and whether the disk is connected.",
    ),
    "file-not-regular": Words(
        "That is not a file with a picture in it",
        "{path} is a folder, a device or a connection between programs. It was not opened.",
        "Choose the picture or video itself.",
    ),
    "file-is-link": Words(
        "That is only a link",
        "{path} points to another place, so it was left alone.",
        "Choose the file that it points to.",
    ),
    "file-unreadable": Words(
        "This file cannot be read",
        "This computer does not let you read {path}, or its disk is failing.",
        "Copy it to another place, or change its permissions, then try again.",
    ),
    "file-changed": Words(
        "The file changed while it was being read",
        "Another program was writing to {path}, so nothing of it was kept.",
        "Wait until the other program is done, then try again.",
    ),
    "folder-unreadable": Words(
        "This folder cannot be read",
        "This computer does not let you look into {path}. What is inside was not seen.",
        "Change the permissions of that folder, then try again.",
    ),
    "folder-too-deep": Words(
        "Folders within folders, too many",
        "{path} lies deeper than Lighttight looks. What is inside was not seen.",
        "Choose that folder by itself.",
    ),
    "path-is-vault": Words(
        "That is a Lighttight library",
        "{path} holds sealed pictures already, so there is nothing to import from it.",
        "To see what is inside, open it with --vault.",
    ),
    "name-taken": Words(
        "Too many files with this name",
        "The folder already holds thousands of files called {name}.",
        "Choose an empty folder.",
    ),
}

# --- vault: the library on disk, the password store

_VAULT: dict[str, Words] = {
    "keyring-absent": Words(
        "No password store on this computer",
        "Nothing here keeps passwords safe for programs, so one-click opening is off. "
        "Your pictures are untouched.",
        "Open your library with your passphrase or your recovery words.",
    ),
    "keyring-locked": Words(
        "This computer's password store is locked",
        "It wants its own password first, usually the one you sign in with. "
        "Your pictures are untouched.",
        "Unlock it and try again, or open your library in another way.",
    ),
    "keyring-hanging": Words(
        "This computer's password store isn't answering",
        "So one-click opening is off. Your pictures are untouched.",
        "Try again in a moment, or open your library with your passphrase or recovery words.",
    ),
    "keyring-insecure": Words(
        "This computer's password store is not safe",
        "It keeps what it is given where others can read it, or forgets it. So nothing was put "
        "there, and your pictures are untouched.",
        "Give the store a password, or use a passphrase for your library.",
    ),
    "keyring-broken": Words(
        "This computer's password store doesn't work right",
        "It did not give back what was put in, so one-click opening is off. "
        "Your pictures are untouched.",
        "Sign out and in again, or open your library with your passphrase or recovery words.",
    ),
    "vault-busy": Words(
        "Your library is in use",
        "This has to be alone with your library, and it is open in: {holders}.",
        "Close it there, then try again.",
    ),
    "catalog-busy": Words(
        "Your library is saving something else",
        "Another Lighttight window or command has been writing for a while. Nothing was lost.",
        "Wait for it to finish, then try again.",
    ),
    "settings-busy": Words(
        "The settings are being changed elsewhere",
        "Another Lighttight window or command has been changing the settings for a while.",
        "Wait for it to finish, then try again.",
    ),
    "memory-gone": Words(
        "Not enough memory right now",
        "The library’s list of pictures needs more memory than is free. Nothing was lost.",
        "Close other programs, then try again.",
    ),
    "path-not-text": Words(
        "That place can’t be used",
        "The name of {path} holds signs that are not text. Nothing was made or changed there.",
        "Choose a folder whose name your system shows as ordinary letters, or rename it.",
    ),
    "vault-has-link": Words(
        "Part of the library is a link",
        "{path} leads somewhere else, so nothing was read or saved there.",
        "Put the real file or folder in its place, with what was in it, then try again.",
    ),
    "vault-has-other": Words(
        "Something else is in the library’s place",
        "{path} is part of every library, and what is there is of another kind: a folder instead "
        "of a file, or a connection between programs. It was not opened.",
        "Move it somewhere else, then try again. What the library lacks then, it will name.",
    ),
    "vault-read-only": Words(
        "Your library is where nothing can be written",
        "The disk or folder that holds {path} is read-only. Each opening is recorded in the "
        "library itself, so it cannot be opened there. Nothing was changed.",
        "Restore it to a place that can be written to: that makes a copy and leaves this one as it "
        "is. Or change the permissions of the folder.",
    ),
    "vault-disk-full": Words(
        "No room to open your library",
        "The disk that holds {path} is full. Each opening is recorded in the library itself, and "
        "needs {needed:size} there for a moment. Nothing is lost.",
        "Free that much on the disk, then open it again: delete something else there, or empty the "
        "disk’s own trash.",
    ),
    "vault-silent": Words(
        "The disk that holds it does not answer",
        "Your library cannot be opened until it does. What was saved before is safe.",
        "Look at its cable or its network. It is noticed here when the disk answers.",
    ),
    "vault-missing": Words(
        "No library there",
        "There is nothing at {path}.",
        "Check the path. If the library is on a disk or in a folder that is not connected, "
        "connect it and try again.",
    ),
    "not-a-vault": Words(
        "That is not a library",
        "{path} holds no Lighttight library, or its first page is missing.",
        "Choose the folder that ends in “.lighttight”. If “header” is missing in it, put it back "
        "from a backup.",
    ),
    "path-exists": Words(
        "There is something there already",
        "{path} is not empty, and nothing in it was touched.",
        "Choose a new name or an empty folder.",
    ),
    "place-inside": Words(
        "That place is inside a library",
        "{path} is inside {library}, which is a library or a backup of one. Nothing was made.",
        "Choose a folder somewhere else.",
    ),
    "vault-locked": Words(
        "Your library is locked",
        "It was locked while this was being done. What was finished is kept.",
        "Open it and try again.",
    ),
    "vault-older": Words(
        "This is an older version of your library",
        "This computer last saw changes from {anchored}; these files stop at {found}. Is it a "
        "second copy, or did you restore one? That explains it. If not, someone may have replaced "
        "the files.",
        "If it is a backup, open it with: --accept-older. If not, look at your backups before you "
        "go on.",
    ),
    "vault-forked": Words(
        "These files don’t continue from what this computer saw",
        "This computer last saw changes from {anchored}; these files end at {found}, and went "
        "another way in between. Two computers may have changed the library, a restored copy may "
        "have been moved, or someone may have replaced the files.",
        "If you know why, open it with: --accept-older. If not, look at your backups before you "
        "go on.",
    ),
    "way-in-missing": Words(
        "No way in like that",
        "This library has no way in that uses just what you gave. Nothing was changed or lost.",
        "See which ways in it has with: lighttight slots list. Then open it with one of them.",
    ),
    "way-in-unsupported": Words(
        "Security keys can’t be used yet",
        "This version cannot make a way in with a security key.",
        "Choose a PIN or a passphrase.",
    ),
    "passphrase-missing": Words(
        "A passphrase or PIN is needed",
        "This way in needs a passphrase or PIN, and none was given.",
        "Type one, or choose a way in without it.",
    ),
    "passphrase-weak": Words(
        "That passphrase could be guessed",
        "Someone who copies your library could try out passphrases like this one for as long as "
        "they want.",
        "Use a longer one: four or more words that don’t belong together are good.",
    ),
    "pin-short": Words(
        "That PIN is too short",
        "A PIN needs at least {least} characters; digits are enough.",
        "Choose a longer one.",
    ),
    "pin-easy": Words(
        "That PIN would be tried first",
        "It is among the thousand that someone who knows people would try, like 123456 or 111111.",
        "Choose one without a pattern; six digits are enough.",
    ),
    "slots-full": Words(
        "There are eight ways in already",
        "A library can have no more than eight.",
        "Remove one that you don’t use, then add the new one.",
    ),
    "keyring-stale": Words(
        "The password store no longer has the key",
        "This computer’s password store answers, but the key for this library is gone from it. "
        "Your pictures are untouched.",
        "Open your library with your passphrase or recovery words, then set up one-click opening "
        "again.",
    ),
    "keyring-wrong": Words(
        "The password store has a different key",
        "What this computer’s password store gave does not open this library. Your pictures are "
        "untouched.",
        "Open your library with your passphrase or recovery words, then set up one-click opening "
        "again.",
    ),
    "catalog-missing": Words(
        "The library’s list of pictures is missing",
        "The file that knows names, dates and keys is not where the first page says. Without it "
        "the pictures cannot be opened.",
        "Look whether “catalog” files were moved. If not, restore your newest backup with: "
        "lighttight restore",
    ),
    "catalog-damaged": Words(
        "The library’s list of pictures is damaged",
        "The file that knows names, dates and keys was changed or cut. Nothing was written to it.",
        "Restore your newest backup with: lighttight restore. Keep this copy until you have "
        "looked at the restored one.",
    ),
    "state-differs": Words(
        "Something in your library was changed from outside",
        "Some of its entries are not what Lighttight wrote: old pages may have been put back. "
        "Nothing will leave the library like this.",
        "Compare with your newest backup. To see what is affected, run: lighttight verify",
    ),
    "record-differs": Words(
        "The record of what happened doesn’t add up",
        "Entries of the record were changed, removed or put back from an older copy. Nothing will "
        "leave the library like this.",
        "Compare with your newest backup. To see what is affected, run: lighttight verify",
    ),
    "blob-missing": Words(
        "A picture’s file is missing",
        "The library lists it, but its sealed file is gone. Everything else is unaffected.",
        "Restore it from a backup. To see which pictures are affected, run: lighttight verify",
    ),
    "blob-unreadable": Words(
        "A picture’s file can’t be read",
        "The disk did not give back its sealed file. Everything else is unaffected.",
        "Check the disk, then try again. If it is failing, make a backup first.",
    ),
    "file-changed-while-read": Words(
        "The file changed while it was read",
        "It got shorter in the middle of it. Nothing of it was kept, and the file is untouched.",
        "Wait until nothing writes to it any more, then import it again.",
    ),
    "backup-inside": Words(
        "A backup can’t be inside the library",
        "{path} is in the library’s own folder, or around it.",
        "Choose a folder on another disk.",
    ),
    "backup-other-vault": Words(
        "That is another library’s backup",
        "{path} belongs to a different library, and was not touched.",
        "Choose an empty folder, or the backup of this library.",
    ),
    "backup-busy": Words(
        "That backup is in use",
        "{path} is open, or being written, in: {holders}. It was not touched.",
        "Close it there or wait for it to end, then try again.",
    ),
    "restore-busy": Words(
        "It is being restored there already",
        "Another restoring to {path} is going on, in: {holders}. This one changed nothing.",
        "Wait for the other one to end, or choose another place.",
    ),
    "backup-apart": Words(
        "That backup holds what this library does not",
        "{path} was made from a newer or another version of this library. Writing over it could "
        "remove pictures that only it has. It was not touched.",
        "Choose an empty folder for this backup, or restore that one.",
    ),
}

# --- audit: the record

_AUDIT: dict[str, Words] = {
    "intent-unknown": Words(
        "No saving began there",
        "Entry {intent} of the record is none with which copies began to leave.",
        "Look in the record for the number of the entry with which it began.",
    ),
    "intent-settled": Words(
        "It is known how that ended",
        "What became of entry {intent} is in the record already.",
        "There is nothing to add.",
    ),
    "proof-nothing": Words(
        "Nothing to prove",
        "No entry of the record fits what you asked for, so no proof file was made.",
        "Ask for another item, or for an earlier time.",
    ),
    "proof-too-long": Words(
        "Too many entries for one proof file",
        "{count} entries fit, and one file holds {most} at most.",
        "Ask for one item, or for a later time.",
    ),
}

# --- library: items, albums, importing

_LIBRARY: dict[str, Words] = {
    "search-kind-unknown": Words(
        "“{part}” is not understood",
        "After “kind:” comes photo or video.",
        "Correct it, or take it out of the search.",
    ),
    "search-being-unknown": Words(
        "“{part}” is not understood",
        "After “is:” comes favourite, photo, video or shared.",
        "Correct it, or take it out of the search.",
    ),
    "search-time-unknown": Words(
        "“{part}” is not understood",
        "A time is a year, a month or a day: 2024, 2024-09 or 2024-09-14.",
        "Correct it, or take it out of the search.",
    ),
    "search-kinds-contradict": Words(
        "Nothing is both a photo and a video",
        "The search asks for both kinds at once, and a picture has one.",
        "Take one of the two out of the search.",
    ),
    "item-unknown": Words(
        "No such photo or video",
        "Nothing in your library has this id. It may have been deleted for good.",
        "To see what is there, run: lighttight list",
    ),
    "item-id-unclear": Words(
        "Which photo or video is meant?",
        "“{given}” is not the beginning of an id: that is at least four of the signs 0–9 and a–f. "
        "Nothing was done.",
        "The ids stand first in each line of: lighttight list",
    ),
    "item-id-unknown": Words(
        "No such photo or video",
        "Nothing in your library has an id that begins with {given}, so nothing was done. It may "
        "have been deleted for good.",
        "The ids stand first in each line of: lighttight list; for the trash, add --trash",
    ),
    "item-id-ambiguous": Words(
        "More than one photo or video begins like this",
        "Several ids begin with {given}, so nothing was done.",
        "Give more of the id that you mean; it stands first in its line of: lighttight list",
    ),
    "album-unknown": Words(
        "No such album",
        "This album is not in your library. It may have been removed in another window.",
        "To see your albums, run: lighttight albums",
    ),
    "album-exists": Words(
        "There is an album of this name",
        "Two albums of the same name could be taken for each other, so none was made.",
        "Choose another name, or use the album that is there.",
    ),
    "album-name-empty": Words(
        "An album needs a name",
        "The name that you gave holds no letters that can be seen.",
        "Give it a name.",
    ),
    "album-name-long": Words(
        "This name is too long",
        "The name of an album can have up to {most} letters.",
        "Choose a shorter name.",
    ),
    "tag-empty": Words(
        "A tag needs a name",
        "The tag that you gave holds no letters that can be seen.",
        "Give it a name.",
    ),
    "tag-long": Words(
        "This tag is too long",
        "A tag can have up to {most} letters.",
        "Choose a shorter one, or write it as a caption.",
    ),
    "caption-long": Words(
        "This caption is too long",
        "A caption can have up to {most} letters. The one before was kept.",
        "Shorten it.",
    ),
    "not-media": Words(
        "Not a photo or video",
        "{path} holds no photo or video that Lighttight knows, so it was left where it is.",
        "If it is one, save it in another format and import that.",
    ),
    "stored-without-preview": Words(
        "Saved, but it cannot be shown",
        "The file is sealed in your library as it is. It may be damaged, or of an unknown kind.",
        "You can still export it. A newer version of Lighttight may be able to show it.",
    ),
    "duplicate-restored": Words(
        "It was in the trash",
        "Your library had this picture already, in the trash. It was brought back from there.",
        "You need not do anything.",
    ),
    "disk-low": Words(
        "Not enough room on the disk",
        "To save more, {needed:size} must be free there, with a reserve for the library itself: "
        "{missing:room} more than now. What was saved before is safe.",
        "Free that much on the disk that holds your library, then try again.",
    ),
    "import-stopped": Words(
        "Not imported yet",
        "The import stopped before it came to {path}. What it had saved is safe.",
        "When the trouble is over, import again. What is in already is not saved twice.",
    ),
    "originals-recovery-unconfirmed": Words(
        "Your recovery words come first",
        "The files outside are removed only when you can get in even if this computer is lost.",
        "Write the words down, then run: lighttight recover --confirm",
    ),
    "originals-no-backup": Words(
        "There is no second copy yet",
        "The files outside are removed only when a backup holds them too.",
        "Make one with: lighttight backup. Then import the files again to remove them.",
    ),
    "originals-not-in-backup": Words(
        "Kept: your backup does not hold it yet",
        "{path} was left where it is, because the picture is newer than your last backup.",
        "Run: lighttight backup. Then import the file again to remove it.",
    ),
    "original-not-removable": Words(
        "No permission to remove this file",
        "{path} is safe in your library, but this computer does not let you remove it there.",
        "Remove it yourself, or change the permissions of its folder.",
    ),
    "also-still-on": Words(
        "Also still elsewhere?",
        "A picture that came from a phone or a chat is usually still there as well.",
        "Look on your phone, in its Recently Deleted, in iCloud or Google Photos, and in the chat.",
    ),
}

# --- sharing: copies that leave

_SHARING: dict[str, Words] = {
    "export-nothing": Words(
        "Nothing was chosen",
        "No picture was chosen to be saved, so nothing left your library.",
        "Choose at least one picture or video.",
    ),
    "folder-missing": Words(
        "That folder isn’t there",
        "{path} is not a folder. Nothing left your library.",
        "Choose a folder that exists, or connect its disk.",
    ),
    "folder-inside": Words(
        "That folder is inside your library",
        "{path} belongs to the library. A readable copy there would be taken for a part of it.",
        "Choose a folder somewhere else.",
    ),
    "folder-full": Words(
        "Not enough room there",
        "The copies don’t fit on the disk of {path}: {missing:room} more must be free there. "
        "Nothing left your library.",
        "Free that much there, or choose another disk.",
    ),
}

# --- session

_SESSION: dict[str, Words] = {
    "slot-unclear": Words(
        "Which way in is meant?",
        "“{slot}” is not the beginning of a way in’s number: that is at least four of the signs "
        "0–9 and a–f. Nothing was changed.",
        "Give the beginning of the number that stands before it in: lighttight slots list",
    ),
    "slot-unknown": Words(
        "No way in like that",
        "This library has no way in whose number begins with {slot}. Nothing was changed.",
        "Give the beginning of a number that stands in: lighttight slots list",
    ),
    "slot-ambiguous": Words(
        "Which way in is meant?",
        "Several ways in have a number that begins with {slot}. Nothing was changed.",
        "Give more of the number that you mean, as it stands in: lighttight slots list",
    ),
    "recovery-stays": Words(
        "Recovery words can’t be removed",
        "They are the way in that is left when everything else is lost, so a library always has "
        "them.",
        "To get new words and end the old ones, run: lighttight slots rotate",
    ),
}

# --- cli: the command line

_CLI: dict[str, Words] = {
    "usage": Words(
        "That command is not complete",
        "{message}.",
        "To see how it goes: {command} --help",
    ),
    "vault-not-named": Words(
        "Which library?",
        "No library was named, and none was opened on this computer before.",
        "Say which one with --vault PATH, or make one with: lighttight create PATH",
    ),
    "vault-unclear": Words(
        "Which library?",
        "More than one library was opened on this computer: {known}.",
        "Say which one with --vault PATH.",
    ),
    "way-in-not-given": Words(
        "A passphrase, a PIN or your recovery words are needed",
        "This library opens with something that you type, and there is no terminal to ask in.",
        "Give it with --passphrase-file FILE or --words-file FILE.",
    ),
    "ways-in-both": Words(
        "One way in at a time",
        "A passphrase and recovery words were both given, and they are two different ways in.",
        "Give one of --passphrase-file and --words-file.",
    ),
    "album-not-found": Words(
        "No such album",
        "There is no album “{name}” in your library, so nothing was done.",
        "To see your albums, run: lighttight albums",
    ),
    "create-without-store": Words(
        "No password store on this computer",
        "A library that opens with one click needs a password store for its key, and nothing here "
        "keeps passwords safe for programs. Nothing was made at {path}.",
        "Make one that opens with a passphrase: add --unlock passphrase",
    ),
    "unlock-not-chosen": Words(
        "How should it open?",
        "Lighttight has to know whether anyone else uses this computer, and there is no terminal "
        "to ask in.",
        "If only you do, add --unlock keyring; if not, or if you aren’t sure, "
        "--unlock keyring+passphrase.",
    ),
    "recovery-nowhere": Words(
        "Nowhere to show the recovery words",
        "Recovery words are shown once, and here they would end up in a pipe or a file. Nothing "
        "was done.",
        "Run it in a terminal, or give --recovery-out FILE.",
    ),
    "new-words-nowhere": Words(
        "Nowhere to show the new recovery words",
        "All keys change, and the recovery words with them. New ones are shown once, and here they "
        "would end up in a pipe or a file. Nothing was changed.",
        "Run it in a terminal, or give --recovery-out FILE for the new words. To keep the ones "
        "that you have, give --words-file FILE instead of --passphrase-file, and what is to stay "
        "with --also-passphrase-file FILE.",
    ),
    "path-empty": Words(
        "A name is missing",
        "Where a file or folder should be named stands nothing, so nothing was done. In a script, "
        "a variable may be empty.",
        "Name it, or give . for the folder that you are in.",
    ),
    "new-passphrase-missing": Words(
        "The new passphrase is missing",
        "This way in needs a new passphrase or PIN, and there is no terminal to ask in.",
        "Give it with {option} FILE.",
    ),
    "passphrases-differ": Words(
        "They are not the same",
        "What you typed the second time differs from the first. Nothing was changed.",
        "Try again, slowly.",
    ),
    "words-not-repeated": Words(
        "That is not the word on the page",
        "The new recovery words were not confirmed, so nothing was changed: your old ways in and "
        "your old words still work.",
        "Try again, and write all 24 words down before you go on.",
    ),
    "last-way-in": Words(
        "It is the only way in",
        "Without it, only your recovery words would open the library.",
        "Add another one first, with: lighttight slots add",
    ),
    "slots-not-presented": Words(
        "Some ways in would be lost",
        "All keys change, so a way in stays only if what opens it is given now. Not given: "
        "{slots}.",
        "Give each with --also-passphrase-file FILE, or let them go with --drop-others.",
    ),
    "secret-file-unreadable": Words(
        "That file cannot be read",
        "This computer does not let you read {path}, or it is not a file of text.",
        "Check the path and its permissions.",
    ),
    "slot-not-named": Words(
        "Which way in?",
        "No way in was named, so nothing was changed.",
        "Give the beginning of its number; to see them, run: lighttight slots list",
    ),
    "place-impossible": Words(
        "Nothing can be made there",
        "{path}: this place takes no new files or folders, or the name is too long for it. "
        "Nothing was made.",
        "Choose another place or a shorter name.",
    ),
    "words-folder-missing": Words(
        "The folder for the words isn’t there",
        "{path} is not a folder, so the recovery words could not be saved in it. Nothing was made "
        "or changed.",
        "Choose a folder that exists, or connect its disk.",
    ),
    "secret-empty": Words(
        "There is nothing in it",
        "{source} should hold a passphrase, a PIN or recovery words, and begins with none. Nothing "
        "was done.",
        "Write it there and try again.",
    ),
    "answer-lost": Words(
        "The answer could not be written",
        "The disk or device that the answer goes to is full, or takes nothing. What was done in "
        "your library before that stays done.",
        "Free some space there, or let the answer go somewhere else, then try again.",
    ),
    "time-unclear": Words(
        "That time is not clear",
        "{text} is neither a day, nor a time, nor a length of time.",
        "Write for example 2026-10-04, 2026-10-04T21:10:00Z, 12h or 7d.",
    ),
    "looked-unclear": Words(
        "What did you find?",
        "It has to be said whether copies are there or not.",
        "Add --none if no copy is there, or --some if any is.",
    ),
    "field-unknown": Words(
        "There is no field of that name",
        "{field} is none of the fields that entries of the record have.",
        "See their names with: lighttight audit --json",
    ),
    "nothing-named": Words(
        "Nothing was named",
        "No photo or video was named, so nothing was done.",
        "Give the beginning of at least one id; to see them, run: lighttight list",
    ),
    "purge-not-confirmed": Words(
        "Nothing was deleted",
        "Deleting for good cannot be undone, and nobody can be asked here. Named: {count}.",
        "If it is meant, say it with: --yes",
    ),
    "verified-damaged": Words(
        "Something is damaged",
        "{count} of the things that were checked don’t verify; they are listed above. "
        "Everything else is unaffected.",
        "Run: lighttight doctor. What it cannot mend, restore from your newest backup.",
    ),
    "demo-failed": Words(
        "A step did not hold",
        "The demo stopped at: {step}.",
        "Please report this, with the step and what stands above it.",
    ),
}

# --- ui: the window

_UI: dict[str, Words] = {
    "video-unreadable": Words(
        "This video can’t be read now",
        "The computer could not do it at the moment, perhaps for want of memory. The video itself "
        "is unchanged.",
        "Close other programs, and open the video again.",
    ),
    "video-not-playable": Words(
        "This video can’t be played here",
        "It is kept safe and unchanged, but its kind of picture or sound is not one that this "
        "version plays.",
        "To watch it, save the original to a folder and open it with another player.",
    ),
    "resources-missing": Words(
        "Part of Lighttight is missing",
        "The pictures and colours of the window are not where they should be. Your library is "
        "untouched.",
        "Install Lighttight again.",
    ),
}


SECTIONS = (
    _START,
    _SEALED,
    _MEDIA,
    _FILES,
    _VAULT,
    _AUDIT,
    _LIBRARY,
    _SHARING,
    _SESSION,
    _CLI,
    _UI,
)
WORDS: dict[str, Words] = {code: words for section in SECTIONS for code, words in section.items()}

# --- what to do in the window, where the words above name a command

_COPY_INSTEAD = (
    "If you have a second copy, open it with “Open another library” and compare. Make no new copy "
    "over it before that."
)
_LOOK_AT_COPY = (
    "Don’t rely on what you see before you have compared: open your second copy with “Open another "
    "library”."
)
IN_WINDOW: dict[str, str] = {
    "path-is-vault": "To see what is inside, open it.",
    "passphrase-not-text": "Type the passphrase again, with letters and signs of your keyboard.",
    "blob-damaged": "Your second copy may have it whole: open that with “Open another library”.",
    "state-damaged": _LOOK_AT_COPY,
    "entry-forged": _LOOK_AT_COPY,
    "checkpoint-forged": _LOOK_AT_COPY,
    "certificate-forged": _LOOK_AT_COPY,
    "signature-forged": _LOOK_AT_COPY,
    "signing-key-damaged": _LOOK_AT_COPY,
    "tree-forged": _LOOK_AT_COPY,
    "state-differs": _LOOK_AT_COPY,
    "record-differs": _LOOK_AT_COPY,
    "decoder-timeout": "Go on. To look at it all the same, save the original to a folder and open "
    "it with another program.",
    "disk-failed": "Stop using this disk. If you have a second copy, look now whether it opens, "
    "with “Open another library”.",
    "file-missing": "If you moved it, put it back. If not, your second copy may have it: open that "
    "with “Open another library”.",
    "file-oversized": _COPY_INSTEAD,
    "vault-older": "If you restored a backup, press “I restored a backup”. If not, look at your "
    "backups before you go on.",
    "vault-forked": "If you know why, press “I restored a backup”. If not, look at your backups "
    "before you go on.",
    "way-in-missing": "Use another of the ways in that are listed.",
    "catalog-missing": "Look whether “catalog” files were moved. If not, open your second copy "
    "with “Open another library”.",
    "catalog-damaged": "Open your second copy with “Open another library”. Keep this one until you "
    "have looked at the other.",
    "blob-missing": "Your second copy may have it: open that with “Open another library”.",
    "item-unknown": "Look in the trash, or in another album.",
    "album-unknown": "Your albums are listed at the left.",
    "originals-recovery-unconfirmed": "Make new recovery words and check them: Settings, Ways in, "
    "“New recovery words…”.",
    "originals-no-backup": "Make one first: Settings, Second copy. Then import the files again to "
    "remove them.",
    "originals-not-in-backup": "Update the copy first: Settings, Second copy. Then import the file "
    "again to remove it.",
    "item-id-unclear": "Look in the trash, or in another album.",
    "item-id-unknown": "Look in the trash, or in another album.",
    "item-id-ambiguous": "Look in the trash, or in another album.",
    "slot-unclear": "Look at the ways in once more: Settings, Ways in.",
    "slot-unknown": "Look at the ways in once more: Settings, Ways in.",
    "slot-ambiguous": "Look at the ways in once more: Settings, Ways in.",
    "recovery-stays": "To get new words and end the old ones: Settings, Ways in, “New recovery "
    "words…”.",
}

_CANCELLED = Words("Stopped", "You stopped this. What was finished is kept.", "")
_UNEXPECTED = Words(
    "Something unexpected went wrong",
    "Lighttight did not expect this. What was saved before is still there; nothing was lost.",
    "Try it once more. If it happens again, search for the code {code} or report it.",
)

LONGEST_VALUE = 200
# Not strftime: Qt sets the locale of the whole process, and these texts are English.
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_UNITS = ("kB", "MB", "GB", "TB", "PB")
_PLACEHOLDER = re.compile(r"\{([a-z_]+)(:size|:room)?\}")
# Control, format (direction, zero width), surrogate and private-use characters, and the two
# separators that break a line.
_UNSHOWN = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
_JOINERS = frozenset("\u200c\u200d")  # needed inside Persian words and family emoji


def words(error: BaseException) -> Words:
    """The words for an error: its own where it has a code, general ones where it does not."""
    if isinstance(error, Cancelled):
        return _CANCELLED
    if isinstance(error, LighttightError) and error.code in WORDS:
        return _filled(WORDS[error.code], error.facts)
    return _filled(_UNEXPECTED, {"code": search_code(error)})


def window_words(error: BaseException) -> Words:
    """The same, for whoever sits before the window and knows no commands."""
    said = words(error)
    action = IN_WINDOW.get(error.code) if isinstance(error, LighttightError) else None
    return said if action is None else dataclasses.replace(said, action=action)


def search_code(error: BaseException) -> str:
    """`LT-` and eight hex digits that stay the same for the same defect across computers."""
    kind = type(error)
    parts = [kind.__module__, kind.__qualname__]
    if isinstance(error, LighttightError):
        parts.append(error.code)
    parts += _place(error.__traceback__)
    digest = hashlib.sha256("\n".join(parts).encode()).hexdigest().upper()
    return f"LT-{digest[:4]}-{digest[4:8]}"


def placeholders(template: Words) -> frozenset[str]:
    """The facts that a text names."""
    texts = (template.title, template.sentence, template.action)
    return frozenset(name for text in texts for name, _ in _PLACEHOLDER.findall(text))


def harmless(text: str) -> str:
    """`text` as one line that neither steers a terminal nor reads as another one."""
    return "".join(_harmless(sign) for sign in text)


def size(octets: int) -> str:
    """`1 byte`, `512 bytes`, `3.4 MB`."""
    if octets < 1000:
        return f"{octets} byte{'' if octets == 1 else 's'}"
    value, unit = octets / 1000, 0
    while value >= 999.95 and unit < len(_UNITS) - 1:
        value, unit = value / 1000, unit + 1
    return f"{value:.1f} {_UNITS[unit]}"


def room(octets: int) -> str:
    """The same, rounded up: who frees exactly that much has freed enough."""
    tenth = 100
    while octets >= 10_000 * tenth:
        tenth *= 1000
    return size(octets if octets < 1000 else -(-octets // tenth) * tenth)


def counted(count: int, one: str, many: str | None = None) -> str:
    """`1 item`, `2 items`, `12,408 items`."""
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"


def day(moment: date) -> str:
    """`4 October 2026`."""
    return f"{moment.day} {_MONTHS[moment.month - 1]} {moment.year}"


def moment(time: datetime | int) -> str:
    """`4 October 2026, 21:10`: milliseconds UTC or an aware time, shown in this computer's zone."""
    if isinstance(time, int):
        time = datetime.fromtimestamp(time / 1000, UTC)
    if time.tzinfo is not None:
        time = time.astimezone()
    return f"{day(time)}, {time:%H:%M}"


def _place(trace: TracebackType | None) -> list[str]:
    """Module and function of the innermost frame of ours, or of the innermost frame at all.

    Line numbers are left out: they move with every release, and the code would not be found.
    """
    inner: list[str] = []
    ours: list[str] = []
    while trace is not None:
        code = trace.tb_frame.f_code
        module = str(trace.tb_frame.f_globals.get("__name__", ""))
        inner = [module, code.co_qualname]
        if module.partition(".")[0] == "lighttight":
            ours = inner
        trace = trace.tb_next
    return ours or inner


def _filled(template: Words, facts: dict[str, object]) -> Words:
    def fill(text: str) -> str:
        # One pass over the template: a value that looks like a placeholder stays a value.
        return _PLACEHOLDER.sub(one, text)

    def one(match: re.Match[str]) -> str:
        value = facts.get(match[1])
        if match[2] and isinstance(value, int):
            return room(value) if match[2] == ":room" else size(value)
        return _timed(value) if exactly and isinstance(value, datetime) else _shown(value)

    # Two times that read the same would say that nothing happened in between.
    times = {_shown(value) for value in facts.values() if isinstance(value, datetime)}
    moments = {value for value in facts.values() if isinstance(value, datetime)}
    exactly = len(times) < len(moments)
    return Words(fill(template.title), fill(template.sentence), fill(template.action))


def _timed(moment: datetime) -> str:
    """To the millisecond, as the record has it."""
    local = moment if moment.tzinfo is None else moment.astimezone()
    return f"{_shown(moment)}:{local:%S}.{local.microsecond // 1000:03}"


def _shown(value: object) -> str:
    if value is None:
        return "unknown"
    if isinstance(value, datetime):
        local = value if value.tzinfo is None else value.astimezone()
        return f"{_shown(local.date())}, {local:%H:%M}"
    if isinstance(value, date):
        return f"{value.day} {_MONTHS[value.month - 1]} {value.year}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    text = harmless(str(value))
    if len(text) > LONGEST_VALUE:
        half = LONGEST_VALUE // 2
        text = f"{text[:half]}…{text[-half:]}"
    return text


def _harmless(sign: str) -> str:
    if unicodedata.category(sign) in _UNSHOWN and sign not in _JOINERS:
        return "�"
    return sign
