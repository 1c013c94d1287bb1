import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import test from 'node:test';
import {fileURLToPath} from 'node:url';
import parley from '../index.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const require = createRequire(import.meta.url);

const isInstalled = (name) => existsSync(join(root, 'node_modules', name));
const skip = isInstalled('@webref/idl') && isInstalled('webidl2') ? false : 'development packages are not installed';

test('the generated files are what the generator writes', {skip}, async () => {
  const {differences} = await import('../tools/generate.mjs');
  assert.deepEqual(differences(), []);
});

test('the classes have the members of the specification, less those left out with a reason', {skip}, async () => {
  const {load} = await import('../tools/idl.mjs');
  const {leftOut} = await import('../tools/selection.mjs');
  for (const definition of load().all('interface')) {
    const constructor = parley[definition.name];
    for (const member of definition.members) {
      if (!member.name) continue;
      const holder = member.special === 'static' ? constructor : constructor.prototype;
      const isLeftOut = `${definition.name}.${member.name}` in leftOut;
      assert.equal(Object.hasOwn(holder, member.name), !isLeftOut, `${definition.name}.${member.name}`);
    }
    const known = new Set(definition.members.map((each) => each.name));
    const own = Object.getOwnPropertyNames(constructor.prototype).filter((each) => each !== 'constructor');
    assert.deepEqual(own.filter((each) => !known.has(each)), [], definition.name);
  }
  for (const reason of Object.values(leftOut)) assert.match(reason, /not offered yet/);
});

const program = `
import {RTCPeerConnection, nonstandard, releaseReport, version, type RTCConfiguration} from 'parley';
const configuration: RTCConfiguration = {iceServers: [{urls: 'stun:192.0.2.1'}]};
const pc = new RTCPeerConnection(configuration);
pc.onicecandidate = ({candidate}) => candidate?.address?.length;
pc.addEventListener('datachannel', (event) => event.channel.send(new Uint8Array(1)));
const channel = pc.createDataChannel('x', {ordered: false});
export async function read(): Promise<void> {
  for await (const message of channel) if (typeof message === 'string') channel.send(message);
  const offer = await pc.createOffer();
  await pc.setLocalDescription(offer);
  const report = await releaseReport();
  report.sockets.toFixed();
}
nonstandard.createPeerConnection(configuration, {portMin: 5000, portMax: 6000}).close({flush: 500});
pc.close();
// @ts-expect-error: milliseconds
pc.close({flush: '5 s'});
version.openssl.length;
// @ts-expect-error: no such policy
new RTCPeerConnection({bundlePolicy: 'none'});
// @ts-expect-error: read only
pc.signalingState = 'closed';
`;

const skipTypes = isInstalled('typescript') ? skip : 'typescript is not installed';

test('the types say the same to TypeScript', {skip: skipTypes}, () => {
  const folder = mkdtempSync(join(tmpdir(), 'parley-types-'));
  try {
    const modules = join(folder, 'node_modules');
    for (const name of ['program.mts', 'program.cts']) writeFileSync(join(folder, name), program);
    writeFileSync(join(folder, 'package.json'), '{}');
    mkdirSync(modules);
    symlinkSync(root, join(modules, 'parley'));
    const done = spawnSync(process.execPath, [require.resolve('typescript/lib/tsc.js'), '--noEmit', '--strict',
      '--target', 'es2022', '--module', 'node16', '--lib', 'es2022,dom,dom.iterable,dom.asynciterable',
      'program.mts', 'program.cts'], {cwd: folder, encoding: 'utf8'});
    assert.equal(done.stdout, '');
    assert.equal(done.status, 0);
  } finally {
    rmSync(folder, {recursive: true});
  }
});
