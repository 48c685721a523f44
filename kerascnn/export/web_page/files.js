// Reads the files of an export, and starts the runtime; the messages of errors name the problem and the remedy.

import { unescape } from "./text.js";

const SCHEMA_VERSION = 1;
const SEAL_SIZE = 68;
const WASM = new URL("node_modules/@litertjs/core/wasm/", import.meta.url).href;

/** Start LiteRT.js, which runs the model. */
export async function loadRuntime() {
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

/**
 * Read edge.json and check it.
 *
 * @param {string[]} tasks The tasks that the page supports.
 */
export async function readConfig(tasks) {
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
  if (!tasks.includes(config.task)) throw new Error(`edge.json has the task ${config.task}, which this page does not support.`);
  return config;
}

/** Read the tokens or labels of a file. */
export async function readLines(name, config) {
  const { content } = await readFile(name, config);
  return new TextDecoder().decode(content).split("\n").slice(0, -1).map(unescape);
}

/** Read a file and check that it is unchanged since export. */
export async function readFile(name, config) {
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

export function describeError(error) {
  return error?.message ?? String(error);
}
