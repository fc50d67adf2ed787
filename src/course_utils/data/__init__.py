"""Real pictures that work offline. Sources and licences: ``README.md`` beside this file."""

from course_utils.data.digits import digits
from course_utils.data.photos import grey, photos

__all__ = ["digits", "grey", "photos"]
