// Real proxies for a test, on loopback: tinyproxy for HTTP, microsocks for SOCKS 5. What they connect
// to sees them at an address of their own.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const proxyAddress = '127.0.0.2';
const login = { username: 'ann', password: 'open-sesame' };
const executables = { http: '/usr/bin/tinyproxy', socks5: '/usr/bin/microsocks' };
export const isProxyInstalled = (kind) => existsSync(executables[kind]);

const freePort = () => new Promise((resolve) => {
  const probe = createServer().listen(0, '127.0.0.1', () => {
    const { port } = probe.address();
    probe.close(() => resolve(port));
  });
});

const answers = (port) => new Promise((resolve) => {
  const probe = connect(port, '127.0.0.1');
  probe.on('connect', () => { probe.destroy(); resolve(true); });
  probe.on('error', () => resolve(false));
});

function commandOf(kind, port, folder) {
  if (kind === 'socks5') {
    return ['-i', '127.0.0.1', '-p', port, '-b', proxyAddress, '-u', login.username, '-P', login.password];
  }
  const file = join(folder, 'tinyproxy.conf');
  writeFileSync(file, [`Port ${port}`, 'Listen 127.0.0.1', `Bind ${proxyAddress}`, 'MaxClients 20',
    'Timeout 600', `BasicAuth ${login.username} ${login.password}`, ''].join('\n'));
  return ['-d', '-c', file];
}

export async function startProxy(kind) {
  const folder = mkdtempSync(join(tmpdir(), 'interop-proxy-'));
  const port = await freePort();
  const child = spawn(executables[kind], commandOf(kind, port, folder).map(String), { stdio: 'ignore' });
  for (let round = 0; !await answers(port); ++round) {
    if (round === 400) throw new Error(`${executables[kind]} does not start`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return {
    settings: { kind, host: '127.0.0.1', port, ...login },
    async end() {
      const ended = new Promise((resolve) => child.on('exit', resolve));
      child.kill();
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
