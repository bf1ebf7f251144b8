import type { Ledger } from '../../lib/admin/source.js'

const END_TO_END = { verdict: 'keep', reason: 'end to end', section: 'RFC 9110 7.6' } as const
const OF_THE_HOP = { verdict: 'drop', reason: 'belongs to this connection', section: 'RFC 9110 7.6.1' } as const

/** The ledger of an exchange of which nothing was kept. */
export const NO_LEDGER: Omit<Ledger, 'exchange'> = {
  request: null,
  requestTrailers: null,
  interim: [],
  interimMore: 0,
  response: null,
  responseTrailers: null,
}

export const LEDGER: Ledger = {
  exchange: 'x1',
  request: {
    startLine: 'GET /api/items?token=s3cr3t HTTP/1.1',
    sentLine: 'GET /api/items?token=s3cr3t HTTP/1.1',
    rows: [
      { field: 'Host', value: 'shop.example', ...END_TO_END },
      { field: 'Cookie', value: 'sid=31d4d96e407aad42; theme=dark', ...END_TO_END },
      { field: 'Authorization', value: 'Bearer abc.def.ghi', ...END_TO_END },
      { field: 'Referer', value: 'https://shop.example/cart?user=7', ...END_TO_END },
      { field: 'Connection', value: 'keep-alive, X-Debug', ...OF_THE_HOP },
      { field: 'X-Debug', value: '1', verdict: 'drop', reason: 'named by Connection', section: 'RFC 9110 7.6.1' },
      {
        field: 'X-Forwarded-For',
        value: '203.0.113.21',
        verdict: 'add',
        reason: 'the address of the client',
        section: 'RFC 7239 7.4',
      },
    ],
    notes: ['1 end-to-end field removed, because Connection names it (RFC 9110 7.6.1).'],
  },
  requestTrailers: {
    sent: true,
    rows: [
      { field: 'X-Sum', value: '9a3f', ...END_TO_END },
      { field: 'X-Upload-Token', value: 's3cr3t', ...END_TO_END },
      { field: 'X-Debug', value: '2', verdict: 'drop', reason: 'named by Connection', section: 'RFC 9110 7.6.1' },
    ],
  },
  interim: [
    { startLine: '', sentLine: 'HTTP/1.1 100 Continue', rows: [], notes: [] },
    {
      startLine: 'HTTP/1.1 103 Early Hints',
      sentLine: 'HTTP/1.1 103 Early Hints',
      rows: [{ field: 'Link', value: '</a.css?key=s3cr3t>; rel=preload', ...END_TO_END }],
      notes: [],
    },
    {
      startLine: 'HTTP/1.1 100 Continue',
      sentLine: '',
      rows: [],
      notes: ['The client does not receive it: it has already been told to continue (RFC 9110 10.1.1).'],
    },
  ],
  interimMore: 7,
  response: {
    startLine: 'HTTP/1.1 200 OK',
    sentLine: 'HTTP/1.1 200 OK',
    rows: [
      { field: 'Content-Type', value: 'application/json', ...END_TO_END },
      { field: 'Set-Cookie', value: 'sid=31d4d96e407aad42; Path=/; HttpOnly', ...END_TO_END },
      {
        field: 'Keep-Alive',
        value: 'timeout=5',
        verdict: 'drop',
        reason: 'known to be hop-by-hop',
        section: 'RFC 9110 7.6.1',
      },
      {
        field: 'Transfer-Encoding',
        value: 'chunked',
        verdict: 'replace',
        reason: 'each hop frames the content for itself',
        section: 'RFC 9112 6.1',
      },
    ],
    notes: [],
  },
  responseTrailers: {
    sent: false,
    rows: [
      {
        field: 'Server-Timing',
        value: 'db;dur=7',
        verdict: 'drop',
        reason: 'the content is forwarded without chunks, so no trailers follow it',
        section: 'RFC 9112 7.1.2',
      },
      {
        field: 'Set-Cookie',
        value: 'sid=31d4d96e407aad42',
        verdict: 'drop',
        reason: 'not allowed in a trailer section',
        section: 'RFC 9110 6.5.1',
      },
    ],
  },
}
