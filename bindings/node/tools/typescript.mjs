// Writes index.d.ts from the same definitions as the JavaScript.

import {hosts} from './selection.mjs';

const primitive = {
  undefined: 'void',
  any: 'any',
  object: 'object',
  boolean: 'boolean',
  DOMString: 'string',
  USVString: 'string',
  ArrayBuffer: 'ArrayBuffer',
  ArrayBufferView: 'ArrayBufferView',
  VoidFunction: '() => void',
};
const generics = {sequence: 'Array', FrozenArray: 'ReadonlyArray', Promise: 'Promise'};

// EventHandler attributes get the type of their event.
const eventTypes = {
  RTCPeerConnection: {
    icecandidate: 'RTCPeerConnectionIceEvent',
    icecandidateerror: 'RTCPeerConnectionIceErrorEvent',
    datachannel: 'RTCDataChannelEvent',
  },
  RTCDataChannel: {message: 'MessageEvent', error: 'RTCErrorEvent'},
  RTCDtlsTransport: {error: 'RTCErrorEvent'},
};

function typeName(idl, type) {
  let text;
  if (type.union) text = type.idlType.map((each) => typeName(idl, each)).join(' | ');
  else if (type.generic) {
    const inner = type.idlType.map((each) => typeName(idl, each)).join(', ');
    text = `${generics[type.generic]}<${inner}>`;
  }
  else if (type.idlType in primitive) text = primitive[type.idlType];
  else if (/(octet|byte|short|long|float|double)$/.test(type.idlType)) text = 'number';
  else if (hosts.includes(type.idlType)) text = type.idlType;
  else if (idl.get(type.idlType).type === 'typedef') text = typeName(idl, idl.get(type.idlType).idlType);
  else text = type.idlType;
  return type.nullable ? `${text} | null` : text;
}

function parameters(idl, list) {
  return list.map((each) => `${each.name}${each.optional ? '?' : ''}: ${typeName(idl, each.idlType)}`).join(', ');
}

function eventMap(definition) {
  const events = definition.keptMembers.filter((each) => each.idlType?.idlType === 'EventHandler')
      .map((each) => each.name.slice(2));
  return events.map((each) => [each, eventTypes[definition.name]?.[each] ?? 'Event']);
}

function member(idl, definition, each) {
  const lines = [];
  if (each.isExtension && !definition.isExtension) lines.push('  /** Extension of Parley. */');
  if (each.type === 'constructor') lines.push(`  constructor(${parameters(idl, each.arguments)});`);
  if (each.type === 'async_iterable') {
    lines.push(`  [Symbol.asyncIterator](): AsyncIterableIterator<${typeName(idl, each.idlType[0])}>;`);
  }
  if (each.type === 'attribute') {
    const isHandler = each.idlType.idlType === 'EventHandler';
    const event = eventTypes[definition.name]?.[each.name.slice(2)] ?? 'Event';
    const handler = `((this: ${definition.name}, event: ${event}) => any) | null`;
    const type = isHandler ? handler : typeName(idl, each.idlType);
    lines.push(`  ${each.readonly ? 'readonly ' : ''}${each.name}: ${type};`);
  }
  if (each.type === 'operation') {
    const isStatic = each.special === 'static' ? 'static ' : '';
    lines.push(`  ${isStatic}${each.name}(${parameters(idl, each.arguments)}): ${typeName(idl, each.idlType)};`);
  }
  return lines;
}

function interfaceLines(idl, definition) {
  const base = definition.inheritance ? ` extends ${definition.inheritance}` : '';
  const lines = [`export class ${definition.name}${base} {`];
  if (!definition.members.some((each) => each.type === 'constructor')) lines.push('  private constructor();');
  for (const each of definition.keptMembers) lines.push(...member(idl, definition, each));
  for (const [event, type] of eventMap(definition)) {
    for (const verb of ['add', 'remove']) {
      const options = `boolean | ${verb === 'add' ? 'AddEventListenerOptions' : 'EventListenerOptions'}`;
      const listener = `(this: ${definition.name}, event: ${type}) => any`;
      lines.push(`  ${verb}EventListener(`,
        `      type: '${event}', listener: ${listener}, options?: ${options}): void;`);
    }
  }
  if (definition.inheritance === 'EventTarget') {
    lines.push('  addEventListener(type: string, listener: any, options?: any): void;');
    lines.push('  removeEventListener(type: string, listener: any, options?: any): void;');
  }
  return [...lines, '}', ''];
}

function dictionaryLines(idl, definition) {
  const base = definition.inheritance ? ` extends ${definition.inheritance}` : '';
  const lines = [`export interface ${definition.name}${base} {`];
  for (const each of definition.keptMembers) {
    lines.push(`  ${each.name}${each.required ? '' : '?'}: ${typeName(idl, each.idlType)};`);
  }
  return [...lines, '}', ''];
}

const handWritten = `/** What the library still holds; every number is zero once nothing is left. */
export interface ReleaseReport {
  connections: number;
  tails: number;
  sockets: number;
  timers: number;
  transactions: number;
  packets: number;
  lookups: number;
  tasks: number;
  allocations: number;
  permissions: number;
  turnChannels: number;
  namesPublished: number;
}

export const nonstandard: {
  /** new RTCPeerConnection(configuration), with what W3C leaves to the implementation. */
  createPeerConnection(configuration?: RTCConfiguration, tuning?: ParleyTuning): RTCPeerConnection;
};

export function releaseReport(): Promise<ReleaseReport>;

export const version: {
  readonly parley: string;
  readonly openssl: string;
  readonly opensslBuilt: string;
  readonly opensslIsPatched: boolean;
};
`;

export function typesFile(idl) {
  const lines = ['// Generated by tools/generate.mjs from the W3C IDL; do not edit.', ''];
  for (const each of idl.all('enum')) {
    lines.push(`export type ${each.name} = ${each.values.map((value) => `'${value.value}'`).join(' | ')};`);
  }
  lines.push('');
  for (const each of idl.all('callback')) {
    lines.push(`export type ${each.name} = (${parameters(idl, each.arguments)}) => ${typeName(idl, each.idlType)};`);
  }
  lines.push('');
  for (const each of idl.all('dictionary')) lines.push(...dictionaryLines(idl, each));
  for (const each of idl.all('interface')) lines.push(...interfaceLines(idl, each));
  return [...lines, handWritten].join('\n');
}
