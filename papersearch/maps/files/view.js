// The part of the map that is seen: a point of the map is at scale * x + left, scale * y + top on the screen.

const canvas = document.getElementById("map");
const view = { scale: 1, left: 0, top: 0, width: 1, height: 1, fitted: 1, least: 1 };
const MARGIN = 48;
const CLOSEST = 400; // times the whole map

const across = (x) => x * view.scale + view.left;
const down = (y) => y * view.scale + view.top;

function fit(numbers) {
  let [low, high, top, bottom] = [Infinity, -Infinity, Infinity, -Infinity];
  for (const number of numbers) {
    low = Math.min(low, content.x[number]);
    high = Math.max(high, content.x[number]);
    top = Math.min(top, content.y[number]);
    bottom = Math.max(bottom, content.y[number]);
  }
  if (low > high) return;
  const wide = Math.max(high - low, 400);
  const tall = Math.max(bottom - top, 400);
  view.scale = Math.max(1e-6, Math.min((view.width - 2 * MARGIN) / wide, (view.height - 2 * MARGIN) / tall));
  view.left = view.width / 2 - view.scale * (low + high) / 2;
  view.top = view.height / 2 - view.scale * (top + bottom) / 2;
}

const everyPaper = Array.from({ length: total }, (_, number) => number);
const answering = everyPaper.filter((number) => !isBehind(number));

// Show the whole map, which is the measure of zooming; then come nearer to where most of the answer is.
function fitFirst() {
  fit(everyPaper);
  view.least = view.scale / 2;
  view.fitted = view.scale;
  if (answering.length === total) return;
  const middle = (values) => values.sort((one, other) => one - other)[Math.floor(values.length / 2)];
  const [x, y] = [content.x, content.y].map((axis) => middle(answering.map((number) => axis[number])));
  const away = (number) => Math.hypot(content.x[number] - x, content.y[number] - y);
  const near = [...answering].sort((one, other) => away(one) - away(other));
  fit(near.slice(0, Math.ceil(near.length * 0.9)));
  const excess = view.scale / (view.fitted * 1.6);
  if (excess > 1) zoomAt(1 / excess);
}

function zoomAt(factor, x = view.width / 2, y = view.height / 2) {
  const scale = Math.min(Math.max(view.scale * factor, view.least), view.fitted * CLOSEST);
  view.left = x - (x - view.left) * scale / view.scale;
  view.top = y - (y - view.top) * scale / view.scale;
  view.scale = scale;
}

function bringIntoView(number, margin = 80) {
  const [x, y] = [across(content.x[number]), down(content.y[number])];
  const right = view.width - panelWidth();
  if (x < margin || x > right - margin) view.left += Math.max(right, 2 * margin) / 2 - x;
  if (y < margin || y > view.height - margin) view.top += view.height / 2 - y;
}

const CELLS = 128;
const CELL = 10001 / CELLS;
const cells = new Map();
for (let number = 0; number < total; number += 1) {
  const cell = Math.floor(content.y[number] / CELL) * CELLS + Math.floor(content.x[number] / CELL);
  if (!cells.has(cell)) cells.set(cell, []);
  cells.get(cell).push(number);
}

// The paper nearest to a point of the screen, within a reach in pixels; those that are shown come first.
function paperAt(x, y, reach) {
  const [mapX, mapY, far] = [(x - view.left) / view.scale, (y - view.top) / view.scale, reach / view.scale];
  const bound = (value) => Math.min(CELLS - 1, Math.max(0, Math.floor(value / CELL)));
  let best = null;
  let least = Infinity;
  for (let row = bound(mapY - far); row <= bound(mapY + far); row += 1) {
    for (let column = bound(mapX - far); column <= bound(mapX + far); column += 1) {
      for (const number of cells.get(row * CELLS + column) ?? []) {
        const away = Math.hypot(content.x[number] - mapX, content.y[number] - mapY);
        const worth = away + (state.shown[number] ? 0 : far / 2);
        if (away <= far && worth < least) [best, least] = [number, worth];
      }
    }
  }
  return best;
}

// The next shown paper in a direction, as arrow keys go: near, and not much to the side.
function paperTowards(from, stepX, stepY) {
  let best = null;
  let least = Infinity;
  for (let number = 0; number < total; number += 1) {
    if (!state.shown[number] || number === from) continue;
    const [x, y] = [content.x[number] - content.x[from], content.y[number] - content.y[from]];
    const along = x * stepX + y * stepY;
    const aside = Math.abs(x * stepY) + Math.abs(y * stepX);
    if (along > 0 && aside <= 2 * along && along + 2 * aside < least) [best, least] = [number, along + 2 * aside];
  }
  return best;
}
