// node measure.mjs NAME [setup]: the lines of parley_bench that another stack can run, measured the same
// way. Prints "key<TAB>figure" lines. Both peers are in this one process, as ours are.
import { stacks } from './stacks.mjs';

const stack = await stacks[process.argv[2]]();
const setUps = 50, atOnce = 100, roundTrips = 5_000, closes = 50, windowMs = 5_000, queued = 1 << 20;

const percentile = (samples, fraction) =>
  samples.sort((a, b) => a - b)[Math.min(samples.length - 1, Math.floor(fraction * samples.length))];
const print = (key, figure) => console.log(`${key}\t${figure}`);
const cpuSeconds = () => { const { user, system } = process.cpuUsage(); return (user + system) / 1e6; };
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function setUp() {
  const times = [];
  const cpu = cpuSeconds();
  for (let i = 0; i < setUps; ++i) {
    const start = performance.now();
    const pair = await stack.pair();
    times.push(performance.now() - start);
    pair.close();
  }
  print('setup', `${percentile(times, 0.5).toFixed(2)} / ${percentile(times, 0.99).toFixed(2)} ms`);
  print('setup-cpu', `${((cpuSeconds() - cpu) * 1e3 / setUps).toFixed(2)} ms`);
}

async function parallel() {
  const start = performance.now();
  const pairs = await Promise.all(Array.from({ length: atOnce }, () => stack.pair()));
  print('parallel', `${(atOnce * 1e3 / (performance.now() - start)).toFixed(0)} pairs/s`);
  for (const pair of pairs) pair.close();
}

async function flow(size) {
  const pair = await stack.pair();
  const message = new Uint8Array(size).fill(0x5a);
  let bytes = 0, messages = 0, running = true;
  pair.onmessage = (length) => { bytes += length; ++messages; };
  const checkEvery = Math.max(1, Math.floor(65_536 / size));  // the getter is dear in some stacks
  // In turns, because a stack that sends on another thread may never let the buffer fill.
  const fill = () => {
    for (let turn = 0; running && turn < 16; ++turn) {
      if (pair.buffered() >= queued) return pair.onlow(queued / 2, fill);
      for (let i = 0; i < checkEvery; ++i) pair.send(message);
    }
    if (running) setImmediate(fill);
  };
  fill();
  await wait(1_000);
  bytes = messages = 0;
  const cpu = cpuSeconds(), start = performance.now();
  await wait(windowMs);
  const seconds = (performance.now() - start) / 1e3, used = cpuSeconds() - cpu;
  running = false;
  pair.close();
  return { bytes, messages, seconds, used };
}

async function bulk(size) {
  const { bytes, messages, seconds, used } = await flow(size);
  if (messages === 0) return print(`bulk-${size}`, `stalled: no message in ${windowMs / 1e3} s`);
  print(`bulk-${size}`, `${(bytes * 8 / 1e6 / seconds).toFixed(0)} Mbit/s, ` +
    `${(bytes / 1e6 / used).toFixed(0)} MB per CPU second of both peers`);
}

async function small() {
  const { messages, seconds, used } = await flow(64);
  print('small', `${(messages / 1e3 / seconds).toFixed(0)} thousand/s, ` +
    `${(messages / 1e3 / used).toFixed(0)} thousand per CPU second`);
}

async function pingPong() {
  const pair = await stack.pair();
  const ball = new Uint8Array(64), times = [];
  await new Promise((resolve) => {
    let start = performance.now();
    pair.onmessage = () => pair.reply(ball);
    pair.onreply = () => {
      const now = performance.now();
      times.push((now - start) * 1e3);
      start = now;
      if (times.length < roundTrips) pair.send(ball); else resolve();
    };
    pair.send(ball);
  });
  pair.close();
  print('ping-pong', [0.5, 0.99, 0.999].map((f) => percentile(times, f).toFixed(0)).join(' / ') + ' us');
}

async function close() {
  const times = [];
  for (let i = 0; i < closes; ++i) {
    const pair = await stack.pair();
    const start = performance.now();
    await new Promise((resolve) => { pair.onclose = resolve; pair.closeFirst(); });
    times.push(performance.now() - start);
    pair.close();
  }
  print('close', `${percentile(times, 0.5).toFixed(3)} / ${percentile(times, 0.99).toFixed(3)} ms`);
}

await setUp();
if (process.argv[3] !== 'setup') {
  for (const size of [1_024, 16_384, 65_536]) await bulk(size);
  await small();
  await pingPong();
  await close();
}
await parallel();  // last, as some stacks never come to an end of it
process.exit(0);
