// What the Node scripts have in common: they say what they checked, and end with the first failure.
'use strict';

const { isDeepStrictEqual, inspect } = require('node:util');

// In milliseconds; far more than any wait that will be met.
const PATIENCE = 20_000;
// For a whole script.
const DEADLINE = 100_000;

function ok(what) {
  console.log('ok', what);
}

// Fails unless both are the same.
function equal(got, expected, what) {
  if (!isDeepStrictEqual(got, expected)) {
    throw new Error(`${what}: ${shown(got)} in place of ${shown(expected)}`);
  }
}

function shown(value) {
  return inspect(value, { maxStringLength: 300, maxArrayLength: 20, breakLength: Infinity });
}

// Waits, but not for ever.
function within(promise, what, patience = PATIENCE) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: nothing within ${patience} ms`)), patience);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

// Runs a script; its exit code tells.
function run(main, deadline = DEADLINE) {
  within(main(), 'the script', deadline).then(
    () => process.exit(0),
    (error) => {
      console.error('FAILED', error);
      process.exit(1);
    },
  );
}

module.exports = { ok, equal, within, run };
