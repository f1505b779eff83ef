"""lief parses the files, and nothing else is asked of it."""

import sys

import lief

for path in open(sys.argv[1], encoding="utf-8").read().splitlines():
    lief.parse(path)
