// coturn for a test: UDP, TCP, TLS and DTLS listeners with a certificate of its own, what its command line
// interface says about sessions, and its log. As root it runs as nobody.
import { execFileSync, spawn } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { createHmac } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { wallClock } from './harness.mjs';

const secret = 'interop-rest-secret';
const cliPassword = 'interop';
const executable = ['/usr/bin/turnserver', '/usr/local/bin/turnserver'].find(existsSync);
export const isTurnserverInstalled = Boolean(executable);

const freePort = () => new Promise((resolve) => {
  const probe = createServer().listen(0, '127.0.0.1', () => {
    const { port } = probe.address();
    probe.close(() => resolve(port));
  });
});
const patience = async (what, test) => {
  for (let round = 0; round < 400; ++round) {
    if (await test()) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`coturn: ${what}`);
};

// One telnet connection to the command line interface.
class Questions {
  #socket;
  #text = '';
  #wake = () => {};

  static async open(port, password) {
    const questions = new Questions();
    questions.#socket = connect(port, '127.0.0.1');
    questions.#socket.setNoDelay(true).setEncoding('latin1');
    questions.#socket.on('data', (text) => { questions.#text += text; questions.#wake(); });
    questions.#socket.on('error', () => {});
    await questions.#until('password:');
    await questions.#ask(password);
    return questions;
  }

  async #until(mark) {
    for (;;) {
      const index = this.#text.indexOf(mark);
      if (index >= 0) {
        const found = this.#text.slice(0, index);
        this.#text = this.#text.slice(index + mark.length);
        return found;
      }
      await new Promise((resolve) => { this.#wake = resolve; });
    }
  }
  async #ask(line) {
    this.#socket.write(`${line}\r\n`);
    return this.#until('\n> ');
  }

  // The live sessions: { user, client, relay, protocol, expiresIn }.
  async sessions() {
    const text = await this.#ask('ps');
    return text.split(/\n\s+\d+\) id=/).slice(1).map((block) => ({
      user: /user <(.*?)>/.exec(block)?.[1], client: /client addr (\S+?),/.exec(block)?.[1],
      relay: /relay addr (\S+)/.exec(block)?.[1],
      protocol: /client protocol (\S+?),/.exec(block)?.[1], expiresIn: Number(/expiring in (\d+)/.exec(block)?.[1]) }));
  }

  end() { this.#socket.destroy(); }
}

// `lifetime` and `nonce` in seconds. `within` is a command that runs another; the command line
// interface cannot be reached then.
export async function startTurnserver({ ips = ['127.0.0.1'], lifetime = 600, nonce = 600, rest = false,
  within } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'interop-coturn-'));
  const certificate = join(folder, 'cert.pem');
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
    '-days', '3', '-subj', '/CN=interop', '-addext',
    `subjectAltName=DNS:localhost,${ips.map((ip) => `IP:${ip}`)}`, '-keyout', join(folder, 'key.pem'),
    '-out', certificate], { stdio: 'ignore' });
  const isRoot = process.getuid() === 0;
  const nobody = 65534;
  if (isRoot) for (const name of ['', 'cert.pem', 'key.pem']) chownSync(join(folder, name), nobody, nobody);
  const [port, tlsPort, cliPort] = [await freePort(), await freePort(), await freePort()];
  const logFile = join(folder, 'log');
  const command = [...within ?? [], ...isRoot ? ['setpriv', '--reuid=nobody', '--regid=nogroup', '--clear-groups'] : [],
    executable, '-n', ...ips.flatMap((ip) => ['-L', ip, '-E', ip]), '-p', port, '--tls-listening-port', tlsPort,
    '-r', 'interop', ...rest ? ['--use-auth-secret', `--static-auth-secret=${secret}`]
      : ['--lt-cred-mech', '-u', 'alice:secret', '-u', 'bob:secret2'],
    '--cert', 'cert.pem', '--pkey', 'key.pem', '-v', '--log-file', logFile, '--simple-log', '--no-rfc5780',
    '--allow-loopback-peers', '--userdb', './turndb', '--pidfile', './pid', `--stale-nonce=${nonce}`,
    `--max-allocate-lifetime=${lifetime}`, '--cli-ip', '127.0.0.1', '--cli-port', cliPort,
    '--cli-password', cliPassword].map(String);
  const child = spawn(command[0], command.slice(1), { cwd: folder, stdio: 'ignore' });
  const log = () => existsSync(logFile) ? readFileSync(logFile, 'latin1') : '';
  await patience('it does not start', () => log().includes('CLI listener opened'));
  const questions = within ? undefined : await Questions.open(cliPort, cliPassword);
  const bracketed = (ip) => ip.includes(':') ? `[${ip}]` : ip;
  const user = `${Math.floor(Date.now() / 1000) + 3600}:alice`;
  const credentials = rest
    ? { username: user, credential: createHmac('sha1', secret).update(user).digest('base64') }
    : { username: 'alice', credential: 'secret' };
  const url = (transport, ip = ips[0]) => transport === 'tls' ? `turns:${bracketed(ip)}:${tlsPort}`
    : transport === 'dtls' ? `turns:${bracketed(ip)}:${tlsPort}?transport=udp`
    : `turn:${bracketed(ip)}:${port}?transport=${transport}`;
  return {
    certificate, log, stun: `stun:${bracketed(ips[0])}:${port}`,
    // An RTCIceServer.
    server: (transport, ip) => ({ urls: url(transport, ip), ...credentials }),
    sessions: () => questions.sessions(),
    // Until there is none left, looked at every 10 ms; milliseconds since `since`.
    async untilEmpty(since, limitMs = 5000) {
      for (;;) {
        const left = await questions.sessions();
        const passed = wallClock() - since;
        if (!left.length) return passed;
        if (passed > limitMs) throw new Error(`coturn still holds ${JSON.stringify(left)}`);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    },
    async end() {
      questions?.end();
      const ended = new Promise((resolve) => child.on('exit', resolve));
      child.kill();
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
