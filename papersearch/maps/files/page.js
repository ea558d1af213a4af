// What the reader does: pointer, wheel, keys, search, colours.

const query = element("query");
const pointers = new Map();
let travelled = 0;

const placeIn = (event) => {
  const box = canvas.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
};
const REACH = { mouse: 12, pen: 16, touch: 26 };
const paperUnder = (event) => paperAt(...placeIn(event), REACH[event.pointerType] ?? 16);

function moved(change) {
  change();
  if (state.hovered !== null) placeTip(state.hovered);
  redraw();
}

canvas.addEventListener("pointerdown", (event) => {
  canvas.setPointerCapture(event.pointerId);
  pointers.set(event.pointerId, placeIn(event));
  if (pointers.size === 1) travelled = 0;
});

canvas.addEventListener("pointermove", (event) => {
  const before = pointers.get(event.pointerId);
  if (!before) {
    const number = paperUnder(event);
    if (number !== state.hovered) hover(number);
    return;
  }
  const now = placeIn(event);
  const others = [...pointers].filter(([id]) => id !== event.pointerId).map(([, place]) => place);
  pointers.set(event.pointerId, now);
  travelled += Math.hypot(now[0] - before[0], now[1] - before[1]);
  if (travelled > 4) canvas.classList.add("moving");
  moved(() => {
    if (others.length === 0) {
      if (travelled > 4) {
        view.left += now[0] - before[0];
        view.top += now[1] - before[1];
      }
      return;
    }
    const [other] = others; // two fingers: the map grows with their distance
    const apart = (place) => Math.max(1, Math.hypot(place[0] - other[0], place[1] - other[1]));
    zoomAt(apart(now) / apart(before), (now[0] + other[0]) / 2, (now[1] + other[1]) / 2);
  });
});

function release(event) {
  const isClick = event.type === "pointerup" && pointers.size === 1 && travelled <= 4;
  pointers.delete(event.pointerId);
  canvas.classList.remove("moving");
  if (!isClick) return;
  const number = paperUnder(event);
  if (number === null) closePaper();
  else openPaper(number);
}
canvas.addEventListener("pointerup", release);
canvas.addEventListener("pointercancel", release);
canvas.addEventListener("pointerleave", () => { if (pointers.size === 0) hover(null); });
canvas.addEventListener("wheel", (event) => {
  event.preventDefault();
  const lines = event.deltaMode === 1 ? 16 : event.deltaMode === 2 ? view.height : 1;
  moved(() => zoomAt(Math.exp(-Math.max(-300, Math.min(300, event.deltaY * lines)) / 400), ...placeIn(event)));
}, { passive: false });
canvas.addEventListener("dblclick", (event) => {
  if (paperUnder(event) === null) moved(() => zoomAt(2, ...placeIn(event)));
});

// Buttons and keys zoom around the paper that has the attention, if it is in view, else around the middle.
function attended() {
  const number = state.hovered ?? state.opened;
  if (number === null) return [];
  const [x, y] = [across(content.x[number]), down(content.y[number])];
  return x > 0 && y > 0 && x < view.width && y < view.height ? [x, y] : [];
}

element("closer").addEventListener("click", () => moved(() => zoomAt(1.5, ...attended())));
element("farther").addEventListener("click", () => moved(() => zoomAt(1 / 1.5, ...attended())));
element("whole").addEventListener("click", () => moved(() => fit(everyPaper)));
element("close").addEventListener("click", closePaper);

// Go to the next paper in a direction, from the one that has the attention, or from the first.
function step(x, y) {
  const from = state.hovered ?? state.opened;
  const next = from === null ? firstShown(1)[0] ?? null : paperTowards(from, x, y);
  if (next === null) return;
  bringIntoView(next);
  hover(next);
  element("spoken").textContent = `${titleOf(next)}. ${aboutPaper(next)}`;
}

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const ZOOMS = { "+": 1.5, "=": 1.5, "-": 1 / 1.5, "_": 1 / 1.5 };

canvas.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const arrow = ARROWS[event.key];
  if (arrow && event.shiftKey) {
    moved(() => {
      view.left -= arrow[0] * 80;
      view.top -= arrow[1] * 80;
    });
  } else if (arrow) step(...arrow);
  else if (event.key in ZOOMS) moved(() => zoomAt(ZOOMS[event.key], ...attended()));
  else if (event.key === "0") moved(() => fit(everyPaper));
  else if (event.key === "Enter" && state.hovered !== null) openPaper(state.hovered);
  else return;
  event.preventDefault();
});

document.addEventListener("keydown", (event) => {
  if (event.key === "/" && event.target !== query && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    query.focus();
    query.select();
  } else if (event.key === "Escape" && !closePaper()) {
    query.value = "";
    search();
    if (state.chosen.size) {
      state.chosen.clear();
      writeLegend();
      narrow();
    }
    hover(null);
  }
});

function search() {
  state.words = folded(query.value).split(/\s+/u).filter(Boolean);
  narrow();
}
let waiting = 0;
query.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(search, total > 5000 ? 150 : 0);
});
query.addEventListener("keydown", (event) => {
  if (event.key !== "Enter") return;
  clearTimeout(waiting);
  search();
  const found = everyPaper.filter((number) => state.shown[number]);
  if (found.length) moved(() => fit(found));
});

for (const choice of document.querySelectorAll("input[name=colouring]")) {
  choice.addEventListener("change", () => {
    state.colouring = choice.value;
    state.chosen.clear();
    writeLegend();
    narrow();
  });
}

function recolour() {
  readColours();
  writeLegend();
  redraw();
}
dark.addEventListener("change", recolour);

describe();
readColours();
writeLegend();
narrow();
new ResizeObserver(resize).observe(canvas);
