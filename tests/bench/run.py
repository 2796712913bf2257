#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
# run.py: measures liu and others in turns, and says which bars are missed.
import argparse
import fnmatch
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import network
import report
from measures import Place
from processes import Failure, output
from scenarios import SCENARIOS

FULL = {"rounds": 7, "few": 3, "bytes": 1 << 30, "size": 1, "seconds": 1}
QUICK = {"rounds": 3, "few": 1, "bytes": 256 << 20, "size": 0.25, "seconds": 0.25}
CHUNK = 1 << 20


def arguments():
    parser = argparse.ArgumentParser(description="Measure liu beside others, in turns.")
    parser.add_argument("--liu", default=os.environ.get("LIU", "liu"))
    parser.add_argument("--programs", default=".", help="where load and the yard_* are")
    parser.add_argument("--output", default=".",
                        help="directory for results.json, .txt, .brief, .svg")
    parser.add_argument("--quick", action="store_true", help="less of everything")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--only", action="append", metavar="PATTERN",
                        help=", ".join(scenario.name for scenario in SCENARIOS))
    parser.add_argument("--peer", action="append", help="next to liu only this one")
    parser.add_argument("--against", metavar="LIU",
                        help="measure this liu too, as the peer 'liu before'")
    chosen = parser.parse_args()
    for pattern in chosen.only or ():
        if not any(fnmatch.fnmatchcase(scenario.name, pattern) for scenario in SCENARIOS):
            parser.error(f"unknown scenario: {pattern}")
    if chosen.against and not os.access(chosen.against, os.X_OK):
        parser.error(f"cannot run {chosen.against}")
    return chosen


def write_file(path, size):
    """Written, not sparse, and by that in memory; nothing is left to do to it."""
    chunk = os.urandom(CHUNK)
    with open(path, "wb") as file:
        for _ in range(size // CHUNK):
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())


def make_certificate(directory):
    cert, key, pem = (f"{directory}/{name}.pem" for name in ("cert", "key", "both"))
    output(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
            "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
            "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cert])
    with open(pem, "w") as both:
        for part in (cert, key):
            with open(part) as file:
                both.write(file.read())
    return {"cert": cert, "key": key, "pem": pem}


def prepare(chosen, scale, directory):
    programs = os.path.abspath(chosen.programs)
    words = {name: f"{programs}/yard_{name}"
             for name in ("broker", "bufferevent", "echo", "exec", "forward", "lines", "splice",
                          "tls")}
    words |= make_certificate(directory)
    words |= {"liu": os.path.abspath(shutil.which(chosen.liu) or chosen.liu),
              "before": os.path.abspath(chosen.against or ""),
              "load": f"{programs}/load", "python": sys.executable, "directory": directory,
              "source": os.path.dirname(os.path.abspath(__file__)),
              "file": f"{directory}/file",
              "half": f"{directory}/half"}
    write_file(words["file"], scale["bytes"])
    write_file(words["half"], scale["bytes"] // 2)  # for slower work
    return Place(words, scale["size"], scale["seconds"])


def installed(peer, place):
    """Is the program of a peer's first command line there?"""
    line = peer if isinstance(peer, str) else peer[0]
    return shutil.which(line.split()[0].format(**place.words))


def selected(chosen):
    """The scenarios of the command line; all but the slow ones in a quick run."""
    for scenario in SCENARIOS:
        if chosen.only:
            if any(fnmatch.fnmatchcase(scenario.name, pattern) for pattern in chosen.only):
                yield scenario
        elif not (scenario.slow and chosen.quick):
            yield scenario


def run(scenario, place, rounds, few, wanted):
    """Round by round, peer after peer, each time another one first: a figure, or None, for each
    in each of its rounds."""
    peers = {name: peer for name, peer in scenario.peers.items()
             if installed(peer, place) and (not wanted or name.startswith("liu") or name in wanted)}
    figures = {name: [] for name in peers}
    for turn in range(rounds):
        names = [name for name in peers if turn < few or scenario.needs_all_rounds(name)]
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            try:
                figures[name].append(scenario.measure(place, peers[name]))
            except Failure as failure:
                print(f"{scenario.name}: {name}: {failure}", file=sys.stderr)
                figures[name].append(None)
    return figures


def median(figures):
    known = [figure for figure in figures if figure is not None]
    return statistics.median(known) if known else None


def spread(figures):
    """The quartiles: half of the figures lie between them."""
    known = [figure for figure in figures if figure is not None]
    if len(known) < 2:
        return None
    low, _, high = statistics.quantiles(known, n=4, method="inclusive")
    return [low, high]


def judge(scenario, figures):
    """A row for each peer: its median, liu's ratio to it, its bar and whether it is met."""
    rows = []
    for name, theirs in figures.items():
        # In pairs: what disturbs a round disturbs both.
        ratios = [] if name == "liu" else [ours / other if ours and other else None
                                           for ours, other in zip(figures["liu"], theirs)]
        ratio = median(ratios)
        row = {"peer": name, "limit": name == scenario.limit, "bar": scenario.bars.get(name),
               "figures": theirs, "median": median(theirs), "spread": spread(theirs),
               "ratio": ratio, "ratio_spread": spread(ratios), "missed_by": None}
        if ratio and row["bar"]:
            row["missed_by"] = factor(ratio, row["bar"], scenario.more_is_better)
        rows.append(row)
    add_figure_bar(scenario, rows)
    return {"scenario": scenario.name, "title": scenario.title, "unit": scenario.unit,
            "more_is_better": scenario.more_is_better, "rows": rows}


def factor(value, bar, more_is_better):
    """By what the bar is missed; 1 or less: it is met."""
    return bar / value if more_is_better else value / bar


def add_figure_bar(scenario, rows):
    """A bar that is a figure stands in liu's own row."""
    most = scenario.most
    if scenario.above_limit:
        bare = next((row["median"] for row in rows if row["limit"]), None)
        most = bare + scenario.above_limit if bare else None
    if most and rows[0]["median"]:
        rows[0] |= {"most": most, "missed_by": factor(rows[0]["median"], most, False)}


def main():
    chosen = arguments()
    network.enter()
    scale = QUICK if chosen.quick else FULL
    rounds = chosen.rounds or scale["rounds"]
    results = []
    load = os.getloadavg()[0]
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="liu-bench.") as directory:
        place = prepare(chosen, scale, directory)
        report.warn_of_sanitizers(place.words["liu"])
        for scenario in selected(chosen):
            if chosen.against:
                scenario.compare_with_before()
            start = time.monotonic()
            turns = min(rounds, scenario.rounds or rounds)
            figures = run(scenario, place, turns, scale["few"], chosen.peer)
            results.append(judge(scenario, figures))
            results[-1]["missing"] = [name for name, peer in scenario.peers.items()
                                      if not installed(peer, place)]
            results[-1]["seconds"] = round(time.monotonic() - start, 1)
            print(report.table(results[-1]), flush=True)
        costs = None if chosen.only else report.start_costs(place)
    print(report.summary(results, costs))
    print(report.times(results, time.monotonic() - begin))
    report.write(chosen.output, {"quick": chosen.quick, "rounds": rounds, "load": load,
                                 "results": results, "start_up": costs,
                                 "versions": report.versions(place)})


if __name__ == "__main__":
    try:
        main()
    except (Failure, subprocess.SubprocessError, OSError) as failure:
        sys.exit(f"run.py: {failure}")
