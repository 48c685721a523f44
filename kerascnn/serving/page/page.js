// The page of the server: sends the text to /predict as you type and draws a bar for each label, the most probable first.

const MAX_BARS = 10;
const PAUSE = 250; // milliseconds without a keystroke

const element = (id) => document.getElementById(id);
const percent = new Intl.NumberFormat("en", { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });

let model, timer;

async function start() {
  const { models } = await (await fetch("healthz")).json();
  if (models.length > 1) models.forEach(addButton);
  chooseModel(models[0]);
  element("text").addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(update, PAUSE);
  });
  document.body.dataset.ready = "";
}

function addButton(name) {
  const button = document.createElement("button");
  Object.assign(button, { type: "button", textContent: name });
  button.addEventListener("click", () => chooseModel(name));
  const item = document.createElement("li");
  item.append(button);
  element("examples").append(item);
}

function chooseModel(name) {
  model = name;
  document.title = element("title").textContent = name;
  update();
}

async function update() {
  const text = element("text").value;
  if (!text.trim()) return draw({ probabilities: [] });
  const start = performance.now();
  try {
    const body = JSON.stringify({ text, model, top_k: MAX_BARS });
    const response = await fetch("predict", { method: "POST", headers: { "Content-Type": "application/json" }, body });
    const answer = await response.json();
    if (!response.ok) throw new Error(answer.error);
    // the text has changed in the meantime, and another update is scheduled
    if (text !== element("text").value) return;
    draw(answer.predictions[0]);
    element("time").textContent = `${(performance.now() - start).toFixed(0)} ms`;
    element("problem").hidden = true;
  } catch (error) {
    element("problem").textContent = error.message;
    element("problem").hidden = false;
  }
}

function draw({ label, labels, probabilities, tokens, entities }) {
  if (tokens) return drawTags(tokens, entities);
  element("marked").replaceChildren();
  const predicted = labels ?? [label];
  const rows = probabilities.map(({ label, probability }, rank) => {
    const row = document.createElement("li");
    row.innerHTML = '<span class="bar"></span><span class="label" dir="auto"></span><span class="percent"></span>';
    row.querySelector(".label").textContent = row.title = label;
    row.querySelector(".percent").textContent = percent.format(probability);
    row.style.setProperty("--rank", rank);
    row.style.setProperty("--probability", probability);
    row.classList.toggle("predicted", predicted.includes(label));
    return row;
  });
  element("labels").replaceChildren(...rows);
  element("labels").style.setProperty("--rows", rows.length);
  element("time").textContent = "";
  const shown = probabilities.filter(({ label }) => predicted.includes(label));
  element("spoken").textContent = shown.map((row) => `${row.label}, ${percent.format(row.probability)}`).join("; ");
}

/** Draw a tagged text: its entities, or the tag of each token. */
function drawTags(tokens, entities) {
  const letters = [...element("text").value]; // positions are those of characters
  const marks = entities ?? tokens.map((token) => ({ ...token, label: token.tag }));
  const names = [...new Set(marks.map(({ label }) => label))].sort();
  let position = 0;
  const parts = marks.flatMap(({ label, start, end, score }) => {
    const mark = document.createElement("mark");
    mark.append(letters.slice(start, end).join(""), Object.assign(document.createElement("b"), { textContent: label || "span" }));
    mark.title = percent.format(score);
    mark.style.setProperty("--hue", Math.round((names.indexOf(label) * 360) / names.length));
    const before = letters.slice(position, start).join("");
    position = end;
    return [before, mark];
  });
  element("marked").replaceChildren(...parts, letters.slice(position).join(""));
  element("labels").replaceChildren();
  element("labels").style.setProperty("--rows", 0);
  element("time").textContent = "";
  element("spoken").textContent = marks.map(({ text, label }) => `${text}, ${label}`).join("; ");
}

start().catch((error) => {
  element("problem").textContent = error.message;
  element("problem").hidden = false;
});
