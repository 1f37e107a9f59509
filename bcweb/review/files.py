"""Masks, maps and thumbnails on the disk: whole or not at all, and named by their content.

A file is written under a temporary name, synced, renamed, and its folder synced, before a row names it.
Names hold a hash of what is inside and its size: what is read is what was written, or an error.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from bcweb.masks import grey_png
from bcweb.review.records import NotSaved, ReviewError

_NAME = re.compile(
    r"(masks|maps|drafts|thumbnails)/([0-9a-f]{32})(?:-(\d+)x(\d+))?(?:-[0-9a-f]{8})?\.(png|webp)"
)
_FOLDERS = ("masks", "maps", "drafts", "thumbnails")
_OF_THE_DISK = {
    "lost+found", ".ds_store", ".spotlight-v100", ".trashes", ".temporaryitems", ".fseventsd",
    "system volume information", "$recycle.bin", "desktop.ini", "thumbs.db",
}  # fmt: skip
_STALE_SECONDS = 3600  # a temporary file this old was left by a process that died
_THUMBNAIL_SIDE = 160


class Files:
    """The files of all projects under `home`; a project's are in a folder with a name of its own."""

    def __init__(self, home: Path):
        self._projects = home / "projects"
        self._parts = home / "unfinished"
        for folder in (self._projects, self._parts):
            folder.mkdir(parents=True, exist_ok=True)
        self._remove_stale_parts()

    def begin(self, folder: str) -> None:
        """Make the folders of a new project, durably."""
        place = self._projects / folder
        try:
            make_folders(place)
            sync_folders([place, self._projects, self._projects.parent])
        except OSError as error:
            raise not_saved(error) from error

    def writing(self, folder: str) -> Writing:
        return Writing(self._projects / folder, self._parts)

    def path(self, folder: str, file: str) -> Path:
        """Where a file is; `ReviewError` for what is no name of one."""
        if not _NAME.fullmatch(file):
            raise ReviewError("This is no file of a project.")
        return self._projects / folder / file

    def mask(self, folder: str, file: str) -> np.ndarray:
        """(H, W) bool, checked against its name."""
        return _mask(file, self._bytes(folder, file))

    def png(self, folder: str, file: str) -> bytes:
        """A mask's file, checked as `mask` does."""
        data = self._bytes(folder, file)
        _mask(file, data)
        return data

    def map(self, folder: str, file: str) -> np.ndarray:
        """(H, W) uint8, checked against its name."""
        pixels = _picture(file, self._bytes(folder, file), "L")
        return _checked(file, pixels, pixels)

    def thumbnail(self, folder: str, file: str) -> bytes:
        data = self._bytes(folder, file)
        if _hash(data) != _NAME.fullmatch(file)[2]:
            raise _damaged(file)
        return data

    def remove(self, folder: str, file: str) -> None:
        self.path(folder, file).unlink(missing_ok=True)

    def remove_all(self, folder: str) -> None:
        shutil.rmtree(self._projects / folder, ignore_errors=True)

    def _bytes(self, folder: str, file: str) -> bytes:
        try:
            return self.path(folder, file).read_bytes()
        except FileNotFoundError:
            raise ReviewError(f"The file {file} is missing from the data folder.") from None
        except OSError as error:
            raise ReviewError(f"The file {file} cannot be read: {error.strerror}.") from None

    def _remove_stale_parts(self) -> None:
        before = time.time() - _STALE_SECONDS
        for part in self._parts.iterdir():
            try:
                if part.stat().st_mtime < before:
                    part.unlink()
            except OSError:  # another process's, and it has just finished; or a disk's own folder
                continue


def is_of_the_disk(name: str) -> bool:
    """Whether a disk, or a system that looks at a folder, puts it there by itself: the folder is empty all the same."""
    return name.casefold() in _OF_THE_DISK or name.startswith(".Trash-")  # a user's number follows


class Writing:
    """Files of one project on their way to the disk: none has its name until `publish`.

    A context: what was not published when it ends is gone. Every write raises `NotSaved` where the disk
    does not take it.
    """

    def __init__(self, place: Path, parts: Path):
        self._place, self._parts = place, parts
        self._pending: dict[str, Path] = {}
        self._named: set[str] = set()

    def __enter__(self) -> Writing:
        return self

    def __exit__(self, *_: object) -> None:
        for part in self._pending.values():
            part.unlink(missing_ok=True)

    def mask(self, mask: np.ndarray) -> str:
        """Write a (H, W) bool mask as a 1-bit PNG; its name."""
        return self._mask("masks", mask, "")

    def draft(self, mask: np.ndarray) -> str:
        """As `mask`, under a name that no other file has: it is removed when the draft is."""
        return self._mask("drafts", mask, f"-{secrets.token_hex(4)}")

    def map(self, pixels: np.ndarray) -> str:
        """Write a (H, W) uint8 map as an 8-bit PNG; its name."""
        height, width = pixels.shape
        name = f"maps/{_hash(pixels, pixels.shape)}-{width}x{height}.png"
        return self._write(name, grey_png(pixels, width, 8))

    def thumbnail(self, data: bytes) -> str:
        """Write a WebP file's bytes; its name."""
        return self._write(f"thumbnails/{_hash(data)}.webp", data)

    def publish(self) -> None:
        """Give all their names, durably."""
        try:
            for name, part in list(self._pending.items()):
                os.replace(part, self._place / name)
                del self._pending[name]
            sync_folders({(self._place / name).parent for name in self._named})
        except OSError as error:
            raise not_saved(error) from error

    def _mask(self, folder: str, mask: np.ndarray, ending: str) -> str:
        height, width = mask.shape
        packed = np.packbits(mask, axis=1)
        name = f"{folder}/{_hash(packed, mask.shape)}-{width}x{height}{ending}.png"
        return self._write(name, grey_png(packed, width, 1, level=6))

    def _write(self, name: str, content: bytes) -> str:
        # One that is there already may have been named a moment ago: its folder is synced all the same.
        self._named.add(name)
        if name in self._pending or self._is_there(name, content):
            return name
        part = self._parts / f"{os.getpid()}-{secrets.token_hex(8)}"
        self._pending[name] = part
        try:
            with part.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise not_saved(error) from error
        return name

    def _is_there(self, name: str, content: bytes) -> bool:
        """Whether it has its name already, and is whole: one that the disk has damaged is written again."""
        try:
            return (self._place / name).read_bytes() == content
        except OSError:
            return False


def make_folders(place: Path) -> None:
    """Those that the files of a project are in."""
    for name in _FOLDERS:
        (place / name).mkdir(parents=True, exist_ok=True)


def make_thumbnail(grey: np.ndarray) -> bytes:
    """A (H, W) uint8 picture as a small WebP file's bytes, its longer side 160 pixels at most."""
    image = Image.fromarray(grey)
    image.thumbnail((_THUMBNAIL_SIDE, _THUMBNAIL_SIDE), Image.Resampling.BILINEAR)
    out = BytesIO()
    image.save(out, "WEBP", quality=75, method=2)
    return out.getvalue()


def sync_folders(folders: Iterable[Path]) -> None:
    """Make the names in these folders durable."""
    if os.name == "nt":  # a folder cannot be opened there, and its names are durable by themselves
        return
    for folder in folders:
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def not_saved(error: OSError) -> NotSaved:
    """Why the disk did not take something."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return NotSaved("the disk is full", "make room, then save again")
    return NotSaved(f"the data folder cannot be written ({error.strerror or error})")


def _hash(data: bytes | np.ndarray, shape: tuple[int, ...] = ()) -> str:
    head = "x".join(map(str, shape)).encode()
    content = np.ascontiguousarray(data) if isinstance(data, np.ndarray) else data
    digest = hashlib.sha256(head)
    digest.update(content)
    return digest.hexdigest()[:32]


def _mask(file: str, data: bytes) -> np.ndarray:
    mask = _picture(file, data, "1")
    return _checked(file, mask, np.packbits(mask, axis=1))


def _picture(file: str, data: bytes, mode: str) -> np.ndarray:
    _, _, width, height, _ = _NAME.fullmatch(file).groups()
    try:
        with Image.open(BytesIO(data), formats=("PNG",)) as image:
            if image.mode != mode or image.size != (int(width), int(height)):
                raise _damaged(file)
            return np.array(image)
    except (OSError, SyntaxError, ValueError) as error:
        raise _damaged(file) from error


def _checked(file: str, pixels: np.ndarray, content: np.ndarray) -> np.ndarray:
    if _hash(content, pixels.shape) != _NAME.fullmatch(file)[2]:
        raise _damaged(file)
    return pixels


def _damaged(file: str) -> ReviewError:
    return ReviewError(f"The file {file} in the data folder is damaged.")
