// node run.mjs [chromium] [firefox]: Parley against real browsers, in both roles, closing from each
// side. Ends with 1 if anything failed; a browser that is not installed is reported as skipped.
import { browsers, isInstalled, startBrowser, startParley } from './peers.mjs';
import { signallingExample } from './signalling.mjs';

const binary = process.env.PARLEY_INTEROP_PEER ??
  new URL('../../build/release/tests/interop/parley_interop', import.meta.url).pathname;
const asked = process.argv.slice(2);
for (const name of asked)
  if (!browsers.includes(name)) { console.error(`unknown browser ${name}`); process.exit(2); }

const event = (name) => (seen) => seen.event === name;
const described = (type) => (seen) => seen.type === type;
const results = { passed: 0, failed: 0, skipped: 0 };

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

async function check(title, body) {
  const start = Date.now();
  try {
    await body();
    results.passed++;
    console.log(`  ok    ${title} (${Date.now() - start} ms)`);
  } catch (error) {
    results.failed++;
    console.log(`  FAIL  ${title}: ${error.message}`);
  }
}

// Each description passes through `told(description, from)` on its way.
async function connect(offerer, answerer, told = (description) => description) {
  for (const peer of [offerer, answerer]) peer.forget();
  await offerer.tell({ command: 'offer' });
  await answerer.tell(told(await offerer.next(described('offer'), 'offer'), offerer));
  await offerer.tell(told(await answerer.next(described('answer'), 'answer'), answerer));
  for (const peer of [offerer, answerer]) await peer.next(event('open'), 'open channel');
}

// The browser hears of no address of ours, and we hear of names only: who connects has asked for them.
const byNamesOfTheBrowser = (description, from) => {
  if (from.name === 'parley')
    return { ...description, sdp: description.sdp.replace(/^a=(candidate:|end-of-candidates).*\r\n/gm, '') };
  const addresses = [...description.sdp.matchAll(/^a=candidate:(?:\S+ ){4}(\S+) /gm)].map(([, address]) => address);
  const isName = (address) => /^[0-9a-f-]{36}\.local$/i.test(address);
  if (!addresses.length || !addresses.every(isName))
    throw new Error(`${from.name} tells more than names: ${addresses}`);
  return description;
};

async function exchange(from, to) {
  for (const content of contents) {
    await from.tell({ command: 'send', ...content });
    const seen = await to.next(event('message'), name(content));
    const same = 'text' in content ? seen.text === content.text
      : seen.bytes === content.bytes && seen.checksum === checksum(content.bytes, content.seed);
    if (!same) throw new Error(`${name(content)} arrived as ${JSON.stringify(seen).slice(0, 120)}`);
  }
}

async function close(closer, other) {
  await closer.tell({ command: 'close' });
  const { connectionState } = await closer.next(event('closed'), 'closed');
  if (connectionState !== 'closed') throw new Error(`connectionState is ${connectionState}`);
  await other.next(event('channelclose'), 'closing of the channel');
}

for (const browserName of asked.length ? asked : browsers) {
  if (!isInstalled(browserName)) {
    results.skipped++;
    console.log(`${browserName}: skipped, it is not installed`);
    continue;
  }
  const browser = await startBrowser(browserName);
  const parley = startParley(binary);
  await parley.next(event('ready'), 'ready');
  console.log(`${browserName} ${browser.version ?? ''}`);
  for (const [offerer, answerer] of [[parley, browser], [browser, parley]])
    for (const [closer, other] of [[parley, browser], [browser, parley]])
      await check(`${offerer.name} offers, all messages both ways, ${closer.name} closes`, async () => {
        await connect(offerer, answerer);
        await exchange(parley, browser);
        await exchange(browser, parley);
        await close(closer, other);
      });
  for (const [offerer, answerer] of [[parley, browser], [browser, parley]])
    await check(`${offerer.name} offers, only the names that ${browserName} tells lead to it`, async () => {
      await connect(offerer, answerer, byNamesOfTheBrowser);
      await exchange(parley, browser);
      await close(parley, browser);
    });
  await Promise.all([parley.end(), browser.end()]);
  await check(`the signalling example with a ${browserName} tab`, () => signallingExample(browserName));
}
console.log(`${results.passed} passed, ${results.failed} failed, ${results.skipped} skipped`);
process.exit(results.failed ? 1 : 0);
