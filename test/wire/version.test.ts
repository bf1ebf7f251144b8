import { test } from 'tap'
import { GRAMMAR_LIMITS } from '../../lib/wire/limits.js'
import { RequestReader } from '../../lib/wire/request-reader.js'
import { ResponseReader } from '../../lib/wire/response-reader.js'

// RFC 9110 2.5: 1.2 to 1.9 are read as 1.1, but only `HTTP/1.1` reads as our own start line would.
const VERSIONS = [
  { version: '1.0', minor: 0, isHttp11: false },
  { version: '1.1', minor: 1, isHttp11: true },
  { version: '1.2', minor: 1, isHttp11: false },
  { version: '1.9', minor: 1, isHttp11: false },
]

for (const { version, minor, isHttp11 } of VERSIONS) {
  test(`a request of HTTP/${version}`, async t => {
    const octets = Buffer.from(`GET /1.1 HTTP/${version}\r\nHost: a\r\n\r\n`)
    t.plan(1)
    new RequestReader(GRAMMAR_LIMITS).consume(octets, 0, octets.length, {
      onRequestHead: head => t.strictSame({ minor: head.minor, isHttp11: head.isHttp11 }, { minor, isHttp11 }),
      onRequestContent() {},
      onRequestEnd() {},
    })
  })

  test(`a response of HTTP/${version}`, async t => {
    const octets = Buffer.from(`HTTP/${version} 200 1.1\r\nContent-Length: 0\r\n\r\n`)
    t.plan(1)
    const reader = new ResponseReader(GRAMMAR_LIMITS, false)
    reader.expect('GET')
    reader.consume(octets, 0, octets.length, {
      onResponseHead: head => t.strictSame({ minor: head.minor, isHttp11: head.isHttp11 }, { minor, isHttp11 }),
      onResponseContent() {},
      onResponseEnd() {},
    })
  })
}
