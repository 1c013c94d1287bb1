// node nats.mjs: the sixteen pairs of NATs in network namespaces, translated by nftables, with coturn
// between them; each pair once by STUN alone and once with TURN. Needs root, ip and nft.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { connect, event, exchange, finish, results, selectedPair, skip } from './harness.mjs';
import { startParley } from './peers.mjs';
import { isTurnserverInstalled, startTurnserver } from './turnserver.mjs';

const prefix = `parley${process.pid}`;
const space = (name) => `${prefix}-${name}`;
const within = (name) => ['ip', 'netns', 'exec', space(name)];
const run = (command, input) => execFileSync(command[0], command.slice(1), { input, stdio: ['pipe', 'pipe', 'pipe'] });
const ip = (...args) => run(['ip', ...args]);
const serverIp = '203.0.113.1';

// What a router does to packets between `wan`, its outer interface, and the host inside. An inbound
// packet that nobody asked for must leave no trace in the connection table, or the port it came to is
// taken when the host inside wants it: it is dropped before it is confirmed.
const dropsStrangers = `
  chain inbound { type filter hook input priority 0; iifname wan ct state new drop; }
  chain through { type filter hook forward priority 0; iifname wan ct state new ct status dnat accept
    iifname wan ct state new drop; }`;
const masquerade = (how) => `table ip nat {
  chain post { type nat hook postrouting priority 100
    oifname wan meta l4proto udp masquerade ${how}
  }${dropsStrangers}
}`;
// The mapping is kept by the masquerade, which leaves a free port as it is, and remembered here;
// `admit` says for which packets from outside it is used.
const cone = (remember, admit) => `table ip nat {
  map owner { type inet_service : ipv4_addr; flags dynamic, timeout; timeout 5m; size 4096; }
  set contacted { type ipv4_addr . inet_service; flags dynamic, timeout; timeout 5m; size 4096; }
  chain learn { type filter hook forward priority -10
    oifname wan meta l4proto udp update @owner { udp sport : ip saddr }
    ${remember}
  }
  chain pre { type nat hook prerouting priority -100
    iifname wan meta l4proto udp ${admit} dnat to udp dport map @owner
  }
  chain post { type nat hook postrouting priority 100
    oifname wan meta l4proto udp masquerade
  }${dropsStrangers}
}`;
const kinds = {
  'full cone': cone('', ''),
  'restricted': cone('oifname wan meta l4proto udp update @contacted { ip daddr . udp sport }',
    'ip saddr . udp dport @contacted'),
  'port restricted': masquerade(''),
  'symmetric': masquerade('fully-random'),
};
// RFC 5128 3.4: the port a symmetric NAT uses towards the peer must be learned from a first packet,
// which a filter that asks for the port does not let in.
const isStrict = (kind) => kind === 'port restricted' || kind === 'symmetric';
const canMeetByStun = (a, b) => !(a === 'symmetric' && isStrict(b)) && !(b === 'symmetric' && isStrict(a));

function link(inner, innerName, innerAddress, outer, outerName, outerAddress) {
  ip('link', 'add', innerName, 'netns', space(inner), 'type', 'veth', 'peer', 'name', outerName, 'netns', space(outer));
  for (const [name, device, address] of [[inner, innerName, innerAddress], [outer, outerName, outerAddress]]) {
    ip('-n', space(name), 'addr', 'add', `${address}/24`, 'dev', device);
    ip('-n', space(name), 'link', 'set', device, 'up');
  }
}

// host (192.168.N.2) - router - wan
function addSide(host, router, routerKind, net, outside, server) {
  for (const name of [host, router]) {
    ip('netns', 'add', space(name));
    ip('-n', space(name), 'link', 'set', 'lo', 'up');
  }
  link(host, 'eth0', `192.168.${net}.2`, router, 'lan', `192.168.${net}.1`);
  link(router, 'wan', outside, 'wan', `to-${router}`, server);
  ip('-n', space(host), 'route', 'add', 'default', 'via', `192.168.${net}.1`);
  ip('-n', space(router), 'route', 'add', 'default', 'via', server);
  run([...within(router), 'sysctl', '-qw', 'net.ipv4.ip_forward=1']);
  run([...within(router), 'nft', '-f', '-'], kinds[routerKind]);
}
function remove(...names) {
  for (const name of names) try { ip('netns', 'del', space(name)); } catch { /* it is not there */ }
}

async function meet(server, withTurn) {
  const iceServers = [{ urls: server.stun }, ...withTurn ? [server.server('udp')] : []];
  const peers = ['a', 'b'].map((name) => startParley({ within: within(name) }));
  try {
    for (const peer of peers) await peer.next(event('ready'), 'ready');
    const has = { configuration: { iceServers } };
    const failed = peers[0].next((seen) => seen.event === 'connectionstate' && seen.value === 'failed', 'failure',
      90_000).then(() => 'no');
    failed.catch(() => {});
    const met = connect(...peers, { offererHas: has, answererHas: has, limitMs: 90_000 })
      .then(async () => {
        await exchange(...peers);
        return selectedPair(peers[0]);
      });
    met.catch(() => {});
    return await Promise.race([met, failed]);
  } finally {
    await Promise.all(peers.map((peer) => peer.end()));
  }
}

async function pairOf(server, a, b) {
  addSide('a', 'ra', a, 1, '203.0.113.2', serverIp);
  addSide('b', 'rb', b, 2, '198.51.100.2', '198.51.100.1');
  try {
    const outcomes = [];
    for (const withTurn of [false, true]) {
      const outcome = await meet(server, withTurn).catch((error) => `error: ${error.message}`);
      const isRight = (outcome === 'no') === !(withTurn || canMeetByStun(a, b)) && !outcome.startsWith('error');
      results[isRight ? 'passed' : 'failed']++;
      outcomes.push(isRight ? outcome : `${outcome} (WRONG)`);
    }
    console.log(`| ${a} | ${b} | ${outcomes[0]} | ${outcomes[1]} |`);
  } finally {
    remove('a', 'ra', 'b', 'rb');
  }
}

function addWan() {
  for (const name of ['wan', 'nowhere']) {
    ip('netns', 'add', space(name));
    ip('-n', space(name), 'link', 'set', 'lo', 'up');
  }
  ip('-n', space('wan'), 'addr', 'add', `${serverIp}/32`, 'dev', 'lo');
  run([...within('wan'), 'sysctl', '-qw', 'net.ipv4.ip_forward=1']);
  // Private addresses lead nowhere, as in the Internet. Without a route at all, coturn takes the error
  // of its sendto() for the end of the session.
  link('wan', 'nowhere', '192.0.2.1', 'nowhere', 'end', '192.0.2.2');
  ip('-n', space('wan'), 'link', 'set', 'nowhere', 'arp', 'off');
  ip('-n', space('wan'), 'route', 'add', 'default', 'dev', 'nowhere');
}

async function all() {
  let server;
  try {
    addWan();
    server = await startTurnserver({ ips: [serverIp], within: within('wan') });
    console.log('| a | b | STUN only | with TURN |\n| --- | --- | --- | --- |');
    for (const a of Object.keys(kinds)) for (const b of Object.keys(kinds)) await pairOf(server, a, b);
  } finally {
    await server?.end();
    remove('wan', 'nowhere');
  }
}

const isThere = (tool) => ['/usr/sbin', '/sbin', '/usr/bin', '/bin'].some((folder) => existsSync(`${folder}/${tool}`));
if (process.getuid() !== 0) skip('nats', 'network namespaces need root');
else if (!['ip', 'nft', 'sysctl'].every(isThere)) skip('nats', 'ip, nft or sysctl is not installed');
else if (!isTurnserverInstalled) skip('nats', 'turnserver is not installed');
else await all();
finish();
