"""pefile: ``fast`` reads headers, exports and imports; ``full`` everything it knows."""

import sys

import pefile

if sys.argv[1] == "fast":
    file = pefile.PE(sys.argv[2], fast_load=True)
    names = ("IMAGE_DIRECTORY_ENTRY_EXPORT", "IMAGE_DIRECTORY_ENTRY_IMPORT")
    file.parse_data_directories([pefile.DIRECTORY_ENTRY[name] for name in names])
else:
    pefile.PE(sys.argv[2])
