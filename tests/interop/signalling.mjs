// The signalling example with a real browser: a tab and the C++ program meet in a room, talk, and
// "bye" closes it from the C++ side. `--screenshot FILE` keeps a picture of the tab.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { openPage } from './peers.mjs';

const folder = process.env.PARLEY_EXAMPLE_FOLDER ??
  new URL('../../build/release/examples/signalling', import.meta.url).pathname;

function program(name, ...args) {
  const child = spawn(`${folder}/${name}`, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = [], waiting = [];
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line);
    for (const look of waiting.splice(0)) look();
  });
  return {
    async line(test) {
      const deadline = Date.now() + 30_000;
      for (;;) {
        const found = lines.find((line) => test.test(line));
        if (found) return found;
        if (Date.now() > deadline) throw new Error(`${name} did not print ${test}: ${lines}`);
        await new Promise((resolve) => {
          waiting.push(resolve);
          setTimeout(resolve, deadline - Date.now()).unref();
        });
      }
    },
    exit: new Promise((resolve) => child.on('exit', resolve)),
    stop: () => child.kill(),
  };
}

export async function signallingExample(browserName, screenshot) {
  const server = program('parley_signalling_server', '0');
  const url = /http:\S+/.exec(await server.line(/listening/))[0];
  const peer = program('parley_signalling_peer', 'test', 'localhost', new URL(url).port);
  await peer.line(/in room/);
  const tab = await openPage(browserName, `${url}?room=test`);
  const shown = (text) => tab.page.waitForFunction(
    `document.getElementById('log').textContent.includes(${JSON.stringify(text)})`);
  const say = async (text) => {
    await tab.page.evaluate((said) => {
      document.getElementById('text').value = said;
      document.querySelector('form').requestSubmit();
    }, text);
  };
  try {
    await peer.line(/open/);
    await shown('hello from C++');
    await say('good day');
    await peer.line(/received: good day/);
    await shown('echo: good day');
    if (screenshot) await tab.page.screenshot({ path: screenshot });
    await say('bye');
    await shown('closed by the other side');
    const released = await peer.line(/released/);
    if (!/^released: (\w+ 0(, )?)+$/.test(released)) throw new Error(released);
    await peer.exit;
  } finally {
    server.stop();
    peer.stop();
    await tab.close();
  }
}
