// Text to tokens: applies the rules of edge.json as kerascnn/text/python_tokenizer.py does in Python.

const RULES = {
  replace: (text, pattern, rewrite) => text.replace(compilePattern(pattern, "gu"), convertRewrite(rewrite)),
  unless: (text, pattern, ...rules) => (compilePattern(`^(?:${pattern})$`, "u").test(text) ? text : applyRules(text, rules)),
  repair: (text) => text.toWellFormed(),
  lower: (text) => text.toLowerCase(),
  width: (text) => text.replace(/[\uff01-\uff5e]/g, (form) => String.fromCharCode(form.charCodeAt(0) - 0xfee0)),
  longest_match: (text, ranges, words) =>
    text.replace(compilePattern(`[${ranges}]+`, "gu"), (run) => insertSpaces(run, parseWords(words))),
  nfkc: (text) => text.normalize("NFKC"),
};

/**
 * Split a text into tokens.
 *
 * @param {string} text Any text; lone surrogates become a space.
 * @param {Array} rules The rules of edge.json.
 * @param {{level: string, maxLength: number, stopWords: Set<string>, split: ?function(string): string[]}} options
 *     `word` or `character`; the maximum number of tokens; tokens to remove; a function that splits the text after the
 *     rules, instead of `level`.
 * @returns {string[]}
 */
export function tokenize(text, rules, { level, maxLength, stopWords, split }) {
  text = applyRules(text.toWellFormed(), rules);
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

function applyRules(text, rules) {
  for (const [name, ...options] of rules) {
    if (!Object.hasOwn(RULES, name)) throw new Error(`edge.json has a rule that this page does not support: ${name}`);
    text = RULES[name](text, ...options);
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

function compilePattern(pattern, flags) {
  const key = flags + pattern;
  if (!patterns.has(key)) patterns.set(key, new RegExp(pattern, flags));
  return patterns.get(key);
}

// RE2 writes \0 for the match and \1 for a group, JavaScript $& and $1.
function convertRewrite(rewrite) {
  return rewrite.replaceAll("$", "$$$$").replace(/\\(\d)/g, (_, group) => (group === "0" ? "$&" : `$${group}`));
}
