// Generates lib/generated, index.mjs and index.d.ts from the W3C IDL.
//
//   node tools/generate.mjs          writes the files
//   node tools/generate.mjs --check  writes nothing; fails when a file differs

import {mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {load} from './idl.mjs';
import {dictionariesFile, enumsFile, indexFile, interfaceFile, moduleFile} from './javascript.mjs';
import {typesFile} from './typescript.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

// path below the package's folder -> text
export function generate() {
  const idl = load();
  const files = new Map([
    ['index.d.ts', typesFile(idl)],
    ['index.mjs', moduleFile(idl)],
    ['lib/generated/enums.js', enumsFile(idl)],
    ['lib/generated/dictionaries.js', dictionariesFile(idl)],
    ['lib/generated/index.js', indexFile(idl)],
  ]);
  for (const each of idl.all('interface')) {
    files.set(`lib/generated/${each.name}.js`, interfaceFile(idl, each));
  }
  return files;
}

// Files that differ from what would be generated, or that would not be.
export function differences() {
  const files = generate();
  const wrong = [];
  for (const [path, text] of files) {
    let present;
    try {
      present = readFileSync(join(root, path), 'utf8');
    } catch {}
    if (present !== text) wrong.push(path);
  }
  for (const name of readdirSync(join(root, 'lib/generated'))) {
    if (!files.has(`lib/generated/${name}`)) wrong.push(`lib/generated/${name}`);
  }
  return wrong;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv.includes('--check')) {
    const wrong = differences();
    if (wrong.length) {
      console.error(`not as generated: ${wrong.join(', ')}`);
      process.exitCode = 1;
    }
  } else {
    rmSync(join(root, 'lib/generated'), {recursive: true, force: true});
    mkdirSync(join(root, 'lib/generated'), {recursive: true});
    for (const [path, text] of generate()) writeFileSync(join(root, path), text);
  }
}
