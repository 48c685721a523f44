// Runs the classifier that edge.json describes in LiteRT.js. In a page of your own:
//
//     import { Classifier } from "./classifier.js";
//     const classifier = await Classifier.load();
//     await classifier.classify("the rate was cut");   // {probabilities: [0.98, …], labels: ["business"], …}

import { PieceTokenizer } from "./sentencepiece.js";
import { tokenize, unescape } from "./text.js";

const SCHEMA_VERSION = 1;
const TASKS = ["single_label", "multi_label"];
const SEAL_SIZE = 68;
const WASM = new URL("node_modules/@litertjs/core/wasm/", import.meta.url).href;

export class Classifier {
  #config;
  #ids;
  #litert;
  #model;

  /** Label names, in the order of the probabilities. */
  labels;
  /** Name and size in bytes of the model file. */
  file;

  /** Load the files next to this script. The message of an error names the problem and the remedy. */
  static async load() {
    const classifier = new Classifier();
    const config = await readConfig();
    const [litert, model, labels, vocabulary, pieces] = await Promise.all([
      loadRuntime(),
      readFile(Object.keys(config.files).find((name) => name.endsWith(".tflite")), config),
      readLines("labels.txt", config),
      config.input === "ids" && config.level !== "sentencepiece" ? readLines("vocabulary.txt", config) : [],
      config.level === "sentencepiece" ? readPieces("sentencepiece.model", config) : null,
    ]);
    classifier.labels = labels;
    classifier.file = { name: model.name, bytes: model.content.length };
    if (config.task === "multi_label" && config.thresholds?.length !== labels.length) {
      throw new Error("edge.json has not one threshold for each label. Export the page again.");
    }
    classifier.#config = { ...config, stopWords: new Set(config.stop_words), maxLength: config.max_length };
    if (pieces) classifier.#config.split = (text) => pieces.tokenize(text);
    // id 0 is padding, id 1 any out-of-vocabulary token
    const tokens = pieces ? pieces.pieces : vocabulary.slice(2);
    classifier.#ids = new Map(tokens.map((token, number) => [token, number + 2]));
    classifier.#litert = litert;
    try {
      classifier.#model = await litert.loadAndCompile(model.content, { accelerator: "wasm" });
    } catch (error) {
      throw new Error(`${model.name} does not run in this browser (${describeError(error)}). Export the page again.`);
    }
    // the first run allocates memory and is slow
    await classifier.classify("");
    return classifier;
  }

  /**
   * Classify a text.
   *
   * @param {string} text
   * @returns {Promise<{probabilities: number[], labels: string[], inputs: number[], milliseconds: number}>}
   *     Probabilities in the order of `labels`; the predicted labels, best first; the ids or code points of the text;
   *     and the time that encoding and running took.
   */
  async classify(text) {
    const start = performance.now();
    const inputs = this.encode(text);
    const row = new Int32Array(this.maxLength);
    row.set(inputs);
    const inputTensor = new this.#litert.Tensor(row, [1, row.length]);
    const [outputTensor] = await this.#model.run(inputTensor);
    const probabilities = Array.from(await outputTensor.data());
    if (!probabilities.every(Number.isFinite)) throw new Error("The model predicts NaN. Export the page again.");
    inputTensor.delete();
    outputTensor.delete();
    return { probabilities, labels: this.#predict(probabilities), inputs, milliseconds: performance.now() - start };
  }

  /** Predicted labels, best first. */
  #predict(probabilities) {
    const order = probabilities.map((_, index) => index).sort((a, b) => probabilities[b] - probabilities[a]);
    const predicted = this.predictsList
      ? order.filter((index) => probabilities[index] >= this.#config.thresholds[index])
      : order.slice(0, 1);
    return predicted.map((index) => this.labels[index]);
  }

  /** Encode a text as the input of the model, ids or code points, without padding. */
  encode(text) {
    const tokens = tokenize(text, this.#config.rules, this.#config);
    if (this.#config.input === "code_points") return tokens.map((token) => token.codePointAt(0));
    return tokens.map((token) => this.#ids.get(token) ?? 1);
  }

  /** Whether a text gets a list of labels. */
  get predictsList() {
    return this.#config.task === "multi_label";
  }

  /** Maximum number of tokens that the model reads; the rest of a text is cut. */
  get maxLength() {
    return this.#config.maxLength;
  }
}

async function loadRuntime() {
  let litert;
  try {
    litert = await import("@litertjs/core");
  } catch {
    throw new Error("LiteRT.js, which runs the model, is not installed. Run “npm install” in the folder of this page, then reload.");
  }
  try {
    await litert.loadLiteRt(WASM);
  } catch (error) {
    throw new Error(`LiteRT.js does not start in this browser (${describeError(error)}). Try a newer browser.`);
  }
  return litert;
}

async function readConfig() {
  const content = await fetchFile("edge.json");
  let config;
  try {
    config = JSON.parse(new TextDecoder().decode(content));
    if (!Object.keys(config.files).some((name) => name.endsWith(".tflite"))) throw new Error("it names no model");
  } catch (error) {
    throw new Error(`edge.json is damaged (${describeError(error)}). Export the page again.`);
  }
  if (!(config.schema_version <= SCHEMA_VERSION)) {
    throw new Error(`edge.json has schema version ${config.schema_version}, but this page reads up to ${SCHEMA_VERSION}.`);
  }
  // the file ends with the hash of all bytes before it, and the end of the JSON object
  const [head, seal] = [content.subarray(0, -SEAL_SIZE), new TextDecoder().decode(content.subarray(-SEAL_SIZE))];
  if (crypto.subtle && seal !== `${await sha256(head)}"\n}\n`) {
    throw new Error("edge.json was changed or damaged since it was exported. Export the page again.");
  }
  if (!TASKS.includes(config.task)) throw new Error(`edge.json has the task ${config.task}, which this page does not support.`);
  return config;
}

async function readLines(name, config) {
  const { content } = await readFile(name, config);
  return new TextDecoder().decode(content).split("\n").slice(0, -1).map(unescape);
}

async function readPieces(name, config) {
  const { content } = await readFile(name, config);
  try {
    return new PieceTokenizer(content);
  } catch (error) {
    throw new Error(`${name} is damaged (${describeError(error)}). Export the page again.`);
  }
}

/** Read a file and check that it is unchanged since export. */
async function readFile(name, config) {
  const content = await fetchFile(name);
  // browsers hash on https and localhost only
  if (crypto.subtle && (await sha256(content)) !== config.files[name]) {
    throw new Error(`${name} was changed or damaged since it was exported. Export the page again.`);
  }
  return { name, content };
}

async function fetchFile(name) {
  let response;
  try {
    // without a cache, so that files of an earlier export are never mixed with new ones
    response = await fetch(new URL(name, import.meta.url), { cache: "no-cache" });
  } catch {
    throw new Error(`${name} cannot be loaded: the server does not respond.`);
  }
  if (!response.ok) throw new Error(`${name} cannot be loaded (HTTP ${response.status}). Export the page again.`);
  return new Uint8Array(await response.arrayBuffer());
}

async function sha256(content) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", content));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function describeError(error) {
  return error?.message ?? String(error);
}
