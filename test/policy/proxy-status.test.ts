import { test } from 'tap'
import { type ProxyStatusMember, proxyStatus } from '../../lib/policy/proxy-status.js'

const rows: [title: string, member: ProxyStatusMember, value: string][] = [
  ['the deployment alone', { name: 'edge-7', error: '', details: '' }, 'edge-7'],
  ['an error', { name: 'a.example:80', error: 'dns_error', details: '' }, 'a.example:80; error=dns_error'],
  [
    'a detail',
    { name: 'e', error: 'dns_error', details: 'no "x" \\ y' },
    'e; error=dns_error; details="no \\"x\\" \\\\ y"',
  ],
  ['what is no sf-token is a string', { name: '7up', error: '', details: '' }, '"7up"'],
  ['a name with brackets', { name: '[::1]:80', error: '', details: '' }, '"[::1]:80"'],
  ['a name in other letters', { name: 'caf\u00e9\u20ac', error: '', details: '' }, '"caf??"'],
  ['control characters', { name: 'e', error: '', details: 'a\r\nb\u0000' }, 'e; details="a??b?"'],
]
for (const [title, member, value] of rows)
  test(`R200, R201: Proxy-Status, ${title}`, async t => t.equal(proxyStatus(member), value))
