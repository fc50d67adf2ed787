"""One browser for all tests of widgets."""

from tests.browser import browser  # noqa: F401
