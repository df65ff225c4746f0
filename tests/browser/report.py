"""Holds report.html against what it was made of, in a browser. Usage: report.py PROGRAM"""

import json
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from driver import Browser

LEFT, RIGHT, END, ESCAPE = "\ue012", "\ue014", "\ue010", "\ue00c"
LONG = "a-name-that-does-not-end-" * 12
# what a browser would run, what ends an attribute, what turns a line around, what is written from the right, what is long
NAMES = ["<script>hostile=1</script>", "\"'><img src=x onerror=hostile=1>", "x\u202ey", "\u05e9\u05dc\u05d5\u05dd", LONG]
SERVICE, TRAFFIC = "<b>web", "</title><script>hostile=1</script>"


def make(program, folder, command, scenario, *options):
    command = [program, command, str(scenario), "--quiet", "-o", str(folder), *options]
    code = subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode
    assert code in (0, 97, 98, 99), f"{command}: exit code {code}"
    return folder


def hostile_scenario(folder):
    classes = "\n".join(
        f"[request.{json.dumps(name, ensure_ascii=False)}]\npath = [\"<b>web\"]" for name in NAMES
    ).replace("\u202e", "\\u202e")
    mix = ", ".join(f"{json.dumps(name)} = 1" for name in NAMES)
    text = f"""# </pre></code><script>hostile=1</script>
[simulation]
duration = "20 s"
runs = 5
[service."<b>web"]
kind = "station"
workers = 2
service = "exponential(5 ms)"
{classes}
[traffic."</title><script>hostile=1</script>"]
process = "poisson"
rate = "300/s"
mix = {{ {mix} }}
[[fault]]
at = "8 s"
lasts = "1 s"
hang = {{ service = "<b>web" }}
"""
    file = folder / "hostile.toml"
    file.write_text(text, encoding="utf-8")
    return file


def no_complaint(browser, what):
    said = browser.console()
    assert not said, f"{what}: the console says {said}"


def has_what_it_should(browser, what, charts, tools):
    """At least so many charts, and so many that answer."""
    found = browser.run(
        """
        const all = (selector) => [...document.querySelectorAll(selector)];
        return {
            headings: all("h1").length,
            sections: all("main > section").map((section) => section.id),
            hostile: typeof hostile,
            charts: all("figure.chart svg[role=img]").length,
            tools: all(".tools").length,
            fetched: performance.getEntriesByType("resource").length,
            wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
            nameless: all("button").filter((one) => !(one.ariaLabel || one.textContent.trim())).length,
            images: all("img, iframe, object, embed, form").length,
        };
        """
    )
    second = "requests" if what.startswith("explain-request") else "verdict"
    assert found["headings"] == 1 and found["sections"][:2] == ["question", second], (what, found)
    assert found["sections"][-2:] == ["scenario", "reproduce"], (what, found)
    assert found["hostile"] == "undefined" and found["images"] == 0, (what, found)
    assert found["charts"] >= charts and found["tools"] >= tools, (what, found)
    assert found["fetched"] == 0 and found["wide"] <= 0 and found["nameless"] == 0, (what, found)


def table(browser, section, number):
    """The rows of a section's table by name, each by column."""
    return browser.run(
        """
        const table = document.querySelectorAll(`#${arguments[0]} table`)[arguments[1]];
        const text = (cell) => cell.textContent.trim();
        const columns = [...table.tHead.rows[0].cells].slice(1).map(text);
        return [...table.tBodies[0].rows].map((row) => [
            text(row.cells[0]),
            Object.fromEntries([...row.cells].slice(1).map((cell, i) => [columns[i], text(cell)])),
        ]);
        """,
        section,
        number,
    )


def shows(cell, estimate, scale, where):
    """Whether a cell says a value and its interval, rounded as it says them."""
    value, interval = estimate["value"], estimate["ci95"]
    if value is None:
        assert cell == "-", (where, cell, estimate)
        return
    if estimate.get("censored"):
        assert cell.startswith("> "), (where, cell, estimate)
        return
    if cell.startswith("<"):
        assert max(value, *(interval or [value])) * scale < float(cell[1:]), (where, cell, estimate)
        return
    shown = cell.split(" ")[0]
    unit = 10.0 ** -len(shown.partition(".")[2])
    # three decimals at most where little is waited, whatever the interval
    slack = unit * 0.5001
    assert abs(float(shown) - value * scale) <= max(slack, abs(value * scale) * 5.1e-4 if interval is None else 0), (where, cell, estimate)
    if interval is None:
        assert "[" not in cell and "±" not in cell.replace("±?", ""), (where, cell, estimate)
        return
    low, high = (end * scale for end in interval)
    if "±" in cell:
        half = float(cell.split("±")[1])
        assert half >= (high - low) / 2 - 1e-6 and half <= (high - low) / 2 + 1.01 * unit, (where, cell, estimate)
    else:
        ends = [float(end) for end in re.findall(r"-?[\d.]+", cell.partition("[")[2])]
        assert low - 1.01 * unit <= ends[0] <= low + 1e-6 * unit and high - 1e-6 * unit <= ends[1] <= high + 1.01 * unit, (where, cell, estimate)


def harmless(name):
    return name.replace("\u202e", "\ufffd")


def is_about(cell, value, where):
    """Whether a cell says a bare value, to four digits."""
    if value is None:
        assert cell in ("-", "failed"), (where, cell)
        return
    if cell.startswith("<"):
        assert value < float(cell[1:]), (where, cell, value)
        return
    shown = float(cell.replace(",", ""))
    # three decimals at most where little is waited
    assert abs(shown - value) <= max(5.1e-4 * abs(value), 5.1e-4), (where, cell, value)


def are_minutes(cell, value, where):
    """With three decimals below 10, one below 1000."""
    slack = 5.1e-4 if value < 10 else 0.051 if value < 1000 else 0.51
    assert abs(float(cell) - value) <= slack, (where, cell, value)


def verdict(browser):
    return browser.run("return document.querySelector('#verdict .headline').textContent")


def failures_are_those_of_spof_json(browser, folder):
    found = json.loads((folder / "spof.json").read_text())
    ending = {"power_off": " off", "cut": " cut", "hang": " hangs"}
    labels = [harmless(one["name"]) + ending.get(one["fault"], "") for one in found["components"]]
    costs, effects = table(browser, "figures", 0), table(browser, "effects", 0)
    assert [name for name, _ in costs] == labels and [name for name, _ in effects] == [*labels, "no failure"], costs
    compared = 0
    for one, (name, cost), (_, effect) in zip(found["components"], costs, effects):
        assert cost["SPOF"] == {"yes": "yes", "no": "no", "undecided": "?"}[one["spof"]], (name, cost)
        shows(cost["lost min"], one["cost"]["budget_min_per_year"], 1, name)
        halved = one["cost"]["mttf_halved"]["budget_min_per_year"]
        are_minutes(cost["MTTF/2"], halved, name)
        for column, key in {"p99 before ms": "before", "during": "during", "after": "after"}.items():
            shows(effect[column], one["p99_ms"][key], 1, (name, column))
        shows(effect["detected s"], one["detected_s"], 1, name)
        compared += 7
    spofs = [label for label, one in zip(labels, found["components"]) if one["spof"] == "yes"]
    said = verdict(browser)
    assert all(label in said for label in spofs[:8]) and said.startswith("✗" if spofs else ("✓", "?")), (said, spofs)
    for (name, row), key in zip(table(browser, "availability", 0), ["own_crews", "one_crew"]):
        down = found["system"]["below_objective"][key]["min_per_year"]
        are_minutes(row["down min"], down, name)
        compared += 1
    return compared


def answers_are_those_of_plan_json(browser, folder):
    found = json.loads((folder / "plan.json").read_text())
    unit, compared = found["traffic"]["unit"], 0
    answers = [found["rate"]["all"], *found["rate"]["one_dead"]]
    for answer, (name, cells) in zip(answers, table(browser, "rate", 0)):
        if answer["highest"]["is"] == "rate":
            shows(cells[unit], answer["highest"]["rate"], 1, name)
            shows(cells["of now"], answer["highest"]["scale"], 1, name)
            compared += 2
    for tried, (name, cells) in zip(found["rate"]["all"]["tried"], table(browser, "rate", 1)):
        is_about(name, tried["rate"], "tried")
        assert cells["met"] == ("yes" if tried["met"] else "no"), (name, cells)
        compared += 2
    said = verdict(browser)
    if found["rate"]["all"]["highest"]["is"] == "rate":
        assert f"At most {dict(table(browser, 'rate', 0))['all'][unit]} {unit}" in said, said
    if found["tornado"]:
        for bar, (name, cells) in zip(found["tornado"]["bars"], table(browser, "tornado", 0)):
            assert name == harmless(bar["key"]), (name, bar)
            shows(cells["-10%: p99 %"], bar["p99_down_percent"], 1, name)
            shows(cells["+10%: p99 %"], bar["p99_up_percent"], 1, name)
            compared += 2
    return compared


def differences_are_those_of_compare_json(browser, folder):
    found = json.loads((folder / "compare.json").read_text())
    what = {"better": "B is better", "worse": "B is WORSE", "same": "B is the same", "inconclusive": "Inconclusive"}
    assert what[found["verdict"]] in verdict(browser), verdict(browser)
    compared = 0
    for number, kind in enumerate(["traffic.", "stations."]):
        figures = [one for one in found["figures"] if one["key"].startswith(kind)]
        rows = table(browser, "figures", number)
        assert len(rows) == len(figures), (kind, len(rows), len(figures))
        for one, (name, cells) in zip(figures, rows):
            scale = 100 if one["key"].endswith(("availability", "utilization")) else 1
            for column, key in {"A": "a", "B": "b"}.items():
                value = one[key]["value"]
                is_about(cells[column], None if value is None else value * scale, (name, column))
            shows(cells["B - A"], {"value": one["difference"], "ci95": one["difference_ci95"]}, scale, name)
            compared += 3
    return compared


def points_are_those_of_sweep_json(browser, folder):
    found = json.loads((folder / "sweep.json").read_text())
    rows, compared = table(browser, "figures", 0), 0
    assert len(rows) == found["points"] == len(found["listed"]), (len(rows), found["points"])
    for one, (name, cells) in zip(found["listed"], rows):
        assert name == ", ".join(harmless(value) for value in one["values"]), (name, one)
        for column, key in {"answers /s": "throughput_per_s", "p50 ms": "latency_p50_ms", "p99 ms": "latency_all_p99_ms"}.items():
            shows(cells[column], one[key], 1, (name, column))
            compared += 1
    return compared


def steps_are_those_of_explain_json(browser, folder):
    found = json.loads((folder / "explain.json").read_text())
    factors, compared = {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9, "min": 60e9}, 0
    for number, request in enumerate(found["requests"]):
        rows = table(browser, "requests", number)
        entries = request["entries"][1:]
        assert len(rows) == len(entries), (number, len(rows), len(entries))
        for entry, (name, cells) in zip(entries, rows):
            assert name.lstrip("· ") == harmless(entry["name"]).lstrip("· "), (name, entry)
            value, unit = cells["lasts"].split(" ")
            assert abs(float(value) * factors[unit] - entry["length_ns"]) <= 6e-3 * entry["length_ns"], (cells, entry)
            compared += 1
    bars = browser.run("return document.querySelectorAll('.waterfall svg.bar').length")
    assert bars == compared, (bars, compared)
    return compared


def figures_are_those_of_the_summary(browser, folder):
    summary = json.loads((folder / "summary.json").read_text())
    compared = 0
    answered, finished = (dict(table(browser, "figures", number)) for number in (0, 1))
    assert list(answered) == [harmless(name) for name in summary["traffic"]], list(answered)
    columns = {"mean ms": "mean", "p50 ms": "p50", "p90 ms": "p90", "p95 ms": "p95", "p99 ms": "p99", "p99.9 ms": "p99_9"}
    for name, traffic in summary["traffic"].items():
        cells, counts = answered[harmless(name)], finished[harmless(name)]
        shows(cells["answers /s"], traffic["throughput_per_s"], 1, name)
        for column, key in columns.items():
            shows(cells[column], traffic["latency_ms"][key], 1, (name, column))
            compared += 1
        shows(counts["availability %"], traffic["availability"], 100, name)
        shows(counts["p99 (all) ms"], traffic["latency_all_ms"]["p99"], 1, name)
        for column, key in {"offered": "offered", "attempts": "attempts", "answered": "completed", "failed": "failed"}.items():
            assert int(counts[column].replace(",", "")) == traffic[key], (name, column, counts)
            compared += 1
    stations = browser.run("return [...document.querySelectorAll('#topology table')].findIndex((t) => t.tHead.textContent.includes('busy %'))")
    for name, cells in table(browser, "topology", stations):
        station = summary["stations"][name]
        for column, key, scale in [("busy %", "utilization", 100), ("waiting ms", "waiting_ms", 1), ("service ms", "service_ms", 1)]:
            shows(cells[column], station[key], scale, (name, column))
            compared += 1
    verdicts = browser.run("return [...document.querySelectorAll('#verdict td.verdict')].map((cell) => cell.textContent.trim().split(' ').pop())")
    assert verdicts == [one["verdict"] for one in summary["slo"]], verdicts
    page = browser.run("return document.querySelector('main').textContent")
    for warning in summary["warnings"]:
        assert harmless(warning["message"]) in page, warning
    assert summary["scenario"]["sha256"] in page and str(summary["seed"]) in page
    return compared


def place(browser, chart, across, down):
    """Where in the view a part of a chart's plot is."""
    box = browser.run(
        """
        const surface = document.querySelector(`#chart-${arguments[0]} .surface`);
        surface.scrollIntoView({ block: "center" });
        const box = surface.getBoundingClientRect();
        return [box.left, box.top, box.width, box.height];
        """,
        chart,
    )
    return box[0] + across * box[2], box[1] + down * box[3]


def reading(browser, chart):
    return browser.run(
        """
        const reading = document.querySelector(`#chart-${arguments[0]} .reading`);
        return reading.hidden ? null : [...reading.children].map((line) => line.textContent);
        """,
        chart,
    )


def charts_answer(browser, folder):
    data = json.loads((folder / "charts.json").read_text())
    # a pointer reads off what the chart was drawn from
    browser.pointer(place(browser, "latency-over-time", 0.5, 0.5))
    said = reading(browser, "latency-over-time")
    assert said and said[0].endswith("Latency of answered requests, ms") and len(said) == 4, said
    traffic = data["traffic"]
    middles = [(a + b) / 2 for a, b in zip(traffic["edges_s"], traffic["edges_s"][1:])]
    half = (traffic["edges_s"][0] + data["measured_s"]) / 2
    nearest = min(range(len(middles)), key=lambda i: abs(middles[i] - half))
    for line, percentile in zip(said[1:], traffic["latency_ms"]):
        name, value = line.split(" [")[0].split(": ")
        wanted = [percentile["value"][i] for i in range(nearest - 1, nearest + 2)]
        assert name == percentile["name"] and any(abs(float(value) - v) <= 6e-4 * v + 0.5 * (v >= 1000) for v in wanted if v), (line, wanted)
    # cells, too
    browser.pointer(place(browser, "utilization", 0.5, 0.01))
    said = reading(browser, "utilization")
    assert said[1].startswith(data["utilization"][0]["name"] + ": ") and said[1].endswith("%"), said
    # a line goes and comes back
    state = """
        const chart = document.querySelector("#chart-latency-over-time"), button = chart.querySelector(".tools button");
        const groups = [...chart.querySelectorAll("[data-series='0']")];
        return [button.getAttribute("aria-pressed"), groups.length, groups.filter((one) => getComputedStyle(one).display === "none").length];
    """
    click = "document.querySelector('#chart-latency-over-time .tools button').click()"
    pressed, groups, hidden = browser.run(state)
    assert (pressed, hidden) == ("true", 0) and groups >= 2, (pressed, groups, hidden)
    browser.run(click)
    assert browser.run(state) == ["false", groups, groups]
    browser.pointer(place(browser, "latency-over-time", 0.4, 0.5))
    assert len(reading(browser, "latency-over-time")) == 3, "a line that is off is still read"
    browser.run(click)
    assert browser.run(state) == ["true", groups, 0]
    # a part of the axis is drawn out, and the whole comes back
    ticks = "return [...document.querySelectorAll('#chart-latency-over-time .ticks-again text')].map((text) => text.textContent)"
    assert browser.run(ticks) == []
    browser.pointer(place(browser, "latency-over-time", 0.5, 0.5), "down", place(browser, "latency-over-time", 0.6, 0.5), "up")
    zoomed = browser.run(ticks)
    assert len(zoomed) >= 4, zoomed
    moved = "return document.querySelectorAll('#chart-latency-over-time .moves g[transform]').length"
    assert browser.run(moved) > 0
    # keys do the same
    browser.run("document.querySelector('#chart-latency-over-time .surface').focus()")
    browser.press(ESCAPE)
    assert browser.run(ticks) == [] and browser.run(moved) == 0
    value = "const s = document.querySelector('#chart-latency-over-time .surface'); return [Number(s.ariaValueNow), s.ariaValueText]"
    browser.press(END)
    last = browser.run(value)
    browser.press(LEFT, LEFT, RIGHT)
    assert browser.run(value)[0] == last[0] - 1 and "p99: " in last[1], last
    browser.press("+")
    assert len(browser.run(ticks)) >= 4
    browser.press(ESCAPE)


def follows_the_reader(browser):
    """Dark where that is preferred, light on paper, and no page wider than a telephone."""
    colors = """
        const paper = document.querySelector(".chart svg rect");
        const body = getComputedStyle(document.body).backgroundColor;
        return [body, paper ? getComputedStyle(paper).fill : body];
    """
    dark, light = "rgb(22, 25, 30)", "rgb(255, 255, 255)"
    preferred = [{"name": "prefers-color-scheme", "value": "dark"}]
    browser.cdp("Emulation.setEmulatedMedia", features=preferred)
    assert browser.run(colors) == [dark, dark], browser.run(colors)
    browser.cdp("Emulation.setEmulatedMedia", media="print", features=preferred)
    assert browser.run(colors) == [light, light], browser.run(colors)
    browser.cdp("Emulation.setEmulatedMedia", media="", features=[])
    browser.cdp("Emulation.setDeviceMetricsOverride", width=360, height=740, deviceScaleFactor=1, mobile=True)
    wide = browser.run("return document.documentElement.scrollWidth")
    assert wide <= 360, f"{wide} pixels wide on a telephone"
    browser.cdp("Emulation.clearDeviceMetricsOverride")
    pdf = browser.pdf()
    assert pdf.startswith(b"%PDF") and len(pdf) > 30_000, len(pdf)


def without_scripts(browser, page):
    text = "return [document.querySelector('main').innerText.length, document.querySelectorAll('svg[role=img] polyline').length, document.querySelectorAll('.tools').length]"
    browser.open(page)
    alive = browser.run(text)
    browser.cdp("Emulation.setScriptExecutionDisabled", value=True)
    browser.open(page)
    still = browser.run(text)
    browser.cdp("Emulation.setScriptExecutionDisabled", value=False)
    assert still[2] == 0 and still[1] == alive[1], (alive, still)
    assert still[0] > 0.9 * alive[0], (alive, still)


def the_console_is_heard(browser, page):
    """A page with a style and a script of somebody else is refused them, loudly."""
    spoilt = page.with_name("spoilt.html")
    text = page.read_text(encoding="utf-8")
    spoilt.write_text(text.replace("<main ", "<p style=\"color:red\" onclick=\"x()\">x</p><script>hostile=1</script><main ", 1), encoding="utf-8")
    browser.open(spoilt)
    said = browser.console()
    assert len(said) >= 2 and browser.run("return typeof hostile") == "undefined", said


def names_stay_text(browser, names):
    page = browser.run("return document.body.textContent")
    for name in names:
        assert name.replace("\u202e", "\ufffd") in page, f"{name!r} is not in the page"
    titles = browser.run("return [...document.querySelectorAll('svg *')].map((one) => one.tagName.toLowerCase())")
    assert not {"script", "img", "b", "foreignobject"} & set(titles), set(titles)
    assert browser.run("return document.querySelectorAll('main script:not([type])').length") == 0


def results(program, root):
    """(what, its folder, what holds its figures against its JSON, least charts, least charts that answer)"""
    short, slo = ["--set", "simulation.duration=20 s"], "slo=[{that=\"latency_p99 < 10 s\"},{that=\"availability > 99.9999%\"}]"
    strict = ["--set", "slo=[{that=\"latency_p99 < 300 ms\"}]"]
    peak, hostile = "scenarios/peak.toml", hostile_scenario(root)
    workers, service = f'service."{SERVICE}".workers', f'service."{SERVICE}".service'
    asked = ["--question", "rate", "--question", "bottlenecks", "--precision", "10%", "--max-runs", "10"]
    wanted = [
        ("run", figures_are_those_of_the_summary, 7, 3, {
            "faults": ["scenarios/lb-failover.toml", "--runs", "5", "--max-runs", "5", "--set", slo],
            "peak": [peak, "--runs", "5", *short],
            "hostile": [hostile],
        }),
        ("spof", failures_are_those_of_spof_json, 2, 0, {
            "peak": [peak, "--runs", "2"],
            "hostile": [hostile, "--pairs", "--lasts", "25 s"],
        }),
        ("plan", answers_are_those_of_plan_json, 3, 2, {
            "peak": [peak, *strict, *short, *asked, "--question", "tornado"],
            "hostile": [hostile, *strict, *asked],
        }),
        ("compare", differences_are_those_of_compare_json, 1, 0, {
            "peak": [peak, "--runs", "5", *short, "--set-b", "service.app.workers=24"],
            "hostile": [hostile, "--runs", "3", "--set-b", f"{workers}=3"],
        }),
        ("explain-request", steps_are_those_of_explain_json, 0, 0, {
            "peak": [peak, *short],
            "hostile": [hostile],
        }),
        ("sweep", points_are_those_of_sweep_json, 2, 2, {
            "peak": [peak, "--runs", "3", *short, "--vary", "traffic.visitors.rate=1000/s..2000/s/250/s"],
            "hostile": [hostile, "--runs", "3", "--vary", f"{workers}=2..5/1", "--vary", f"{service}=exponential(4 ms),exponential(6 ms)"],
        }),
    ]
    for command, holds, charts, tools, scenarios in wanted:
        for what, arguments in scenarios.items():
            folder = make(program, root / f"{command}-{what}", command, *arguments)
            yield f"{command} {what}", folder, holds, charts, tools


def main():
    program, began = sys.argv[1], time.monotonic()
    with tempfile.TemporaryDirectory() as root, Browser() as browser:
        root = Path(root)
        for what, folder, holds, charts, tools in results(program, root):
            browser.open(folder / "report.html")
            has_what_it_should(browser, what, charts, tools)
            compared = holds(browser, folder)
            if what.startswith("run"):
                charts_answer(browser, folder)
            follows_the_reader(browser)
            if what.endswith("hostile"):
                # a sweep says nothing of classes, and the slowest requests may all be of one
                names_stay_text(browser, [SERVICE, TRAFFIC, *([] if what.startswith(("sweep", "explain")) else NAMES)])
            no_complaint(browser, what)
            without_scripts(browser, folder / "report.html")
            no_complaint(browser, f"{what} without scripts")
            size = (folder / "report.html").stat().st_size
            assert size < 1e6, f"{what}: {size} bytes"
            print(f"{what}: {size / 1e3:.0f} kB, {compared} figures are those of its JSON", flush=True)
        the_console_is_heard(browser, root / "run-peak" / "report.html")
    print(f"the reports hold in a browser ({time.monotonic() - began:.0f} s)")


main()
