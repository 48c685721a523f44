// Runs the classifier that edge.json describes in LiteRT.js. In a page of your own:
//
//     import { Classifier } from "./classifier.js";
//     const classifier = await Classifier.load();
//     await classifier.classify("the rate was cut");   // {probabilities: [0.98, …], labels: ["business"], …}

import { describeError, loadRuntime, readConfig, readFile, readLines } from "./files.js";
import { PieceTokenizer } from "./sentencepiece.js";
import { tokenize } from "./text.js";

const TASKS = ["single_label", "multi_label"];

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
    const config = await readConfig(TASKS);
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

async function readPieces(name, config) {
  const { content } = await readFile(name, config);
  try {
    return new PieceTokenizer(content);
  } catch (error) {
    throw new Error(`${name} is damaged (${describeError(error)}). Export the page again.`);
  }
}
