// The workloads. Besides the load, a row says:
//   plain     also for the empty relay, which knows no HTTP
//   headline  part of `--quick` and `--gate`
//   rates     its goal is throughput: the gate compares requests per second too
//   origin    'nginx' (the default: good at serving) or 'raw' (good at taking content, see origins/raw-origin.mjs)
//   octets    bytes of content in one message; `counted` says which side counts them, so that unfinished messages count too
//   fresh     each proxy is restarted for it, because it measures memory. In the first round only
//   peers     only these
import { REQUEST_FIELDS } from './fields.mjs'

const KIB = 1024
const MIB = 1024 * KIB
const JSON_BODY = JSON.stringify({ name: 'Ada', email: 'ada@example.org', tags: ['a', 'b'], note: 'x'.repeat(180) })
const JSON_FIELDS = { 'Content-Type': 'application/json', 'User-Agent': 'hopwise-bench', Accept: 'application/json' }
const UPLOAD_FIELDS = { 'Content-Type': 'application/octet-stream' }

/** @typedef {{ name: string, title: string, load: 'wrk' | 'h2load' | 'idle' | 'slow', path: string, connections: number,
 *   method?: string, fields?: Record<string, string>, body?: string, bodyOctets?: number, chunked?: boolean, depth?: number,
 *   plain?: boolean, headline?: boolean, rates?: boolean, origin?: 'nginx' | 'raw', octets?: number,
 *   counted?: 'sent' | 'received', fresh?: boolean, log?: boolean, peers?: string[] }} Row */

/** @type {Row[]} */
export const ROWS = [
  wrk('small', 'GET, response of 12 bytes', '/small', 64, { plain: true, headline: true }),
  wrk('fields', 'the same with 20 fields each way', '/fields', 64, {
    fields: REQUEST_FIELDS,
    plain: true,
    headline: true,
  }),
  wrk('new-connection', 'a new connection for each request', '/small', 64, {
    fields: { Connection: 'close' },
    headline: true,
    rates: true,
  }),
  wrk('64k', 'download of 64 KiB', '/64k', 16, { octets: 64 * KIB, counted: 'sent', headline: true, rates: true }),
  wrk('10m', 'download of 10 MiB', '/10m', 16, { octets: 10 * MIB, counted: 'sent', rates: true }),
  upload('upload-64k', 'upload of 64 KiB', 64 * KIB),
  upload('upload', 'upload of 1 MiB', MIB),
  upload('upload-10m', 'upload of 10 MiB', 10 * MIB),
  wrk('post', 'POST, 256 bytes of JSON', '/post', 64, {
    origin: 'raw',
    method: 'POST',
    fields: JSON_FIELDS,
    body: JSON_BODY,
  }),
  wrk('chunked', 'POST, 16 KiB in 4 chunks both ways', '/chunked', 64, {
    origin: 'raw',
    method: 'POST',
    chunked: true,
    octets: 16 * KIB,
  }),
  wrk('small-1', 'GET, one client connection', '/small', 1, { plain: true }),
  wrk('small-1000', 'GET, 1,000 client connections', '/small', 1000, { plain: true }),
  wrk('pipelined', 'GET, 8 requests in flight at once', '/small', 16, { depth: 8 }),
  wrk('access-log', 'GET, with an access log to a file', '/small', 64, { log: true }),
  wrk('workers', 'GET, one hopwise and two workers on one port', '/small', 64, {
    peers: ['hopwise', 'hopwise-two-workers'],
  }),
  { name: 'offered', title: 'GET, the same load offered to each', load: 'h2load', path: '/small', connections: 64 },
  {
    name: 'idle',
    title: 'idle client connections, each after one GET',
    load: 'idle',
    path: '/small',
    connections: 10_000,
    fresh: true,
  },
  {
    name: 'slow',
    title: 'slow readers of 32 MiB',
    load: 'slow',
    path: '/32m',
    connections: 32,
    octets: 32 * MIB,
    fresh: true,
  },
]

function wrk(name, title, path, connections, more) {
  return { name, title, load: 'wrk', path, connections, ...more }
}

function upload(name, title, octets) {
  const more = { method: 'POST', fields: UPLOAD_FIELDS, bodyOctets: octets, octets, counted: 'received' }
  return wrk(name, title, '/upload', 16, { origin: 'raw', rates: true, ...more })
}
