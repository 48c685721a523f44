// Text to the pieces of a unigram SentencePiece model, as kerascnn/text/python_sentencepiece.py does in Python.

const SPACE = "\u2581";
const UNKNOWN = "[UNK]";
// the values of an enumeration in sentencepiece_model.proto
const TYPES = { normal: 1, unknown: 2 };
const UNKNOWN_PENALTY = 10;
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const encoder = new TextEncoder();

export class PieceTokenizer {
  #normalizer;
  #numbers = new Map();
  #scores = [];
  #unknownScore;

  /** All pieces but the unknown one, in the order of the file. */
  pieces = [];

  /** @param {Uint8Array} content The file sentencepiece.model. */
  constructor(content) {
    let normalizer = new Map();
    for (const [number, value] of readFields(content)) {
      if (number === 1) this.#addPiece(new Map(readFields(value)));
      if (number === 3) normalizer = new Map(readFields(value));
    }
    const known = [...this.#numbers.values()].filter((number) => number > 0);
    this.#unknownScore = Math.fround(known.reduce((lowest, n) => Math.min(lowest, this.#scores[n - 1]), Infinity) - UNKNOWN_PENALTY);
    this.#normalizer = new Normalizer(normalizer);
  }

  // Numbers are those of the pieces that text matches, from 1, and 0 for the other prefixes of these pieces.
  #addPiece(fields) {
    const type = fields.get(3) ?? TYPES.normal;
    if (type === TYPES.unknown) return;
    const piece = decoder.decode(fields.get(1));
    this.pieces.push(piece);
    this.#scores.push(fields.get(2) ?? 0);
    if (type !== TYPES.normal) return;
    let prefix = "";
    for (const character of piece) {
      prefix += character;
      if (!this.#numbers.has(prefix)) this.#numbers.set(prefix, 0);
    }
    this.#numbers.set(piece, this.pieces.length);
  }

  /**
   * Split a text into pieces; each run of characters without a piece is one `[UNK]`.
   *
   * @param {string} text Text without lone surrogates.
   * @returns {string[]}
   */
  tokenize(text) {
    text = this.#normalizer.normalize(text);
    // sums are stored as float32; those with a piece are compared before they are rounded
    const best = new Float32Array(text.length + 1).fill(-Infinity);
    const starts = new Int32Array(text.length + 1);
    const isKnown = new Uint8Array(text.length + 1);
    best[0] = 0;
    const update = (start, end, score, known) => {
      if (score > best[end]) {
        best[end] = score;
        starts[end] = start;
        isKnown[end] = known;
      }
    };
    for (let start = 0, next; start < text.length; start = next) {
      next = nextCharacter(text, start);
      for (let end = next; ; end = nextCharacter(text, end)) {
        const number = this.#numbers.get(text.slice(start, end));
        if (number) update(start, end, best[start] + this.#scores[number - 1], 1);
        if (number === undefined || end === text.length) break;
      }
      if (!this.#numbers.get(text.slice(start, next))) {
        update(start, next, Math.fround(best[start] + this.#unknownScore), 0);
      }
    }
    const tokens = [];
    for (let end = text.length; end > 0; end = starts[end]) {
      if (isKnown[end]) tokens.push(text.slice(starts[end], end));
      else if (tokens.at(-1) !== UNKNOWN) tokens.push(UNKNOWN);
    }
    return tokens.reverse();
  }
}

/** Normalizes text by the rules of a model: the longest rule that begins at a character replaces its source. */
class Normalizer {
  #units = new Uint32Array();
  #replacements = new Uint8Array();
  #cache = new Map();
  #addsPrefix;
  #strips;
  #space;

  /** @param {Map<number, any>} fields The fields of a NormalizerSpec. */
  constructor(fields) {
    const charsmap = fields.get(2) ?? new Uint8Array();
    if (charsmap.length) {
      const view = new DataView(charsmap.buffer, charsmap.byteOffset, charsmap.byteLength);
      const size = view.getUint32(0, true);
      this.#units = Uint32Array.from({ length: size / 4 }, (_, index) => view.getUint32(4 + 4 * index, true));
      this.#replacements = charsmap.subarray(4 + size);
    }
    this.#addsPrefix = fields.get(3) !== 0;
    this.#strips = fields.get(4) !== 0;
    this.#space = fields.get(5) !== 0 ? SPACE : " ";
  }

  normalize(text) {
    let position = 0;
    while (this.#strips && position < text.length) {
      const [replacement, end] = this.#findRule(text, position);
      if (replacement !== " ") break;
      position = end;
    }
    if (position === text.length) return "";
    let normalized = this.#addsPrefix ? this.#space : "";
    let afterSpace = this.#strips;
    while (position < text.length) {
      let replacement;
      [replacement, position] = this.#findRule(text, position);
      if (afterSpace) replacement = replacement.replace(/^ +/, "");
      if (!replacement) continue;
      normalized += replacement.replaceAll(" ", this.#space);
      afterSpace = this.#strips && replacement.endsWith(" ");
    }
    let end = normalized.length;
    while (this.#strips && normalized[end - 1] === this.#space) end--;
    return normalized.slice(0, end);
  }

  /** The replacement of the longest rule at a position, and its end; without a rule, the character. */
  #findRule(text, start) {
    const units = this.#units;
    let end = nextCharacter(text, start);
    let replacement = text.slice(start, end);
    let node = units.length ? findChildren(units[0]) : 0;
    for (let from = start, to = end; units.length && from < text.length; from = to, to = nextCharacter(text, from)) {
      let unit;
      for (const byte of encoder.encode(text.slice(from, to))) {
        node ^= byte;
        unit = units[node];
        if ((unit & 0x800000ff) !== byte) return [replacement, end];
        node ^= findChildren(unit);
      }
      if (unit & 0x100) [replacement, end] = [this.#readReplacement(units[node] & 0x7fffffff), to];
    }
    return [replacement, end];
  }

  #readReplacement(start) {
    if (!this.#cache.has(start)) {
      const bytes = this.#replacements.subarray(start, this.#replacements.indexOf(0, start));
      this.#cache.set(start, decoder.decode(bytes));
    }
    return this.#cache.get(start);
  }
}

/** The position of the children of a unit of a double-array trie, relative to it. */
function findChildren(unit) {
  return (unit >>> 10) << ((unit & 0x200) >> 6);
}

/** The index after the character that begins at an index. */
function nextCharacter(text, index) {
  return index + (text.codePointAt(index) > 0xffff ? 2 : 1);
}

/** Yield the number and the value of each field of a protocol buffers message: a number or bytes. */
function* readFields(message) {
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  let position = 0;
  const readVarint = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = view.getUint8(position++);
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  };
  while (position < message.length) {
    const tag = readVarint();
    const number = Math.floor(tag / 8);
    switch (tag % 8) {
      case 0:
        yield [number, readVarint()];
        break;
      case 1:
        position += 8;
        break;
      case 2: {
        const size = readVarint();
        yield [number, message.subarray(position, (position += size))];
        break;
      }
      case 5:
        yield [number, view.getFloat32(position, true)];
        position += 4;
        break;
      default:
        throw new Error("it is not a SentencePiece model");
    }
  }
}
