import { test } from 'tap'
import { compressionShown } from '../../lib/policy/compressible.js'
import { crlf, response } from './heads.js'

test('what a response shows about whether its server compresses: row by row', async t => {
  const takes = crlf('GET / HTTP/1.1', 'Host: a', 'Accept-Encoding: br, gzip')
  const long = ['Content-Length: 4096', 'Content-Type: text/html; charset=utf-8']
  const rows: [request: string, response: string[], shown: string][] = [
    [takes, long, 'plain'],
    [takes, ['Content-Length: 4096', 'Content-Type: application/problem+json'], 'plain'],
    [takes, ['Content-Length: 4096', 'Content-Type: image/svg+xml'], 'plain'],
    [takes, [...long, 'Cache-Control: max-age=60'], 'plain'],
    [takes, ['Content-Length: 4096', 'Content-Type: image/png'], 'nothing'],
    [takes, ['Content-Length: 4096'], 'nothing'],
    [takes, ['Content-Length: 4095', 'Content-Type: text/css'], 'nothing'],
    [takes, ['Transfer-Encoding: chunked', 'Content-Type: text/css'], 'nothing'],
    [takes, [...long, 'Cache-Control: public, No-Transform'], 'nothing'],
    [takes, [...long, 'Content-Encoding: identity'], 'nothing'],
    [takes, [...long, 'Content-Encoding: gzip'], 'compressed'],
    [takes, ['Transfer-Encoding: chunked', 'Content-Encoding: br'], 'compressed'],
    [crlf('GET / HTTP/1.1', 'Host: a'), long, 'nothing'],
    [crlf('GET / HTTP/1.1', 'Host: a', 'Accept-Encoding: br'), long, 'nothing'],
    [crlf('GET / HTTP/1.1', 'Host: a', 'accept-encoding: gzip;q=0, br'), long, 'nothing'],
    [crlf('GET / HTTP/1.1', 'Host: a', 'accept-encoding: gzip;q=0.5'), long, 'plain'],
  ]
  for (const [i, [request, fields, shown]] of rows.entries())
    t.equal(compressionShown(response('GET', 'HTTP/1.1 200 OK', ...fields).head, request), shown, `row ${i + 1}`)
  t.equal(compressionShown(response('GET', 'HTTP/1.1 404 Not Found', ...long).head, takes), 'nothing')
})
