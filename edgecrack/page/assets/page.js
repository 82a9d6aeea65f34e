"use strict";
(() => {
  const { findings, track } = JSON.parse(document.getElementById("data").textContent);
  const byId = (id) => document.getElementById(id);
  const video = byId("drive"), card = byId("card"), vehicle = byId("vehicle"), strip = byId("strip"), map = byId("map");
  const ticks = new Map([...document.querySelectorAll(".tick")].map((tick) => [Number(tick.dataset.number), tick]));
  const last = Math.max(0.1, ...findings.map((finding) => finding.time));
  let chosen = -1, playhead = null;

  const dash = "\u2013";
  const say = (value, digits, unit) => (value === null || value === undefined ? dash : value.toFixed(digits) + unit);
  const length = () => (video && Number.isFinite(video.duration) && video.duration > 0 ? video.duration : last + 0.1);

  function facts(finding) {
    const place = finding.place && `${finding.place[0].toFixed(6)}, ${finding.place[1].toFixed(6)}`;
    return [
      ["Time", finding.utc.replace("T", " ").replace("Z", " UTC") || dash],
      ["Position", place || "not located"],
      ["Crack, % of picture", say(100 * finding.share, 2, "")],
      ["Pieces", say(finding.pieces, 0, "")],
      ["Heading", say(finding.heading, 0, "\u00b0")],
      ["Speed", say(finding.speed, 1, " m/s")],
    ];
  }

  function show(number) {
    if (number === chosen || !findings[number]) return;
    ticks.get(chosen)?.classList.remove("chosen");
    ticks.get(chosen)?.setAttribute("tabindex", "-1");
    chosen = number;
    const finding = findings[number], tick = ticks.get(number);
    tick?.classList.add("chosen");
    tick?.setAttribute("tabindex", "0");
    const picture = byId("card-picture");
    picture.hidden = !finding.thumb;
    if (finding.thumb) {
      picture.src = finding.thumb;
      picture.alt = `Frame ${finding.frame} with its cracks marked`;
    }
    byId("card-title").textContent = `Frame ${finding.frame}, at ${finding.time.toFixed(2)} s`;
    byId("card-facts").replaceChildren(...facts(finding).map(([name, value]) => {
      const row = document.createElement("div");
      const term = row.appendChild(document.createElement("dt"));
      term.textContent = name;
      row.appendChild(document.createElement("dd")).textContent = value;
      return row;
    }));
    card.hidden = false;
  }

  function nearest({ clientX, clientY }) {
    const box = map.getBoundingClientRect(), unit = map.viewBox.baseVal.width / box.width;
    const x = (clientX - box.left) * unit, y = (clientY - box.top) * unit;
    let best = -1, least = 24 * unit;
    findings.forEach(({ xy }, number) => {
      const away = xy ? Math.hypot(xy[0] - x, xy[1] - y) : Infinity;
      if (away < least) [best, least] = [number, away];
    });
    return best;
  }

  function go(number, focus) {
    const finding = findings[number];
    if (!finding) return;
    show(number);
    if (focus) ticks.get(number)?.focus({ preventScroll: true });
    if (!video) return drive(finding.time);
    video.pause();
    video.currentTime = finding.time + 0.001;
  }

  function step(by) {
    go(Math.min(findings.length - 1, Math.max(0, chosen + by)), document.activeElement?.classList.contains("tick"));
  }

  function drive(time) {
    playhead?.setAttribute("x", (1000 * time) / length());
    if (!vehicle || track.length < 2) return;
    let next = track.findIndex(([at]) => at > time);
    if (next < 1) next = next === 0 ? 1 : track.length - 1;
    const [[t0, x0, y0], [t1, x1, y1]] = [track[next - 1], track[next]];
    const share = Math.min(1, Math.max(0, (time - t0) / (t1 - t0 || 1)));
    const angle = (Math.atan2(x1 - x0, y0 - y1) * 180) / Math.PI;
    vehicle.removeAttribute("hidden");
    vehicle.setAttribute("transform", `translate(${x0 + share * (x1 - x0)} ${y0 + share * (y1 - y0)}) rotate(${angle})`);
  }

  function drawStrip() {
    const most = Math.max(1e-9, ...findings.map((finding) => finding.share));
    const gaps = findings.slice(1).map((finding, n) => finding.time - findings[n].time).filter((gap) => gap > 0);
    const wide = Math.max(2, (1000 * Math.min(1, ...gaps)) / length() - 1.5);
    const svg = (name, facts, parent) => {
      const node = document.createElementNS(document.documentElement.querySelector("svg").namespaceURI, name);
      for (const [key, value] of Object.entries(facts)) node.setAttribute(key, value);
      return parent.appendChild(node);
    };
    strip.replaceChildren();
    const chart = svg("svg", { viewBox: "0 0 1000 60", preserveAspectRatio: "none" }, strip);
    svg("rect", { x: 0, y: 58, width: 1000, height: 2, fill: "var(--line)" }, chart);
    for (const { time, share, grade } of findings) {
      const high = Math.max(3, 56 * Math.sqrt(share / most));
      svg("rect", { class: `g${grade}`, x: (1000 * time) / length(), y: 58 - high, width: wide, height: high }, chart);
    }
    playhead = svg("rect", { x: 0, y: 0, width: 3, height: 60, fill: "var(--ink)" }, chart);
  }

  function follow() {
    drive(video.currentTime);
    const now = findings.findIndex(({ time }) => Math.abs(time - video.currentTime) < 0.04);
    if (now >= 0 && !video.paused) show(now);
    if (!video.paused) requestAnimationFrame(follow);
  }

  map?.addEventListener("click", (event) => go(nearest(event), true));
  map?.addEventListener("pointermove", (event) => {
    if (!video || video.paused) show(nearest(event));
  });
  map?.addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (by) step(by);
    else if (event.key === "Enter" || event.key === " ") go(chosen, true);
    else return;
    event.preventDefault();
  });
  byId("before").addEventListener("click", () => step(-1));
  byId("after").addEventListener("click", () => step(1));
  strip.addEventListener("click", ({ clientX }) => {
    const box = strip.getBoundingClientRect();
    const time = ((clientX - box.left) / box.width) * length();
    if (video) video.currentTime = time;
    drive(time);
  });
  video?.addEventListener("loadedmetadata", () => {
    document.documentElement.dataset.video = `${video.videoWidth}x${video.videoHeight}`;
    drawStrip();
  });
  video?.addEventListener("durationchange", drawStrip);
  video?.addEventListener("play", follow);
  for (const name of ["timeupdate", "seeked"]) video?.addEventListener(name, follow);

  drawStrip();
  drive(0);
  if (findings.length) show(findings.reduce((best, { share }, n) => (share > findings[best].share ? n : best), 0));
})();
