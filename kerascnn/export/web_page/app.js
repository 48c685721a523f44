// The page: classifies the text as you type and draws a bar for each label, the most probable first.

import { Classifier } from "./classifier.js";

const MAX_BARS = 10;
// Milliseconds without a keystroke. The pause before speech is longer, so that a screen reader is not interrupted.
const PAUSE = { draw: 60, speak: 900 };

const element = (id) => document.getElementById(id);
const percent = new Intl.NumberFormat("en", { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });
const number = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });

async function start() {
  const details = fetch("page.json", { cache: "no-cache" }).then((response) => response.json());
  details.then(showDetails).catch(() => {}); // the title and examples are optional
  const classifier = await Classifier.load();
  window.classifier = classifier;
  const { name, bytes } = classifier.file;
  const count = number.format(classifier.labels.length);
  element("model").textContent = `${count} labels · ${name} · ${number.format(bytes / 1e6)} MB`;

  const rows = classifier.labels.map(addRow);
  let drawTimer, speakTimer, milliseconds = 0;
  const update = async () => {
    const text = element("text").value;
    const result = text.trim() ? await classifier.classify(text) : null;
    milliseconds = result?.milliseconds ?? milliseconds;
    // the text has changed in the meantime, and another update is scheduled
    if (text !== element("text").value) return;
    const summary = draw(classifier, rows, result);
    clearTimeout(speakTimer);
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

/** Add a row for a label: its name and percentage on a bar. */
function addRow(label) {
  const row = document.createElement("li");
  row.innerHTML = '<span class="bar"></span><span class="label" dir="auto"></span><span class="percent"></span>';
  row.querySelector(".label").textContent = row.title = label;
  element("labels").append(row);
  return row;
}

/** Draw a result (null for an empty text) and return a summary for screen readers. */
function draw({ labels, predictsList, maxLength }, rows, result) {
  const probabilities = result?.probabilities ?? labels.map(() => 0);
  const order = labels.map((_, index) => index).sort((a, b) => probabilities[b] - probabilities[a]);
  order.forEach((index, rank) => {
    const row = rows[index];
    row.style.setProperty("--rank", rank);
    row.style.setProperty("--probability", probabilities[index]);
    row.querySelector(".percent").textContent = result ? percent.format(probabilities[index]) : "";
    row.classList.toggle("predicted", result !== null && result.labels.includes(labels[index]));
    row.hidden = rank >= MAX_BARS;
  });
  element("labels").style.setProperty("--rows", Math.min(labels.length, MAX_BARS));
  const rest = order.slice(MAX_BARS).reduce((sum, index) => sum + probabilities[index], 0);
  const others = labels.length > MAX_BARS ? `and ${number.format(labels.length - MAX_BARS)} other labels` : "";
  // the probabilities of lists of labels do not add up to 1, so their sum has no meaning
  element("others").textContent = others && result && !predictsList ? `${others}, ${percent.format(rest)}` : others;
  element("time").textContent = result ? `${result.milliseconds.toFixed(1)} ms` : "";
  element("count").textContent = describeInputs(result?.inputs ?? [], maxLength);
  const predicted = order.filter((index) => result?.labels.includes(labels[index]));
  const summary = predicted.map((index) => `${labels[index]}, ${percent.format(probabilities[index])}`).join("; ");
  return result ? summary || "no label" : "";
}

/** Describe how many tokens of a text the model reads, and how many it does not know. */
function describeInputs(inputs, maxLength) {
  const unknown = inputs.filter((id) => id === 1).length;
  const tokens = inputs.length === 1 ? "1 token" : `${inputs.length} tokens`;
  const count = inputs.length < maxLength ? tokens : `The model reads the first ${tokens}`;
  return unknown ? `${count}, ${unknown} unknown` : count;
}

function showProblem(error) {
  element("problem").textContent = error.message;
  element("problem").hidden = false;
  element("model").textContent = "";
  document.body.dataset.failed = "";
}

start().catch(showProblem);
