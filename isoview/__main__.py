"""``python -m isoview`` is the command."""

from isoview.cli import main

if __name__ == "__main__":
    main()
