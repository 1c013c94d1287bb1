// What the interop runs have in common: results that are counted, calls between two peers, and
// figures of what was measured.
export const results = { passed: 0, failed: 0, skipped: 0 };
export const event = (name) => (seen) => seen.event === name;
export const described = (type) => (seen) => seen.type === type;
export const wallClock = () => performance.timeOrigin + performance.now();

export async function check(title, body) {
  const start = Date.now();
  try {
    const told = await body();
    results.passed++;
    console.log(`  ok    ${title}${told ? `: ${told}` : ''} (${Date.now() - start} ms)`);
  } catch (error) {
    results.failed++;
    console.log(`  FAIL  ${title}: ${error.message}`);
  }
}

export function skip(title, why) {
  results.skipped++;
  console.log(`  skip  ${title}: ${why}`);
}

export function finish() {
  console.log(`${results.passed} passed, ${results.failed} failed, ${results.skipped} skipped`);
  process.exit(results.failed ? 1 : 0);
}

export function expect(condition, text) {
  if (!condition) throw new Error(text);
}

const checksum = (size, seed) => {
  let hash = 0x811c9dc5;
  for (let i = 0; i < size; ++i) hash = Math.imul(hash ^ ((i * 31 + seed) & 255), 0x01000193) >>> 0;
  return hash;
};
const contents = [
  { text: 'plain' }, { text: '' }, { text: 'grüße, 世界, 🎈' },
  { bytes: 0, seed: 1 }, { bytes: 1, seed: 2 }, { bytes: 1200, seed: 3 }, { bytes: 262144, seed: 4 },
];
const name = (content) => 'text' in content ? `text "${content.text}"` : `${content.bytes} bytes`;

export async function exchange(from, to, some = contents) {
  for (const content of some) {
    await from.tell({ command: 'send', ...content });
    const seen = await to.next(event('message'), name(content));
    const same = 'text' in content ? seen.text === content.text
      : seen.bytes === content.bytes && seen.checksum === checksum(content.bytes, content.seed);
    if (!same) throw new Error(`${name(content)} arrived as ${JSON.stringify(seen).slice(0, 120)}`);
  }
}

// Offer and answer, until the channel is open at both ends. What the two ends are configured with is
// in `offererHas` and `answererHas`; each description passes through `told(description, from)`.
export async function connect(offerer, answerer, { offererHas = {}, answererHas = {}, limitMs,
  told = (description) => description } = {}) {
  for (const peer of [offerer, answerer]) peer.forget();
  await offerer.tell({ command: 'offer', ...offererHas });
  const offer = told(await offerer.next(described('offer'), 'offer'), offerer);
  await answerer.tell({ ...offer, ...answererHas });
  await offerer.tell(told(await answerer.next(described('answer'), 'answer'), answerer));
  for (const peer of [offerer, answerer]) await peer.next(event('open'), 'open channel', limitMs);
}

export async function restart(offerer, answerer) {
  await offerer.tell({ command: 'restart' });
  await answerer.tell(await offerer.next(described('offer'), 'offer'));
  await offerer.tell(await answerer.next(described('answer'), 'answer'));
}

export async function close(closer, other) {
  await closer.tell({ command: 'close' });
  const closed = await closer.next(event('closed'), 'closed');
  expect(closed.connectionState === 'closed', `connectionState is ${closed.connectionState}`);
  return { closed, noticed: await other.next(event('channelclose'), 'closing of the channel') };
}

// The types of the selected pair, ours first. Data may flow before it is nominated.
export async function selectedPair(peer) {
  for (let round = 0; ; ++round) {
    await peer.tell({ command: 'pair' });
    const { local, remote } = await peer.next(event('pair'), 'selected pair');
    if (local) return `${local.type}/${remote.type}`;
    expect(round < 200, 'no pair is selected');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

// A message every 20 ms, numbered, until stop(); each has to arrive, once and in order.
export function startFlow(from, to) {
  let isStopped = false, sent = 0;
  const sending = (async () => {
    for (; !isStopped; ++sent) {
      await from.tell({ command: 'send', text: `${sent}` });
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  })();
  return {
    async stop() {
      isStopped = true;
      await sending;
      for (let expected = 0; expected < sent; ++expected) {
        const { text } = await to.next(event('message'), `message ${expected} of ${sent}`);
        expect(text === `${expected}`, `message ${text} instead of ${expected}`);
      }
      return sent;
    },
  };
}

// "p50 3, p99 8, max 9 ms (100)", with how many are above the target where there is one.
export function figures(samples, targetMs) {
  const sorted = [...samples].sort((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)].toFixed(0);
  const over = sorted.filter((each) => each > targetMs).length;
  return `p50 ${at(0.5)}, p99 ${at(0.99)}, max ${at(1)} ms (${sorted.length})` +
    (targetMs ? `, ${over} above ${targetMs} ms` : '');
}

// Taken out of the arguments: the number that follows --closes.
export function takeCloses(args) {
  const index = args.indexOf('--closes');
  return index < 0 ? 0 : Number(args.splice(index, 2)[1]);
}
