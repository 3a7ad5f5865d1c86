
const EVENTS = ["plan", "call.queued", "call.waiting", "call.attempt", "call.retry", "call.succeeded", "call.failed", "specialist.finished",
  "specialist.missing", "explore.started", "explore.batch", "explore.progress", "explore.finished", "run.started", "run.finished",
  "interrupted", "project.finished"];

// A run as it goes: everything that was, then what happens. The browser comes back by itself when the line is lost.
function liveRun(run, drawing) {
  const timeline = new Timeline(drawing);
  const exploration = at("#curve") ? new Exploration() : null;
  const refresh = new Refresh(1000);
  const source = new EventSource(`/api/runs/${encodeURIComponent(run)}/events`);
  let first;
  source.addEventListener("opened", ({ data }) => {
    const begun = JSON.parse(data).first;
    if (first && begun && begun !== first) location.reload();
    first ||= begun;
  });
  source.addEventListener("replaced", () => location.reload());
  const draw = timeline.draw.bind(timeline);
  timeline.draw = () => { draw(); exploration?.draw(); };
  for (const name of EVENTS) {
    source.addEventListener(name, ({ data }) => {
      const event = JSON.parse(data);
      exploration?.apply(name, event);
      timeline.apply(name, event);
      if (Date.now() - Date.parse(event.time) < 10_000) refresh.soon();
    });
  }
  setInterval(() => { if (timeline.begun && !timeline.over) timeline.soon(); }, 500);
  addEventListener("resize", () => timeline.soon());
}

document.addEventListener("keydown", keys);
document.addEventListener("click", stops);
at("#help").addEventListener("click", () => at("#keys").showModal());
all("form[data-start]").forEach(starts);
all("form[data-compare]").forEach(compares);
for (const id of ["#filter", "#filter-state", "#filter-kind"]) at(id)?.addEventListener("input", filter);
const watched = at("#timeline")?.dataset.run ?? at("#live")?.dataset.run;
if (watched) liveRun(watched, at("#timeline"));
else if (at("[data-refresh]")) liveParts();
