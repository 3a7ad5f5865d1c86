// The pages' own script: live parts, filters, starting and stopping, keys. Foreign text only ever becomes `textContent`.
"use strict";

const at = (selector) => document.querySelector(selector);
const all = (selector) => [...document.querySelectorAll(selector)];
const whole = (number) => Math.round(number).toLocaleString("en-US");

function element(name, attributes = {}, text) {
  const drawn = ["svg", "g", "rect", "text", "line", "path", "circle", "title"].includes(name);
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

function put(name, text) {
  for (const place of all(`[data-tile="${name}"]`)) if (place.textContent !== String(text)) place.textContent = text;
}

function money(usd) {
  if (usd === null || usd === undefined) return "unknown";
  return usd !== 0 && usd < 0.01 ? `$${usd.toFixed(4)}` : `$${usd.toFixed(2)}`;
}

function duration(millis) {
  if (millis < 1000) return `${Math.round(millis)} ms`;
  if (millis < 60000) return `${(millis / 1000).toFixed(1)} s`;
  return `${Math.floor(millis / 60000)} min ${Math.floor((millis % 60000) / 1000)} s`;
}

// Parts of a page are drawn by the server: when something changed, the page is fetched and its parts are put in place.
class Refresh {
  constructor(pause) {
    this.pause = pause;
  }

  soon() {
    if (this.waits) return;
    this.waits = true;
    setTimeout(async () => {
      this.waits = false;
      try {
        const reply = await fetch(location.href, { headers: { accept: "text/html" } });
        if (reply.ok) this.replace(new DOMParser().parseFromString(await reply.text(), "text/html"));
      } catch { /* The server is away; its stream says when it is back. */ }
    }, this.pause);
  }

  replace(page) {
    const here = at("tr.here a")?.getAttribute("href");
    const focused = document.activeElement?.closest("[data-refresh] a")?.getAttribute("href");
    for (const part of all("[data-refresh]")) {
      const fresh = page.querySelector(`[data-refresh="${part.dataset.refresh}"]`);
      if (fresh) part.replaceChildren(...document.importNode(fresh, true).childNodes);
    }
    const row = (href) => href && all("[data-refresh] a").find((link) => link.getAttribute("href") === href);
    row(here)?.closest("tr")?.classList.add("here");
    row(focused)?.focus({ preventScroll: true });
    filter();
  }
}

function liveParts() {
  const refresh = new Refresh(250);
  new EventSource("/api/events").addEventListener("runs", () => refresh.soon());
}

function filter() {
  const field = at("#filter");
  if (!field) return;
  const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
  const [state, kind] = [at("#filter-state").value, at("#filter-kind").value];
  const rows = all("#runs tbody tr");
  let shown = 0;
  for (const row of rows) {
    const text = row.textContent.toLowerCase();
    const fits = words.every((word) => text.includes(word)) && (!state || row.dataset.state === state) && (!kind || row.dataset.kind === kind);
    row.hidden = !fits;
    shown += fits;
  }
  at("#filtered").textContent = words.length || state || kind ? `${shown} of ${rows.length}` : "";
}

function starts(form) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const body = { kind: form.dataset.start };
    for (const field of form.elements) {
      if (field.type === "checkbox") body[field.name] = field.checked;
      else if (field.name && field.value !== "") body[field.name] = field.type === "number" ? field.valueAsNumber : field.value;
    }
    const button = form.querySelector("button");
    const error = form.querySelector(".error");
    button.disabled = true;
    error.textContent = "";
    try {
      const { job } = await send("/api/start", body);
      await appeared(job);
      const id = encodeURIComponent(job.id);
      location.assign(body.kind === "explore" ? `/explore?run=${id}` : `/runs/${id}`);
    } catch (problem) {
      error.textContent = problem.message;
      button.disabled = false;
    }
  });
}

// A run has a page from its first event on; one that ends before it has a report says why.
async function appeared({ id, pid }) {
  for (;;) {
    const { running, jobs } = await (await fetch("/api/status")).json();
    if (running.some((run) => run.id === id)) return;
    const job = jobs.find((one) => one.id === id && one.pid === pid);
    if (!job || job.state === "ended") {
      const words = (job?.said ?? []).filter((line) => /^(error|hint| +cause)/.test(line));
      if (job?.exit_code && words.length) throw new Error(words.join("\n"));
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function compares(form) {
  const [a, b] = [form.elements.a, form.elements.b];
  const go = () => {
    const chosen = new URLSearchParams({ a: a.value, b: b.value });
    location.assign(`/compare?${chosen}`);
  };
  form.addEventListener("change", () => { if (a.value && b.value) go(); });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.querySelector("[data-swap]").addEventListener("click", () => {
    [a.value, b.value] = [b.value, a.value];
    if (a.value && b.value) go();
  });
}

async function stops({ target }) {
  const button = target.closest("[data-stop]");
  if (!button) return;
  button.disabled = true;
  button.textContent = "Stopping";
  try { await send("/api/stop", { id: button.dataset.stop }); } catch { location.reload(); }
}

function keys(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, select, textarea")) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  const rows = all(".list tbody tr:not([hidden])");
  const here = rows.findIndex((row) => row.classList.contains("here"));
  const go = (index) => {
    rows[here]?.classList.remove("here");
    rows[index]?.classList.add("here");
    rows[index]?.scrollIntoView({ block: "nearest" });
  };
  const pages = { r: "/", e: "/explore", c: "/compare", h: "/health", n: "/start" };
  switch (event.key) {
    case "j": go(Math.min(here + 1, rows.length - 1)); break;
    case "k": go(Math.max(here - 1, 0)); break;
    case "Enter":
      if (event.target.closest("a, button, summary")) return;
      if (event.target.closest("[data-role]")) event.target.closest("[data-role]").dispatchEvent(new MouseEvent("click"));
      else rows[here]?.querySelector("a")?.click();
      break;
    case "/": if (at("#filter")) { event.preventDefault(); at("#filter").focus(); } break;
    case "[": at("a[rel=prev]")?.click(); break;
    case "]": at("a[rel=next]")?.click(); break;
    case "?": at("#keys").showModal(); break;
    default: if (pages[event.key]) location.assign(pages[event.key]);
  }
}
