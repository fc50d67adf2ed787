"""What takes seconds to start and is started once: the warmed sandbox of this process."""

from __future__ import annotations

import tempfile

from autograder.sandbox.kind import Kind, SandboxError, require
from autograder.sandbox.launch import Guest, Sessions, Zygote, template_address

DEMONSTRATIONS = 600  # seconds that those of a chapter may take
_known: dict[Kind, Sessions] = {}
_templates: dict[str, Sessions] = {}


def start(kind: Kind) -> Zygote:
    """Start the warmed process of this machine, or go on with it. Does not wait for it.

    Raises:
        SandboxError: ``kind`` cannot be had here.
    """
    known = _known.get(kind)
    if isinstance(known, Zygote) and known.alive():
        return known
    require(kind)
    try:
        _known[kind] = made = Zygote(kind)
    except OSError as error:
        folder = tempfile.gettempdir()
        raise SandboxError(
            f"cannot put a sandbox into {folder} ({error.strerror}): make room there, or set "
            "TMPDIR to another folder"
        ) from None
    return made


def zygote(kind: Kind, address: str = "") -> Sessions:
    """The warmed process that serves this one: that at ``address``, else one of its own.

    One that has died is replaced.
    """
    known = _known.get(kind)
    if known and known.alive():
        return known
    if address:
        try:
            _known[kind] = guest = Guest(address)
        except SandboxError:
            return start(kind)
        return guest
    return start(kind)


def template(kind: Kind, name: str) -> Sessions | None:
    """The template ``name`` of the warmed process that serves this one; None without one."""
    address = template_address(zygote(kind).address, name)
    known = _templates.get(address)
    if known and known.alive():
        return known
    try:
        _templates[address] = made = Guest(address, DEMONSTRATIONS)
    except SandboxError:
        return None
    return made
