"""The policy of metrics.md: defaults, overrides from a JSON file, and the small tables SQL joins.

Numbers stay decimal from the file to the table: a margin becomes a numerator and a denominator,
an amount becomes whole cents. An unknown key is refused.
"""

import json
from fractions import Fraction
from decimal import Decimal
from math import ceil

DEFAULTS = {
    "at_risk_after": 1,
    "churned_after": 3,
    "relift_after": 3,
    "new_for": 3,
    "tier_window": 3,
    "value_window": 12,
    "tiers": [
        {"name": "diamond", "min": 1000},
        {"name": "gold", "min": 500},
        {"name": "silver", "min": 300},
        {"name": "ordinary", "min": 0},
    ],
    "margin": Decimal("0.10"),
    "margin_by_tier": {},
    "retention_cost": 60,
    "acquisition_multiple": 5,
    "influence": 5,
    "complaining_share": Decimal("0.05"),
    "passive_reasons": ["arrears", "fraud", "underuse"],
    "switch_reasons": ["competitor"],
    "unavoidable_reasons": [
        "relocation", "death", "bankruptcy", "changed_business", "outlet_moved", "life_change",
    ],
    "reasons": {
        "price": "price",
        "convenience": "inconvenience",
        "quality": "core_service",
        "service": "service_staff",
        "response": "response_to_failure",
        "competitor": "competition",
        "ethics": "ethics",
    },
    "house_accounts": [],
    "not_business": [],
    "decline": Decimal("0.5"),
    "group_min": 3,
    "group_share": Decimal("0.3"),
}


def read_policy(path):
    """The defaults with a file's keys in their place; `reasons` adds to its defaults."""
    given = json.loads(path.read_text("utf-8"), parse_float=Decimal) if path else {}
    unknown = sorted(set(given) - set(DEFAULTS))
    if unknown:
        raise SystemExit(f"error: {path} has unknown keys: {', '.join(unknown)}")
    policy = {**DEFAULTS, **given}
    policy["reasons"] = {**DEFAULTS["reasons"], **given.get("reasons", {})}
    return policy


def lay_policy(con, policy):
    """Write the lists of the policy as tables: tier, margin, reason_class and one list a name."""
    for name in ("passive_reasons", "switch_reasons", "unavoidable_reasons", "house_accounts", "not_business"):
        fill(con, name, "name VARCHAR", [(value,) for value in policy[name]])
    fill(con, "reason_class", "reason VARCHAR, class VARCHAR", reason_classes(policy).items())
    tiers = sorted(policy["tiers"], key=lambda tier: -Decimal(str(tier["min"])))
    rows = [(rank, tier["name"], ceil(Decimal(str(tier["min"])) * 100)) for rank, tier in enumerate(tiers)]
    fill(con, "tier_step", "rank INTEGER, tier VARCHAR, least_cents HUGEINT", rows)
    margins = {name: policy["margin"] for _, name, _ in rows} | {"new": policy["margin"]}
    margins |= policy["margin_by_tier"]
    fill(con, "margin", "tier VARCHAR, num HUGEINT, den HUGEINT",
         [(tier, *ratio(value)) for tier, value in margins.items()])


def reason_classes(policy):
    """Each known reason's class; a reason's own entry goes before the lists that it is in."""
    classes = {reason: "passive" for reason in policy["passive_reasons"]}
    classes |= {reason: "involuntary" for reason in policy["unavoidable_reasons"]}
    return classes | policy["reasons"]


def ratio(value):
    """A decimal as numerator and denominator, exactly."""
    return Fraction(Decimal(str(value))).as_integer_ratio()


def fill(con, table, columns, rows):
    """Create a table and its rows; no rows is a table too."""
    con.execute(f"CREATE TABLE {table} ({columns})")
    marks = ", ".join("?" for _ in columns.split(","))
    for row in rows:
        con.execute(f"INSERT INTO {table} VALUES ({marks})", list(row))
