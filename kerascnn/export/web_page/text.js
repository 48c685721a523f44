// Text to tokens: applies the rules of edge.json as kerascnn/text/python_tokenizer.py does in Python.

// Each rule has the text, the tables of Unicode and the arguments of the rule. Characters that are newer than the tables
// are letters for some browsers only.
const RULES = {
  replace: (text, tables, pattern, rewrite) =>
    text.replace(compilePattern(pattern, "gu", tables), convertRewrite(rewrite)),
  unless: (text, tables, pattern, ...rules) =>
    compilePattern(`^(?:${pattern})$`, "u", tables).test(text) ? text : applyRules(text, rules, tables),
  repair: (text) => text.toWellFormed(),
  lower: (text, tables) => text.replace(compilePattern("\\P{caseless}+", "gu", tables), (known) => known.toLowerCase()),
  width: (text) => text.replace(/[\uff01-\uff5e]/g, (form) => String.fromCharCode(form.charCodeAt(0) - 0xfee0)),
  longest_match: (text, tables, ranges, words) =>
    text.replace(compilePattern(`[${ranges}]+`, "gu", tables), (run) => insertSpaces(run, parseWords(words))),
  // without the only character that browsers with Unicode 17 change, and the graph does not
  nfkc: (text) => text.replace(/[^\ua7f1]+/gu, (known) => known.normalize("NFKC")),
};

/**
 * Split a text into tokens.
 *
 * @param {string} text Any text; lone surrogates become a space.
 * @param {Array} rules The rules of edge.json.
 * @param {{level: string, maxLength: number, stopWords: Set<string>, unicode: Object<string, string>,
 *     split: ?function(string): string[]}} options
 *     `word` or `character`; the maximum number of tokens; tokens to remove; the tables of edge.json; a function that
 *     splits the text after the rules, instead of `level`.
 * @returns {string[]}
 */
export function tokenize(text, rules, { level, maxLength, stopWords, unicode, split }) {
  text = applyRules(text.toWellFormed(), rules, unicode);
  if (split) return split(text).slice(0, maxLength);
  const tokens = level === "character" ? [...text] : text.split(" ");
  return tokens.filter((token) => token && !stopWords.has(token)).slice(0, maxLength);
}

/** Convert a line of vocabulary.txt or labels.txt to the token or label that it encodes. */
export function unescape(line) {
  return line.replace(/\\(?:\\|u([0-9a-f]{4})|U([0-9a-f]{8}))/g, (_, short, long) =>
    String.fromCodePoint(parseInt(short ?? long ?? "5c", 16)),
  );
}

/** Apply the rules of edge.json to a text. */
export function applyRules(text, rules, tables) {
  for (const [name, ...options] of rules) {
    if (!Object.hasOwn(RULES, name)) throw new Error(`edge.json has a rule that this page does not support: ${name}`);
    text = RULES[name](text, tables, ...options);
  }
  return text;
}

// Forward maximum matching: the next token is the longest word that begins here, or one character.
function insertSpaces(run, { words, maxLength }) {
  const letters = [...run];
  let tokens = "";
  for (let start = 0, stop; start < letters.length; start = stop) {
    stop = Math.min(letters.length, start + maxLength);
    while (stop > start + 1 && !words.has(letters.slice(start, stop).join(""))) stop--;
    tokens += ` ${letters.slice(start, stop).join("")}`;
  }
  return tokens;
}

const wordLists = new Map();

function parseWords(list) {
  if (!wordLists.has(list)) {
    const words = list.split(" ");
    wordLists.set(list, { words: new Set(words), maxLength: Math.max(...words.map((word) => [...word].length)) });
  }
  return wordLists.get(list);
}

const patterns = new Map();

function compilePattern(pattern, flags, tables) {
  const key = flags + pattern;
  if (!patterns.has(key)) patterns.set(key, new RegExp(expandCategories(pattern, tables), flags));
  return patterns.get(key);
}

// Replaces categories (\p{L}) by the code points of the tables, in brackets outside of a character class.
function expandCategories(pattern, tables) {
  let inside = false;
  const parts = pattern.split(/(\\[pP]\{\w+\}|\\.|[[\]])/);
  return parts
    .map((part) => {
      if (part === "[" || part === "]") inside = part === "[";
      const [, sign, name] = part.match(/^\\([pP])\{(\w+)\}$/) ?? [];
      if (!name) return part;
      const ranges = expandRanges(tables[name], sign === "p");
      return inside ? ranges : `[${ranges}]`;
    })
    .join("");
}

// Numbers in pairs: how many code points are left out, and how many then belong to the set.
function expandRanges(table, include) {
  let sum = 0;
  const ends = table.split(" ").map((number) => (sum += Number(number)));
  if (!include) ends.unshift(0) && ends.push(0x110000);
  let ranges = "";
  for (let index = 0; index < ends.length; index += 2) {
    const [start, stop] = [ends[index], ends[index + 1]];
    if (start < stop) ranges += `\\u{${start.toString(16)}}-\\u{${(stop - 1).toString(16)}}`;
  }
  return ranges;
}

// RE2 writes \0 for the match and \1 for a group, JavaScript $& and $1.
function convertRewrite(rewrite) {
  return rewrite.replaceAll("$", "$$$$").replace(/\\(\d)/g, (_, group) => (group === "0" ? "$&" : `$${group}`));
}
