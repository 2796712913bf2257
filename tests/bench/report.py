# SPDX-License-Identifier: ISC
# report.py: figures into a table, JSON and a chart.
import json
import os
import re
import shutil
import subprocess
import sys
import textwrap

import network
from processes import Failure, Programs, output

WIDE = 1.2  # of one quartile over the other
MACHINE = f"{os.cpu_count()} cores, loopback"


def number(value):
    """Three significant digits, and thousands apart."""
    if value is None:
        return "-"
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if value < 100 else f"{value:.0f}"


def verdict(row):
    missed_by = row.get("missed_by")
    if missed_by is None:
        return ""
    text = "met" if missed_by <= 1 else f"MISSED by {missed_by:.2f}x"
    return f"{text}, in the noise" if in_noise(row) else text


def in_noise(row):
    """Does the bar lie among the middle half of the ratios?"""
    around = row["ratio_spread"]
    return row["bar"] and around and around[0] < row["bar"] < around[1]


def wide(row):
    """The middle half of the figures, when it is no narrow one."""
    low, high = row["spread"] or (1, 1)
    return f"{number(low)}..{number(high)}" if high > WIDE * low else ""


def bar(row, more_is_better):
    if row.get("most"):
        return f"<= {number(row['most'])}"
    if not row["bar"]:
        return ""
    return f"{'>=' if more_is_better else '<='} {row['bar']}x"


def table(result):
    """Some lines for a scenario. The ratio is liu's figure over the peer's. Behind the medians
    that moved a lot stands between what."""
    lines = [f"{result['title']} ({result['unit']})"]
    for row in result["rows"]:
        ratio = f"{row['ratio']:.2f}x" if row["ratio"] else ""
        name = row["peer"] + (" (limit)" if row["limit"] else "")
        lines.append(f"  {name:24} {number(row['median']):>9} {wide(row):17} {ratio:>8}  "
                     f"{bar(row, result['more_is_better']):10} {verdict(row)}".rstrip())
    lines += [f"  {name:24} {'missing':>9}" for name in result["missing"]]
    return "\n".join(lines) + "\n"


def brief(data):
    """What the README shows: for each scenario liu's figure, and its ratios."""
    lines = []
    for result in data["results"]:
        ours, *others = result["rows"]
        ratios = ", ".join(f"{row['ratio']:.2g} {row['peer']}{mark(row)}"
                           for row in others if row["ratio"])
        lines.append(f"{result['title']:46} {number(ours['median']):>8} "
                     f"{result['unit']}{mark(ours)}")
        lines += textwrap.wrap(ratios, 74, initial_indent="    ", subsequent_indent="    ")
    kind = "quick" if data["quick"] else "full"
    lines += ["", f"({MACHINE}, TCP {data['congestion_control']}; {kind} run, "
                  f"{data['rounds']} rounds; * target missed)"]
    return "\n".join(lines) + "\n"


def mark(row):
    return "*" if (row["missed_by"] or 0) > 1 else ""


def start_costs(place):
    """System calls and user and system time of a start, by strace and perf where they are."""
    costs = {}
    with Programs() as programs:
        _, port = programs.serve(place.fill("{echo}"))
        for name, line in (("liu", "{liu} connect 127.0.0.1:{port} close"),
                           ("nc", "nc -z 127.0.0.1 {port}")):
            argv = place.fill(line, port=port)
            if shutil.which(argv[0]):
                costs[name] = {"syscalls": syscalls(argv), "task_ms": task_clock(argv)}
    return costs


def syscalls(argv):
    try:
        text = output(["sh", "-c", 'exec strace -f -c -o /dev/stdout "$@" 2>/dev/null',
                       "sh", *argv])
    except Failure:
        return None
    found = re.search(r"^100\.00 +\S+ +\d+ +(\d+).* total$", text, re.M)
    return int(found[1]) if found else None


def task_clock(argv):
    try:
        text = output(["sh", "-c", 'exec perf stat -r 20 -x, -e task-clock "$@" 2>&1', "sh", *argv])
    except Failure:
        return None
    found = re.search(r"^([\d.]+),msec,task-clock", text, re.M)
    return float(found[1]) if found else None


def summary(results, costs):
    rows = [(result, row) for result in results for row in result["rows"]
            if row.get("missed_by") is not None]
    missed = [(result, row) for result, row in rows if row["missed_by"] > 1]
    lines = []
    for name, cost in (costs or {}).items():
        lines.append(f"start-up of {name}: {number(cost['syscalls'])} system calls (strace), "
                     f"{number(cost['task_ms'])} ms of processor time (perf)")
    lines.append(f"{len(rows) - len(missed)} of {len(rows)} targets met; {MACHINE}")
    for result, row in missed:
        lines.append(f"  {result['scenario']}: {shortfall(result, row)}")
    return "\n".join(lines)


def shortfall(result, row):
    wanted = bar(row, result["more_is_better"])
    if row.get("most"):
        return f"{number(row['median'])} {result['unit']} for {wanted}: {verdict(row)}"
    return f"{row['ratio']:.2f}x {row['peer']} for {wanted}: {verdict(row)}"


def times(results, seconds):
    slowest = sorted(results, key=lambda result: -result["seconds"])[:3]
    names = ", ".join(f"{result['scenario']} {result['seconds']:.0f}" for result in slowest)
    return f"took {seconds:.0f} s, the longest of it: {names}"


def versions(place):
    found = {}
    for name, line in (("liu", "{liu} --version"), ("liu before", "{before} --version"),
                       ("ncat", "ncat --version"),
                       ("socat", "socat -V"), ("haproxy", "haproxy -v"),
                       ("nginx", "nginx -v"), ("curl", "curl --version"),
                       ("openssl", "openssl version"), ("python", "{python} --version")):
        try:
            shown = output(["sh", "-c", 'exec "$@" 2>&1', "sh", *place.fill(line)])
            found[name] = re.search(r"(\S.*)?", shown)[0]
        except (Failure, OSError):
            pass
    return found


def warn_of_sanitizers(liu):
    with open(liu, "rb") as program:
        if b"__asan_init" in program.read():
            print("liu is built with sanitizers: the figures say nothing", file=sys.stderr)


BLUE, ORANGE = 0x4477AA, 0xEE7733

CHART = """set terminal svg size 800,{height} font "sans,12" noenhanced
set output "{svg}"
set label "liu beside others: times as good ({machine}); a line is the target, orange misses it" \\
	at screen 0.5, screen 0.98 center
set logscale x
set xrange [{low}:{high}]
set yrange [-1:{rows}]
set ytics ({labels})
set xtics (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)
set grid xtics
set lmargin 28
set tmargin 3
set arrow from 1, graph 0 to 1, graph 1 nohead lc rgb "#808080"
unset key
set style fill solid
plot "-" using 2:1:(1):2:($1 - 0.35):($1 + 0.35):3 with boxxyerror lc rgb variable, \\
	"-" using 2:($1 - 0.45):(0):(0.9) with vectors nohead lw 2 lc rgb "#000000"
"""


def chart_rows(results):
    """(label, how many times as good as the peer, the bar or None, the colour), the first on
    top."""
    rows = []
    for result in results:
        for row in result["rows"]:
            if row["ratio"]:
                better = result["more_is_better"]
                bar = row["bar"] if better or not row["bar"] else 1 / row["bar"]
                rows.append((f"{result['scenario']}: {row['peer']}",
                             row["ratio"] if better else 1 / row["ratio"], bar,
                             ORANGE if mark(row) else BLUE))
    return rows[::-1]


def chart(path, results):
    rows = chart_rows(results)
    gnuplot = shutil.which("gnuplot")
    if not gnuplot or not any(bar for _, _, bar, _ in rows):
        return
    values = [value for row in rows for value in row[1:3] if value]
    labels = ", ".join(f'"{label}" {at}' for at, (label, *_) in enumerate(rows))
    script = CHART.format(height=80 + 18 * len(rows), svg=path, machine=MACHINE, rows=len(rows),
                          labels=labels, low=min(0.5, min(values) * 0.8),
                          high=max(2, max(values) * 1.3))
    script += "".join(f"{at} {row[1]} {row[3]}\n" for at, row in enumerate(rows)) + "e\n"
    script += "".join(f"{at} {row[2]}\n" for at, row in enumerate(rows) if row[2]) + "e\n"
    subprocess.run([gnuplot], input=script.encode(), check=True)


def write(directory, data):
    data["machine"] = MACHINE
    data["congestion_control"] = network.congestion_control()
    os.makedirs(directory, exist_ok=True)
    with open(f"{directory}/results.json", "w") as file:
        json.dump(data, file, indent=1)
        file.write("\n")
    text = "\n".join(table(result) for result in data["results"])
    with open(f"{directory}/results.txt", "w") as file:
        file.write(f"{text}\n{summary(data['results'], data['start_up'])}\n")
    with open(f"{directory}/results.brief", "w") as file:
        file.write(brief(data))
    chart(f"{directory}/results.svg", data["results"])
