"use strict";

// Makes the charts of a report answer: what a line says at a place, lines on and off, a closer look at a part of the
// horizontal axis. All is drawn already; without this script nothing is missing but that.

const SVG = "http://www.w3.org/2000/svg";

function element(name, attributes, ...inside) {
  const made = document.createElement(name);
  for (const key in attributes) made.setAttribute(key, attributes[key]);
  made.append(...inside);
  return made;
}

function drawn(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const key in attributes) made.setAttribute(key, attributes[key]);
  return made;
}

// Four significant digits, whole from 1000 on, as in the tables.
function number(value) {
  return String(Math.abs(value) >= 1000 ? Math.round(value) : Number(value.toPrecision(4)));
}

const FACTORS = [1, 2, 5, 10];

function niceStep(least) {
  const power = 10 ** Math.floor(Math.log10(least));
  return power * FACTORS.find((factor) => factor * power >= least * 0.999999);
}

// The horizontal axis in its own coordinate, which is that of the data but for logarithms.
class Across {
  constructor(axis) {
    Object.assign(this, axis);
    this.from = this.low;
    this.to = this.high;
  }

  say(at) {
    switch (this.kind) {
      case "time": return `${number(at / this.unit[1])} ${this.unit[0]}`;
      case "percentile": return `p${number(100 * (1 - 10 ** -at))}`;
      case "log": return number(10 ** at);
      default: return number(at);
    }
  }

  coordinate(value) {
    return this.kind === "log" ? Math.log10(Math.max(value, 1e-12)) : value;
  }

  share(at) {
    return (at - this.from) / (this.to - this.from);
  }

  at(share) {
    return this.from + share * (this.to - this.from);
  }

  whole() {
    return this.from <= this.low && this.to >= this.high;
  }

  // Keeps within the whole, and from what is too small to be drawn.
  look(from, to) {
    const whole = this.high - this.low;
    const width = Math.min(whole, Math.max(to - from, whole / 500));
    const middle = (from + to) / 2;
    this.from = Math.min(Math.max(middle - width / 2, this.low), this.high - width);
    this.to = this.from + width;
  }

  ticks() {
    if (this.kind === "percentile") {
      const percents = [0, 50, 75, 90, 95, 99, 99.5, 99.9, 99.95, 99.99];
      return percents.map((p) => [-Math.log10(1 - p / 100), number(p)]).filter(([at]) => at >= this.from && at <= this.to);
    }
    const unit = this.kind === "time" ? this.unit[1] : 1;
    const step = niceStep((this.to - this.from) / unit / 8) * unit;
    const ticks = [];
    for (let i = Math.ceil(this.from / step - 1e-9); i * step <= this.to * (1 + 1e-9) && ticks.length < 40; i++) {
      const label = this.kind === "log" ? number(10 ** (i * step)) : number(Number((i * step / unit).toPrecision(12)));
      ticks.push([i * step, label]);
    }
    return ticks;
  }
}

class Chart {
  constructor(figure) {
    const live = JSON.parse(figure.querySelector("script").textContent);
    this.figure = figure;
    this.live = live;
    this.title = figure.querySelector("h3").textContent;
    this.svg = figure.querySelector("svg");
    this.across = new Across(live.across);
    [this.left, this.right, this.top, this.bottom] = live.plot;
    [this.width, this.height] = this.svg.getAttribute("viewBox").split(" ").slice(2).map(Number);
    this.off = new Set();
    this.row = 0;
    this.places = this.whereFiguresAre();
    this.place = Math.floor(this.places.length / 2);
    this.separateMoving();
    this.addSurface();
    this.addTools();
  }

  whereFiguresAre() {
    const { lines, cells } = this.live;
    if (cells) return cells.edges.slice(1).map((edge, i) => (edge + cells.edges[i]) / 2);
    const all = new Set();
    for (const line of lines) for (const [x, value] of line.points) if (value !== null) all.add(x);
    return [...all].sort((a, b) => a - b);
  }

  // What lies along the axis moves and is cut off at the plot's borders; its words move and stay whole.
  separateMoving() {
    const id = `${this.figure.id}-plot`;
    const clip = drawn("clipPath", { id });
    const [x, y] = [this.left, this.top - 2];
    clip.append(drawn("rect", { x, y, width: this.right - x, height: this.bottom - y + 4 }));
    this.svg.append(clip);
    this.moving = [];
    this.words = [];
    for (const group of this.svg.querySelectorAll(".moves")) {
      const inside = drawn("g", { "clip-path": `url(#${id})` });
      const shapes = drawn("g", {});
      for (const child of [...group.children]) {
        if (child.tagName === "text") this.words.push([child, Number(child.getAttribute("x"))]);
        else shapes.append(child);
      }
      inside.append(shapes);
      group.prepend(inside);
      this.moving.push(shapes);
    }
    this.ticks = this.svg.querySelector(".ticks");
  }

  addSurface() {
    const stage = element("div", { class: "stage" });
    this.svg.replaceWith(stage);
    this.surface = element("div", {
      class: "surface", tabindex: "0", role: "slider",
      "aria-label": `Read ${this.title}: arrow keys move, plus and minus zoom, escape shows the whole`,
      "aria-valuemin": "0", "aria-valuemax": String(Math.max(this.places.length - 1, 0)), "aria-valuenow": String(this.place),
      "aria-valuetext": "not read yet",
    });
    const percent = (part, whole) => `${100 * part / whole}%`;
    Object.assign(this.surface.style, {
      left: percent(this.left, this.width), width: percent(this.right - this.left, this.width),
      top: percent(this.top, this.height), height: percent(this.bottom - this.top, this.height),
    });
    this.cursor = element("div", { class: "cursor" });
    this.band = element("div", { class: "drawn-out" });
    this.reading = element("div", { class: "reading", "aria-hidden": "true" });
    this.surface.append(this.cursor, this.band, this.reading);
    stage.append(this.svg, this.surface);
    this.figure.querySelector(".canvas").removeAttribute("tabindex");
    this.hide();
    this.listen();
  }

  listen() {
    const share = (event) => {
      const box = this.surface.getBoundingClientRect();
      return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height]
        .map((part) => Math.min(Math.max(part, 0), 1));
    };
    let from = null;
    this.surface.addEventListener("pointerdown", (event) => {
      if (event.pointerType !== "mouse" || event.button !== 0) return;
      from = share(event)[0];
      this.surface.setPointerCapture(event.pointerId);
    });
    this.surface.addEventListener("pointermove", (event) => {
      const [x, y] = share(event);
      if (from !== null) {
        this.band.hidden = false;
        this.band.style.left = `${100 * Math.min(from, x)}%`;
        this.band.style.width = `${100 * Math.abs(x - from)}%`;
      }
      this.pointAt(x, y);
    });
    this.surface.addEventListener("pointerup", (event) => {
      const to = share(event)[0];
      this.band.hidden = true;
      if (from !== null && Math.abs(to - from) > 0.01) {
        this.look(this.across.at(Math.min(from, to)), this.across.at(Math.max(from, to)));
      }
      from = null;
    });
    this.surface.addEventListener("pointercancel", () => { from = null; this.band.hidden = true; });
    this.surface.addEventListener("pointerleave", () => { if (from === null) this.hide(); });
    this.surface.addEventListener("dblclick", () => this.look(this.across.low, this.across.high));
    this.surface.addEventListener("focus", () => { if (this.surface.matches(":focus-visible")) this.read(); });
    this.surface.addEventListener("blur", () => this.hide());
    this.surface.addEventListener("keydown", (event) => { if (this.key(event)) event.preventDefault(); });
  }

  key(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return false;
    const rows = this.live.cells ? this.live.cells.rows.length : 1;
    const far = Math.max(Math.round(this.places.length / 10), 1);
    const steps = { ArrowLeft: -1, ArrowRight: 1, PageDown: -far, PageUp: far, Home: -this.places.length, End: this.places.length };
    if (event.key in steps) this.place += steps[event.key];
    else if (event.key === "ArrowUp") this.row -= 1;
    else if (event.key === "ArrowDown") this.row += 1;
    else if (event.key === "+") this.zoom(0.5);
    else if (event.key === "-") this.zoom(2);
    else if (event.key === "Escape") this.look(this.across.low, this.across.high);
    else return false;
    this.place = Math.min(Math.max(this.place, 0), this.places.length - 1);
    this.row = Math.min(Math.max(this.row, 0), rows - 1);
    const share = this.shareOf(this.place);
    if (share < 0 || share > 1) this.center(this.across.coordinate(this.places[this.place]));
    this.read();
    return true;
  }

  shareOf(place) {
    return this.across.share(this.across.coordinate(this.places[place]));
  }

  pointAt(x, y) {
    if (this.live.cells) this.row = Math.min(Math.floor(y * (this.bottom - this.top) / this.live.cells.row_height), this.live.cells.rows.length - 1);
    let best = 0;
    for (let i = 1; i < this.places.length; i++) {
      if (Math.abs(this.shareOf(i) - x) < Math.abs(this.shareOf(best) - x)) best = i;
    }
    this.place = best;
    this.read();
  }

  // What the figures say at the place.
  read() {
    if (!this.places.length) return;
    const at = this.places[this.place];
    const said = [`${this.across.say(this.across.coordinate(at))}; ${this.live.measure}`, ...this.figuresAt(at)];
    this.reading.replaceChildren(...said.map((text) => element("p", {}, element("bdi", {}, text))));
    this.surface.setAttribute("aria-valuenow", String(this.place));
    this.surface.setAttribute("aria-valuetext", said.join("; "));
    const share = this.shareOf(this.place);
    this.cursor.style.left = `${100 * share}%`;
    this.reading.style.left = share < 0.5 ? `calc(${100 * share}% + 12px)` : "auto";
    this.reading.style.right = share < 0.5 ? "auto" : `calc(${100 * (1 - share)}% + 12px)`;
    this.cursor.hidden = this.reading.hidden = share < 0 || share > 1;
  }

  figuresAt(at) {
    if (this.live.cells) {
      const row = this.live.cells.rows[this.row];
      return [`${row.name}: ${row.cells[this.place] ?? "nothing was observed"}`];
    }
    const said = [];
    this.live.lines.forEach((line, i) => {
      if (this.off.has(i)) return;
      const point = line.points.find(([x]) => x === at);
      if (!point || point[1] === null) return;
      const [, value, interval] = point;
      said.push(`${line.name}: ${number(value)}${interval ? ` [${number(interval[0])}, ${number(interval[1])}]` : ""}`);
    });
    return said;
  }

  hide() {
    this.cursor.hidden = this.reading.hidden = this.band.hidden = true;
  }

  addTools() {
    const tools = element("div", { class: "tools", role: "group", "aria-label": `Tools of ${this.title}` });
    if (this.live.lines) this.live.lines.forEach((line, i) => tools.append(this.toggle(line.name, i)));
    tools.append(element("span", { class: "space" }));
    const button = (text, label, act) => {
      const made = element("button", { type: "button", "aria-label": label, title: label }, text);
      made.addEventListener("click", act);
      tools.append(made);
      return made;
    };
    button("+", "Zoom in", () => this.zoom(0.5));
    button("−", "Zoom out", () => this.zoom(2));
    button("‹", "Move to the left", () => this.move(-0.5));
    button("›", "Move to the right", () => this.move(0.5));
    this.reset = button("Whole", "Show the whole axis", () => this.look(this.across.low, this.across.high));
    this.figure.append(tools);
  }

  toggle(name, i) {
    const button = element("button", { type: "button", "aria-pressed": "true" });
    const sample = this.svg.querySelector(`g[data-series="${i}"]:not(.moves) polyline`);
    if (sample) {
      const swatch = drawn("svg", { viewBox: "0 0 24 8", "aria-hidden": "true" });
      swatch.append(drawn("line", { x1: 0, x2: 24, y1: 4, y2: 4, stroke: sample.getAttribute("stroke"), "stroke-width": 3 }));
      button.append(swatch);
    }
    button.append(element("span", {}, element("bdi", {}, name)));
    button.addEventListener("click", () => {
      const on = this.off.delete(i);
      if (!on) this.off.add(i);
      button.setAttribute("aria-pressed", String(on));
      for (const group of this.svg.querySelectorAll(`[data-series="${i}"]`)) group.classList.toggle("off", !on);
      if (!this.reading.hidden) this.read();
    });
    return button;
  }

  zoom(factor) {
    const middle = this.reading.hidden ? (this.across.from + this.across.to) / 2 : this.across.coordinate(this.places[this.place]);
    const half = (this.across.to - this.across.from) * factor / 2;
    this.look(middle - half, middle + half);
  }

  move(part) {
    const by = (this.across.to - this.across.from) * part;
    this.look(this.across.from + by, this.across.to + by);
  }

  center(at) {
    const half = (this.across.to - this.across.from) / 2;
    this.look(at - half, at + half);
  }

  // Draws what lies between two places of the axis, over the whole width of the plot.
  look(from, to) {
    const across = this.across;
    across.look(from, to);
    const scale = (across.high - across.low) / (across.to - across.from);
    const x = (pixel) => {
      const at = across.low + (pixel - this.left) / (this.right - this.left) * (across.high - across.low);
      return this.left + across.share(at) * (this.right - this.left);
    };
    const whole = across.whole();
    for (const shapes of this.moving) {
      if (whole) shapes.removeAttribute("transform");
      else shapes.setAttribute("transform", `translate(${x(0)} 0) scale(${scale} 1)`);
      for (const shape of shapes.children) shape.setAttribute("vector-effect", "non-scaling-stroke");
    }
    for (const [text, pixel] of this.words) {
      text.setAttribute("x", x(pixel));
      text.classList.toggle("off", x(pixel) < this.left - 1 || x(pixel) > this.right + 1);
    }
    this.drawTicks(whole);
    if (!this.reading.hidden) this.read();
  }

  drawTicks(whole) {
    this.svg.querySelector(".ticks-again")?.remove();
    this.ticks.classList.toggle("off", !whole);
    if (whole) return;
    const texts = [...this.ticks.querySelectorAll("text")];
    const [rule] = this.ticks.querySelectorAll("polyline");
    const again = drawn("g", { class: "ticks-again" });
    for (const [at, label] of this.across.ticks()) {
      const pixel = this.left + this.across.share(at) * (this.right - this.left);
      const line = rule.cloneNode();
      line.setAttribute("points", `${pixel},${this.top} ${pixel},${this.bottom}`);
      const text = texts[0].cloneNode();
      text.setAttribute("x", pixel);
      text.textContent = label;
      again.append(line, text);
    }
    // the title of the axis comes last
    again.append(texts[texts.length - 1].cloneNode(true));
    this.ticks.after(again);
  }
}

for (const figure of document.querySelectorAll("figure.chart")) {
  if (figure.querySelector("script")) new Chart(figure);
}

// What is folded is printed as well.
const folded = () => document.querySelectorAll("details:not([open])");
let unfolded = [];
addEventListener("beforeprint", () => { unfolded = [...folded()]; for (const one of unfolded) one.open = true; });
addEventListener("afterprint", () => { for (const one of unfolded) one.open = false; });
