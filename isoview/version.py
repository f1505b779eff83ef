"""The version, where it costs nothing to ask: reading installed metadata takes 20 ms.

``pyproject.toml`` says the same; a test holds them together.
"""

VERSION = "0.1.0"
