"use strict";
(() => {
  const { frames, track, ofWhat } = JSON.parse(document.getElementById("data").textContent);
  const byId = (id) => document.getElementById(id);
  const video = byId("drive"), card = byId("card"), vehicle = byId("vehicle"), strip = byId("strip"), map = byId("map");
  const ticks = new Map([...document.querySelectorAll(".mark")].map((tick) => [Number(tick.dataset.number), tick]));
  const last = Math.max(0.1, ...frames.map((frame) => frame.time));
  let selected = -1, playhead = null;

  const dash = "\u2013";
  const format = (value, digits, unit) => (value === null || value === undefined ? dash : value.toFixed(digits) + unit);
  const duration = () => (video && Number.isFinite(video.duration) && video.duration > 0 ? video.duration : last + 0.1);

  function facts(frame) {
    const place = frame.place && `${frame.place[0].toFixed(6)}, ${frame.place[1].toFixed(6)}`;
    return [
      ["Time, UTC", frame.utc ? frame.utc.replace("T", " ").replace("Z", "") : "not known"],
      ["Latitude, longitude", place || "not located"],
      [`Crack, % of the ${ofWhat}`, format(100 * frame.share, 2, "")],
      ["Pieces of crack", format(frame.pieces, 0, "")],
      ["Heading from north", format(frame.heading, 0, "\u00b0")],
      ["Speed", format(frame.speed, 1, " m/s")],
    ];
  }

  function show(number) {
    if (number === selected || !frames[number]) return;
    ticks.get(selected)?.classList.remove("selected");
    ticks.get(selected)?.setAttribute("tabindex", "-1");
    selected = number;
    const frame = frames[number], tick = ticks.get(number);
    tick?.classList.add("selected");
    tick?.setAttribute("tabindex", "0");
    const picture = byId("card-picture");
    picture.hidden = !frame.thumb;
    if (frame.thumb) {
      picture.src = frame.thumb;
      picture.alt = `Frame ${frame.index} with its cracks marked`;
    }
    const name = frame.name ? `: ${frame.name}` : "";
    byId("card-title").textContent = `Frame ${frame.index}, at ${frame.time.toFixed(2)} s${name}`;
    byId("card-facts").replaceChildren(...facts(frame).map(([name, value]) => {
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
    frames.forEach(({ xy }, number) => {
      const away = xy ? Math.hypot(xy[0] - x, xy[1] - y) : Infinity;
      if (away < least) [best, least] = [number, away];
    });
    return best;
  }

  function go(number, focus) {
    const frame = frames[number];
    if (!frame) return;
    show(number);
    if (focus) ticks.get(number)?.focus({ preventScroll: true });
    if (!video) return moveVehicle(frame.time);
    video.pause();
    video.currentTime = frame.time + 0.001;
  }

  function step(by) {
    go(Math.min(frames.length - 1, Math.max(0, selected + by)), document.activeElement?.classList.contains("mark"));
  }

  function moveVehicle(time) {
    playhead?.setAttribute("x", (1000 * time) / duration());
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
    const most = Math.max(1e-9, ...frames.map((frame) => frame.share));
    const gaps = frames.slice(1).map((frame, n) => frame.time - frames[n].time).filter((gap) => gap > 0);
    const wide = Math.max(2, (1000 * Math.min(1, ...gaps)) / duration() - 1.5);
    const svg = (name, facts, parent) => {
      const node = document.createElementNS(document.documentElement.querySelector("svg").namespaceURI, name);
      for (const [key, value] of Object.entries(facts)) node.setAttribute(key, value);
      return parent.appendChild(node);
    };
    strip.replaceChildren();
    const chart = svg("svg", { viewBox: "0 0 1000 60", preserveAspectRatio: "none" }, strip);
    svg("rect", { x: 0, y: 58, width: 1000, height: 2, fill: "var(--line)" }, chart);
    for (const { time, share, grade } of frames) {
      const high = Math.max(3, (56 * share) / most);
      svg("rect", { class: `g${grade}`, x: (1000 * time) / duration(), y: 58 - high, width: wide, height: high }, chart);
    }
    playhead = svg("rect", { x: 0, y: 0, width: 3, height: 60, fill: "var(--ink)" }, chart);
  }

  function follow() {
    moveVehicle(video.currentTime);
    const now = frames.findIndex(({ time }) => Math.abs(time - video.currentTime) < 0.04);
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
    else if (event.key === "Enter" || event.key === " ") go(selected, true);
    else return;
    event.preventDefault();
  });
  byId("before").addEventListener("click", () => step(-1));
  byId("after").addEventListener("click", () => step(1));
  strip.addEventListener("click", ({ clientX }) => {
    const box = strip.getBoundingClientRect();
    const time = ((clientX - box.left) / box.width) * duration();
    if (video) video.currentTime = time;
    moveVehicle(time);
  });
  video?.addEventListener("loadedmetadata", () => {
    document.documentElement.dataset.video = `${video.videoWidth}x${video.videoHeight}`;
    drawStrip();
  });
  video?.addEventListener("durationchange", drawStrip);
  video?.addEventListener("play", follow);
  for (const name of ["timeupdate", "seeked"]) video?.addEventListener(name, follow);

  strip.hidden = !frames.length;
  byId("how").hidden = !ticks.size;
  drawStrip();
  moveVehicle(0);
  if (frames.length) show(frames.reduce((best, { share }, n) => (share > frames[best].share ? n : best), 0));
})();
