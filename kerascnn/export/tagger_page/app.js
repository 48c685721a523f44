// The page: tags the text as you type, and marks the spans in it, or writes the tag under each token.

import { answerAsYouType, element, number, percent, showDetails, showProblem } from "./page.js";
import { Tagger } from "./tagger.js";

async function start() {
  showDetails();
  const tagger = await Tagger.load();
  window.tagger = tagger;
  const { name, bytes } = tagger.file;
  element("model").textContent = `${tagger.labels.length} tags · ${name} · ${number.format(bytes / 1e6)} MB`;
  const names = tagger.labels.map((label) => (tagger.hasSpans ? label.slice(2) || "span" : label));
  const labels = [...new Set(tagger.hasSpans ? names.filter((_, index) => tagger.labels[index] !== "O") : names)].sort();
  const hues = new Map(labels.map((label, index) => [label, Math.round((index * 360) / labels.length)]));

  await answerAsYouType(
    (text) => tagger.tag(text),
    (text, result) => {
      const marks = tagger.hasSpans ? result.spans : result.tokens.map((token) => ({ ...token, label: token.tag }));
      draw(text, result, marks, hues);
      return marks.map(({ label, start, end }) => `${text.slice(start, end)}, ${label || "span"}`).join("; ");
    },
  );
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

start().catch(showProblem);
