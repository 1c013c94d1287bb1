// node coturn.mjs [udp] [tcp] [tls] [dtls] [proxy] [--closes N]: Parley's peers through a real TURN
// server on loopback, by real proxies where asked for, and how soon nothing is left there. --closes
// measures how long after close() the allocation is gone.
import { check, close, connect, described, event, exchange, expect, figures, finish, selectedPair, skip,
  takeCloses, wallClock } from './harness.mjs';
import { startParley } from './peers.mjs';
import { isProxyInstalled, proxyAddress, startProxy } from './proxies.mjs';
import { isTurnserverInstalled, startTurnserver } from './turnserver.mjs';

const asked = process.argv.slice(2);
const closes = takeCloses(asked);
const tuning = { includeLoopback: true };
const relayed = (...iceServers) => ({ configuration: { iceServers, iceTransportPolicy: 'relay' }, tuning });
const plain = { tuning };
const all = ['udp', 'tcp', 'tls', 'dtls'];
const transports = asked.length ? all.filter((each) => asked.includes(each)) : all;
const isDatagrams = (transport) => transport === 'udp' || transport === 'dtls';
const withProxies = !asked.length || asked.includes('proxy');

async function startPeers(server) {
  const peers = [0, 1].map(() => startParley({ env: { SSL_CERT_FILE: server.certificate } }));
  for (const peer of peers) await peer.next(event('ready'), 'ready');
  return peers;
}

// Both ends let go of all they had; the log must say that it was given back, not that it expired.
async function closeAndLook(server, a, b, { refreshes }) {
  const before = server.log().length;
  const { closed } = await close(a, b);
  const gone = refreshes === 1 ? await server.untilEmpty(closed.at) : undefined;
  await b.tell({ command: 'close' });
  const second = await b.next(event('closed'), 'closed');
  const goneAll = gone ?? await server.untilEmpty(second.at);
  for (const peer of [a, b]) {
    const released = await peer.next(event('released'), 'release');
    expect(released.isZero, `left: ${released.report}`);
  }
  const given = server.log().slice(before).match(/refreshed, .*lifetime=0/g)?.length ?? 0;
  expect(given >= refreshes, `${given} Refreshes with lifetime 0, not ${refreshes}`);
  return `no session after ${goneAll.toFixed(0)} ms`;
}

async function story(server, a, b, aHas, bHas, { pair, refreshes }) {
  await connect(a, b, { offererHas: aHas, answererHas: bHas });
  await exchange(a, b);
  await exchange(b, a);
  const selected = await selectedPair(a);
  expect(selected === pair, `the selected pair is ${selected}, not ${pair}`);
  return `${selected}, ${await closeAndLook(server, a, b, { refreshes })}`;
}

// Each case with a server and two peers of its own.
async function inLab(title, options, body) {
  await check(title, async () => {
    const server = await startTurnserver(options);
    const [a, b] = await startPeers(server);
    try {
      return await body(server, a, b);
    } finally {
      await Promise.all([a.end(), b.end()]);
      await server.end();
    }
  });
}


async function calls() {
  for (const transport of transports) {
    await inLab(`relay to relay over ${transport}`, {}, (server, a, b) => {
      const has = relayed(server.server(transport));
      return story(server, a, b, has, has, { pair: 'relay/relay', refreshes: 2 });
    });
    await inLab(`relay to host over ${transport}`, {}, (server, a, b) =>
      story(server, a, b, relayed(server.server(transport)), plain, { pair: 'relay/host', refreshes: 1 }));
  }
  if (!transports.length) return;
  await inLab('relay to relay, UDP here and TLS there', {}, (server, a, b) =>
    story(server, a, b, relayed(server.server('udp')), relayed(server.server('tls')),
      { pair: 'relay/relay', refreshes: 2 }));
  await inLab('a server reached by IPv6', { ips: ['127.0.0.1', '::1'] }, (server, a, b) =>
    story(server, a, b, relayed(server.server('udp', '::1')), plain, { pair: 'relay/host', refreshes: 1 }));
  await inLab('REST credentials', { rest: true }, (server, a, b) =>
    story(server, a, b, relayed(server.server('udp')), plain, { pair: 'relay/host', refreshes: 1 }));
}

// A server whose name the proxy looks up, and which sees the proxy only.
async function throughProxy(kind, transport) {
  await inLab(`${transport} through ${kind}`, {}, async (server, a, b) => {
    const proxy = await startProxy(kind);
    const has = (settings) => ({ ...relayed(server.server(transport, kind === 'http' ? 'localhost' : undefined)),
      tuning: { ...tuning, turnProxy: settings } });
    try {
      await connect(a, b, { offererHas: has(proxy.settings), answererHas: plain });
      await exchange(a, b);
      await exchange(b, a);
      const clients = (await server.sessions()).map(({ client }) => client);
      expect(clients.length && clients.every((each) => each?.startsWith(`${proxyAddress}:`)),
        `coturn sees ${clients}, not the proxy`);
      const pair = await selectedPair(a);
      expect(pair === 'relay/host', `the selected pair is ${pair}`);
      const told = await closeAndLook(server, a, b, { refreshes: 1 });
      await a.tell({ command: 'offer', ...has({ ...proxy.settings, password: 'wrong' }) });
      const { errorCode, errorText } = await a.next(event('icecandidateerror'), 'icecandidateerror');
      const isTold = /^the proxy (refused the user name or|answered 401)/.test(errorText);  // as tinyproxy does
      expect(errorCode === 701 && isTold, `a wrong password is told as ${errorCode} "${errorText}"`);
      return `${clients}, ${told}`;
    } finally {
      await proxy.end();
    }
  });
}

async function proxies() {
  for (const kind of ['http', 'socks5']) {
    if (!isProxyInstalled(kind)) skip(`through ${kind}`, 'no proxy is installed');
    else for (const transport of ['tcp', 'tls']) await throughProxy(kind, transport);
  }
}

// RFC 8489 9.2.5: the Refresh of the release meets a nonce that has become stale.
const staleNonce = () => inLab('the nonce changes before close', { nonce: 2 }, async (server, a, b) => {
  await connect(a, b, { offererHas: relayed(server.server('udp')), answererHas: plain });
  await new Promise((resolve) => setTimeout(resolve, 4_000));
  const before = server.log().length;
  const told = await closeAndLook(server, a, b, { refreshes: 1 });
  expect(/error 438/.test(server.log().slice(before)), 'no 438 was met');
  return told;
});

const killed = () => inLab('SIGKILL: the allocation ends with its lifetime', { lifetime: 6 }, async (server, a, b) => {
  await connect(a, b, { offererHas: relayed(server.server('udp')), answererHas: plain });
  const [{ expiresIn }] = await server.sessions();
  a.signal('SIGKILL');
  const gone = await server.untilEmpty(wallClock(), 12_000);
  expect(!/lifetime=0/.test(server.log()), 'somebody gave it back');
  return `gone after ${gone.toFixed(0)} ms, it had ${expiresIn} s left`;
});

const wrongPassword = () => inLab('a wrong password', {}, async (server, a) => {
  await a.tell({ command: 'offer', ...relayed({ ...server.server('udp'), credential: 'wrong' }) });
  const { errorCode, errorText } = await a.next(event('icecandidateerror'), 'icecandidateerror');
  expect(errorCode === 401, `errorCode is ${errorCode}`);
  await a.next(described('offer'), 'offer');
  await a.tell({ command: 'close' });
  const released = await a.next(event('released'), 'release');
  expect(released.isZero, `left: ${released.report}`);
  return `401 "${errorText}"`;
});

// What is under way at that moment must not stay: at several moments of the allocation.
const closedWhileAllocating = (transport) =>
  inLab(`close while allocating over ${transport}`, {}, async (server, a) => {
  const longest = [];
  for (const delay of [0, 1, 2, 3, 5, 8, 13]) {
    await a.tell({ command: 'offer', ...relayed(server.server(transport)) });
    await new Promise((resolve) => setTimeout(resolve, delay));
    await a.tell({ command: 'close' });
    const { at } = await a.next(event('closed'), 'closed');
    const released = await a.next(event('released'), 'release');
    expect(released.isZero, `left: ${released.report}`);
    longest.push(await server.untilEmpty(at));
    a.forget();
  }
  return `no session after at most ${Math.max(...longest).toFixed(0)} ms`;
});

// --- figures

async function measure(title, transport, targetMs, { isSilent = false } = {}) {
  const server = await startTurnserver();
  let [a, b] = await startPeers(server);
  const gone = [], released = [];
  for (let round = 0; round < closes; ++round) {
    await connect(a, b, { offererHas: relayed(server.server(transport)), answererHas: plain });
    await exchange(a, b, [{ text: 'hello' }]);
    if (isSilent) b.signal('SIGSTOP');
    await a.tell({ command: 'close' });
    const { at } = await a.next(event('closed'), 'closed');
    gone.push(await server.untilEmpty(at));
    released.push((await a.next(event('released'), 'release')).ms);
    if (!isSilent) continue;
    await b.end();
    b = (await startPeers(server))[0];
  }
  await Promise.all([a.end(), b.end()]);
  await server.end();
  console.log(`  ${title}: gone at coturn ${figures(gone, targetMs)}; our report zero ${figures(released)}`);
}

if (!isTurnserverInstalled) {
  skip('coturn', 'turnserver is not installed');
} else if (closes) {
  for (const transport of transports) {
    await measure(`${transport}, the peer answers`, transport, isDatagrams(transport) ? 1200 : 50);
    await measure(`${transport}, the peer is silent`, transport, isDatagrams(transport) ? 1300 : undefined,
      { isSilent: true });
  }
} else {
  await calls();
  if (withProxies) await proxies();
  if (transports.length) {
    await staleNonce();
    await killed();
    await wrongPassword();
  }
  for (const transport of transports) await closedWhileAllocating(transport);
}
finish();
