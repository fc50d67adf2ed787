import sys
from pathlib import Path

# Lets the tests say `from tests.browser import …`, however pytest was started.
ROOT = str(Path(__file__).parents[2])
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)

from tests.browser import browser  # noqa: E402, F401
