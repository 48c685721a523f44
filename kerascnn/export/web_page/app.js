// The page: classifies what is typed and draws a bar for each class, the most probable first.

import { Classifier } from "./classifier.js";

const SHOWN = 10;
// Milliseconds without a key: a voice that reads the page aloud is not interrupted at each letter.
const PAUSE = { draw: 60, speak: 900 };

const element = (id) => document.getElementById(id);
const percent = new Intl.NumberFormat("en", { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });
const number = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });

async function start() {
  const details = fetch("page.json", { cache: "no-cache" }).then((response) => response.json());
  details.then(showDetails).catch(() => {}); // a title and examples: the page does without
  const classifier = await Classifier.load();
  window.classifier = classifier;
  const { name, bytes } = classifier.file;
  const classes = number.format(classifier.labels.length);
  element("facts").textContent = `${classes} classes · ${name} · ${number.format(bytes / 1e6)} MB`;

  const rows = classifier.labels.map(addRow);
  let drawn, spoken, slowness = 0;
  const update = async () => {
    const text = element("text").value;
    const answer = text.trim() ? await classifier.classify(text) : null;
    slowness = answer?.milliseconds ?? slowness;
    // what was typed meanwhile is on its way already
    if (text !== element("text").value) return;
    const best = draw(classifier, rows, answer);
    clearTimeout(spoken);
    spoken = setTimeout(() => (element("spoken").textContent = best), PAUSE.speak);
  };
  element("text").addEventListener("input", () => {
    clearTimeout(drawn);
    // a slow model waits for a longer pause, so that typing stays smooth
    drawn = setTimeout(() => update().catch(report), Math.max(PAUSE.draw, 2 * slowness));
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

/** A class: its name and its percentage upon a bar. */
function addRow(label) {
  const row = document.createElement("li");
  row.innerHTML = '<span class="bar"></span><span class="label" dir="auto"></span><span class="percent"></span>';
  row.querySelector(".label").textContent = row.title = label;
  element("classes").append(row);
  return row;
}

/** Draws an answer, or none for an empty text, and returns it in words. */
function draw({ labels, thresholds, maxLength }, rows, answer) {
  const probabilities = answer?.probabilities ?? labels.map(() => 0);
  const order = labels.map((_, index) => index).sort((a, b) => probabilities[b] - probabilities[a]);
  order.forEach((index, place) => {
    const row = rows[index];
    row.style.setProperty("--place", place);
    row.style.setProperty("--probability", probabilities[index]);
    row.querySelector(".percent").textContent = answer ? percent.format(probabilities[index]) : "";
    row.classList.toggle("best", answer !== null && answer.labels.includes(labels[index]));
    row.hidden = place >= SHOWN;
  });
  element("classes").style.setProperty("--rows", Math.min(labels.length, SHOWN));
  const rest = order.slice(SHOWN).reduce((sum, index) => sum + probabilities[index], 0);
  const others = labels.length > SHOWN ? `and ${number.format(labels.length - SHOWN)} other classes` : "";
  // probabilities of labels that do not exclude each other have no sum
  element("others").textContent = others && answer && !thresholds ? `${others}, ${percent.format(rest)}` : others;
  element("time").textContent = answer ? `${answer.milliseconds.toFixed(1)} ms` : "";
  element("count").textContent = describe(answer?.inputs ?? [], maxLength);
  const given = order.filter((index) => answer?.labels.includes(labels[index]));
  const said = given.map((index) => `${labels[index]}, ${percent.format(probabilities[index])}`).join("; ");
  return answer ? said || "no label" : "";
}

/** How much of a text the model reads and knows. */
function describe(inputs, maxLength) {
  const unknown = inputs.filter((id) => id === 1).length;
  const read = inputs.length === 1 ? "1 token" : `${inputs.length} tokens`;
  const count = inputs.length < maxLength ? read : `The first ${read} are read`;
  return unknown ? `${count}, ${unknown} unknown` : count;
}

function report(error) {
  element("problem").textContent = error.message;
  element("problem").hidden = false;
  element("facts").textContent = "";
  document.body.dataset.failed = "";
}

start().catch(report);
