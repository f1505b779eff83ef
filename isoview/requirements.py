"""Names of distributions from what a project pins: requirements files and lock files.

What is read is only *which* distributions are meant; where they are is looked up among what is
installed. Nothing is resolved or downloaded.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isoview.inspectors.errors import BadConfig
from isoview.text_file import read_text

if TYPE_CHECKING:
    from packaging.markers import Marker

_SIZE_LIMIT = 64 << 20
_HINT = "Name a requirements file, uv.lock or pylock.toml, in UTF-8."
_DEPTH = 10  # requirements files that include one another
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_COMMENT = re.compile(r"(^|\s)#.*$")
LOCK_FILES = ("uv.lock", "pylock.toml")


def is_lock_file(path: str) -> bool:
    """``uv.lock``, ``pylock.toml`` or ``pylock.NAME.toml`` (the latter two from PEP 751)."""
    name = Path(path).name
    return name in LOCK_FILES or (name.startswith("pylock.") and name.endswith(".toml"))


def canonical(name: str) -> str:
    """A distribution's name in the form that all spellings of it share."""
    return re.sub(r"[-_.]+", "-", name).lower()


def names(path: str, markers: Mapping[str, str]) -> tuple[str, ...]:
    """Canonical names of the distributions that the file at ``path`` asks for, in its order.

    Those whose markers do not hold in the environment described by ``markers`` are left out.
    Raises :class:`BadConfig` where the file cannot be read as what it is.
    """
    found = _locked(path, markers) if is_lock_file(path) else _required(Path(path), markers, 0)
    return tuple(dict.fromkeys(found))


def _required(path: Path, markers: Mapping[str, str], depth: int) -> Iterator[str]:
    if depth > _DEPTH:
        raise BadConfig(
            f"{path} is included {depth} deep", "See whether two files include one another."
        )
    text = read_text(path, _SIZE_LIMIT, _HINT, named=not depth)
    joined = re.sub(r"\\\r?\n", "", text)
    for number, raw in enumerate(joined.splitlines(), 1):
        line = _COMMENT.sub("", raw).strip()
        included = re.match(r"(?:-r|--requirement)(?:\s+|=)?(.+)", line)
        if included:
            yield from _required(path.parent / included[1].strip(), markers, depth + 1)
        elif line and not line.startswith("-"):  # -c constrains, -e and --hash name nothing new
            name = _requirement(line, markers, f"{path}, line {number}")
            if name is not None:
                yield name


def _requirement(line: str, markers: Mapping[str, str], where: str) -> str | None:
    """The name that one line asks for; None where its marker does not hold here."""
    from packaging.requirements import InvalidRequirement, Requirement

    egg = re.search(r"#egg=([A-Za-z0-9._-]+)", line)
    if egg:
        return canonical(egg[1])
    try:
        requirement = Requirement(re.split(r"\s+--", line)[0])
    except InvalidRequirement as error:
        if "/" in line or line.endswith((".whl", ".tar.gz")):
            name = Path(line).name.partition("-")[0]
            return canonical(name) if _NAME.fullmatch(name) else None
        raise BadConfig(
            f"{where}: {str(error).splitlines()[0]}", "Write it as pip would read it."
        ) from error
    if requirement.marker is not None and not _holds(requirement.marker, markers):
        return None
    return canonical(requirement.name)


def _holds(marker: "Marker", markers: Mapping[str, str]) -> bool:
    """Whether a marker holds here; one that compares what cannot be compared is taken to."""
    try:
        return marker.evaluate({**markers, "extra": ""})
    except (ValueError, LookupError):  # packaging's UndefinedComparison, UndefinedEnvironmentName
        return True  # better one too many than one unseen


def _locked(path: str, markers: Mapping[str, str]) -> Iterator[str]:
    import tomllib

    try:
        data = tomllib.loads(read_text(path, _SIZE_LIMIT, _HINT))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise BadConfig(f"{path} is not valid TOML: {error}", "Lock the project again.") from error
    # uv.lock writes [[package]], PEP 751 [[packages]].
    packages = data.get("packages", data.get("package"))
    if not isinstance(packages, list):
        raise BadConfig(f"{path} lists no packages", "Give a uv.lock or a pylock.toml.")
    for entry in packages:
        if (
            isinstance(entry, dict)
            and isinstance(entry.get("name"), str)
            and _wanted(entry, markers)
        ):
            yield canonical(entry["name"])


def _wanted(entry: Mapping[str, Any], markers: Mapping[str, str]) -> bool:
    """Whether a locked package is one that this environment should have."""
    source = entry.get("source")
    if isinstance(source, dict) and ({"virtual", "editable"} & set(source)):
        return False  # uv: the project itself
    marker = entry.get("marker")
    marks = [marker] if isinstance(marker, str) else entry.get("resolution-markers") or []
    if not marks:
        return True
    from packaging.markers import InvalidMarker, Marker, UndefinedEnvironmentName

    environment: dict[str, Any] = {
        **markers, "extra": "", "extras": set(), "dependency_groups": set(),
    }  # fmt: skip
    try:
        return any(Marker(mark).evaluate(environment) for mark in marks)
    except (InvalidMarker, UndefinedEnvironmentName, TypeError, ValueError):
        return True  # better one too many than one unseen
