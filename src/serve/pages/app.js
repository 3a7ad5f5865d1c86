// The pages' own script: live lists and timelines, starting and stopping, keys. Foreign text only ever becomes `textContent`.
"use strict";

const at = (selector) => document.querySelector(selector);

function element(name, attributes = {}, text) {
  const drawn = ["svg", "g", "rect", "text", "line", "path", "title"].includes(name);
  const made = drawn ? document.createElementNS("http://www.w3.org/2000/svg", name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

async function send(path, body) {
  const reply = await fetch(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  const said = await reply.json();
  if (!reply.ok) throw new Error(`${said.error}. ${said.hint}`);
  return said;
}

// The list of runs is drawn by the server; a word of change fetches it anew.
function liveList(list) {
  let asked = false;
  const changes = new EventSource("/api/events");
  changes.addEventListener("runs", () => {
    if (asked) return;
    asked = true;
    setTimeout(async () => {
      asked = false;
      const reply = await fetch("/");
      if (!reply.ok) return;
      const page = new DOMParser().parseFromString(await reply.text(), "text/html");
      list.replaceChildren(...page.querySelector("#runs").childNodes);
    }, 250);
  });
}

// One lane for each role: what it did from when to when.
class Timeline {
  constructor(drawing) {
    this.drawing = drawing;
    this.lanes = new Map();
    this.curve = [];
    this.over = false;
    this.totals = { ok: 0, ended: 0, planned: 0, tokens: 0, findings: 0 };
  }

  lane(role) {
    if (!this.lanes.has(role) && this.lanes.size < 200) this.lanes.set(role, { spans: [], model: "" });
    return this.lanes.get(role) ?? { spans: [] };
  }

  to(role, kind, now, note) {
    const spans = this.lane(role).spans;
    const last = spans.at(-1);
    if (last && last.to === undefined) last.to = now;
    spans.push({ kind, from: now, note });
    if (spans.length > 400) spans.shift();
  }

  apply(name, event) {
    const now = Date.parse(event.time);
    if (name === "call.queued") this.start ??= now;
    this.end = now;
    const totals = this.totals;
    switch (name) {
      case "plan": totals.planned = event.calls; break;
      case "call.queued": this.lane(event.role).model = event.model; this.to(event.role, "queued", now); break;
      case "call.waiting": this.to(event.role, "waiting", now, event.because); break;
      case "call.attempt": this.to(event.role, "attempt", now, `${event.model}, attempt ${event.attempt}`); break;
      case "call.retry": this.to(event.role, "backoff", now, event.because); break;
      case "call.succeeded":
        totals.ok += 1;
        totals.ended += 1;
        if (!event.cached) totals.tokens += event.input_tokens + event.output_tokens;
        this.to(event.role, "parse", now);
        break;
      case "call.failed": totals.ended += 1; this.to(event.role, "failed", now, event.because); break;
      case "specialist.finished": totals.findings += event.findings; this.to(event.role, "done", now); break;
      case "specialist.missing": this.to(event.role, "failed", now, event.why); break;
      case "explore.batch": case "explore.progress":
        this.unique = name === "explore.batch" ? event.total : event.unique;
        if (name === "explore.progress") { this.uam = event.uam; this.curve.push([event.received, event.unique]); }
        break;
      case "run.finished": case "interrupted": case "explore.finished": case "project.finished":
        this.over = true;
        this.state = event.status ?? event.why ?? "interrupted";
        if (event.tokens !== undefined) totals.tokens = event.tokens;
        for (const { spans } of this.lanes.values()) {
          const last = spans.at(-1);
          if (last?.kind === "parse") this.toDone(spans, now);
        }
        break;
    }
    this.soon();
  }

  toDone(spans, now) {
    spans.at(-1).to = spans.at(-1).from;
    spans.push({ kind: "done", from: spans.at(-1).from, to: now });
  }

  // Many events in one frame are one drawing.
  soon() {
    if (this.waits) return;
    this.waits = true;
    requestAnimationFrame(() => { this.waits = false; this.draw(); });
  }

  draw() {
    if (!this.start) return this.tell();
    const width = Math.max(this.drawing.parentElement.clientWidth, 300);
    const [left, row] = [width < 560 ? 132 : 170, 30];
    const end = this.over ? this.end : Math.max(this.end ?? 0, Date.now());
    const scale = (width - left - 12) / Math.max(end - this.start, 1);
    this.drawing.setAttribute("viewBox", `0 0 ${width} ${this.lanes.size * row + 26}`);
    const focused = document.activeElement?.dataset?.role;
    const groups = [...this.lanes].map(([role, { spans }], index) => {
      const group = element("g", { tabindex: 0, role: "button", "data-role": role });
      const top = index * row + 4;
      group.append(element("rect", { class: "lane", x: 0, y: top, width, height: row }));
      group.append(element("text", { x: 10, y: top + 19 }, role));
      for (const span of spans) {
        const until = span.to ?? (["done", "failed"].includes(span.kind) ? span.from : end);
        const bar = element("rect", { class: span.kind, rx: 3, x: left + (span.from - this.start) * scale, y: top + 7,
          width: Math.max((until - span.from) * scale, 3), height: 16 });
        bar.append(element("title", {}, `${span.kind} ${until - span.from} ms ${span.note ?? ""}`));
        group.append(bar);
      }
      group.addEventListener("click", () => showCall(this.drawing.dataset.run, role));
      return group;
    });
    const took = element("text", { class: "soft", x: width - 12, y: this.lanes.size * row + 20, "text-anchor": "end" }, `${((end - this.start) / 1000).toFixed(1)} s`);
    this.drawing.replaceChildren(...groups, took);
    if (focused) this.drawing.querySelector(`[data-role="${CSS.escape(focused)}"]`)?.focus();
    this.tell();
  }

  tell() {
    const put = (id, text) => { const place = document.getElementById(id); if (place) place.textContent = text; };
    const totals = this.totals;
    put("calls", `${totals.ok}/${Math.max(totals.planned, totals.ended)}`);
    put("tokens", totals.tokens);
    put("findings", totals.findings);
    if (this.unique !== undefined) put("unique", this.unique);
    if (this.uam !== undefined) put("uam", this.uam.toFixed(1));
    if (this.state) { put("state", this.state); at("#state").dataset.state = this.state; at("[data-stop]")?.remove(); }
    const chart = at("#curve");
    if (chart && this.curve.length > 1) {
      const [most] = this.curve.at(-1);
      const points = this.curve.map(([received, unique]) => `${10 + (received / most) * 780},${210 - (unique / most) * 200}`);
      chart.replaceChildren(element("line", { class: "even", x1: 10, y1: 210, x2: 790, y2: 10 }), element("path", { class: "curve", d: `M${points.join("L")}` }));
    }
  }
}

const EVENTS = ["plan", "call.queued", "call.waiting", "call.attempt", "call.retry", "call.succeeded", "call.failed", "specialist.finished",
  "specialist.missing", "explore.batch", "explore.progress", "explore.finished", "run.started", "run.finished", "interrupted", "project.finished"];

function liveRun(drawing) {
  const timeline = new Timeline(drawing);
  const source = new EventSource(`/api/runs/${encodeURIComponent(drawing.dataset.run)}/events`);
  let first;
  source.addEventListener("opened", ({ data }) => {
    const run = JSON.parse(data).first;
    if (first && run && run !== first) location.reload();
    first ||= run;
  });
  source.addEventListener("replaced", () => location.reload());
  for (const name of EVENTS) source.addEventListener(name, ({ data }) => timeline.apply(name, JSON.parse(data)));
  setInterval(() => { if (timeline.start && !timeline.over) timeline.soon(); }, 500);
}

async function showCall(run, role) {
  const place = at("#call");
  const reply = await fetch(`/api/runs/${encodeURIComponent(run)}/calls/${encodeURIComponent(role)}`);
  if (!reply.ok) return;
  const { lane, calls, evidence } = await reply.json();
  place.replaceChildren(element("h2", {}, role));
  const table = element("table");
  for (const attempt of lane.attempts) {
    const row = element("tr");
    row.append(element("td", {}, attempt.model), element("td", {}, attempt.outcome ?? "under way"), element("td", {}, attempt.because ?? ""));
    table.append(row);
  }
  place.append(table);
  const fold = (title, text) => {
    if (text === null || text === undefined) return;
    const details = element("details");
    details.append(element("summary", {}, title), element("pre", {}, typeof text === "string" ? text : JSON.stringify(text, null, 2)));
    place.append(details);
  };
  for (const { call, reading } of calls) {
    const price = call.cost_usd === null ? "price unknown" : `$${call.cost_usd.toFixed(4)}`;
    place.append(element("p", {}, `${call.provider}:${call.model} · ${call.status} · ${call.input_tokens}→${call.output_tokens} tokens · ${price}`));
    fold("System", call.system);
    fold("Prompt", call.prompt);
    fold("Reply", call.reply);
    fold("What the reply means", reading?.value);
    for (const fault of reading?.faults ?? []) place.append(element("p", { class: "error" }, `${fault.at || "reply"}: ${fault.message}`));
  }
  fold("Evidence", evidence);
  place.hidden = false;
  place.scrollIntoView({ behavior: "smooth", block: "nearest" });
}

function starts(form) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const body = { kind: form.dataset.start };
    for (const field of form.elements) {
      if (field.name && field.value !== "") body[field.name] = field.type === "number" ? field.valueAsNumber : field.value;
    }
    const button = form.querySelector("button");
    button.disabled = true;
    try {
      const { job } = await send("/api/start", body);
      await appeared(job.id);
      location.assign(`/runs/${encodeURIComponent(job.id)}`);
    } catch (error) {
      form.querySelector(".error").textContent = error.message;
      button.disabled = false;
    }
  });
}

// A run has a page from its first event on; one that ends before says why.
async function appeared(id) {
  for (;;) {
    if ((await fetch(`/api/runs/${encodeURIComponent(id)}`)).ok) return;
    const { jobs } = await (await fetch("/api/status")).json();
    const job = jobs.find((one) => one.id === id);
    if (!job || job.state === "ended") throw new Error((job?.said ?? ["it ended at once"]).join("\n"));
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function keys(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea")) return;
  const rows = [...document.querySelectorAll(".list tbody tr")];
  const here = rows.findIndex((row) => row.classList.contains("here"));
  const go = (index) => {
    rows[here]?.classList.remove("here");
    rows[index]?.classList.add("here");
    rows[index]?.scrollIntoView({ block: "nearest" });
  };
  const lane = event.target.closest("[data-role]");
  switch (event.key) {
    case "j": go(Math.min(here + 1, rows.length - 1)); break;
    case "k": go(Math.max(here - 1, 0)); break;
    case "Enter":
      if (lane) showCall(at("#timeline").dataset.run, lane.dataset.role);
      else rows[here]?.querySelector("a").click();
      break;
    case "g": location.assign("/"); break;
    case "n": location.assign("/start"); break;
    case "?": at("#keys").showModal(); break;
  }
}

document.addEventListener("keydown", keys);
at("#help").addEventListener("click", () => at("#keys").showModal());
document.querySelectorAll("form[data-start]").forEach(starts);
at("[data-stop]")?.addEventListener("click", async ({ target }) => {
  target.disabled = true;
  try { await send("/api/stop", { id: target.dataset.stop }); } catch { location.reload(); }
});
if (at("#timeline")) liveRun(at("#timeline"));
if (at("[data-live=runs]")) liveList(at("#runs"));
