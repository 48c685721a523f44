// Tokens, their ids and their tags, as kerascnn/text/words.py, token_encoder.py, tasks/viterbi.py and sentence_tagger.py
// in Python.

import { applyRules } from "./text.js";

const UNKNOWN = 1;
const CJK =
  "\\u2e80-\\u2fdf\\u3001-\\u30ff\\u31c0-\\u31ff\\u3400-\\u4dbf\\u4e00-\\u9fff\\uf900-\\ufaff\\uff00-\\uffef\\u{20000}-\\u{3134f}";
const SPACE = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const INSIDE = "[\\p{M}\\xad\\u200c\\u200d]*";
const MODIFIED = "[\\p{M}\\xad\\u200c\\u{1f3fb}-\\u{1f3ff}\\u{e0020}-\\u{e007f}]*";
const WORD = `(?:(?![${CJK}])[\\p{L}\\p{N}_]${INSIDE})`;
const NO_WORD = "(?![\\p{L}\\p{N}_\\p{M}\\xad\\u200c\\u200d])";
const OTHER = `(?![\\p{L}\\p{N}_])[^${SPACE}]`;
// punctuation marks that are one token if they are repeated
const REPEATED = [..."!\"#$%&'()*+,-./:;<=>?@[\\]^`{|}~–—…"].map((mark) => `${mark.replace(/[$()*+./?[\\\]^{|}]/, "\\$&")}+`);
const WORDS = new RegExp(
  [
    `[${CJK}]${INSIDE}`,
    `(?:[hH][tT][tT][pP][sS]?://|[wW][wW][wW]\\.)[^${SPACE}<>"${CJK}]+`,
    `[^${SPACE}@<>"${CJK}]{1,64}@${WORD}+(?:[.\\-]${WORD}+)+`,
    `\\p{Nd}+(?:[.,:/]\\p{Nd}+)*${INSIDE}`,
    `(?:(?!\\p{Nd})[\\p{L}\\p{N}]${INSIDE}\\.){2,}`,
    `${WORD}+?(?=[nN]['’][tT]${NO_WORD})`,
    `[nN]['’][tT]${NO_WORD}`,
    `['’](?:[sSmMdD]|[rRvV][eE]|[lL][lL])${NO_WORD}`,
    `${WORD}+`,
    `(?:${REPEATED.join("|")})${INSIDE}`,
    `(?:[\\u{1f1e6}-\\u{1f1ff}]{2}|${OTHER})${MODIFIED}(?:\\u200d+${OTHER}${MODIFIED})*\\u200d*`,
  ].join("|"),
  "gu",
);
const CHARACTERS = new RegExp(`[^${SPACE}]`, "gu");

/**
 * Split a text into tokens.
 *
 * @param {string} text
 * @param {string} level `word` or `character`.
 * @returns {{text: string, start: number, end: number}[]} Tokens with their positions, in UTF-16 units.
 */
export function splitText(text, level) {
  return Array.from(text.matchAll(level === "character" ? CHARACTERS : WORDS), (match) => ({
    text: match[0],
    start: match.index,
    end: match.index + match[0].length,
  }));
}

/** Converts tokens to ids. */
export class TokenEncoder {
  #rules;
  #tables;
  #ids;
  #characterIds;
  #wordLength;

  /**
   * @param {{rules: Array, unicode: Object<string, string>, word_length: number}} config edge.json
   * @param {string[]} vocabulary
   * @param {?string[]} characters Null if a token has no ids of characters.
   */
  constructor(config, vocabulary, characters) {
    this.#rules = config.rules;
    this.#tables = config.unicode;
    this.#wordLength = config.word_length;
    const number = (tokens) => new Map(tokens.map((token, id) => [token, id]).slice(UNKNOWN + 1));
    this.#ids = number(vocabulary);
    this.#characterIds = characters && number(characters);
    /** Ids of a token. */
    this.width = characters ? 1 + this.#wordLength : 1;
  }

  /** Write the ids of a token to an array, from a position on. */
  encode(token, target, position) {
    const form = applyRules(token.toWellFormed(), this.#rules, this.#tables);
    target[position] = this.#ids.get(form) ?? this.#ids.get(form.replace(/[0-9]/g, "0")) ?? UNKNOWN;
    if (!this.#characterIds) return;
    let letters = [...token];
    if (letters.length > this.#wordLength) {
      const half = Math.floor(this.#wordLength / 2);
      letters = [...letters.slice(0, this.#wordLength - half), ...letters.slice(letters.length - half)];
    }
    letters.forEach((letter, index) => {
      target[position + 1 + index] = this.#characterIds.get(letter) ?? UNKNOWN;
    });
  }
}

/**
 * Return the windows of a sentence that a model sees; each has a quarter of `size` as context on each side.
 *
 * @returns {{start: number, end: number, first: number, last: number}[]} First and last token that it sees, and first
 *     and last token whose scores count; ends are exclusive.
 */
export function splitWindows(length, size) {
  if (length <= size) return length ? [{ start: 0, end: length, first: 0, last: length }] : [];
  const margin = Math.floor(size / 4);
  const windows = [];
  for (let done = 0; done < length; done = windows.at(-1).last) {
    const start = Math.max(0, Math.min(done - margin, length - size));
    const end = Math.min(length, start + size);
    windows.push({ start, end, first: done, last: end === length ? length : end - margin });
  }
  return windows;
}

/** Finds the most probable sequence of tags of a sentence, and the probabilities of the tags. */
export class TagDecoder {
  #start;
  #transitions;
  #normalize;

  /** @param {{start: number[], transitions: number[][], normalize: boolean}} config edge.json */
  constructor({ start, transitions, normalize }) {
    [this.#start, this.#transitions, this.#normalize] = [start, transitions, normalize];
  }

  /**
   * @param {number[][]} scores Scores of the tags of each token.
   * @returns {{tags: number[], probabilities: number[][]}}
   */
  decode(scores) {
    if (this.#normalize) scores = scores.map((row) => subtract(row, logSum(row)));
    return { tags: this.#findBest(scores), probabilities: this.#computeProbabilities(scores) };
  }

  #findBest(scores) {
    const pointers = [];
    let delta = scores.length ? add(this.#start, scores[0]) : [];
    for (const row of scores.slice(1)) {
      const before = row.map((_, tag) => indexOfMaximum(delta.map((value, from) => value + this.#transitions[from][tag])));
      delta = row.map((score, tag) => delta[before[tag]] + this.#transitions[before[tag]][tag] + score);
      pointers.push(before);
    }
    const tags = scores.length ? [indexOfMaximum(delta)] : [];
    for (const before of pointers.reverse()) tags.push(before[tags.at(-1)]);
    return tags.reverse();
  }

  #computeProbabilities(scores) {
    const emission = scores.map((row) => subtract(row, Math.max(...row)).map(Math.exp));
    const shift = Math.max(...this.#start, ...this.#transitions.flat());
    const transition = this.#transitions.map((row) => subtract(row, shift).map(Math.exp));
    const forward = [];
    let before = subtract(this.#start, shift).map(Math.exp);
    for (const row of emission) {
      forward.push(normalize(row.map((value, tag) => value * before[tag])));
      before = row.map((_, tag) => sum(forward.at(-1).map((value, from) => value * transition[from][tag])));
    }
    const probabilities = [];
    let after = this.#start.map(() => 1);
    for (let t = scores.length - 1; t >= 0; t--) {
      probabilities.push(normalize(forward[t].map((value, tag) => value * after[tag])));
      const next = emission[t].map((value, tag) => value * after[tag]);
      after = normalize(transition.map((row) => sum(row.map((value, tag) => value * next[tag]))));
    }
    return probabilities.reverse();
  }
}

/**
 * Return the spans of tagged tokens.
 *
 * @param {{start: number, end: number, tag: string, score: number}[]} tokens
 * @returns {{label: string, start: number, end: number, score: number}[]}
 */
export function findSpans(tokens) {
  const spans = [];
  let open = null;
  for (const { start, end, tag, score } of tokens) {
    const [prefix, label] = [tag.slice(0, 1), tag.slice(2)];
    if (prefix === "I" && open?.label === label) {
      open.end = end;
      open.score = Math.min(open.score, score);
    } else {
      open = tag === "O" ? null : { label, start, end, score };
      if (open) spans.push(open);
    }
  }
  return spans;
}

/** Whether tags are those of spans, such as B-PER, I-PER and O. */
export function haveSpans(labels) {
  return labels.every((label) => label === "O" || /^[BI](-|$)/.test(label)) && labels.some((label) => /^[BI]/.test(label));
}

const sum = (values) => values.reduce((total, value) => total + value, 0);
const add = (values, others) => values.map((value, index) => value + others[index]);
const subtract = (values, number) => values.map((value) => value - number);
const indexOfMaximum = (values) => values.indexOf(Math.max(...values));

function logSum(values) {
  const largest = Math.max(...values);
  return largest + Math.log(sum(subtract(values, largest).map(Math.exp)));
}

function normalize(values) {
  const total = sum(values);
  return values.map((value) => (total > 0 ? value / total : 1 / values.length));
}
