// The page: classifies the text as you type and draws a bar for each label, the most probable first.

import { Classifier } from "./classifier.js";
import { answerAsYouType, element, number, percent, showDetails, showProblem } from "./page.js";

const MAX_BARS = 10;

async function start() {
  showDetails();
  const classifier = await Classifier.load();
  window.classifier = classifier;
  const { name, bytes } = classifier.file;
  const count = number.format(classifier.labels.length);
  element("model").textContent = `${count} labels · ${name} · ${number.format(bytes / 1e6)} MB`;

  const rows = classifier.labels.map(addRow);
  await answerAsYouType(
    (text) => (text.trim() ? classifier.classify(text) : null),
    (text, result) => draw(classifier, rows, result),
  );
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

start().catch(showProblem);
