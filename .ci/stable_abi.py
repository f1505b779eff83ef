"""Write the list of the stable ABI's names that isoview asks first, from abi3info's tables.

    python .ci/stable_abi.py > inspectors/binary/stable_abi.txt

A line is ``VERSION NAMES``: what that version of Python added. A test holds the list to the
installed abi3info; where that knows more, the list is made anew.
"""

from abi3info import DATAS, FUNCTIONS


def lines() -> list[str]:
    """The list, the oldest version first."""
    by_version: dict[tuple[int, int], list[str]] = {}
    for table in (FUNCTIONS, DATAS):
        for entry in table.values():
            added = entry.added
            by_version.setdefault((added.major, added.minor), []).append(entry.symbol.name)
    return [
        f"{major}.{minor} {' '.join(sorted(names))}"
        for (major, minor), names in sorted(by_version.items())
    ]


if __name__ == "__main__":
    print("\n".join(lines()))
