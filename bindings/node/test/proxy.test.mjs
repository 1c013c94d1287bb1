import assert from 'node:assert/strict';
import {once} from 'node:events';
import {createServer} from 'node:http';
import test from 'node:test';
import {nonstandard} from '../index.mjs';
import {next} from './peers.mjs';

const isTypeError = {name: 'TypeError'};

test('a proxy is asked for the way to a TURN server', async () => {
  const asked = [];
  const proxy = createServer().on('connect', (request, socket) => {
    asked.push([request.url, request.headers['proxy-authorization']]);
    socket.end('HTTP/1.1 403 Not today\r\n\r\n');
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const pc = nonstandard.createPeerConnection({
    iceServers: [{urls: 'turn:turn.example?transport=tcp', username: 'u', credential: 'c'}],
    iceTransportPolicy: 'relay',
  }, {
    includeLoopback: true, ipv6: false, interfaces: ['lo'],
    turnProxy: {host: '127.0.0.1', port: proxy.address().port, username: 'Aladdin', password: 'open sesame'},
  });
  pc.createDataChannel('x');
  const failed = next(pc, 'icecandidateerror');
  await pc.setLocalDescription();
  const {errorCode, errorText} = await failed;
  assert.equal(errorCode, 701);
  assert.equal(errorText, 'the proxy answered 403 Not today');
  assert.deepEqual(asked, [['turn.example:3478', 'Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==']]);
  pc.close();
  proxy.close();
});

test('a proxy that cannot be asked is refused', () => {
  for (const turnProxy of [{}, {host: 'x'}, {port: 1}, {host: '', port: 1}, {host: 'x', port: 0},
    {host: 'x', port: 65536}, {host: 'x', port: 1, kind: 'socks4'}, {host: 'x', port: 1, password: 'y'},
    {host: 'x', port: 1, username: 'a:b'}, {kind: 'socks5', host: 'x', port: 1, username: 'a'}]) {
    assert.throws(() => nonstandard.createPeerConnection({}, {turnProxy}), isTypeError, JSON.stringify(turnProxy));
  }
  nonstandard.createPeerConnection({}, {turnProxy: {kind: 'socks5', host: 'x', port: 1080}}).close();
});
