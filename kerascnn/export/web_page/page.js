// What all pages share: a text that is answered as you type, examples, and problems.

// Milliseconds without a keystroke. The pause before speech is longer, so that a screen reader is not interrupted.
const PAUSE = { draw: 60, speak: 900 };

export const element = (id) => document.getElementById(id);
export const percent = new Intl.NumberFormat("en", {
  style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1,
});
export const number = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });

/** Answer the text now and after each pause in typing: `answer` computes a result, `draw` returns a summary of it. */
export async function answerAsYouType(answer, draw) {
  let drawTimer, speakTimer, milliseconds = 0;
  const update = async () => {
    const text = element("text").value;
    const result = await answer(text);
    milliseconds = result?.milliseconds ?? milliseconds;
    // the text has changed in the meantime, and another update is scheduled
    if (text !== element("text").value) return;
    const summary = draw(text, result);
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

/** Fetch and show the title and the examples; they are optional. */
export function showDetails() {
  const details = fetch("page.json", { cache: "no-cache" }).then((response) => response.json());
  details.then(addDetails).catch(() => {});
}

function addDetails({ title, examples }) {
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

export function showProblem(error) {
  element("problem").textContent = error.message;
  element("problem").hidden = false;
  element("model").textContent = "";
  document.body.dataset.failed = "";
}
