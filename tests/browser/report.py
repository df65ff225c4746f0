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


def run(program, folder, scenario, *options):
    command = [program, "run", str(scenario), "--quiet", "-o", str(folder), *options]
    code = subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode
    assert code in (0, 97, 99), f"{command}: exit code {code}"
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


def has_what_it_should(browser, what):
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
    assert found["headings"] == 1 and found["sections"][:3] == ["question", "verdict", "figures"], (what, found)
    assert found["hostile"] == "undefined" and found["images"] == 0, (what, found)
    assert found["charts"] >= 7 and found["tools"] >= 3, (what, found)
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
        ends = [float(end) for end in re.findall(r"[\d.]+", cell.partition("[")[2])]
        assert low - 1.01 * unit <= ends[0] <= low + 1e-6 * unit and high - 1e-6 * unit <= ends[1] <= high + 1.01 * unit, (where, cell, estimate)


def figures_are_those_of_the_summary(browser, folder):
    summary = json.loads((folder / "summary.json").read_text())
    compared = 0
    harmless = lambda name: name.replace("\u202e", "\ufffd")
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
        return [getComputedStyle(document.body).backgroundColor, getComputedStyle(paper).fill];
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


def names_stay_text(browser):
    page = browser.run("return document.body.textContent")
    for name in [*NAMES, "<b>web", "</title><script>hostile=1</script>"]:
        assert name.replace("\u202e", "\ufffd") in page, f"{name!r} is not in the page"
    titles = browser.run("return [...document.querySelectorAll('svg *')].map((one) => one.tagName.toLowerCase())")
    assert not {"script", "img", "b", "foreignobject"} & set(titles), set(titles)
    assert browser.run("return document.querySelectorAll('main script:not([type])').length") == 0


def main():
    program, began = sys.argv[1], time.monotonic()
    with tempfile.TemporaryDirectory() as root, Browser() as browser:
        root = Path(root)
        slo = "slo=[{that=\"latency_p99 < 10 s\"},{that=\"availability > 99.9999%\"}]"
        results = {
            "faults": run(program, root / "faults", "scenarios/lb-failover.toml", "--runs", "5", "--max-runs", "5", "--set", slo),
            "peak": run(program, root / "peak", "scenarios/peak.toml", "--runs", "5", "--set", "simulation.duration=20 s"),
            "hostile": run(program, root / "hostile", hostile_scenario(root)),
        }
        for what, folder in results.items():
            browser.open(folder / "report.html")
            has_what_it_should(browser, what)
            compared = figures_are_those_of_the_summary(browser, folder)
            charts_answer(browser, folder)
            follows_the_reader(browser)
            if what == "hostile":
                names_stay_text(browser)
            no_complaint(browser, what)
            without_scripts(browser, folder / "report.html")
            no_complaint(browser, f"{what} without scripts")
            size = (folder / "report.html").stat().st_size
            print(f"{what}: {size / 1e3:.0f} kB, {compared} figures are those of summary.json, charts answer")
        the_console_is_heard(browser, results["peak"] / "report.html")
    print(f"the report holds in a browser ({time.monotonic() - began:.0f} s)")


main()
