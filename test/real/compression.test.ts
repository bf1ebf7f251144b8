import { test } from 'tap'
import { ask, request } from '../support/conversation.js'
import { needs } from '../support/needs.js'
import { startNginx } from '../support/nginx.js'
import { serveHere } from '../support/serving-here.js'

test(
  'an nginx with gzip that does not compress for requests with Via: there is advice, and both remedies work',
  needs('nginx'),
  async t => {
    const files = { 'index.html': '<p>hopwise</p>\n'.repeat(1_000) }
    const outcome = async (server: string, listener = '') => {
      const nginx = await startNginx(t, { files, http: `gzip on; ${server}` })
      const here = await serveHere(
        t,
        `admin: { address: 127.0.0.1:0 }
listeners: [{ name: web, address: 127.0.0.1:0, routes: [{ upstream: app }]${listener} }]
upstreams: { app: { servers: ['${nginx.url}'] } }`,
      )
      let coding: unknown
      for (let i = 0; i < 27; i++) {
        const { head } = await ask(t, here.port(), request('GET', '/', 'Accept-Encoding: gzip'))
        coding = /\r\ncontent-encoding: (.*)\r/i.exec(head)?.[1]
      }
      const { advice } = await here.status()
      return {
        coding,
        codes: advice.map(({ code }: { code: string }) => code).filter((code: string) => /uncompressed/.test(code)),
      }
    }
    t.same(await outcome(''), { coding: undefined, codes: ['upstream-uncompressed'] })
    t.same(await outcome('gzip_proxied any;'), { coding: 'gzip', codes: [] })
    t.same(await outcome('', ', via: off'), { coding: 'gzip', codes: [] })
  },
)
