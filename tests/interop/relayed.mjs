// Parley and a browser through coturn, ICE restarts in mid-call, and how soon a browser hears of our
// close().
import { networkInterfaces } from 'node:os';

import { check, close, connect, exchange, expect, figures, restart, selectedPair, skip, startFlow }
  from './harness.mjs';
import { isTurnserverInstalled, startTurnserver } from './turnserver.mjs';

// Firefox asks no server on the loopback interface.
const ownAddress = () => Object.values(networkInterfaces()).flat()
  .find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '127.0.0.1';
const has = (server, iceTransportPolicy, transport = 'udp') =>
  ({ configuration: { iceServers: [server.server(transport)], iceTransportPolicy } });
// A peer-reflexive candidate is what the relayed one of the other side is before its description tells.
const isOf = (pair, local, remote) => new RegExp(`^${local}/(${remote})$`).test(pair);

const kinds = {
  'the browser is relayed': { parley: 'all', browser: 'relay', local: '(host|prflx|srflx)', remote: 'relay|prflx' },
  'Parley is relayed': { parley: 'relay', browser: 'all', local: 'relay', remote: 'host|prflx|srflx' },
  'both are relayed': { parley: 'relay', browser: 'relay', local: 'relay', remote: 'relay|prflx' },
};

async function throughRelay(server, [offerer, answerer], parley, browser, kind) {
  const configurations = { parley: has(server, kind.parley), [browser.name]: has(server, kind.browser) };
  await connect(offerer, answerer,
    { offererHas: configurations[offerer.name], answererHas: configurations[answerer.name] });
  await exchange(parley, browser);
  await exchange(browser, parley);
  const pair = await selectedPair(parley);
  expect(isOf(pair, kind.local, kind.remote), `the selected pair is ${pair}`);
  const { closed } = await close(parley, browser);
  const { isZero, report } = await parley.next(({ event }) => event === 'released', 'release');
  expect(isZero, `left: ${report}`);
  await browser.tell({ command: 'close' });
  const gone = await server.untilEmpty(closed.at, 15_000);  // Firefox takes its time with its own
  return `${pair}, no session after ${gone.toFixed(0)} ms`;
}

async function restarted(server, [first, second], parley, browser, restarter) {
  const configurations = { parley: has(server, 'all'), [browser.name]: has(server, 'all') };
  await connect(first, second,
    { offererHas: configurations[first.name], answererHas: configurations[second.name] });
  const flows = [startFlow(parley, browser), startFlow(browser, parley)];
  const other = restarter === parley ? browser : parley;
  for (let round = 0; round < 2; ++round) {
    await new Promise((resolve) => setTimeout(resolve, 300));
    await restart(restarter, other);
    await new Promise((resolve) => setTimeout(resolve, 700));
  }
  const counts = [];
  for (const flow of flows) counts.push(await flow.stop());
  await close(parley, browser);
  return `${counts.join(' and ')} messages, none lost`;
}

export async function relayed(parley, browser) {
  if (!isTurnserverInstalled) return skip('through coturn', 'turnserver is not installed');
  const server = await startTurnserver({ ips: [ownAddress()] });
  const ways = [[parley, browser], [browser, parley]];
  for (const [name, kind] of Object.entries(kinds))
    for (const way of ways)
      await check(`${way[0].name} offers, ${name}`, () => throughRelay(server, way, parley, browser, kind));
  for (const way of ways)
    for (const restarter of way)
      await check(`${way[0].name} offers, ${restarter.name} restarts ICE twice in mid-flow`, () =>
        restarted(server, way, parley, browser, restarter));
  await server.end();
}

// From our close() to the channel's `close` event in the page.
export async function measureCloses(parley, browser, closes) {
  const delays = { channel: [], zero: [] };
  for (let round = 0; round < closes; ++round) {
    const [offerer, answerer] = round % 2 ? [browser, parley] : [parley, browser];
    await connect(offerer, answerer);
    await exchange(parley, browser, [{ text: 'hello' }]);
    const { closed, noticed } = await close(parley, browser);
    delays.channel.push(noticed.at - closed.at);
    delays.zero.push((await parley.next(({ event }) => event === 'released', 'release')).ms);
    await browser.tell({ command: 'close' });
  }
  console.log(`  channel's close in ${browser.name}: ${figures(delays.channel, 100)}; ` +
    `our report zero ${figures(delays.zero)}`);
}
