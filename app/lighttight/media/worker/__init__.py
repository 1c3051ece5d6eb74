"""The codecs, and the rules by which a child uses them. Imported by the broker alone.

    answer     one file in, a plain account and pixels out
    pictures   JPEG, PNG, GIF, WebP, BMP, TIFF, AVIF, HEIC
    raw        the cameras' own formats: the picture that the camera put in, else developed
    video      one frame, and what the container says
    remux      MPEG-TS and AVI as MP4 and MOV, for clean copies
    develop    any picture mode to upright sRGB of the size that was asked for
    cleaned    a copy of the file without what stands around its picture
    remote     the child's view of the file

A codec may be taken over by the file that it reads. It then holds this one file, a socket on
which it can lie about it, and nothing else.
"""

from __future__ import annotations

import logging
import warnings
from typing import TYPE_CHECKING, Any

from lighttight.media import sniff
from lighttight.media.wire import Op, Request, Undecodable
from lighttight.media.worker import cleaned, pictures, raw, video
from lighttight.media.worker.remote import RemoteFile
from lighttight.model import Kind

if TYPE_CHECKING:
    from lighttight.media.worker.remote import Channel


def prepare() -> list[str]:
    """Load every codec and whatever it would load later: a child can open no file any more."""
    logging.disable(logging.CRITICAL)
    # A picture that declares more than the cap is an error, not a warning that nobody sees.
    warnings.simplefilter("ignore")
    found = pictures.prepare()
    if raw.prepare():
        found.append("raw")
    if video.prepare():
        found.append("video")
    return found


def answer(request: Request, channel: Channel) -> dict[str, Any]:
    """Decode one file. Runs in the sandbox."""
    file = RemoteFile(channel)
    if file.length == 0:
        raise Undecodable("empty")
    sniffed = sniff.sniff(file.head())
    if sniffed is None or not sniffed.decodable:
        raise Undecodable("unknown")
    if request.op in (Op.CLEAN, Op.FINDINGS):
        return cleaned.answer(request, channel, sniffed)
    if sniffed.kind is Kind.VIDEO:
        return video.answer(request, file, sniffed)
    if request.op is Op.FRAME:
        raise Undecodable("codec")
    if sniffed.container in ("cr3", "raf", "rw2", "orf"):
        return raw.answer(request, file, sniffed.container)
    if file.head(4)[:2] in (b"II", b"MM"):
        name = raw.format_of(file)
        file.seek(0)
        if name is not None:
            return raw.answer(request, file, name)
        sniffed = sniff.FORMATS["tiff"]
    return pictures.answer(request, file, sniffed)
