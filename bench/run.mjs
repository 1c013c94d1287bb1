// node bench/run.mjs [setup]: our benchmarks and, beside them in the same run, those of other stacks, written
// to docs/benchmarks.md. A stack whose package is not installed is reported as skipped.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, release, tmpdir, type } from 'node:os';
import { join } from 'node:path';

const root = new URL('..', import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), 'parley-bench-'));
const run = (command, args) => execFileSync(command, args, { stdio: 'inherit' });
const lines = (text) => text.trim().split('\n').filter(Boolean).map((line) => line.split('\t'));

const mode = process.argv.slice(2); // ["setup"] or nothing

console.log('Parley, C++');
run(join(root, 'build/release/bench/parley_bench'), [...mode, '--output', join(folder, 'parley')]);
const ours = lines(readFileSync(join(folder, 'parley'), 'utf8'));

const isThere = (path) => existsSync(join(root, path));
const inNode = (name) => [process.execPath, join(root, 'bench/rivals/measure.mjs'), name, ...mode];
const others = [
  ['Parley, Node.js', isThere('bindings/node/build/parley.node'), inNode('parley-node')],
  ['libdatachannel (node-datachannel 0.33.4)', isThere('bench/rivals/node_modules/node-datachannel'),
    inNode('node-datachannel')],
  ['libwebrtc (@roamhq/wrtc 0.10.0)', isThere('bench/rivals/node_modules/@roamhq/wrtc'), inNode('wrtc')],
  ['werift 0.24.4', isThere('bench/rivals/node_modules/werift'), inNode('werift')],
  ['Pion 3.1.56 (Debian)', isThere('build/release/bench/pion_pairs'),
    [join(root, 'build/release/bench/pion_pairs')]],
  ['aiortc 1.4.0 (Debian)', spawnSync('/usr/bin/python3', ['-c', 'import aiortc']).status === 0,
    ['/usr/bin/python3', join(root, 'bench/rivals/aiortc_pairs.py')]],
];
const columns = [];
for (const [title, installed, [command, ...args]] of others) {
  if (!installed) { console.log(`${title}: skipped, it is not installed`); continue; }
  console.log(title);
  const { stdout, status } = spawnSync(command, args,
    { encoding: 'utf8', timeout: mode.length > 0 ? 120_000 : 600_000, stdio: ['ignore', 'pipe', 'inherit'] });
  process.stdout.write(stdout ?? '');
  if (status !== 0) console.log(`${title}: ended with ${status}`);
  columns.push([title, new Map(lines(stdout ?? ''))]);
}
if (mode.length > 0) {
  rmSync(folder, { recursive: true, force: true });
  process.exit(0);
}

console.log('Parley, C++, many connections on one port');
const most = 10_000; // a descriptor each for the clients
run(join(root, 'build/release/bench/parley_many'), [String(most), '60', join(folder, 'many')]);
const many = lines(readFileSync(join(folder, 'many'), 'utf8'));
rmSync(folder, { recursive: true, force: true });

const table = [
  ['What', 'Parley, C++', ...columns.map(([title]) => title)],
  Array(2 + columns.length).fill('---'),
  ...ours.map(([key, what, figure]) => [what, figure, ...columns.map(([, figures]) => figures.get(key) ?? '')]),
];
writeFileSync(join(root, 'docs/benchmarks.md'), `# Benchmarks

Written by \`./dev bench\`; the base line of this version, no target yet. Both peers of a pair run in one
process and talk over real UDP sockets of this machine, in C++ on one thread. The other stacks run in
the same way, one after the other, as their npm packages ship them; where a cell is empty the line was
not measured there. Sender: one ordered reliable channel, \`bufferedAmount\` kept under 1 MiB. "stalled": with this
sender no message arrived in the window, which may be the fault of the sender in bench/rivals.

Machine: ${cpus()[0].model}, ${cpus().length} hardware threads, ${type()} ${release()}, Node ${process.version}.

${table.map((row) => `| ${row.join(' | ')} |`).join('\n')}

## Many on one port

\`build/release/bench/parley_many ${most} 60\`: a server with one \`UdpMux\` on one loop and one thread, and
a second process with all the clients, a socket each; both share this machine's threads. Every
connection has a channel and has sent a message there and back.

| What | Figure |
| --- | --- |
${many.map(([, what, figure]) => `| ${what} | ${figure} |`).join('\n')}
`);
console.log('wrote docs/benchmarks.md');
