// Text to tokens: the rules of edge.json on one text, as kerascnn/text/python_tokenizer.py runs them in Python.

const RULES = {
  replace: (text, pattern, rewrite) => text.replace(compiled(pattern, "gu"), rewriting(rewrite)),
  unless: (text, pattern, ...rules) => (compiled(`^(?:${pattern})$`, "u").test(text) ? text : apply(text, rules)),
  repair: (text) => text.toWellFormed(),
  lower: (text) => text.toLowerCase(),
  width: (text) => text.replace(/[\uff01-\uff5e]/g, (form) => String.fromCharCode(form.charCodeAt(0) - 0xfee0)),
  longest_match: (text, ranges, words) => text.replace(compiled(`[${ranges}]+`, "gu"), (run) => spaced(run, known(words))),
  nfkc: (text) => text.normalize("NFKC"),
};

/**
 * Split a text into tokens.
 *
 * @param {string} text Any text; lone surrogates become a space.
 * @param {Array} rules As edge.json gives them.
 * @param {{level: string, maxLength: number, stopWords: Set<string>}} options `word` or `character`; the tokens that
 *     are kept; those that are left out.
 * @returns {string[]}
 */
export function tokenize(text, rules, { level, maxLength, stopWords }) {
  text = apply(text.toWellFormed(), rules);
  const tokens = level === "character" ? [...text] : text.split(" ");
  return tokens.filter((token) => token && !stopWords.has(token)).slice(0, maxLength);
}

/** A line of vocabulary.txt or labels.txt as the token or label that it stands for. */
export function unescape(line) {
  return line.replace(/\\(?:\\|u([0-9a-f]{4})|U([0-9a-f]{8}))/g, (_, short, long) =>
    String.fromCodePoint(parseInt(short ?? long ?? "5c", 16)),
  );
}

function apply(text, rules) {
  for (const [name, ...options] of rules) {
    if (!Object.hasOwn(RULES, name)) throw new Error(`edge.json holds a rule that this page does not know: ${name}`);
    text = RULES[name](text, ...options);
  }
  return text;
}

// Forward maximum matching: the longest word that begins here, else one character.
function spaced(run, { words, longest }) {
  const letters = [...run];
  let tokens = "";
  for (let start = 0, stop; start < letters.length; start = stop) {
    stop = Math.min(letters.length, start + longest);
    while (stop > start + 1 && !words.has(letters.slice(start, stop).join(""))) stop--;
    tokens += ` ${letters.slice(start, stop).join("")}`;
  }
  return tokens;
}

const lists = new Map();

function known(list) {
  if (!lists.has(list)) {
    const words = list.split(" ");
    lists.set(list, { words: new Set(words), longest: Math.max(...words.map((word) => [...word].length)) });
  }
  return lists.get(list);
}

const patterns = new Map();

function compiled(pattern, flags) {
  const key = flags + pattern;
  if (!patterns.has(key)) patterns.set(key, new RegExp(pattern, flags));
  return patterns.get(key);
}

// RE2 writes \0 for the match and \1 for a group, JavaScript $& and $1.
function rewriting(rewrite) {
  return rewrite.replaceAll("$", "$$$$").replace(/\\(\d)/g, (_, group) => (group === "0" ? "$&" : `$${group}`));
}
