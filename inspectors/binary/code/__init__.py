"""What the instructions of a file show: who writes which static, and which statics hold objects.

``functions`` gives function bounds on stripped files too, ``instructions`` reads x86-64 and AArch64
code in one common form. Nothing here is imported before a file's code stage runs.
"""
