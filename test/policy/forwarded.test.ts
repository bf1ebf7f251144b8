import { test } from 'tap'
import { type ClientFacts, forwardedElement } from '../../lib/policy/forwarded.js'

const rows: [title: string, facts: ClientFacts, element: string][] = [
  [
    'IPv4',
    { address: '192.0.2.1', port: 0, host: 'a.example', scheme: 'http' },
    'for=192.0.2.1;host=a.example;proto=http',
  ],
  [
    'a port is quoted',
    { address: '192.0.2.1', port: 5, host: 'a:8080', scheme: 'https' },
    'for="192.0.2.1:5";host="a:8080";proto=https',
  ],
  [
    'IPv6 in brackets, quoted',
    { address: '2001:db8::1', port: 0, host: '[::1]', scheme: 'http' },
    'for="[2001:db8::1]";host="[::1]";proto=http',
  ],
  ['IPv6 with a port', { address: '::1', port: 80, host: '', scheme: 'http' }, 'for="[::1]:80";proto=http'],
  ['no address, no authority', { address: '', port: 9, host: '', scheme: 'http' }, 'for=unknown;proto=http'],
  [
    'nothing breaks out of the quotes',
    { address: '::1', port: 0, host: 'a";for="b\\', scheme: 'http' },
    'for="[::1]";host="a\\";for=\\"b\\\\";proto=http',
  ],
]
for (const [title, facts, element] of rows) {
  test(`R203: Forwarded, ${title}`, async t => t.equal(forwardedElement(facts), element))
}
