// Drawing: papers that are not shown, those that are, marks, then names that do not overlap.

const pen = canvas.getContext("2d");
const dark = matchMedia("(prefers-color-scheme: dark)");
let colours = {};

function readColours() {
  const styles = getComputedStyle(document.documentElement);
  const named = (name) => styles.getPropertyValue(`--${name}`).trim();
  const numbered = (name, count) => Array.from({ length: count }, (_, number) => named(`${name}-${number}`));
  colours = {
    ground: named("ground"), ink: named("ink"), quiet: named("quiet"), behind: named("behind"),
    unknown: named("unknown"), accent: named("accent"), group: numbered("group", content.groups.length),
  };
  // Few periods take shades that are far apart: the last ones, and the first for the earliest.
  const shades = numbered("period", 7);
  colours.period = content.periods.map((_, number, all) =>
    shades[all.length < 2 ? 6 : Math.round(number * 6 / (all.length - 1))]);
}

function colourOf(entry) {
  if (state.colouring === "group") return colours.group[entry] ?? colours.behind;
  return colours.period[entry] ?? colours.unknown;
}

function radius() {
  const usual = Math.min(5, Math.max(1.3, 90 / Math.sqrt(total)));
  return Math.min(9, usual * Math.max(0.7, view.scale / view.fitted) ** 0.4);
}

const LEAST_DISC = 2.5; // radius below which papers are dots of whole pixels: tens of thousands are drawn at once

// A colour as one pixel of an image. Colours of the page are written as #rrggbb.
const pixelOf = (colour) =>
  new Uint32Array(Uint8Array.of(...[1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16)), 255).buffer)[0];

let image = null;

function drawDots(size) {
  const [wide, tall, density] = [canvas.width, canvas.height, canvas.width / view.width];
  if (image?.width !== wide || image.height !== tall) image = pen.createImageData(wide, tall);
  const pixels = new Uint32Array(image.data.buffer);
  pixels.fill(pixelOf(colours.ground));
  const reach = size * density + 0.5;
  const rows = [];
  for (let row = -Math.floor(reach); row <= reach; row += 1) rows.push([row, Math.floor(Math.sqrt(reach ** 2 - row ** 2))]);
  const edge = Math.ceil(reach);
  const ofEntry = new Map();
  for (const isShown of [0, 1]) {
    for (let number = 0; number < total; number += 1) {
      if (state.shown[number] !== isShown) continue;
      const x = Math.round(across(content.x[number]) * density);
      const y = Math.round(down(content.y[number]) * density);
      if (x < edge || y < edge || x >= wide - edge || y >= tall - edge) continue;
      const entry = isShown ? entryOf(number) : "behind";
      let pixel = ofEntry.get(entry);
      if (pixel === undefined) ofEntry.set(entry, pixel = pixelOf(isShown ? colourOf(entry) : colours.behind));
      for (const [row, half] of rows) {
        const middle = (y + row) * wide + x;
        for (let at = middle - half; at <= middle + half; at += 1) pixels[at] = pixel;
      }
    }
  }
  pen.putImageData(image, 0, 0);
}

const AT_ONCE = 4096; // papers of one pass over the colours, so that no colour lies on top everywhere

function drawDiscs(size) {
  pen.fillStyle = colours.ground;
  pen.fillRect(0, 0, view.width, view.height);
  const [right, bottom] = [view.width + size, view.height + size];
  for (const isShown of [0, 1]) {
    for (let start = 0; start < total; start += AT_ONCE) {
      const paths = new Map(isShown ? [[colours.unknown, new Path2D()]] : []); // the first is the lowest
      for (let number = start; number < Math.min(total, start + AT_ONCE); number += 1) {
        if (state.shown[number] !== isShown) continue;
        const [x, y] = [across(content.x[number]), down(content.y[number])];
        if (x < -size || y < -size || x > right || y > bottom) continue;
        const colour = isShown ? colourOf(entryOf(number)) : colours.behind;
        let path = paths.get(colour);
        if (!path) paths.set(colour, path = new Path2D());
        path.moveTo(x + size, y);
        path.arc(x, y, size, 0, 7);
      }
      for (const [colour, path] of paths) {
        pen.fillStyle = colour;
        pen.fill(path);
        if (isShown && size > 3.5) {
          pen.lineWidth = 1;
          pen.strokeStyle = colours.ground;
          pen.stroke(path);
        }
      }
    }
  }
}

function ring(number, size, width, colour) {
  pen.beginPath();
  pen.arc(across(content.x[number]), down(content.y[number]), size, 0, 7);
  pen.lineWidth = width;
  pen.strokeStyle = colour;
  pen.stroke();
}

function drawMarks(size) {
  for (const number of examples) ring(number, size + 4, 2.5, colours.ink);
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  for (const number of numbered().reverse()) {
    const [x, y] = [across(content.x[number]), down(content.y[number])];
    pen.beginPath();
    pen.arc(x, y, RANK, 0, 7);
    pen.fillStyle = colourOf(entryOf(number));
    pen.fill();
    pen.lineWidth = 1.5;
    pen.strokeStyle = colours.ground;
    pen.stroke();
    pen.font = "bold 11px system-ui, sans-serif";
    pen.lineWidth = 2.5;
    pen.strokeText(hits.get(number).rank, x, y + 0.5);
    pen.fillStyle = colours.ink;
    pen.fillText(hits.get(number).rank, x, y + 0.5);
  }
  if (state.opened !== null) ring(state.opened, size + 6, 3, colours.accent);
  if (state.hovered !== null) ring(state.hovered, size + 4, 2, colours.ink);
}

const TITLES = 30; // most papers in view whose titles are written
const shortened = (text, most) => text.length <= most ? text : `${[...text].slice(0, most - 1).join("")}…`;

function* names() {
  const isOpen = (group) => state.colouring !== "group" || state.chosen.size === 0 || state.chosen.has(group.group);
  const named = (group, font) =>
    ({ text: group.terms.slice(0, 2).join(" · "), x: group.x, y: group.y, font, isQuiet: content.is_answer });
  for (const group of content.groups) {
    if (isOpen(group)) yield named(group, "600 14px");
  }
  if (view.scale >= 1.7 * view.fitted) {
    for (const group of content.fine_groups) {
      if (isOpen(group)) yield named(group, "12px");
    }
  }
  const inView = [];
  for (let number = 0; number < total && inView.length <= TITLES; number += 1) {
    const [x, y] = [across(content.x[number]), down(content.y[number])];
    if (state.shown[number] && x > 0 && y > 0 && x < view.width && y < view.height) inView.push(number);
  }
  if (inView.length > TITLES || (view.scale < 1.7 * view.fitted && total > TITLES)) return;
  for (const number of inView) {
    const [x, y] = [content.x[number], content.y[number]];
    yield { text: shortened(titleOf(number), 44), x, y, font: "12px", isTitle: true };
  }
}

const NUMBERED = 10; // best hits that have their rank on the map
const RANK = 9; // radius of the disc behind it
const numbered = () => ranked.slice(0, NUMBERED).filter((number) => state.shown[number]);

function drawNames(size) {
  const taken = numbered().map((number) => {
    const [x, y] = [across(content.x[number]), down(content.y[number])];
    return [x - RANK, y - RANK, x + RANK, y + RANK];
  });
  pen.lineJoin = "round";
  pen.textBaseline = "middle";
  pen.textAlign = "left";
  for (const { text, x, y, font, isTitle, isQuiet } of names()) {
    if (!text) continue;
    pen.font = `${font} system-ui, sans-serif`;
    const width = pen.measureText(text).width;
    const [middleX, middleY] = [across(x), down(y)];
    if (middleX < -width / 2 || middleX > view.width + width / 2) continue;
    const aside = Math.max(size, RANK) + 4;
    const isRight = middleX + aside + width < view.width - 6;
    const start = isTitle ? middleX + (isRight ? aside : -aside - width)
      : Math.min(Math.max(middleX - width / 2, 6), view.width - width - 6);
    for (const shift of isTitle ? [0] : [0, -18, 18, -36, 36]) {
      const middle = middleY + shift;
      const box = [start - 4, middle - 10, start + width + 4, middle + 10];
      if (middle < 10 || middle > view.height - 10) continue;
      if (taken.some((other) => box[0] < other[2] && other[0] < box[2] && box[1] < other[3] && other[1] < box[3])) continue;
      taken.push(box);
      pen.lineWidth = 4;
      pen.strokeStyle = colours.ground;
      pen.strokeText(text, start, middle);
      pen.fillStyle = isTitle || isQuiet ? colours.quiet : colours.ink;
      pen.fillText(text, start, middle);
      break;
    }
  }
}

function draw() {
  const size = radius();
  if (size < LEAST_DISC) drawDots(size);
  else drawDiscs(size);
  drawNames(size);
  drawMarks(size);
}

let isDue = false;
function redraw() {
  if (isDue) return;
  isDue = true;
  requestAnimationFrame(() => {
    isDue = false;
    draw();
  });
}

function resize() {
  const box = canvas.getBoundingClientRect();
  const density = window.devicePixelRatio || 1;
  const isFirst = view.width === 1;
  const [x, y] = [(box.width - view.width) / 2, (box.height - view.height) / 2];
  view.width = Math.max(2, box.width);
  view.height = Math.max(2, box.height);
  canvas.width = Math.round(view.width * density);
  canvas.height = Math.round(view.height * density);
  pen.setTransform(density, 0, 0, density, 0, 0);
  if (isFirst) fitFirst();
  else {
    view.left += x;
    view.top += y;
  }
  redraw();
}
