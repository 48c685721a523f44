// The page: tags the text as you type, and marks the spans in it, or writes the tag under each token.

import { Tagger } from "./tagger.js";

// Milliseconds without a keystroke. The pause before speech is longer, so that a screen reader is not interrupted.
const PAUSE = { draw: 60, speak: 900 };

const element = (id) => document.getElementById(id);
const percent = new Intl.NumberFormat("en", { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });
const number = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });

async function start() {
  const details = fetch("page.json", { cache: "no-cache" }).then((response) => response.json());
  details.then(showDetails).catch(() => {}); // the title and examples are optional
  const tagger = await Tagger.load();
  window.tagger = tagger;
  const { name, bytes } = tagger.file;
  element("model").textContent = `${tagger.labels.length} tags · ${name} · ${number.format(bytes / 1e6)} MB`;
  const names = tagger.labels.map((label) => (tagger.hasSpans ? label.slice(2) || "span" : label));
  const labels = [...new Set(tagger.hasSpans ? names.filter((_, index) => tagger.labels[index] !== "O") : names)].sort();
  const hues = new Map(labels.map((label, index) => [label, Math.round((index * 360) / labels.length)]));

  let drawTimer, speakTimer, milliseconds = 0;
  const update = async () => {
    const text = element("text").value;
    const result = await tagger.tag(text);
    milliseconds = result.milliseconds;
    // the text has changed in the meantime, and another update is scheduled
    if (text !== element("text").value) return;
    const marks = tagger.hasSpans ? result.spans : result.tokens.map((token) => ({ ...token, label: token.tag }));
    draw(text, result, marks, hues);
    clearTimeout(speakTimer);
    const summary = marks.map(({ label, start, end }) => `${text.slice(start, end)}, ${label || "span"}`).join("; ");
    speakTimer = setTimeout(() => (element("spoken").textContent = summary), PAUSE.speak);
  };
  element("text").addEventListener("input", () => {
    clearTimeout(drawTimer);
    // a slow model waits for a longer pause, so that typing stays smooth
    drawTimer = setTimeout(() => update().catch(showProblem), Math.max(PAUSE.draw, 2 * milliseconds));
  });
  await update();
  document.body.dataset.ready = "";
}

function showDetails({ title, examples }) {
  document.title = element("title").textContent = title;
  for (const text of examples) {
    const button = document.createElement("button");
    Object.assign(button, { type: "button", textContent: text, dir: "auto" });
    button.addEventListener("click", () => {
      element("text").value = text;
      element("text").dispatchEvent(new Event("input"));
    });
    const item = document.createElement("li");
    item.append(button);
    element("examples").append(item);
  }
}

/** Draw the text with its marks, and the number of each label. */
function draw(text, { tokens, milliseconds }, marks, hues) {
  const parts = [];
  const counts = new Map();
  let position = 0;
  for (const { label, start, end, score } of marks) {
    const name = label || "span";
    counts.set(name, (counts.get(name) ?? 0) + 1);
    const mark = document.createElement("mark");
    mark.append(text.slice(start, end), Object.assign(document.createElement("b"), { textContent: name }));
    mark.title = percent.format(score);
    mark.style.setProperty("--hue", hues.get(name));
    parts.push(text.slice(position, start), mark);
    position = end;
  }
  element("marked").replaceChildren(...parts, text.slice(position));
  const items = [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
  element("legend").replaceChildren(
    ...items.map(([label, count]) => Object.assign(document.createElement("li"), { textContent: `${label} ${count}` })),
  );
  element("time").textContent = text.trim() ? `${milliseconds.toFixed(1)} ms` : "";
  element("count").textContent = tokens.length === 1 ? "1 token" : `${tokens.length} tokens`;
}

function showProblem(error) {
  element("problem").textContent = error.message;
  element("problem").hidden = false;
  element("model").textContent = "";
  document.body.dataset.failed = "";
}

start().catch(showProblem);
