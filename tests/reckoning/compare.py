"""A view's CSV against the reckoned table, cell by cell.

Last step of the reckoning. Text, dates, whole numbers and decimals must be the same; floats may
differ by 1e-12 of their size, a `part` (cut after 12 places, or a small difference of ratios) by
1e-12. Columns that nobody defined are ignored; a missing, doubled or surplus row is a difference
like any other.
"""

import csv
from collections import Counter
from datetime import date
from decimal import Decimal, InvalidOperation

SHOWN = 10


def compare_view(con, folder, name, keys, kinds, required):
    """The number of equal rows and the differences, as printable lines."""
    path = folder / f"{name}.csv"
    if not path.exists():
        return 0, [f"no such file: {path}"]
    with path.open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.DictReader(lines)
        missing = [column for column in required if column not in (reader.fieldnames or ())]
        if missing:
            return 0, [f"missing columns: {', '.join(missing)}"]
        columns = [column for column in kinds if column in reader.fieldnames]
        found = list(reader)
    expected = {tuple(row[k] for k in keys): row for row in expected_rows(con, name, kinds)}
    differing = differences(found, expected, keys, columns, kinds)
    return len(expected), differing


def expected_rows(con, name, kinds):
    picks = ", ".join(f'"{column}"' for column in kinds)
    cursor = con.execute(f"SELECT {picks} FROM expected_{name} ORDER BY 1, 2, 3")
    while rows := cursor.fetchmany(50_000):
        for row in rows:
            yield {column: reckoned(kinds[column], value) for column, value in zip(kinds, row)}


def differences(found, expected, keys, columns, kinds):
    """Each differing cell as a line with both values, rows in the order of the file."""
    lines, seen = [], Counter()
    for row in found:
        key = tuple(read(kinds[k], row[k]) for k in keys)
        seen[key] += 1
        if seen[key] > 1:
            lines.append(f"{shown(keys, key)}: row is there {seen[key]} times")
        elif key not in expected:
            lines.append(f"{shown(keys, key)}: surplus row: {row}")
        else:
            lines += row_differences(row, expected[key], shown(keys, key), columns, kinds)
    absent = [key for key in expected if key not in seen]
    return lines + [f"{shown(keys, key)}: missing row: {plain(expected[key])}" for key in absent]


def row_differences(row, wanted, place, columns, kinds):
    return [
        f"{place}: {column}: found {row[column]!r}, reckoned {wanted[column]}"
        for column in columns
        if not same(kinds[column], read(kinds[column], row[column]), wanted[column])
    ]


def shown(keys, key):
    return " ".join(f"{name}={value}" for name, value in zip(keys, key))


def plain(row):
    return {column: str(value) for column, value in row.items() if value is not None}


def reckoned(kind, value):
    """A value of the reckoning as it is meant: months are dates, cents are decimals."""
    if value is None:
        return None
    match kind:
        case "month":
            return date(value // 12, value % 12 + 1, 1).isoformat()
        case "money":
            return Decimal(value).scaleb(-2)
        case "money4":
            return Decimal(value).scaleb(-4)
        case "half":
            return Decimal(value) / 2
        case "int":
            return Decimal(value)
    return value


def read(kind, text):
    """A cell of the file; empty is null, and what cannot be read stays text and so differs."""
    if not text:
        return None
    try:
        match kind:
            case "int" | "money" | "money4" | "half":
                return Decimal(text)
            case "float" | "part":
                return float(text)
            case "bool":
                return {"true": True, "false": False}.get(text, text)
    except (InvalidOperation, ValueError):
        return text
    return text


def same(kind, left, right):
    if left is None or right is None or kind not in ("float", "part") or isinstance(left, str):
        return left == right
    return abs(left - right) <= 1e-12 * (1 if kind == "part" else max(abs(left), abs(right)))
