// Reads the IDL files, merges partial definitions and applies the selection.

import {readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import * as webidl2 from 'webidl2';
import {alsoDictionaries, borrowed, extensions, hosts, leftOut, specifications} from './selection.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const webref = dirname(createRequire(import.meta.url).resolve('@webref/idl/package.json'));

const parse = (folder, file) => webidl2.parse(readFileSync(join(folder, file), 'utf8'));

function collect() {
  const whole = [];
  for (const file of specifications) whole.push(...parse(webref, file));
  for (const file of extensions) {
    for (const definition of parse(here, file)) {
      definition.isExtension = true;
      for (const member of definition.members ?? []) member.isExtension = true;
      whole.push(definition);
    }
  }
  for (const [file, names] of Object.entries(borrowed)) {
    const found = parse(webref, file).filter((each) => names.includes(each.name) && !each.partial);
    if (found.length !== names.length) throw new Error(`${file} does not define all of ${names}`);
    whole.push(...found);
  }
  return whole;
}

// name -> definition, partial definitions merged in order, left-out members taken away.
export function load() {
  const definitions = new Map();
  const partials = [];
  for (const definition of collect()) {
    if (definition.partial) partials.push(definition);
    else definitions.set(definition.name, definition);
  }
  for (const partial of partials) {
    // Partial definitions of what a specification beside ours defines are not our matter.
    for (const member of partial.members) add(definitions.get(partial.name)?.members, member);
  }

  const unused = new Set(Object.keys(leftOut));
  for (const name of [...definitions.keys()]) {
    if (unused.delete(name)) definitions.delete(name);
  }
  for (const definition of definitions.values()) {
    if (definition.type !== 'interface' && definition.type !== 'dictionary') continue;
    definition.keptMembers = definition.members.filter(
        (member) => !unused.has(`${definition.name}.${member.name}`));
    for (const member of definition.members) {
      if (!definition.keptMembers.includes(member)) unused.delete(`${definition.name}.${member.name}`);
    }
  }
  if (unused.size) throw new Error(`left out, but not in the IDL: ${[...unused].join(', ')}`);
  return new Idl(definitions);
}

// An operation of ours that W3C has, too, stands in its place.
function add(members, member) {
  const isSame = (each) => member.isExtension && member.type === 'operation' &&
      each.type === 'operation' && each.name === member.name;
  const at = members?.findIndex(isSame) ?? -1;
  if (at >= 0) members[at] = member;
  else members?.push(member);
}

// The definitions that are reachable from the interfaces that are offered.
class Idl {
  constructor(definitions) {
    this.definitions = definitions;
    this.interfaces = [...definitions.values()].filter((each) => each.type === 'interface');
    this.reached = new Set();
    for (const definition of this.interfaces) this.reach(definition);
    for (const name of alsoDictionaries) this.reach(this.get(name));
  }

  get(name) {
    const definition = this.definitions.get(name);
    if (!definition) throw new Error(`${name} is not defined: borrow it, or leave out its user`);
    return definition;
  }

  all(type) {
    return [...this.reached].filter((each) => each.type === type).sort((a, b) => a.name < b.name ? -1 : 1);
  }

  reach(definition) {
    if (this.reached.has(definition)) return;
    this.reached.add(definition);
    if (definition.inheritance && !hosts.includes(definition.inheritance)) {
      this.reach(this.get(definition.inheritance));
    }
    if (definition.type === 'typedef') this.reachType(definition.idlType);
    if (definition.type === 'callback') {
      this.reachType(definition.idlType);
      for (const argument of definition.arguments) this.reachType(argument.idlType);
    }
    for (const member of definition.keptMembers ?? []) {
      if (member.idlType) this.reachType(member.idlType);
      for (const argument of member.arguments ?? []) this.reachType(argument.idlType);
    }
  }

  reachType(type) {
    if (Array.isArray(type)) return type.forEach((each) => this.reachType(each));
    if (type.union || type.generic) return this.reachType(type.idlType);
    if (isBuiltIn(type.idlType)) return undefined;
    return this.reach(this.get(type.idlType));
  }
}

const builtIn = new Set([
  'undefined', 'any', 'object', 'boolean', 'DOMString', 'USVString', 'ByteString', 'byte', 'octet',
  'short', 'unsigned short', 'long', 'unsigned long', 'long long', 'unsigned long long', 'float',
  'double', 'unrestricted double', 'ArrayBuffer', 'ArrayBufferView', 'EventHandler', 'VoidFunction',
  ...hosts,
]);

export function isBuiltIn(name) {
  return builtIn.has(name);
}
