#!/usr/bin/env node
/*
 * The solc of npm behind the command line of the native compiler.
 *
 * py-solc-x, and so Brownie, runs a binary named `solc-v<version>` in $SOLCX_BINARY_PATH. `make setup`
 * puts a link to this file there. It answers what Brownie and our own tools ask:
 *
 *     solc --version
 *     solc --standard-json [file] [--base-path DIR] [--allow-paths LIST]     (input on stdin without a file)
 *
 * Imports are read from disk, relative to the base path or the working directory. Every other option is
 * refused aloud: half an answer from a compiler is worse than none.
 */
"use strict";

const fs = require("fs");
const path = require("path");

const modules = path.join(__dirname, "..", "node_modules");
const { version } = require(path.join(modules, "solc", "package.json"));

/** Loads 9 MB of WebAssembly, so only when there is something to compile. */
function compiler() {
  const solc = require(path.join(modules, "solc"));
  // The module swallows every later defect of this script with handlers of its own.
  process.removeAllListeners("uncaughtException");
  process.removeAllListeners("unhandledRejection");
  return solc;
}

/** The version with its commit, kept beside the compiler, so that asking costs no compiler start. */
function longVersion() {
  const kept = path.join(modules, "solc", ".long-version");
  try {
    return fs.readFileSync(kept, "utf8");
  } catch {
    const long = compiler().version().match(/^\d+\.\d+\.\d+\+commit\.[0-9a-f]+/)[0] + ".Emscripten.clang";
    try {
      fs.writeFileSync(kept, long);
    } catch {
      // A read-only installation is only slower.
    }
    return long;
  }
}

/** Writes all of `text`, however slow the reader of a pipe is. */
function say(text) {
  const bytes = Buffer.from(text);
  let done = 0;
  while (done < bytes.length) {
    try {
      done += fs.writeSync(1, bytes, done);
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
    }
  }
}

function refuse(sentence) {
  process.stderr.write(`solc-shim: ${sentence}\n`);
  process.exit(1);
}

function parse(args) {
  const options = { version: false, standardJson: false, file: 0, basePath: "." };
  const rest = args.flatMap((arg) => (/^--[a-z-]+=/.test(arg) ? arg.split(/=(.*)/s).slice(0, 2) : [arg]));
  while (rest.length > 0) {
    const arg = rest.shift();
    if (arg === "--version") options.version = true;
    else if (arg === "--standard-json") options.standardJson = true;
    else if (arg === "--base-path") options.basePath = rest.shift();
    else if (arg === "--allow-paths") rest.shift();
    else if (arg === "-") options.file = 0;
    else if (arg.startsWith("-")) refuse(`the option ${arg} is not supported`);
    else options.file = arg;
  }
  return options;
}

/** solcjs is a 32-bit build: a negative AST id (of `msg`, `block`, ...) comes out as 2^32 - n. */
function repairIds(json) {
  return json.replace(/([[:,])(42949\d{5})(?=[,\]}])/g, (all, before, id) => {
    const number = Number(id);
    return number > 4294900000 && number < 2 ** 32 ? before + (number - 2 ** 32) : all;
  });
}

function compile({ file, basePath }) {
  const read = (name) => fs.readFileSync(path.resolve(basePath, name.replace(/^file:\/\//, "")), "utf8");
  const input = JSON.parse(fs.readFileSync(file, "utf8"));
  for (const source of Object.values(input.sources ?? {})) {
    if (source.content === undefined && source.urls) {
      source.content = read(source.urls[0]);
      delete source.urls;
    }
  }
  const find = (name) => {
    try {
      return { contents: read(name) };
    } catch {
      return { error: `File not found: ${name}` };
    }
  };
  // Brownie can't say so: without the digest of the sources the bytecode is the one that `generate` exports.
  input.settings = { ...input.settings, metadata: { bytecodeHash: "none", ...input.settings?.metadata } };
  return repairIds(compiler().compile(JSON.stringify(input), { import: find }));
}

const options = parse(process.argv.slice(2));
if (options.version) {
  say(`solc, the solidity compiler commandline interface\nVersion: ${longVersion()}\n`);
} else if (options.standardJson) {
  say(compile(options) + "\n");
} else {
  refuse(`solc ${version} of npm: ask --version or --standard-json`);
}
process.exit(0);
