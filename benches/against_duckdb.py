#!/usr/bin/env python3
"""The same tables from the same file, by DuckDB and by `insights evidence`, in one run on one machine: time, CPU and memory.

    python3 -m venv venv && venv/bin/pip install duckdb numpy pyarrow
    cargo build --release
    venv/bin/python benches/against_duckdb.py --generator GEN_EVENTS.PY --rows 1000000 10000000
    venv/bin/python benches/against_duckdb.py --data events.parquet --start 2025-05-01 --end 2025-05-30

The two take turns, `--runs` times each; what is printed are medians, and whether the key figures of both are equal.

A generator is called as `--out DIR --rows N --users N --days N --seed N --formats parquet,csv` and writes events.parquet and
events.csv with the columns user_id, event_time, event_name, country, platform, revenue and session_id; further columns of text
are dimensions.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

DAYS = 180
USERS_PER_ROW = 0.02
ROLES = {"user_id", "event_time", "event_name", "country", "platform", "revenue", "session_id"}
AGES = (0, 1, 3, 7, 14, 30, 60)


def tables(source):
    """What all tables are made of: rows once, each user's first day, and rows by user and day."""
    return [
        # A row that was sent twice counts once, in every table of a run too.
        f"CREATE TABLE e AS SELECT *, CAST(event_time AS DATE) AS day FROM (SELECT DISTINCT * FROM {source})",
        "CREATE TABLE first_seen AS SELECT user_id, min(day) AS first_day FROM e WHERE user_id IS NOT NULL GROUP BY user_id",
        """CREATE TABLE user_days AS
           SELECT day, user_id, first_day, count(*) AS n_rows, sum(revenue) AS revenue,
                  sum(CASE WHEN revenue > 0 THEN revenue END) AS gross
           FROM e LEFT JOIN first_seen USING (user_id) GROUP BY ALL""",
        """CREATE TABLE sessions AS
           SELECT session_id, user_id, min(day) AS day, min(epoch_us(event_time)) AS started, max(epoch_us(event_time)) AS ended
           FROM e WHERE session_id IS NOT NULL GROUP BY session_id, user_id""",
    ]


def queries(start, end, dimensions):
    """What the evidence is made of: a statement for each table that a run writes, and for what its evidence adds."""
    length = date.fromisoformat(end) - date.fromisoformat(start)
    before = (date.fromisoformat(start) - timedelta(days=1), date.fromisoformat(start) - timedelta(days=1) - length)
    now = f"day BETWEEN DATE '{start}' AND DATE '{end}'"
    earlier = f"day BETWEEN DATE '{before[1]}' AND DATE '{before[0]}'"
    both = f"day BETWEEN DATE '{before[1]}' AND DATE '{end}'"
    new = f"first_day BETWEEN DATE '{before[1]}' AND DATE '{end}'"
    by_day_and = lambda column: f"""
        SELECT day, {column}, count(DISTINCT user_id), count(DISTINCT CASE WHEN first_day = day THEN user_id END),
               sum(revenue), count(DISTINCT CASE WHEN revenue > 0 THEN user_id END)
        FROM e JOIN first_seen USING (user_id) WHERE {both} GROUP BY ALL"""
    of_users_by = lambda column: f"""
        SELECT {column}, count(CASE WHEN n > 0 THEN 1 END), count(CASE WHEN n_before > 0 THEN 1 END), sum(paid), sum(paid_before),
               sum(paid * paid), sum(paid_before * paid_before), sum(paid * paid_before)
        FROM (SELECT {column}, user_id, count(CASE WHEN {now} THEN 1 END) AS n, count(CASE WHEN {earlier} THEN 1 END) AS n_before,
                     coalesce(sum(CASE WHEN {now} THEN revenue END), 0) AS paid,
                     coalesce(sum(CASE WHEN {earlier} THEN revenue END), 0) AS paid_before
              FROM e WHERE {both} GROUP BY ALL) GROUP BY ALL"""
    origin = lambda column: f"""
        SELECT origin, count(*), count(CASE WHEN came_back THEN 1 END) FROM (
            SELECT user_id, first_day, min(CASE WHEN day = first_day THEN {column} END) AS origin,
                   bool_or(day = first_day + 7) AS came_back
            FROM e JOIN first_seen USING (user_id) WHERE {new} AND (day = first_day OR day = first_day + 7) GROUP BY ALL)
        GROUP BY ALL"""
    tiers = lambda window: f"""
        SELECT tier, count(*), sum(revenue) FROM (
            SELECT user_id, sum(revenue) AS revenue, ntile(10) OVER (ORDER BY sum(revenue) DESC, user_id) AS tier
            FROM user_days WHERE {window} GROUP BY user_id) GROUP BY tier"""
    ages = ", ".join(f"count(CASE WHEN day - first_day = {age} THEN 1 END)" for age in AGES)
    paid = ", ".join(f"sum(CASE WHEN day - first_day = {age} THEN revenue END)" for age in AGES)
    return [
        f"""SELECT day, count(user_id), count(CASE WHEN first_day = day THEN 1 END), sum(n_rows), sum(revenue),
                   count(CASE WHEN gross > 0 THEN 1 END) FROM user_days WHERE {both} GROUP BY day""",
        by_day_and("country"),
        by_day_and("event_name"),
        *(of_users_by(column) for column in ["country", "platform", *dimensions]),
        *(origin(column) for column in ["country", "platform"]),
        f"SELECT first_day, {ages}, {paid} FROM user_days GROUP BY first_day",
        "SELECT date_trunc('week', first_day), (day - first_day) // 7 AS week, count(DISTINCT user_id) FROM user_days GROUP BY ALL",
        f"""SELECT date_trunc('week', first_day), count(*), sum(revenue_7), sum(revenue_30) FROM (
                SELECT user_id, first_day, sum(CASE WHEN day - first_day <= 7 THEN revenue END) AS revenue_7,
                       sum(CASE WHEN day - first_day <= 30 THEN revenue END) AS revenue_30
                FROM user_days WHERE {new} GROUP BY ALL) GROUP BY ALL""",
        f"SELECT day, count(*), sum(ended - started) FROM sessions WHERE {both} GROUP BY day",
        f"""SELECT first_day, count(CASE WHEN day = first_day THEN 1 END), count(CASE WHEN day = first_day + 7 THEN 1 END)
            FROM (SELECT DISTINCT session_id, user_id, day FROM e WHERE session_id IS NOT NULL) JOIN first_seen USING (user_id)
            WHERE {new} GROUP BY first_day""",
        f"""SELECT event_name, count(DISTINCT CASE WHEN {now} THEN user_id END), count(DISTINCT CASE WHEN {earlier} THEN user_id END),
                   count(*) FROM e WHERE {both} GROUP BY event_name""",
        """SELECT event_name, count(*), median(position) FROM (
               SELECT event_name, row_number() OVER (PARTITION BY user_id ORDER BY first_at, event_name) AS position FROM (
                   SELECT user_id, event_name, min(event_time) AS first_at FROM e WHERE user_id IS NOT NULL GROUP BY ALL))
           GROUP BY event_name""",
        tiers(now),
        tiers(earlier),
        f"""SELECT ntile_r, ntile_f, ntile_m, count(*), sum(revenue) FROM (
                SELECT revenue, ntile(5) OVER (ORDER BY last_day, user_id) AS ntile_r,
                       ntile(5) OVER (ORDER BY n_days, user_id) AS ntile_f, ntile(5) OVER (ORDER BY revenue, user_id) AS ntile_m
                FROM (SELECT user_id, max(day) AS last_day, count(CASE WHEN gross > 0 THEN 1 END) AS n_days, sum(revenue) AS revenue
                      FROM user_days WHERE {now} GROUP BY user_id)) GROUP BY ALL""",
        f"""SELECT band, count(*), sum(revenue) FROM (
                SELECT revenue, ntile(4) OVER (ORDER BY revenue) AS band FROM e WHERE revenue > 0 AND {both}) GROUP BY band""",
        f"SELECT day, count(*), exp(avg(ln(revenue))) FROM e WHERE revenue > 0 AND {both} GROUP BY day",
        "SELECT day, count(*), count(COLUMNS(*)) FROM e GROUP BY day",
        "SELECT count(DISTINCT COLUMNS(*)) FROM e",
    ]


def key_figures(start, end):
    """Users, new users, net revenue and sessions of the window: both programs must agree on them."""
    window = f"day BETWEEN DATE '{start}' AND DATE '{end}'"
    return f"""SELECT
        (SELECT count(DISTINCT user_id) FROM user_days WHERE {window}),
        (SELECT count(*) FROM first_seen WHERE first_{window}),
        (SELECT round(sum(revenue), 2) FROM user_days WHERE {window}),
        (SELECT count(DISTINCT session_id) FROM e WHERE {window})"""


def duckdb_alone(path, start, end):
    """Runs in a process of its own, so that its memory is its own."""
    import duckdb

    source = f"read_parquet('{path}')" if path.endswith(".parquet") else f"read_csv('{path}')"
    connection = duckdb.connect()
    described = connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
    dimensions = [name for name, kind, *_ in described if kind == "VARCHAR" and name not in ROLES]
    for query in tables(source) + queries(start, end, dimensions):
        connection.execute(query).fetchall()
    print(json.dumps([float(figure) for figure in connection.execute(key_figures(start, end)).fetchone()]))


def measured(command):
    """What a command prints, with its wall seconds, CPU seconds and peak memory in MB."""
    begun = time.monotonic()
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors)
        printed = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - begun
        if status != 0:
            errors.seek(0)
            sys.exit(f"failed: {' '.join(command)}\n{errors.read().decode(errors='replace')}")
    return printed, (wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def compare(name, path, start, end, insights, runs):
    ours, theirs = [], []
    alone = [sys.executable, __file__, "--alone", path, "--start", start, "--end", end]
    for _ in range(runs):
        evidence, measures = measured([insights, "evidence", "--data", path, "--date-start", start, "--date-end", end, "--json"])
        ours.append(measures)
        figures, measures = measured(alone)
        theirs.append(measures)
    found = {figure["name"]: figure["current"] for figure in json.loads(evidence)["key_figures"]}
    found = [found[name] for name in ("active_users", "new_users", "revenue", "sessions")]
    same = all(abs(one - other) < 0.0005 for one, other in zip(found, json.loads(figures)))
    ours, theirs = ([statistics.median(column) for column in zip(*runs)] for runs in (ours, theirs))
    print(
        f"{name:<22} insights {ours[0]:7.2f} s wall {ours[1]:7.2f} s cpu {ours[2]:7.0f} MB"
        f" | duckdb {theirs[0]:7.2f} s wall {theirs[1]:7.2f} s cpu {theirs[2]:7.0f} MB"
        f" | wall ratio {ours[0] / theirs[0]:5.2f}, cpu ratio {ours[1] / theirs[1]:5.2f}"
        f" | key figures {'equal' if same else f'differ: {found} and {figures.decode().strip()}'}",
        flush=True,
    )
    return {"name": name, "insights": ours, "duckdb": theirs}


def generated(generator, folder, rows):
    out = folder / str(rows)
    users = max(1_000, int(rows * USERS_PER_ROW))
    arguments = ["--rows", rows, "--users", users, "--days", DAYS, "--seed", 7, "--formats", "parquet,csv"]
    subprocess.run([sys.executable, generator, "--out", out, *map(str, arguments)], check=True, stdout=subprocess.DEVNULL)
    first = date.fromisoformat(json.loads((out / "planted.json").read_text())["window"]["first_day"])
    start, end = first + timedelta(days=DAYS - 60), first + timedelta(days=DAYS - 31)
    return out, start.isoformat(), end.isoformat()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--generator", help="a script that writes events.parquet and events.csv")
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000])
    parser.add_argument("--data", help="a file of your own instead of generated ones")
    parser.add_argument("--start")
    parser.add_argument("--end")
    parser.add_argument("--insights", default=str(Path(__file__).parent.parent / "target" / "release" / "insights"))
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--alone", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.alone:
        return duckdb_alone(given.alone, given.start, given.end)
    if given.data:
        compare(Path(given.data).name, given.data, given.start, given.end, given.insights, given.runs)
        return None
    if not given.generator:
        parser.error("name a table with --data, or a script with --generator")
    wall = {}
    with tempfile.TemporaryDirectory() as folder:
        for rows in given.rows:
            out, start, end = generated(given.generator, Path(folder), rows)
            for kind in ("parquet", "csv"):
                path = str(out / f"events.{kind}")
                found = compare(f"{rows:,} rows, {kind}", path, start, end, given.insights, given.runs)
                wall.setdefault(kind, []).append((rows, found["insights"][1]))
    for kind, sizes in wall.items():
        for (few, less), (many, more) in zip(sizes, sizes[1:]):
            print(f"{kind}: {many / few:.1f} times the rows took {more / less:.1f} times the cpu")
    return None


if __name__ == "__main__":
    main()
