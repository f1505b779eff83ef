"""Gather: facts about a binary, a module, a process. No opinions.

Nothing in here imports ``isoview``'s judging half or the app.
"""
