
// What an exploration found so far: tiles, the curve that flattens, what each iteration brought.
class Exploration {
  constructor() {
    this.curve = [[0, 0]];
    this.yields = new Map();
    this.received = 0;
  }

  apply(name, event) {
    switch (name) {
      case "explore.started":
        this.received = event.received;
        this.unique = event.unique;
        this.point();
        break;
      case "explore.batch": {
        this.received += event.received;
        this.unique = event.total;
        const round = this.yields.get(event.iteration) ?? { received: 0, unique: 0 };
        this.yields.set(event.iteration, { received: round.received + event.received, unique: round.unique + event.unique });
        this.batches = (this.batches ?? 0) + 1;
        this.point();
        break;
      }
      case "explore.progress": case "explore.finished":
        [this.unique, this.received, this.batches] = [event.unique, event.received, event.batches];
        [this.uam, this.cost, this.millis] = [event.uam, event.cost_usd, event.millis];
        if (event.recent_yield !== undefined) this.lately = event.recent_yield;
        this.point();
        break;
      default: return;
    }
    this.changed = true;
  }

  point() {
    const last = this.curve.at(-1);
    if (this.received > last[0]) this.curve.push([this.received, this.unique]);
    if (this.curve.length > 1000) this.curve = this.curve.filter((_, index) => index % 2 === 0 || index === this.curve.length - 1);
  }

  draw() {
    if (!this.changed) return;
    this.changed = false;
    put("unique", whole(this.unique ?? 0));
    if (this.batches !== undefined) put("batches", whole(this.batches));
    if (this.uam !== undefined) put("uam", this.uam < 100 ? this.uam.toFixed(1) : whole(this.uam));
    if (this.cost !== undefined) put("cost", money(this.cost));
    if (this.lately !== undefined && this.lately !== null) put("yield", `${Math.round(this.lately * 100)} %`);
    const note = at('[data-tile="unique"] + .note');
    if (note) note.textContent = `of ${whole(this.received)} received`;
    if (at("#curve")) this.drawCurve(at("#curve"));
    if (at("#yields")) this.drawYields(at("#yields"));
  }

  drawCurve(drawing) {
    const [most, unique] = this.curve.at(-1);
    if (!most) return;
    const frame = new Frame(drawing, most, Math.max(unique, 1));
    const points = this.curve.map(([received, found]) => `${frame.x(received).toFixed(1)},${frame.y(found).toFixed(1)}`);
    // Every one new: a line that leaves the frame when much is repeated.
    const reach = Math.min(most, frame.high);
    drawing.append(element("line", { class: "even", x1: frame.x(0), y1: frame.y(0), x2: frame.x(reach), y2: frame.y(reach) }));
    drawing.append(element("path", { class: "curve", d: `M${points.join("L")}` }));
    drawing.append(element("circle", { class: "end", cx: frame.x(most), cy: frame.y(unique), r: 4 }));
    drawing.append(element("text", { class: "strong", x: frame.x(most), y: frame.y(unique) + 26, "text-anchor": "end" }, `${whole(unique)} unique`));
  }

  drawYields(drawing) {
    const rounds = [...this.yields].sort(([a], [b]) => a - b).slice(-40);
    if (!rounds.length) return;
    const frame = new Frame(drawing, rounds.length, 100, (value) => `${value} %`, null);
    const width = Math.max(frame.x(1) - frame.x(0) - 4, 2);
    rounds.forEach(([iteration, { received, unique }], index) => {
      const share = received ? (unique / received) * 100 : 0;
      const bar = element("rect", { class: "bar", x: frame.x(index) + 2, y: frame.y(share), width, height: frame.y(0) - frame.y(share), rx: 2 });
      bar.append(element("title", {}, `iteration ${iteration}: ${unique} new of ${received}`));
      drawing.append(bar);
      if (rounds.length <= 12) drawing.append(element("text", { class: "soft", x: frame.x(index) + 2 + width / 2, y: frame.y(share) - 5, "text-anchor": "middle" }, `${Math.round(share)} %`));
      const every = Math.ceil(rounds.length / 12);
      if (index % every === 0) drawing.append(element("text", { class: "soft", x: frame.x(index) + 2 + width / 2, y: 234, "text-anchor": "middle" }, iteration));
    });
  }
}

// The axes of a small chart, with round steps.
class Frame {
  constructor(drawing, most, high, words = whole, below = whole) {
    this.most = most;
    const step = Frame.step(high, 4);
    this.high = Math.ceil(high / step) * step;
    drawing.replaceChildren();
    for (let value = 0; value <= this.high; value += step) {
      drawing.append(element("line", { class: "grid", x1: 52, x2: 548, y1: this.y(value), y2: this.y(value) }));
      drawing.append(element("text", { class: "soft", x: 44, y: this.y(value) + 4, "text-anchor": "end" }, words(value)));
    }
    if (!below) return;
    const across = Frame.step(most, 4);
    for (let value = across; value <= most; value += across) {
      drawing.append(element("text", { class: "soft", x: this.x(value), y: 234, "text-anchor": "middle" }, below(value)));
    }
  }

  static step(most, steps) {
    const rough = most / steps;
    const power = 10 ** Math.floor(Math.log10(rough));
    return Math.max([1, 2, 5, 10].map((times) => times * power).find((size) => size >= rough), 1);
  }

  x(value) { return 52 + (value / this.most) * 488; }
  y(value) { return 216 - (value / this.high) * 196; }
}
