"""A clean copy without decoding, by the one module that knows the format.

The same walk answers what would be removed (`Op.FINDINGS`) and writes the copy (`Op.CLEAN`).
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
    drop,
)
from lighttight.media.sniff import Sniffed
from lighttight.media.wire import MAX_FINDINGS, Op, Request, Undecodable
from lighttight.media.worker import remux

if TYPE_CHECKING:
    from lighttight.media.worker.remote import Channel

Walk = Callable[[Original, Write], tuple[Finding, ...]]

_WALKS: Final[dict[str, Walk]] = {
    "gif": gif.clean,
    "jpeg": jpeg.clean,
    "png": png.clean,
    "webp": webp.clean,
    **dict.fromkeys(("mp4", "m4v", "mov", "3gp"), bmff.clean),
    **dict.fromkeys(("mkv", "webm"), matroska.clean),
    **{name: partial(remux.clean, name) for name in sorted(REMUXED)},
}
"""Who takes which container apart; `COPIES` says what it becomes."""


def answer(request: Request, channel: Channel, sniffed: Sniffed) -> dict[str, Any]:
    if sniffed.container not in _WALKS:
        raise Undecodable("codec")
    walk = _WALKS[sniffed.container]
    try:
        found = walk(channel, channel.write if request.op is Op.CLEAN else drop)
    except Damaged as error:
        raise Undecodable("damaged") from error
    except Uncleanable as error:
        raise Undecodable(error.reason) from error
    told = [{"kind": one.kind.value, "detail": one.detail} for one in found[:MAX_FINDINGS]]
    return {"clean": {"container": COPIES[sniffed.container], "findings": told}}
