"""The same work done by isoview and its peers, in one run. See README.md here."""
