"""A clean copy without decoding, by the one module that knows the format.

The same plan answers what would be removed (`Op.FINDINGS`) and writes the copy (`Op.CLEAN`).
Formats that are not in the table have to be decoded, and the program is told so.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from lighttight.media.cleaning import bmff, gif, jpeg, matroska, png, webp
from lighttight.media.cleaning.base import (
    COPIES,
    REMUXED,
    Damaged,
    Finding,
    Original,
    Uncleanable,
    Write,
)
from lighttight.media.sniff import Sniffed
from lighttight.media.wire import MAX_FINDINGS, Op, Request, Undecodable
from lighttight.media.worker import remux

if TYPE_CHECKING:
    from lighttight.media.worker.remote import Channel

Clean = Callable[[Original, Write], tuple[Finding, ...]]
Look = Callable[[Original], tuple[Finding, ...]]

_KNOWN: Final[dict[str, tuple[Clean, Look]]] = {
    "gif": (gif.clean, gif.findings),
    "jpeg": (jpeg.clean, jpeg.findings),
    "png": (png.clean, png.findings),
    "webp": (webp.clean, webp.findings),
    **dict.fromkeys(("mp4", "m4v", "mov", "3gp"), (bmff.clean, bmff.findings)),
    **dict.fromkeys(("mkv", "webm"), (matroska.clean, matroska.findings)),
    **{name: (partial(remux.clean, name), partial(remux.findings, name)) for name in REMUXED},
}
"""Who takes which container apart; `COPIES` says what it becomes."""


def answer(request: Request, channel: Channel, sniffed: Sniffed) -> dict[str, Any]:
    if sniffed.container not in _KNOWN:
        raise Undecodable("codec")
    clean, look = _KNOWN[sniffed.container]
    try:
        found = clean(channel, channel.write) if request.op is Op.CLEAN else look(channel)
    except Damaged as error:
        raise Undecodable("damaged") from error
    except Uncleanable as error:
        raise Undecodable(error.reason) from error
    told = [{"kind": one.kind.value, "detail": one.detail} for one in found[:MAX_FINDINGS]]
    return {"clean": {"container": COPIES[sniffed.container], "findings": told}}
