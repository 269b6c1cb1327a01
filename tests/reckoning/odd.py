"""Small nasty extracts, repeatable: what real sources do once a year, here in every month.

    python tests/reckoning/odd.py --seed N --out DIR [--customers 200] [--months 14] [--start 2020-01]

Writes billing, channel and hotline files, a market.csv, a policy.json for reckon.py and a
churnhouse.toml of the same meaning. The files begin a month before the history. Seed 0 has the default policy; other
seeds draw one. Every row keeps the contract of the canonical columns: rejects are not the subject.
"""

import argparse
import csv
import json
import random
from datetime import datetime, timedelta
from pathlib import Path

BILLING = ("customer_id", "billed_on", "product", "charge_type", "amount", "waived", "paid_through", "line_id")
CHANNEL = (
    "event_id", "customer_id", "occurred_at", "event", "channel", "channel_type", "region", "product",
    "segment", "group_id", "reason", "referred_by", "brand",
)
HOTLINE = (
    "call_id", "customer_id", "called_at", "category", "topic", "wait_seconds", "talk_seconds", "resolved",
    "satisfaction", "recommend_score",
)
PRODUCTS = ("mobile", "fixed", "Fernsehen, groß", 'the "net"', "mobile2")
REASONS = (
    "price", "convenience", "quality", "service", "response", "competitor", "ethics", "relocation", "death",
    "bankruptcy", "changed_business", "outlet_moved", "life_change", "arrears", "fraud", "underuse", "moon phase",
)
AMOUNTS = ("0.01", "0.05", "9.99", "33.33", "50.00", "100.10", "299.99", "300.00", "500.01", "1200.00", "4000.07")
ATTRIBUTES = {
    "region": ("north", "south", "Östra", "西"), "segment": ("private", "business", "public"),
    "group_id": ("g1", "g2", "g3", "g4"), "brand": ("red", "blue"), "product": PRODUCTS,
}
OTHER_EVENTS = ("transfer", "suspend", "visit", "inspection", "profile", "renew")
INSTANTS = ("01 00:00:00", "10 12:00:00", "10 12:00:00", "10 12:00:00", "28 23:59:59")


class Odd:
    """The rows drawn so far, each with the file month that it goes to."""

    def __init__(self, args):
        self.rng = random.Random(args.seed)
        year, month = map(int, args.start.split("-"))
        self.first = year * 12 + month - 1
        self.months = range(self.first - 1, self.first + args.months)
        self.customers = [odd_name(number) for number in range(args.customers)]
        self.rows = {"billing": [], "channel": [], "hotline": []}

    def maybe(self, chance):
        return self.rng.random() < chance

    def add(self, source, mon, row):
        """Most rows come in the file of their month, some in a later one."""
        late = self.rng.randint(1, 2) if self.maybe(0.03) else 0
        file = min(max(mon + late, self.months[0]), self.months[-1])
        self.rows[source].append((file, row))

    def bill(self, customer, mon, amount=None, **given):
        day = self.rng.choice((1, 15, 15, 28))
        row = {
            "customer_id": customer, "billed_on": f"{label(mon)}-{day:02}",
            "product": self.rng.choice(PRODUCTS) if self.maybe(0.7) else "",
            "charge_type": self.rng.choice(("monthly_fee", "usage", "")), "amount": amount or self.rng.choice(AMOUNTS),
            "waived": self.rng.choice(("false", "")),
            "line_id": f"L{len(self.rows['billing']):06}" if self.maybe(0.9) else "",
        }
        self.add("billing", mon, row | given)

    def event(self, customer, mon, event, **given):
        row = {
            "event_id": f"e{self.rng.randrange(10**6):06}-{len(self.rows['channel'])}", "customer_id": customer,
            "occurred_at": f"{label(mon)}-{self.rng.choice(INSTANTS)}",
            "event": event.upper() if self.maybe(0.05) else event, "channel": self.rng.choice(("A1", "B2", "")),
            "channel_type": self.rng.choice(("own_store", "dealer", "online", "")),
        }
        row |= {name: self.rng.choice(values) if self.maybe(0.35) else "" for name, values in ATTRIBUTES.items()}
        if event == "activate" and self.maybe(0.3):
            row["referred_by"] = self.rng.choice(self.customers)
        self.add("channel", mon, row | given)

    def leave(self, customer, mon):
        """One leaving event or two; some end a product, some nobody knows why."""
        for _ in range(self.rng.choice((1, 1, 1, 2))):
            self.event(customer, mon, self.rng.choice(("terminate", "terminate", "port_out")),
                       reason=self.rng.choice(REASONS) if self.maybe(0.75) else "",
                       product=self.rng.choice(PRODUCTS) if self.maybe(0.6) else "")


def odd_name(number):
    """Customer ids with leading zeros, cases, commas, quotes and letters beyond ASCII."""
    return (f"{number:04}", f"c{number}", f"C{number}", f'k,"{number}"', f"ü-{number}")[number % 5]


def label(mon):
    return f"{mon // 12:04}-{mon % 12 + 1:02}"


def draw_customer(odd, customer):
    """One of the lives, over its months; whatever it is, odd things befall it besides."""
    life = odd.rng.choice((steady, steady, gappy, gappy, yearly, leaver, leaver, leaver, lifted, unpaid, creditor))
    begin = odd.months[0] if odd.maybe(0.4) else odd.rng.choice(odd.months)
    if odd.maybe(0.3):
        odd.event(customer, begin - odd.rng.choice((0, 1, 4, 30)), odd.rng.choice(("activate", "port_in", "resume")))
    elif odd.maybe(0.6):
        odd.event(customer, begin, odd.rng.choice(("activate", "port_in")))
    life(odd, customer, [mon for mon in odd.months if mon >= begin])
    for mon in odd.months:
        befall(odd, customer, mon)


def steady(odd, customer, months):
    for mon in months:
        odd.bill(customer, mon)


def gappy(odd, customer, months):
    for mon in months:
        if odd.maybe(0.4):
            odd.bill(customer, mon)


def yearly(odd, customer, months):
    """Bills that pay for months ahead, now and then for years."""
    for mon in months[:: odd.rng.choice((3, 6, 7))]:
        ahead = odd.rng.choice((-1, 0, 2, 5, 11, 36))
        odd.bill(customer, mon, paid_through=f"{label(mon + ahead)}-28", amount=odd.rng.choice(("1200.00", "7.77")))


def leaver(odd, customer, months):
    """Stays of random length, left with or without a word, sometimes with bills after the end."""
    here = True
    for mon in months:
        if here or odd.maybe(0.1):
            odd.bill(customer, mon)
        if here and odd.maybe(0.2):
            here = False
            if odd.maybe(0.8):
                odd.leave(customer, mon)
        elif not here and odd.maybe(0.15):
            here = True
            if odd.maybe(0.6):
                odd.event(customer, mon, odd.rng.choice(("resume", "activate", "port_in")))


def lifted(odd, customer, months):
    """Terminated, and billed on for good: the source never tells of the return."""
    end = odd.rng.choice(months)
    odd.leave(customer, end)
    if odd.maybe(0.4):
        odd.leave(customer, min(end + 6, odd.months[-1]))
    for mon in months:
        if mon <= end or odd.maybe(0.85):
            odd.bill(customer, mon)


def unpaid(odd, customer, months):
    """Seen, but at best charged late and once."""
    for mon in months:
        odd.bill(customer, mon, waived="true")
        if odd.maybe(0.2):
            odd.bill(customer, mon, amount="0.00")
        if odd.maybe(0.3):
            odd.bill(customer, mon, charge_type="deposit")
    if odd.maybe(0.3):
        odd.bill(customer, months[-1])


def creditor(odd, customer, months):
    """Credits before the first charge, and months that a credit takes back to nothing or below."""
    odd.bill(customer, months[0], amount="-45.67")
    for mon in months[2:]:
        odd.bill(customer, mon, amount="20.00")
        if odd.maybe(0.35):
            odd.bill(customer, mon, amount=odd.rng.choice(("-20.00", "-19.99", "-333.33")))


def befall(odd, customer, mon):
    """Whatever may happen to anybody in any month."""
    if odd.maybe(0.1):
        odd.bill(customer, mon, waived="true")
    if odd.maybe(0.04):
        odd.bill(customer, mon, amount=odd.rng.choice(("-5.00", "-0.01", "0.00")))
    if odd.maybe(0.04):
        odd.bill(customer, mon, charge_type=odd.rng.choice(("deposit", "free_phone")))
    if odd.maybe(0.02):
        odd.bill(customer, mon, paid_through=f"{label(mon + odd.rng.randint(-2, 8))}-01")
    if odd.maybe(0.15):
        odd.event(customer, mon, odd.rng.choice(OTHER_EVENTS))
    if odd.maybe(0.02):
        odd.leave(customer, mon)
    if odd.maybe(0.02):
        odd.event(customer, mon, odd.rng.choice(("activate", "resume", "port_in")))
    if odd.maybe(0.015):
        odd.leave(customer, mon)
        odd.event(customer, mon, "resume")
    if odd.maybe(0.15):
        call(odd, customer, mon)
    if odd.maybe(0.01):
        activate_again(odd, customer, mon)


def activate_again(odd, customer, mon):
    """Activations days, weeks and 90 days apart, to the second and one beyond, at one outlet or several."""
    begin = datetime(mon // 12, mon % 12 + 1, odd.rng.choice((1, 10, 28)))
    for days in odd.rng.sample((0, 0, 7, 31, 60, 90, 90, 91), odd.rng.choice((2, 3, 5))):
        at = begin + timedelta(days=days, seconds=odd.rng.choice((0, 0, 0, 1)))
        there = at.year * 12 + at.month - 1
        if there <= odd.months[-1]:
            odd.event(customer, there, odd.rng.choice(("activate", "activate", "port_in")),
                      occurred_at=at.strftime("%Y-%m-%d %H:%M:%S"))


def draw_group(odd, number):
    """A small group of good customers, most of whom leave within a month or two."""
    members = [f"g{number}-{member}" for member in range(odd.rng.choice((3, 4, 6, 9)))]
    begin, end = odd.months[0], odd.rng.choice(odd.months[4:])
    for member in members:
        last = min(end + odd.rng.choice((0, 0, 1, 2)), odd.months[-1])
        stays = odd.maybe(0.3)
        odd.event(member, begin, "activate", group_id=f"family {number}", product="mobile", reason="")
        for mon in odd.months if stays else range(begin, last + 1):
            odd.bill(member, mon, product="mobile")
        if not stays:
            odd.event(member, last, "terminate", reason=odd.rng.choice(REASONS), group_id="", product="")


def draw_settled(odd, number):
    """A segment that nobody leaves but the first, once."""
    customer, leaves = f"s{number}", odd.months[9] if number == 0 else None
    odd.event(customer, odd.months[0], "port_in", segment="settled", channel_type="own_store")
    for mon in odd.months:
        if leaves is None or mon <= leaves:
            odd.bill(customer, mon, amount="50.00")
    if leaves is not None:
        odd.event(customer, leaves, "terminate", segment="", product="")


def call(odd, customer, mon):
    choice = odd.rng.choice
    odd.add("hotline", mon, {
        "call_id": f"h{len(odd.rows['hotline'])}", "customer_id": customer,
        "called_at": f"{label(mon)}-{choice(INSTANTS)}",
        "category": choice(("inquiry", "complaint", "complaint", "fault", "cancel_request", "")),
        "topic": choice(("billing", "network", "service", "price", "")), "wait_seconds": choice((0, 30, 600, "")),
        "talk_seconds": choice((5, 300, "")), "resolved": choice(("true", "false", "")),
        "satisfaction": choice((1, 2, 3, 4, 5, "")), "recommend_score": choice((0, 6, 8, 9, 10, "")),
    })


def double(odd, source, key, altered):
    """Rows sent again with the same id, as they were or otherwise, into any file."""
    named = [row for _, row in odd.rows[source] if row[key]]
    for row in odd.rng.sample(named, len(named) // 25):
        other = odd.rng.choice(named)
        taken = {name: other.get(name, "") for name in odd.rng.choice(altered)}
        odd.rows[source].append((odd.rng.choice(odd.months), row | taken))


def write_files(odd, out, source, columns):
    """A file a month; the rows of one month in two files where there are many, as a re-sent part."""
    folder = out / source
    folder.mkdir(parents=True, exist_ok=True)
    odd.rng.shuffle(odd.rows[source])
    for mon in odd.months:
        rows = [row for file, row in odd.rows[source] if file == mon]
        cut = len(rows) - len(rows) // 5
        for part, chosen in (("a", rows[:cut]), ("b", rows[cut:])):
            if chosen:
                write_csv(folder / f"{source}-{label(mon)}-{part}.csv", columns, chosen)


def write_csv(path, columns, rows):
    with path.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def draw_policy(odd, seed):
    """What is no customer and no business always; the numbers for every seed but 0."""
    policy = {"house_accounts": odd.customers[7:9], "not_business": ["deposit", "free_phone"]}
    if seed == 0:
        return policy
    choice = odd.rng.choice
    at_risk = choice((1, 1, 2, 3))
    return policy | {
        "at_risk_after": at_risk, "churned_after": at_risk + choice((0, 1, 2, 4)), "relift_after": choice((1, 2, 3, 4)),
        "new_for": choice((1, 3, 6)), "tier_window": choice((1, 2, 3, 7)), "value_window": choice((5, 7, 11, 12)),
        "tiers": [{"name": "top", "min": choice((299.99, 800))}, {"name": "mid", "min": 33.33},
                  {"name": "low", "min": 5}],
        "margin": choice((0.1, 0.125, 0.333)), "margin_by_tier": {"top": 0.455, "new": 0.05},
        "retention_cost": choice((60, 17.35)), "acquisition_multiple": choice((5, 3)), "influence": choice((5, 9)),
    }


def write_market(odd, out):
    """What an office tells of all operators: some months late, some not at all, some operators at nought."""
    rows = []
    for mon in odd.months:
        told = odd.rng.sample(("ours", "theirs", "small", "Östra, Tel"), odd.rng.choice((0, 1, 3, 4, 4, 4)))
        rows += [{"month": f"{label(mon)}-28", "operator": name, "customers": odd.rng.choice((0, 7, 300, 12345))}
                 for name in told]
    write_csv(out / "market.csv", ("month", "operator", "customers"), rows)


def write_config(out, first, policy):
    """The same policy as churnhouse.toml; scalars before tables, as TOML wants them."""
    lines = ["[warehouse]", 'url = "warehouse"', ""]
    for source in ("billing", "channel", "hotline"):
        lines += [f"[extracts.{source}]", f'path = "{source}/*.csv"', ""]
    lines += ["[close]", f'first_month = "{label(first)}"', "", "[dimensions]", 'brand = "brand"', "", "[policy]"]
    lines += [f"{key} = {toml(value)}" for key, value in policy.items() if key not in ("tiers", "margin_by_tier")]
    if "margin_by_tier" in policy:
        lines += ["", "[policy.margin_by_tier]"]
        lines += [f"{tier} = {toml(value)}" for tier, value in policy["margin_by_tier"].items()]
    for tier in policy.get("tiers", ()):
        lines += ["", "[[policy.tiers]]", f"name = {toml(tier['name'])}", f"min = {toml(tier['min'])}"]
    lines += ["", "[tables.market]", 'path = "market.csv"']
    (out / "churnhouse.toml").write_text("\n".join(lines) + "\n", "utf-8")


def toml(value):
    """Numbers, strings and lists of strings are written alike in JSON and TOML."""
    return json.dumps(value, ensure_ascii=False)


def main():
    parser = argparse.ArgumentParser(description="write small nasty extracts")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--customers", type=int, default=200)
    parser.add_argument("--months", type=int, default=14)
    parser.add_argument("--start", default="2020-01")
    args = parser.parse_args()
    odd = Odd(args)
    for customer in odd.customers:
        draw_customer(odd, customer)
    for number in range(10):
        draw_group(odd, number)
    for number in range(30):
        draw_settled(odd, number)
    double(odd, "billing", "line_id", (("amount",), ("customer_id",), ("billed_on",), ("waived", "product"), ()))
    double(odd, "channel", "event_id", (("customer_id",), ("occurred_at",), ("event", "reason"), ("region",), ()))
    double(odd, "hotline", "call_id", (("customer_id",), ("called_at",), ("satisfaction",), ()))
    for source, columns in (("billing", BILLING), ("channel", CHANNEL), ("hotline", HOTLINE)):
        write_files(odd, args.out, source, columns)
    policy = draw_policy(odd, args.seed)
    (args.out / "policy.json").write_text(json.dumps(policy, indent=2, ensure_ascii=False) + "\n", "utf-8")
    write_market(odd, args.out)
    write_config(args.out, odd.first, policy)


if __name__ == "__main__":
    main()
