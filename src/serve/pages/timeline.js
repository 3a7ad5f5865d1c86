
// One lane for each role: what it did from when to when.
class Timeline {
  constructor(drawing) {
    this.drawing = drawing;
    this.lanes = new Map();
    this.over = false;
    this.totals = { ok: 0, ended: 0, planned: 0, tokens: 0, findings: 0, cost: 0 };
  }

  lane(role) {
    if (!this.lanes.has(role) && this.lanes.size < 200) this.lanes.set(role, []);
    return this.lanes.get(role) ?? [];
  }

  to(role, kind, now, note) {
    const spans = this.lane(role);
    const last = spans.at(-1);
    if (last && last.to === undefined) last.to = now;
    const isMoment = kind === "done" || kind === "failed";
    spans.push({ kind, from: now, to: isMoment ? now : undefined, note });
    if (spans.length > 400) spans.shift();
  }

  apply(name, event) {
    const now = Date.parse(event.time);
    if (name === "call.queued") this.start ??= now;
    this.begun ??= now;
    this.end = now;
    const totals = this.totals;
    switch (name) {
      case "plan": totals.planned = event.calls; break;
      case "call.queued": this.to(event.role, "queued", now, event.model); break;
      case "call.waiting": this.to(event.role, "waiting", now, event.because); break;
      case "call.attempt": this.to(event.role, "attempt", now, `${event.model}, attempt ${event.attempt}`); break;
      case "call.retry": this.to(event.role, "backoff", now, event.because); break;
      case "call.succeeded":
        totals.ok += 1;
        totals.ended += 1;
        if (!event.cached) totals.tokens += event.input_tokens + event.output_tokens;
        totals.cost = event.cost_usd === null || totals.cost === null ? null : totals.cost + event.cost_usd;
        this.to(event.role, "parse", now);
        break;
      case "call.failed": totals.ended += 1; this.to(event.role, "failed", now, event.because); break;
      case "specialist.finished": totals.findings += event.findings; this.to(event.role, "done", now); break;
      case "specialist.missing": this.to(event.role, "failed", now, event.why); break;
      case "explore.batch": this.to(`explore.p${event.producer}`, event.error ? "failed" : "done", now, event.error); break;
      case "run.finished": case "interrupted": case "explore.finished": case "project.finished":
        this.over = true;
        this.state = event.status ?? event.why ?? "interrupted";
        if (name === "run.finished") [totals.tokens, totals.cost] = [event.tokens, event.cost_usd];
        for (const [role, spans] of this.lanes) if (spans.at(-1)?.kind === "parse") this.to(role, "done", now);
        break;
    }
    this.soon();
  }

  // Many events are one drawing, and drawing takes a fifth of the time at most.
  soon() {
    if (this.waits) return;
    this.waits = true;
    setTimeout(() => requestAnimationFrame(() => {
      this.waits = false;
      const begun = performance.now();
      this.draw();
      this.drawTook = performance.now() - begun;
    }), 4 * (this.drawTook ?? 0));
  }

  draw() {
    this.tell();
    if (!this.drawing || !this.start) return;
    const width = Math.max(this.drawing.parentElement.clientWidth, 300);
    const [left, row, top] = [width < 560 ? 132 : 176, 30, 26];
    const end = Math.max(this.over ? this.end : Math.max(this.end, Date.now()), this.start + 1);
    const scale = (width - left - 20) / (end - this.start);
    const x = (time) => left + (time - this.start) * scale;
    const height = top + this.lanes.size * row + 6;
    this.drawing.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const focused = document.activeElement?.dataset?.role;
    const groups = [...this.lanes].map(([role, spans], index) => this.group(role, spans, { x, end, width, row, left, y: top + index * row }));
    this.drawing.replaceChildren(...this.axis(end - this.start, left, width, height, scale), ...groups);
    if (focused) this.drawing.querySelector(`[data-role="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  }

  // Round steps: 1, 2 or 5 of a power of ten.
  axis(length, left, width, height, scale) {
    const rough = length / Math.max(Math.floor((width - left) / 110), 1);
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((times) => times * power).find((size) => size >= rough);
    const drawn = [];
    for (let time = 0; time <= length; time += step) {
      const x = left + time * scale;
      drawn.push(element("line", { class: "grid", x1: x, x2: x, y1: 22, y2: height }));
      drawn.push(element("text", { class: "soft", x, y: 15, "text-anchor": time === 0 ? "start" : "middle" }, time === 0 ? "0" : duration(time)));
    }
    return drawn;
  }

  group(role, spans, { x, end, width, row, left, y }) {
    const group = element("g", { tabindex: 0, role: "link", "data-role": role, "aria-label": `${role}: ${spans.at(-1)?.kind ?? ""}` });
    group.append(element("rect", { class: "lane", x: 0, y, width, height: row }));
    const most = Math.floor((left - 16) / 6.6);
    group.append(element("text", { x: 10, y: y + 19 }, role.length > most ? `${role.slice(0, most - 1)}…` : role));
    let drawn = 0;
    for (const span of spans) {
      const isMoment = span.from === span.to && (span.kind === "done" || span.kind === "failed");
      const [from, to] = [x(span.from), x(span.to ?? end)];
      // What is thinner than a hair beside another is not drawn.
      if (!isMoment && to - from < 0.4 && from < drawn) continue;
      drawn = Math.max(to, from + 1);
      const mark = isMoment
        ? element("text", { class: `mark ${span.kind}`, x: from, y: y + 20, "text-anchor": "middle" }, span.kind === "done" ? "✓" : "✗")
        : element("rect", { class: span.kind, rx: 2, x: from, y: y + 7, width: Math.max(to - from, 2), height: 16 });
      mark.append(element("title", {}, `${span.kind}${isMoment ? "" : ` ${duration((span.to ?? end) - span.from)}`}${span.note ? `: ${span.note}` : ""}`));
      group.append(mark);
    }
    group.addEventListener("click", () => location.assign(`/runs/${encodeURIComponent(this.drawing.dataset.run)}/calls/${encodeURIComponent(role)}`));
    return group;
  }

  tell() {
    const totals = this.totals;
    put("calls", `${totals.ok}/${Math.max(totals.planned, totals.ended)}`);
    put("tokens", whole(totals.tokens));
    put("findings", totals.findings);
    put("cost", money(totals.cost));
    if (this.begun) put("took", duration((this.over ? this.end : Math.max(this.end, Date.now())) - this.begun));
    if (!this.state) return;
    const pill = at("#state");
    [pill.textContent, pill.dataset.state] = [this.state, this.state];
    all("[data-stop]").forEach((button) => button.remove());
  }
}
