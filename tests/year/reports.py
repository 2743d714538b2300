#!/usr/bin/env python3
"""The reports of a real year, calculated a second time by a program that knows nothing of invctl.

    reports.py INVOICES OPENING OUT

reads the invoice lines (Online Retail) and the opening stock (warehouse,sku,quantity,occurred_at,unit_cost) and
writes into OUT, as CSV, what `invctl report ... --format csv` must print. The rules are those of the manual page
and of tests/year/reports.sh: an invoice is one operation, a cancellation is a receipt, a write-off an
adjustment, everything else a shipment.
"""
import csv
import itertools
import os
import sys
from collections import defaultdict, deque
from datetime import datetime, timedelta, timezone
from fractions import Fraction

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
MICROSECOND = timedelta(microseconds=1)


def micros(text):
    form = "%Y-%m-%d %H:%M:%S" if " " in text else "%Y-%m-%d"
    return (datetime.strptime(text, form).replace(tzinfo=timezone.utc) - EPOCH) // MICROSECOND


def day(t):
    return (EPOCH + timedelta(microseconds=t)).strftime("%Y-%m-%d")


def week(t):
    year, number, _ = (EPOCH + timedelta(microseconds=t)).isocalendar()
    return f"{year:04}-W{number:02}"


def stamp(t):
    return (EPOCH + timedelta(microseconds=t)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def read_operations(invoices, opening):
    """(time, order, kind, {sku: units}, unit cost) in the order of the ledger; reasons of adjustments."""
    operations = []
    with open(opening, newline="") as file:
        for row in csv.DictReader(file):
            units = {row["sku"]: int(row["quantity"])}
            operations.append((micros(row["occurred_at"]), "receive", units, int(row["unit_cost"].replace(".", "")) if row["unit_cost"] else None, None))
    with open(invoices, newline="", encoding="utf-8-sig") as file:
        for number, rows in itertools.groupby(csv.DictReader(file), key=lambda row: row["InvoiceNo"]):
            rows = list(rows)
            if number.startswith("C"):
                kind = "receive"
            elif rows[0]["Quantity"].startswith("-"):
                kind = "adjust"
            else:
                kind = "ship"
            units = defaultdict(int)
            for row in rows:
                quantity = int(row["Quantity"])
                units[row["StockCode"]] += quantity if kind == "adjust" else abs(quantity) * (1 if kind == "receive" else -1)
            reason = (rows[0]["Description"].strip() or "no reason given") if kind == "adjust" else None
            operations.append((micros(rows[0]["InvoiceDate"]), kind, dict(units), None, reason))
    return operations


def write(path, header, rows):
    with open(path, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def movements(operations, start, end, group, balances=True):
    """group -> [movements, opening, in, out, closing]; opening and closing by steps of time, or per group."""
    groups = {}
    on_hand = 0
    for t, kind, units, _, reason in operations:
        for sku, delta in units.items():
            if t < start:
                on_hand += delta
            elif t < end and delta != 0:
                found = groups.setdefault(group(t, kind, sku, reason), [0, 0, 0])
                found[0] += 1
                found[1 if delta > 0 else 2] += abs(delta)
    rows = []
    for name in sorted(groups, key=lambda name: "" if name is None else name):
        count, gain, loss = groups[name]
        if not balances:
            rows.append([name, count, None, gain, loss, None])
            continue
        rows.append([name, count, on_hand, gain, loss, on_hand + gain - loss])
        on_hand += gain - loss
    return rows


def movements_by_sku(operations, start, end):
    skus = defaultdict(lambda: [0, 0, 0, 0])  # movements, opening, in, out
    for t, _, units, _, _ in operations:
        for sku, delta in units.items():
            if t < start:
                skus[sku][1] += delta
            elif t < end and delta != 0:
                skus[sku][0] += 1
                skus[sku][2 if delta > 0 else 3] += abs(delta)
    rows = []
    for sku in sorted(skus, key=lambda sku: sku.encode()):
        count, opening, gain, loss = skus[sku]
        if count or opening:
            rows.append([sku, count, opening, gain, loss, opening + gain - loss])
    return rows


class Stock:
    """One product: layers of [units, cost or None, time], and the pool of the moving average."""

    def __init__(self):
        self.layers, self.owed = deque(), 0
        self.pool, self.value, self.unknown = 0, 0, 0

    def into(self, units, cost, t):
        paid = min(self.owed, units)
        self.owed -= paid
        units -= paid
        if units == 0:
            return
        if cost is not None:
            self.value += units * cost
            self.pool += units
        elif self.pool:
            self.value += round(Fraction(self.value * units, self.pool))  # Python rounds halves to even
            self.pool += units
        else:
            self.unknown += units
        if cost is None:
            cost = next((layer[1] for layer in reversed(self.layers) if layer[1] is not None), None)
        self.layers.append([units, cost, t])

    def out(self, units):
        left = units
        while left and self.layers:
            taken = min(left, self.layers[0][0])
            self.layers[0][0] -= taken
            left -= taken
            if self.layers[0][0] == 0:
                self.layers.popleft()
        self.owed += left
        taken = units - left
        first = min(self.unknown, taken)
        self.unknown -= first
        taken -= first
        if taken:
            leaving = self.value if taken == self.pool else round(Fraction(self.value * taken, self.pool))
            self.value -= leaving
            self.pool -= taken

    def on_hand(self):
        return self.pool + self.unknown - self.owed


def stock_before(operations, end):
    stock = defaultdict(Stock)
    ordered = sorted((o for o in operations if o[0] < end), key=lambda o: o[0])  # stable: ledger order of equals
    for t, _, units, cost, _ in ordered:
        for sku, delta in units.items():
            if delta > 0:
                stock[sku].into(delta, cost, t)
            elif delta < 0:
                stock[sku].out(-delta)
    return stock


def decimal(value, places):
    scaled = round(value * 10**places)
    sign, digits = "-" if scaled < 0 else "", str(abs(scaled)).rjust(places + 1, "0")
    return f"{sign}{digits[:-places]}.{digits[-places:]}"


def valuation(stock, method):
    for sku in sorted(stock, key=lambda sku: sku.encode()):
        s = stock[sku]
        if not s.layers and not s.owed:
            continue
        if method == "fifo":
            costed = sum(layer[0] for layer in s.layers if layer[1] is not None)
            value = sum(layer[0] * layer[1] for layer in s.layers if layer[1] is not None)
            unknown = sum(layer[0] for layer in s.layers if layer[1] is None)
        else:
            costed, value, unknown = s.pool, s.value, s.unknown
        yield [sku, s.on_hand(), unknown, s.owed, decimal(Fraction(value, costed * 100), 6) if costed else None, value]


def aging(stock, at):
    for sku in sorted(stock, key=lambda sku: sku.encode()):
        s = stock[sku]
        if not s.layers and not s.owed:
            continue
        ages = [0] * 6
        for units, _, t in s.layers:
            days = (at - t) // 86_400_000_000
            ages[next((i for i, most in enumerate((30, 60, 90, 180, 365)) if days <= most), 5)] += units
        yield [sku, s.on_hand(), *ages, stamp(s.layers[0][2]) if s.layers else None]


def turnover(operations, start, end):
    opening, courses, sold = defaultdict(int), defaultdict(list), defaultdict(int)
    for t, kind, units, _, _ in operations:
        for sku, delta in units.items():
            if t < start:
                opening[sku] += delta
            elif t < end:
                courses[sku].append((t, delta))
                if kind == "ship":
                    sold[sku] -= delta
    for sku in sorted(set(opening) | set(courses), key=lambda sku: sku.encode()):
        on_hand, since, area = opening[sku], start, 0
        for t, delta in sorted(courses[sku]):
            area += on_hand * (t - since)
            on_hand, since = on_hand + delta, t
        area += on_hand * (end - since)
        if not (opening[sku] or on_hand or sold[sku] or area):
            continue
        average = Fraction(area, end - start)
        turns = decimal(sold[sku] / average, 2) if area > 0 else None
        days = Fraction(area, sold[sku] * 86_400_000_000) if area > 0 and sold[sku] > 0 else None
        yield [sku, opening[sku], sold[sku], on_hand, decimal(average, 2), turns, None if days is None else decimal(days, 2)]


def top(operations, start, end, most):
    skus = defaultdict(lambda: [0, 0])
    for t, kind, units, _, _ in operations:
        if kind == "ship" and start <= t < end:
            for sku, delta in units.items():
                skus[sku][0] -= delta
                skus[sku][1] += 1
    best = sorted(skus, key=lambda sku: (-skus[sku][0], sku.encode()))[:most]
    return [[rank + 1, sku, *skus[sku]] for rank, sku in enumerate(best)]


def main():
    invoices, opening, out = sys.argv[1:4]
    operations = read_operations(invoices, opening)
    always = (-(2**62), 2**62)
    month = (micros("2011-01-01"), micros("2011-02-01"))
    header = ["group", "movements", "opening", "in", "out", "closing"]
    path = lambda name: os.path.join(out, name + ".csv")
    for name, group in (("day", lambda t, *_: day(t)), ("week", lambda t, *_: week(t)), ("month", lambda t, *_: day(t)[:7])):
        write(path("movements-" + name), header, movements(operations, *always, group))
    write(path("movements-kind"), header, movements(operations, *always, lambda t, kind, *_: kind, False))
    write(path("movements-reason"), header, movements(operations, *always, lambda t, kind, sku, reason: reason, False))
    write(path("movements-sku"), header, movements_by_sku(operations, *always))
    write(path("january-sku"), header, movements_by_sku(operations, *month))
    write(path("january-day"), header, movements(operations, *month, lambda t, *_: day(t)))
    for moment, name in ((micros("2011-02-01"), "february"), (2**62, "end")):
        stock = stock_before(operations, moment)
        for method in ("fifo", "average"):
            write(path(f"valuation-{method}-{name}"),
                  ["sku", "on_hand", "uncosted", "owed", "unit_cost", "value_minor"], valuation(stock, method))
        if name == "february":
            write(path("aging-february"), ["sku", "on_hand", "days_30", "days_60", "days_90", "days_180", "days_365",
                                           "older", "oldest"], aging(stock, moment))
    write(path("turnover-january"), ["sku", "opening", "sold", "closing", "average", "turns", "days"],
          turnover(operations, *month))
    write(path("top-january"), ["rank", "sku", "quantity", "operations"], top(operations, *month, 25))


main()
