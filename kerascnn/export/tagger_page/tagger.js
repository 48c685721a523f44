// Runs the tagger that edge.json describes in LiteRT.js. In a page of your own:
//
//     import { Tagger } from "./tagger.js";
//     const tagger = await Tagger.load();
//     await tagger.tag("Anna lives in Rome");   // {tokens: [{text: "Anna", start: 0, end: 4, tag: "B-PER", …}, …], …}

import { describeError, loadRuntime, readConfig, readFile, readLines } from "./files.js";
import { TagDecoder, TokenEncoder, findSpans, haveSpans, splitText, splitWindows } from "./sentences.js";

export class Tagger {
  #config;
  #encoder;
  #decoder;
  #litert;
  #model;

  /** All tags. */
  labels;
  /** Whether the tags are those of spans, such as B-PER; otherwise each token has a tag of its own. */
  hasSpans;
  /** Name and size in bytes of the model file. */
  file;

  /** Load the files next to this script. The message of an error names the problem and the remedy. */
  static async load() {
    const tagger = new Tagger();
    const config = await readConfig(["tagging"]);
    const [litert, model, labels, vocabulary, characters] = await Promise.all([
      loadRuntime(),
      readFile(Object.keys(config.files).find((name) => name.endsWith(".tflite")), config),
      readLines("labels.txt", config),
      readLines("vocabulary.txt", config),
      "characters.txt" in config.files ? readLines("characters.txt", config) : null,
    ]);
    tagger.labels = labels;
    tagger.hasSpans = haveSpans(labels);
    tagger.file = { name: model.name, bytes: model.content.length };
    tagger.#config = config;
    tagger.#encoder = new TokenEncoder(config, vocabulary, characters);
    tagger.#decoder = new TagDecoder(config);
    tagger.#litert = litert;
    try {
      tagger.#model = await litert.loadAndCompile(model.content, { accelerator: "wasm" });
    } catch (error) {
      throw new Error(`${model.name} does not run in this browser (${describeError(error)}). Export the page again.`);
    }
    // the first run allocates memory and is slow
    await tagger.tagTokens(["a"]);
    return tagger;
  }

  /**
   * Tag a text.
   *
   * @param {string} text
   * @returns {Promise<{tokens: Object[], spans: Object[], milliseconds: number}>} Tokens with their positions in the
   *     text, in UTF-16 units, tag and its probability; the spans of the tags; and the time that it took.
   */
  async tag(text) {
    const begun = performance.now();
    const places = splitText(text, this.#config.level);
    const answers = await this.tagTokens(places.map((place) => place.text));
    const tokens = places.map((place, index) => ({ ...place, ...answers[index] }));
    return { tokens, spans: this.hasSpans ? findSpans(tokens) : [], milliseconds: performance.now() - begun };
  }

  /**
   * Tag the tokens of a sentence.
   *
   * @param {string[]} tokens
   * @returns {Promise<{tag: string, score: number}[]>}
   */
  async tagTokens(tokens) {
    const { width } = this.#encoder;
    const size = this.#config.length;
    const ids = new Int32Array(tokens.length * width);
    tokens.forEach((token, index) => this.#encoder.encode(token, ids, index * width));
    const scores = [];
    for (const { start, end, first, last } of splitWindows(tokens.length, size)) {
      const row = new Int32Array(size * width);
      row.set(ids.subarray(start * width, end * width));
      const found = await this.#run(row, width === 1 ? [1, size] : [1, size, width]);
      scores.push(...found.slice(first - start, last - start));
    }
    const { tags, probabilities } = this.#decoder.decode(scores);
    return tags.map((tag, index) => ({ tag: this.labels[tag], score: probabilities[index][tag] }));
  }

  /** Scores of the tags of each token of a padded sentence. */
  async #run(ids, shape) {
    const inputTensor = new this.#litert.Tensor(ids, shape);
    const [outputTensor] = await this.#model.run(inputTensor);
    const values = Array.from(await outputTensor.data());
    inputTensor.delete();
    outputTensor.delete();
    if (!values.every(Number.isFinite)) throw new Error("The model predicts NaN. Export the page again.");
    const count = this.labels.length;
    return Array.from({ length: values.length / count }, (_, index) => values.slice(index * count, (index + 1) * count));
  }
}
