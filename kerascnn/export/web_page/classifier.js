// Runs the classifier that edge.json describes, through LiteRT.js. In a page of your own:
//
//     import { Classifier } from "./classifier.js";
//     const classifier = await Classifier.load();
//     await classifier.classify("the rate was cut");   // {probabilities: [0.98, …], inputs: [12, …], …}

import { tokenize, unescape } from "./text.js";

const SCHEMA_VERSION = 2;
const WASM = new URL("node_modules/@litertjs/core/wasm/", import.meta.url).href;

export class Classifier {
  #settings;
  #ids;
  #litert;
  #model;

  /** Class names, in the order of the probabilities. */
  labels;
  /** Multi-label: the probability from which on each label is given; null: the most probable one is. */
  thresholds;
  /** Name and size in bytes of the model's file. */
  file;

  /** Load what stands beside this script; the message of an error says what is missing, and the remedy. */
  static async load() {
    const classifier = new Classifier();
    const settings = await readSettings();
    const [litert, model, labels, vocabulary] = await Promise.all([
      loadRuntime(),
      read(Object.keys(settings.files).find((name) => name.endsWith(".tflite")), settings),
      readLines("labels.txt", settings),
      settings.input === "ids" ? readLines("vocabulary.txt", settings) : [],
    ]);
    classifier.labels = labels;
    classifier.thresholds = settings.thresholds ?? null;
    classifier.file = { name: model.name, bytes: model.content.length };
    classifier.#settings = { ...settings, stopWords: new Set(settings.stop_words), maxLength: settings.length };
    // 0 is padding, 1 any token that has no id of its own
    classifier.#ids = new Map(vocabulary.map((token, number) => [token, number]).slice(2));
    classifier.#litert = litert;
    try {
      classifier.#model = await litert.loadAndCompile(model.content, { accelerator: "wasm" });
    } catch (error) {
      throw new Error(`${model.name} does not run here (${reason(error)}). Export the page again.`);
    }
    // the first run allocates, and is slow
    await classifier.classify("");
    return classifier;
  }

  /** Probabilities in the order of the labels, the labels that are given, the best first, what the model was given for
   *  the text, and the time that both took. */
  async classify(text) {
    const started = performance.now();
    const inputs = this.encode(text);
    const row = new Int32Array(this.#settings.length);
    row.set(inputs);
    const given = new this.#litert.Tensor(row, [1, row.length]);
    const [answer] = await this.#model.run(given);
    const probabilities = Array.from(await answer.data());
    given.delete();
    answer.delete();
    return { probabilities, labels: this.#given(probabilities), inputs, milliseconds: performance.now() - started };
  }

  #given(probabilities) {
    const order = probabilities.map((_, index) => index).sort((a, b) => probabilities[b] - probabilities[a]);
    const given = this.thresholds ? order.filter((index) => probabilities[index] >= this.thresholds[index]) : order.slice(0, 1);
    return given.map((index) => this.labels[index]);
  }

  /** What the model takes for a text, ids or code points, without padding. */
  encode(text) {
    const tokens = tokenize(text, this.#settings.rules, this.#settings);
    if (this.#settings.input === "code_points") return tokens.map((token) => token.codePointAt(0));
    return tokens.map((token) => this.#ids.get(token) ?? 1);
  }

  /** Tokens that are read; the rest of a text is cut. */
  get maxLength() {
    return this.#settings.maxLength;
  }
}

async function loadRuntime() {
  let litert;
  try {
    litert = await import("@litertjs/core");
  } catch {
    throw new Error("What runs the model is not installed. Run “npm install” in the folder of this page, then reload.");
  }
  try {
    await litert.loadLiteRt(WASM);
  } catch (error) {
    throw new Error(`LiteRT.js does not start in this browser (${reason(error)}). Try a newer one.`);
  }
  return litert;
}

async function readSettings() {
  const content = await fetched("edge.json");
  let settings;
  try {
    settings = JSON.parse(new TextDecoder().decode(content));
    if (!Object.keys(settings.files).some((name) => name.endsWith(".tflite"))) throw new Error("it names no model");
  } catch (error) {
    throw new Error(`edge.json is damaged (${reason(error)}). Export the page again.`);
  }
  if (!(settings.schema_version <= SCHEMA_VERSION)) {
    throw new Error(`edge.json has schema ${settings.schema_version}, this page reads up to ${SCHEMA_VERSION}.`);
  }
  return settings;
}

async function readLines(name, settings) {
  const { content } = await read(name, settings);
  return new TextDecoder().decode(content).split("\n").slice(0, -1).map(unescape);
}

/** A file, as it was when it was exported. */
async function read(name, settings) {
  const content = await fetched(name);
  // browsers hash on https and localhost only
  if (crypto.subtle && (await sha256(content)) !== settings.files[name]) {
    throw new Error(`${name} was changed or damaged since it was exported. Export the page again.`);
  }
  return { name, content };
}

async function fetched(name) {
  let response;
  try {
    // a page that was exported again must not meet files of the last export
    response = await fetch(new URL(name, import.meta.url), { cache: "no-cache" });
  } catch {
    throw new Error(`${name} cannot be loaded: the server does not answer.`);
  }
  if (!response.ok) throw new Error(`${name} cannot be loaded (HTTP ${response.status}). Export the page again.`);
  return new Uint8Array(await response.arrayBuffer());
}

async function sha256(content) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", content));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function reason(error) {
  return error?.message ?? String(error);
}
