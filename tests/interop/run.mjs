// node run.mjs [chromium] [firefox] [--closes N]: Parley against real browsers, in both roles, closing
// from each side, then relayed by coturn. Ends with 1 if anything failed; a browser that is not
// installed is reported as skipped. --closes measures how soon a browser hears of our close().
import { check, close, connect, exchange, expect, finish, selectedPair, skip, event, takeCloses } from './harness.mjs';
import { browsers, isInstalled, startBrowser, startParley } from './peers.mjs';
import { measureCloses, relayed } from './relayed.mjs';
import { signallingExample } from './signalling.mjs';

const asked = process.argv.slice(2);
const closes = takeCloses(asked);
for (const name of asked)
  if (!browsers.includes(name)) { console.error(`unknown browser ${name}`); process.exit(2); }

// The browser hears of no address of ours, and we hear of names only: who connects has asked for them.
const byNamesOfTheBrowser = (description, from) => {
  if (from.name === 'parley')
    return { ...description, sdp: description.sdp.replace(/^a=(candidate:|end-of-candidates).*\r\n/gm, '') };
  const addresses = [...description.sdp.matchAll(/^a=candidate:(?:\S+ ){4}(\S+) /gm)].map(([, address]) => address);
  const isName = (address) => /^[0-9a-f-]{36}\.local$/i.test(address);
  expect(addresses.length && addresses.every(isName), `${from.name} tells more than names: ${addresses}`);
  return description;
};

// As if UDP were blocked: neither hears of an address for it.
const withoutUdp = (description) =>
  ({ ...description, sdp: description.sdp.replace(/^a=candidate:\S+ \d+ udp .*\r\n/gim, '') });

// Browsers connect and do not listen.
async function overTcp(parley, browser) {
  const listening = { tuning: { tcpCandidates: 'all' } };
  for (const [offerer, answerer] of [[parley, browser], [browser, parley]])
    for (const [closer, other] of [[parley, browser], [browser, parley]])
      await check(`${offerer.name} offers, over TCP, ${closer.name} closes`, async () => {
        await connect(offerer, answerer, { told: withoutUdp,
          [offerer === parley ? 'offererHas' : 'answererHas']: listening });
        await exchange(parley, browser);
        await exchange(browser, parley);
        await selectedPair(parley);
        await parley.tell({ command: 'pair' });
        const { local, remote } = await parley.next(event('pair'), 'selected pair');
        expect(local.protocol === 'tcp' && remote.protocol === 'tcp', `the pair is ${local.protocol}`);
        await close(closer, other);
      });
}

async function direct(parley, browser) {
  for (const [offerer, answerer] of [[parley, browser], [browser, parley]])
    for (const [closer, other] of [[parley, browser], [browser, parley]])
      await check(`${offerer.name} offers, all messages both ways, ${closer.name} closes`, async () => {
        await connect(offerer, answerer);
        await exchange(parley, browser);
        await exchange(browser, parley);
        await close(closer, other);
      });
  for (const [offerer, answerer] of [[parley, browser], [browser, parley]])
    await check(`${offerer.name} offers, only the names that ${browser.name} tells lead to it`, async () => {
      await connect(offerer, answerer, { told: byNamesOfTheBrowser });
      await exchange(parley, browser);
      await close(parley, browser);
    });
}

for (const name of asked.length ? asked : browsers) {
  if (!isInstalled(name)) {
    skip(name, 'it is not installed');
    continue;
  }
  const browser = await startBrowser(name);
  const parley = startParley();
  await parley.next(event('ready'), 'ready');
  console.log(`${name} ${browser.version ?? ''}`);
  if (closes) {
    await measureCloses(parley, browser, closes);
  } else {
    await direct(parley, browser);
    await overTcp(parley, browser);
    await relayed(parley, browser);
  }
  await Promise.all([parley.end(), browser.end()]);
  if (!closes) await check(`the signalling example with a ${name} tab`, () => signallingExample(name));
}
finish();
