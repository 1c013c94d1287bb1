// The two kinds of ends of an interop test behind one face: tell(message), and next(test, what) that
// waits, with a deadline, for an event that passes the test.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const deadlineMs = 30_000;
const here = new URL('.', import.meta.url);

class Inbox {
  #events = [];
  #waiting = [];

  put(event) {
    const index = this.#waiting.findIndex(({ test }) => test(event));
    if (index < 0) return this.#events.push(event);
    this.#waiting.splice(index, 1)[0].resolve(event);
  }

  next(test, what, limitMs = deadlineMs) {
    const index = this.#events.findIndex(test);
    if (index >= 0) return Promise.resolve(this.#events.splice(index, 1)[0]);
    return new Promise((resolve, reject) => {
      const seen = () => this.#events.map((event) =>
        event.error ?? event.errorText ?? event.value ?? event.event);
      const timer = setTimeout(() => reject(new Error(
        `no ${what} within ${limitMs / 1000} s; seen: ${JSON.stringify(seen())}`)), limitMs);
      this.#waiting.push({ test, resolve: (event) => { clearTimeout(timer); resolve(event); } });
    });
  }

  forget() { this.#events = []; }
}

export const parleyBinary = process.env.PARLEY_INTEROP_PEER ??
  new URL('../../build/release/tests/interop/parley_interop', import.meta.url).pathname;

// `within` is a command that runs another: ['ip', 'netns', 'exec', 'a'].
export function startParley({ within = [], env = {} } = {}) {
  const inbox = new Inbox();
  const [command, ...rest] = [...within, parleyBinary];
  const child = spawn(command, rest, { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, ...env } });
  child.stdin.on('error', () => {});  // it may have been killed
  createInterface({ input: child.stdout }).on('line', (line) => inbox.put(JSON.parse(line)));
  return {
    name: 'parley',
    tell: async (message) => void child.stdin.write(JSON.stringify(message) + '\n'),
    next: (test, what, limitMs) => inbox.next(test, `${what} from parley`, limitMs),
    forget: () => inbox.forget(),
    signal: (name) => child.kill(name),
    end: () => new Promise((resolve) => {
      if (child.exitCode !== null || child.signalCode !== null) return resolve();
      child.on('exit', resolve);
      child.kill('SIGCONT');
      child.stdin.end();
    }),
  };
}

function emptyPage() {
  return new Promise((resolve) => {
    const server = createServer((_, response) => {
      response.setHeader('content-type', 'text/html');
      response.end('<!doctype html><title>interop</title><body></body>');
    }).listen(0, '127.0.0.1', () => resolve({ server, url: `http://localhost:${server.address().port}/` }));
  });
}

const launchers = {
  async chromium(profile) {
    const { chromium } = await import('playwright-core');
    const context = await chromium.launchPersistentContext(profile, {
      executablePath: '/usr/bin/chromium', headless: true,
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync',
        '--disable-background-networking', '--disable-component-update'] });
    return { page: context.pages()[0] ?? await context.newPage(), close: () => context.close(),
      version: context.browser()?.version() };
  },
  async firefox(profile) {
    const puppeteer = (await import('puppeteer-core')).default;
    const browser = await puppeteer.launch({
      browser: 'firefox', executablePath: '/usr/bin/firefox-esr', headless: true, userDataDir: profile,
      env: { ...process.env, HOME: profile },
      extraPrefsFirefox: {
        'media.peerconnection.ice.obfuscate_host_addresses': true,
        'app.update.enabled': false, 'app.normandy.enabled': false, 'extensions.update.enabled': false,
        'network.captive-portal-service.enabled': false, 'network.connectivity-service.enabled': false,
        'datareporting.policy.dataSubmissionEnabled': false, 'toolkit.telemetry.server': 'data:,',
        'services.settings.server': 'data:,#none/v1', 'browser.region.network.url': '',
        'media.gmp-manager.url': 'data:text/plain,', 'media.gmp-provider.enabled': false,
      } });
    return { page: await browser.newPage(), close: () => browser.close(), version: await browser.version() };
  },
};
const executables = { chromium: '/usr/bin/chromium', firefox: '/usr/bin/firefox-esr' };
export const browsers = Object.keys(executables);
export const isInstalled = (browser) => existsSync(executables[browser]);

// A page of a browser of its own; close() ends the browser.
export async function openPage(name, url) {
  const profile = mkdtempSync(join(tmpdir(), `interop-${name}-`));
  const { page, close, version } = await launchers[name](profile);
  if (url) await page.goto(url);
  return {
    page, version,
    async close() {
      await close().catch(() => {});
      rmSync(profile, { recursive: true, force: true });
    },
  };
}

// Each browser as it comes: mDNS names instead of addresses, DTLS 1.3 offered first.
export async function startBrowser(name) {
  const { page, version, close } = await openPage(name);
  const { server, url } = await emptyPage();
  const inbox = new Inbox();
  await page.exposeFunction('emit', (event) => inbox.put(event));
  await page.goto(url);
  await page.addScriptTag({ content: readFileSync(new URL('page.js', here), 'utf8') });
  return {
    name, version,
    tell: (message) => page.evaluate((told) => window.interop(told), message),
    next: (test, what, limitMs) => inbox.next(test, `${what} from ${name}`, limitMs),
    forget: () => inbox.forget(),
    async end() {
      await close();
      server.close();
    },
  };
}
