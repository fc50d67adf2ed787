"""What our commands leave out to start sooner."""

from __future__ import annotations

import sys


def without_iri_grammar() -> None:
    """Keep jsonschema from building a grammar of internationalised addresses at its import.

    That takes two seconds in each process that reads a notebook, and no notebook's schema asks
    for that format. jsonschema itself goes on without the package where it is not installed.
    """
    if "jsonschema" not in sys.modules:
        sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
