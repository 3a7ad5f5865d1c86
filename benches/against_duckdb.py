#!/usr/bin/env python3
"""The same tables from the same file, by DuckDB and by `insights evidence`, in one run on one machine: time, CPU and memory.

    python3 -m venv venv && venv/bin/pip install duckdb numpy pyarrow
    cargo build --release
    venv/bin/python benches/against_duckdb.py --generator GEN_EVENTS.PY --rows 1000000 10000000
    venv/bin/python benches/against_duckdb.py --data events.parquet --start 2025-05-01 --end 2025-05-30

A generator is called as `--out DIR --rows N --users N --days N --seed N --formats parquet,csv` and writes events.parquet and
events.csv with the columns user_id, event_time, event_name, country, platform, revenue and session_id.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

DAYS = 180
USERS_PER_ROW = 0.02


def queries(source, start, end):
    """What the evidence is made of: one statement for each table that a run writes."""
    window = f"day BETWEEN DATE '{start}' AND DATE '{end}'"
    length = date.fromisoformat(end) - date.fromisoformat(start)
    before = date.fromisoformat(start) - timedelta(days=1)
    both = f"day BETWEEN DATE '{before - length}' AND DATE '{end}'"
    by_column = lambda column: f"""
        SELECT day, {column}, count(DISTINCT user_id), count(DISTINCT CASE WHEN first_day = day THEN user_id END),
               sum(revenue), count(DISTINCT CASE WHEN revenue > 0 THEN user_id END)
        FROM e JOIN first_seen USING (user_id) WHERE {both} GROUP BY ALL"""
    ages = ", ".join(f"count(CASE WHEN day - first_day = {age} THEN 1 END)" for age in (0, 1, 3, 7, 14, 30, 60))
    paid = ", ".join(f"sum(CASE WHEN day - first_day = {age} THEN revenue END)" for age in (0, 1, 3, 7, 14, 30, 60))
    return [
        f"CREATE VIEW e AS SELECT *, CAST(event_time AS DATE) AS day FROM {source}",
        "CREATE TABLE first_seen AS SELECT user_id, min(day) AS first_day FROM e WHERE user_id IS NOT NULL GROUP BY user_id",
        """CREATE TABLE user_days AS
           SELECT day, user_id, first_day, count(*) AS n_rows, sum(revenue) AS revenue,
                  sum(CASE WHEN revenue > 0 THEN revenue END) AS gross
           FROM e LEFT JOIN first_seen USING (user_id) GROUP BY ALL""",
        f"""SELECT day, count(user_id), count(CASE WHEN first_day = day THEN 1 END), sum(n_rows), sum(revenue),
                   count(CASE WHEN gross > 0 THEN 1 END) FROM user_days WHERE {both} GROUP BY day""",
        by_column("country"),
        by_column("platform"),
        f"SELECT first_day, {ages}, {paid} FROM user_days GROUP BY first_day",
        f"""SELECT day, count(*), sum(ended - started) FROM (
                SELECT session_id, user_id, min(day) AS day, min(epoch_us(event_time)) AS started, max(epoch_us(event_time)) AS ended
                FROM e WHERE session_id IS NOT NULL GROUP BY session_id, user_id) WHERE {both} GROUP BY day""",
        f"SELECT event_name, count(DISTINCT user_id), count(*) FROM e WHERE {window} GROUP BY event_name",
        """SELECT event_name, count(*), median(position) FROM (
               SELECT event_name, row_number() OVER (PARTITION BY user_id ORDER BY first_at, event_name) AS position FROM (
                   SELECT user_id, event_name, min(event_time) AS first_at FROM e WHERE user_id IS NOT NULL GROUP BY ALL))
           GROUP BY event_name""",
        f"""SELECT tier, count(*), sum(revenue) FROM (
                SELECT user_id, sum(revenue) AS revenue, ntile(10) OVER (ORDER BY sum(revenue) DESC) AS tier
                FROM user_days WHERE {window} GROUP BY user_id) GROUP BY tier""",
        f"SELECT count(*), count(DISTINCT COLUMNS(*)) FROM e WHERE {window}",
        f"SELECT count(*) FROM (SELECT DISTINCT * FROM e WHERE {window})",
    ]


def duckdb_alone(path, start, end):
    """Runs in a process of its own, so that its memory is its own."""
    import duckdb

    source = f"read_parquet('{path}')" if path.endswith(".parquet") else f"read_csv('{path}')"
    connection = duckdb.connect()
    for query in queries(source, start, end):
        connection.execute(query).fetchall()


def measured(command):
    """Wall seconds, CPU seconds and peak memory in MB of a command."""
    begun = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    error = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - begun
    if status != 0:
        sys.exit(f"failed: {' '.join(command)}\n{error.decode(errors='replace')}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def compare(name, path, start, end, insights):
    ours = measured([insights, "evidence", "--data", path, "--date-start", start, "--date-end", end, "--json"])
    theirs = measured([sys.executable, __file__, "--alone", path, "--start", start, "--end", end])
    print(
        f"{name:<22} insights {ours[0]:7.2f} s wall {ours[1]:7.2f} s cpu {ours[2]:7.0f} MB"
        f" | duckdb {theirs[0]:7.2f} s wall {theirs[1]:7.2f} s cpu {theirs[2]:7.0f} MB"
        f" | wall ratio {ours[0] / theirs[0]:5.2f}, cpu ratio {ours[1] / theirs[1]:5.2f}",
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
    parser.add_argument("--alone", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.alone:
        return duckdb_alone(given.alone, given.start, given.end)
    if given.data:
        compare(Path(given.data).name, given.data, given.start, given.end, given.insights)
        return None
    if not given.generator:
        parser.error("name a table with --data, or a script with --generator")
    wall = {}
    with tempfile.TemporaryDirectory() as folder:
        for rows in given.rows:
            out, start, end = generated(given.generator, Path(folder), rows)
            for kind in ("parquet", "csv"):
                path = str(out / f"events.{kind}")
                found = compare(f"{rows:,} rows, {kind}", path, start, end, given.insights)
                wall.setdefault(kind, []).append((rows, found["insights"][1]))
    for kind, sizes in wall.items():
        for (few, less), (many, more) in zip(sizes, sizes[1:]):
            print(f"{kind}: {many / few:.1f} times the rows took {more / less:.1f} times the cpu")
    return None


if __name__ == "__main__":
    main()
