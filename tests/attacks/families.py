"""All attacks, family by family: one class of hostile students."""

from __future__ import annotations

from tests.attacks import catalogue, replies, resources

FAMILIES = {
    "resources": catalogue.RESOURCES,
    "theft": catalogue.THEFT,
    "forgery": catalogue.FORGERY,
    "broken files": catalogue.FILES,
    "replies": replies.REPLIES,
    "honest but unusual": catalogue.HONEST,
    "feedback pages": catalogue.ON_PAGES,
    "shares": resources.SHARES,
}
ATTACKS = [attack for family in FAMILIES.values() for attack in family]
