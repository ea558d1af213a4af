// Panels around the map: what it shows, the legend, the list of papers, the tip, the opened paper.

const element = (id) => document.getElementById(id);
const tip = element("tip");
const paper = element("paper");
const counted = (count, one, many = `${one}s`) => `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
const panelWidth = () => paper.hidden ? 0 : Math.min(paper.offsetWidth, view.width / 2);

function describe() {
  element("heading").textContent = content.heading;
  const n = answering.length;
  const behind = total - n;
  element("about").textContent = [
    content.is_answer ? counted(n, "paper that answers", "papers that answer") : counted(n, "paper"),
    behind ? `${counted(behind, "other")} behind` : "",
    content.n_missing ? `${content.n_missing.toLocaleString("en")} without a vector ${content.n_missing === 1 ? "is" : "are"} missing` : "",
    "near means alike",
  ].filter(Boolean).join(" · ");
}

function made(tag, text = "") {
  const node = document.createElement(tag);
  node.textContent = text;
  return node;
}

function entries() {
  if (state.colouring === "group") {
    const counts = content.groups.map(() => 0);
    for (const number of answering) counts[content.group[number]] += 1;
    return content.groups.map((group, entry) => [entry, group.name, counts[entry]])
      .filter(([, , count]) => count > 0);
  }
  const count = (entry) => answering.filter((number) => (content.period[number] ?? "unknown") === entry).length;
  const known = content.periods.map((name, entry) => [entry, name, count(entry)]);
  const unknown = count("unknown");
  return unknown ? [...known, ["unknown", "year unknown", unknown]] : known;
}

function writeLegend() {
  element("legend").replaceChildren(...entries().map(([entry, name, count]) => {
    const item = made("li");
    const button = made("button");
    const spot = made("i");
    spot.style.background = colourOf(entry);
    button.type = "button";
    button.setAttribute("aria-pressed", String(state.chosen.has(entry)));
    button.append(spot, made("span", name), made("small", count.toLocaleString("en")));
    button.addEventListener("click", () => {
      if (!state.chosen.delete(entry)) state.chosen.add(entry);
      button.setAttribute("aria-pressed", String(state.chosen.has(entry)));
      narrow();
    });
    item.append(button);
    return item;
  }));
}

const LISTED = 50;

function writeMatches() {
  const numbers = content.is_answer || isFiltered() ? firstShown(LISTED) : [];
  element("listed").hidden = numbers.length === 0;
  element("matches").replaceChildren(...numbers.map((number) => {
    const item = made("li");
    const button = made("button");
    const title = made("span", titleOf(number));
    title.dir = "auto";
    button.type = "button";
    button.append(made("small", hits.get(number)?.rank ?? (examples.has(number) ? "◦" : "·")), title);
    button.addEventListener("click", () => openPaper(number));
    button.addEventListener("focus", () => hover(number));
    button.addEventListener("pointerenter", () => hover(number));
    button.addEventListener("pointerleave", () => hover(null));
    item.append(button);
    return item;
  }));
}

// Apply the search and the legend.
function narrow() {
  const count = choosePapers();
  element("found").textContent = isFiltered() ? `${counted(count, "paper")} shown` : "";
  writeMatches();
  redraw();
}

function aboutPaper(number) {
  const hit = hits.get(number);
  const group = content.groups[content.group[number]];
  return [
    hit ? `${hit.rank}${hit.verdict ? ` (${hit.verdict})` : ""}` : examples.has(number) ? "example" : "",
    content.date[number] || "year unknown",
    group.terms.length ? group.name : "",
  ].filter(Boolean).join(" · ");
}

function hover(number) {
  state.hovered = number;
  canvas.classList.toggle("over", number !== null);
  tip.hidden = number === null;
  if (number !== null) {
    const [title, about, evidence] = tip.children;
    title.textContent = titleOf(number);
    about.textContent = aboutPaper(number);
    evidence.textContent = hits.get(number)?.evidence ?? "";
    placeTip(number);
  }
  redraw();
}

function placeTip(number) {
  const [x, y] = [across(content.x[number]), down(content.y[number])];
  const isInside = x >= 0 && y >= 0 && x <= view.width && y <= view.height;
  tip.hidden = !isInside;
  const left = x + 14 + tip.offsetWidth > view.width ? x - 14 - tip.offsetWidth : x + 14;
  const top = Math.min(y + 14, view.height - tip.offsetHeight - 6);
  tip.style.left = `${Math.max(4, left)}px`;
  tip.style.top = `${Math.max(4, top)}px`;
}

const isOfTheWeb = (address) => /^https?:\/\//i.test(address);

function openPaper(number) {
  hover(null);
  state.opened = number;
  paper.hidden = false;
  element("paper-title").textContent = titleOf(number);
  element("paper-about").textContent = [content.authors[number], content.venue[number], aboutPaper(number)]
    .filter(Boolean).join(" · ");
  element("paper-evidence").textContent = hits.get(number)?.evidence ?? "";
  element("paper-abstract").textContent = content.abstract[number] || "No abstract is known.";
  element("paper-id").textContent = content.id[number];
  const link = element("paper-link");
  link.hidden = !isOfTheWeb(content.address[number]);
  if (link.hidden) link.removeAttribute("href");
  else link.href = content.address[number];
  paper.scrollTop = 0;
  bringIntoView(number);
  paper.focus({ preventScroll: true });
  redraw();
}

function closePaper() {
  if (paper.hidden) return false;
  paper.hidden = true;
  state.opened = null;
  canvas.focus({ preventScroll: true });
  redraw();
  return true;
}
