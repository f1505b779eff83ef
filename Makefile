# Everything here is .ci/dev.py, which needs only Python 3.11+ with venv.
PYTHON ?= python3
.PHONY: try test check screenshots docs manual installs

try: ; @$(PYTHON) .ci/dev.py try $(TARGET)
test: ; @$(PYTHON) .ci/dev.py test $(TESTS)
check: ; @$(PYTHON) .ci/dev.py check
screenshots: ; @$(PYTHON) .ci/dev.py screenshots
docs: ; @$(PYTHON) .ci/dev.py docs
manual: ; @$(PYTHON) .ci/dev.py manual
installs: ; @$(PYTHON) .ci/dev.py installs
