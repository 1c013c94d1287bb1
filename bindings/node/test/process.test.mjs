import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {createRequire} from 'node:module';
import {dirname, join} from 'node:path';
import {createInterface} from 'node:readline';
import test from 'node:test';
import {fileURLToPath} from 'node:url';
import {Worker} from 'node:worker_threads';
import imported, {RTCPeerConnection, version} from '../index.mjs';
import {next, peer} from './peers.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const required = createRequire(import.meta.url)('../index.cjs');
const prelude = `
  import {connect, next, peer, turns} from ${JSON.stringify(join(root, 'test/peers.mjs'))};
  import parley from ${JSON.stringify(join(root, 'index.mjs'))};
`;

function run(program, ...flags) {
  const child = spawn(process.execPath, [...flags, '--input-type=module', '--eval', prelude + program]);
  const output = {stdout: '', stderr: ''};
  for (const name of ['stdout', 'stderr']) child[name].on('data', (data) => { output[name] += data; });
  return new Promise((resolve) => child.on('close', (code, signal) => resolve({code, signal, ...output})));
}

test('require and import give the same classes', () => {
  assert.equal(required, imported);
  assert.equal(required.RTCPeerConnection, RTCPeerConnection);
});

test('the addon runs on the OpenSSL it was built with, not on that of Node', () => {
  assert.equal(version.openssl, version.opensslBuilt);
  const number = version.openssl.split(' ')[1];
  const ofNode = process.versions.openssl.split('+')[0];
  if (version.opensslBuilt.split(' ')[1] !== ofNode) assert.notEqual(number, ofNode);
  assert.match(version.parley, /^\d+\.\d+\.\d+$/);
});

test('a process ends by itself when its connections are closed', async () => {  // N-2
  const {code, stdout, stderr} = await run(`
    const {channel, remoteChannel, close} = await connect();
    const got = next(remoteChannel, 'message');
    channel.send('hello');
    console.log((await got).data);
    close();
  `);
  assert.deepEqual({code, stdout, stderr}, {code: 0, stdout: 'hello\n', stderr: ''});
});

test('a process ends by itself after the remote side closed and it answered', async () => {  // N-2
  const {code, stdout} = await run(`
    const {one, other, remoteChannel} = await connect();
    remoteChannel.onclose = () => { console.log('closed there'); other.close(); };
    one.close();
  `);
  assert.deepEqual({code, stdout}, {code: 0, stdout: 'closed there\n'});
});

// Signalled by lines: an offer of the child's out, an answer in.
test('a process ends when what close({flush}) had to deliver was delivered', async () => {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', `${prelude}
    import {once} from 'node:events';
    import {createInterface} from 'node:readline';
    const pc = peer();
    const channel = pc.createDataChannel('x');
    await pc.setLocalDescription();
    while (pc.iceGatheringState !== 'complete') await next(pc, 'icegatheringstatechange');
    console.log(JSON.stringify(pc.localDescription));
    const [answer] = await once(createInterface(process.stdin), 'line');
    await pc.setRemoteDescription(JSON.parse(answer));
    await next(channel, 'open');
    for (let i = 0; i < 200; ++i) channel.send(new Uint8Array(10_000));
    process.stdin.destroy();
    pc.close({flush: 60_000});
  `], {stdio: ['pipe', 'pipe', 'inherit']});
  const ended = new Promise((resolve) => child.on('close', (code, signal) => resolve({code, signal})));
  const [offer] = await once(createInterface(child.stdout), 'line');

  const other = peer();
  const announced = next(other, 'datachannel');
  await other.setRemoteDescription(JSON.parse(offer));
  await other.setLocalDescription();
  while (other.iceGatheringState !== 'complete') await next(other, 'icegatheringstatechange');
  child.stdin.write(`${JSON.stringify(other.localDescription)}\n`);
  const {channel} = await announced;
  let received = 0;
  channel.onmessage = () => ++received;
  channel.onerror = () => assert.fail('an error');
  await next(channel, 'close');
  assert.equal(received, 200);
  other.close();
  assert.deepEqual(await ended, {code: 0, signal: null});
});

test('a process ends although a connection that was never used is open', async () => {
  const {code, stdout} = await run(`
    const pc = new parley.RTCPeerConnection();
    pc.onnegotiationneeded = () => console.log('needed');
    pc.createDataChannel('x');
  `);
  assert.deepEqual({code, stdout}, {code: 0, stdout: 'needed\n'});
});

test('process.exit() ends a process with open connections', async () => {  // L-5
  const {code, signal} = await run(`
    const {channel} = await connect();
    channel.send('unheard');
    process.exit(7);
  `);
  assert.deepEqual({code, signal}, {code: 7, signal: null});
});

test('process.exit() inside a handler is clean', async () => {  // L-5
  const {code, signal} = await run(`
    const {channel, remoteChannel} = await connect();
    remoteChannel.onmessage = () => process.exit(9);
    for (let i = 0; i < 100; ++i) channel.send('x');
  `);
  assert.deepEqual({code, signal}, {code: 9, signal: null});
});

// N-4
test('what a handler throws is an uncaught exception, and the connection goes on', async () => {
  const {code, stdout} = await run(`
    const {channel, remoteChannel, close} = await connect();
    process.on('uncaughtException', (error) => console.log('uncaught', error.message));
    let count = 0;
    remoteChannel.onmessage = ({data}) => {
      if (++count === 3) close();
      throw new Error(data);
    };
    for (const each of ['1', '2', '3']) channel.send(each);
  `);
  assert.deepEqual({code, stdout}, {code: 0, stdout: 'uncaught 1\nuncaught 2\nuncaught 3\n'});
});

test('without a listener for it what a handler throws ends the process', async () => {
  const {code, stderr} = await run(`
    const {channel, remoteChannel} = await connect();
    remoteChannel.onmessage = () => { throw new Error('from a handler'); };
    channel.send('x');
  `);
  assert.equal(code, 1);
  assert.match(stderr, /from a handler/);
});

test('a rejection that nobody handles is an unhandled rejection', async () => {
  const {code, stderr} = await run(`new parley.RTCPeerConnection().createAnswer();`);
  assert.equal(code, 1);
  assert.match(stderr, /InvalidStateError/);
});

test('workers have connections of their own', async () => {  // N-1
  const program = `
    (async () => {
      const {connect, next} = await import(${JSON.stringify(join(root, 'test/peers.mjs'))});
      const {channel, remoteChannel, close} = await connect();
      const got = next(remoteChannel, 'message');
      channel.send('from a worker');
      require('worker_threads').parentPort.postMessage((await got).data);
      close();
    })();
  `;
  const workers = Array.from({length: 4}, () => new Worker(program, {eval: true}));
  const results = await Promise.all(workers.map((worker) => new Promise((resolve, reject) => {
    let message;
    worker.on('message', (value) => { message = value; });
    worker.on('error', reject);
    worker.on('exit', (code) => resolve([code, message]));
  })));
  assert.deepEqual(results, Array(4).fill([0, 'from a worker']));
});

test('workers may be terminated at any point', async () => {  // N-1
  const program = `
    (async () => {
      const {connect} = await import(${JSON.stringify(join(root, 'test/peers.mjs'))});
      const {parentPort} = require('worker_threads');
      parentPort.postMessage('started');
      for (;;) {
        const {channel, remoteChannel} = await connect();
        remoteChannel.onmessage = () => channel.send('again');
        channel.send('x');
        parentPort.postMessage('connected');
      }
    })();
  `;
  for (const moment of ['started', 'connected', 'connected']) {
    const worker = new Worker(program, {eval: true});
    await new Promise((resolve, reject) => {
      worker.on('error', reject);
      worker.on('message', (message) => { if (message === moment) resolve(); });
    });
    await worker.terminate();
  }
  const pc = new RTCPeerConnection();
  assert.equal((await pc.createOffer()).type, 'offer');
  pc.close();
});
