"""The limit of everything: every byte of the files named in a list is read."""

import sys

for path in open(sys.argv[1], encoding="utf-8").read().splitlines():
    with open(path, "rb", buffering=0) as file:
        file.read()
