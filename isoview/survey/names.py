"""What a wheel's file name says (PEP 427, PEP 440), whatever the name is like."""

from typing import NamedTuple


class WheelName(NamedTuple):
    """Empty parts where the name does not tell."""

    name: str
    version: str
    python: str
    abi: str
    platform: str


def wheel_name(path: str) -> WheelName:
    """The parts of a file name; a name that is none gives what it has."""
    from isoview.requirements import canonical

    file = path.replace("\\", "/").rpartition("/")[2]
    stem = file[: -len(".whl")] if file.lower().endswith(".whl") else file
    parts = stem.split("-")
    if len(parts) < 5:
        name, version = (*parts, "")[:2]
        return WheelName(canonical(name), version, "", "", "")
    return WheelName(canonical(parts[0]), parts[1], *parts[-3:])


def release_order(version: str) -> tuple[int, object]:
    """What to sort releases by; those that PEP 440 does not know come first."""
    from packaging.version import InvalidVersion, Version

    try:
        return 1, Version(version)
    except InvalidVersion:
        return 0, version
