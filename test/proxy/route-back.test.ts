import * as http from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import { exchange, request } from '../support/conversation.js'
import { curl } from '../support/curl.js'
import { needs } from '../support/needs.js'
import { startNginx } from '../support/nginx.js'
import { tempFolder } from '../support/temp-folder.js'
import { DATED, head, ok } from './conversation.js'
import { routed, type Server, server } from './fleet.js'

// rewriteLocation and rewriteCookies: redirects of an upstream lead back through the route, and its cookies are sent there.

/** A Node upstream, which knows nothing of the route in front of it. */
async function application(t: Test, answer: http.RequestListener): Promise<{ url: string; port: number }> {
  const listening = http.createServer(answer)
  await new Promise<void>(done => listening.listen(0, '127.0.0.1', done))
  t.teardown(() => {
    listening.closeAllConnections()
    listening.close()
  })
  const { port } = listening.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, port }
}

/** Log in, follow two redirects that each set a cookie, and be recognised at the end. */
const site: http.RequestListener = ({ url, headers }, response) => {
  const { host, cookie = '' } = headers
  const cookies = ['sid=1; Path=/; HttpOnly', `site=2; Domain=${host?.split(':')[0]}; Path=/v1`, 'other=3; Path=/other']
  if (url === '/v1/login') {
    response.writeHead(302, { location: `http://${host}/v1/step?x`, 'set-cookie': cookies })
    response.end()
  } else if (url === '/v1/step?x') response.writeHead(303, { location: '/v1/home#top' }).end()
  else response.end(`${url} with ${cookie.split('; ').sort().join(' and ')}`)
}

test('curl follows, with its cookie jar; without the options it fails', needs('curl'), async t => {
  const { url } = await application(t, site)
  const route = { path: '/api', stripPrefix: '/api', setPrefix: '/v1', sendHost: 'upstream', upstream: url }
  const follow = async (options: { rewriteLocation?: boolean; rewriteCookies?: boolean }) => {
    const { port } = await routed(t, { routes: [{ ...route, ...options }] })
    const jar = join(tempFolder(t), 'jar')
    const resolve = ['--resolve', `app.example:${port}:127.0.0.1`]
    return curl(
      t,
      '-L',
      '-c',
      jar,
      '-b',
      jar,
      ...resolve,
      '-w',
      ' at %{url_effective}',
      `http://app.example:${port}/api/login`,
    ).then(({ out }) => out.replaceAll(`:${port}`, ''))
  }
  t.equal(
    await follow({ rewriteLocation: true, rewriteCookies: true }),
    '/v1/home with sid=1 and site=2 at http://app.example/api/home#top',
  )
  t.equal(await follow({ rewriteLocation: true }), '/v1/home with sid=1 at http://app.example/api/home#top')
  t.notMatch(await follow({ rewriteCookies: true }), 'http://app.example/api/home')
})

const CASES: [to: string, cookie: string][] = [
  ['http://UPSTREAM/v1/x?y=z', 'a=b; Path=/v1/'],
  ['http://UPSTREAM/v1/', 'a=b; Path=/v1/x; Secure'],
  ['/v1/x', 'a=b; Path=/other'],
  ['http://UPSTREAM/other', 'a=b'],
  ['https://UPSTREAM/v1/x', 'a=b; HttpOnly'],
  ['http://other.example/v1/x', 'a=b; Max-Age=5'],
  ['/other', 'a=b; Path=/v2/'],
  ['x/y', 'a=b; Path=/v1/x/y'],
]

test('nginx gives the same result where its directive means the same', needs('nginx'), async t => {
  const { url, port } = await application(t, ({ url = '' }, response) => {
    const { searchParams } = new URL(url, 'http://a')
    response.writeHead(302, { location: `${searchParams.get('to')}`, 'set-cookie': `${searchParams.get('cookie')}` })
    response.end()
  })
  const nginx = await startNginx(t, {
    server: `location /api/ { proxy_pass ${url}/v1/; absolute_redirect off; proxy_redirect default; proxy_redirect /v1/ /api/; proxy_cookie_path /v1/ /api/; }`,
  })
  const ours = await routed(t, {
    routes: [
      {
        ...{ path: '/api', stripPrefix: '/api', setPrefix: '/v1', sendHost: 'upstream', upstream: url },
        ...{ rewriteLocation: true, rewriteCookies: true },
      },
    ],
  })
  for (const [to, cookie] of CASES) {
    const path = `/api/a/b?${new URLSearchParams({ to: to.replace('UPSTREAM', `127.0.0.1:${port}`), cookie })}`
    const said = async (at: string) => {
      const { headers } = await fetch(`${at}${path}`, { redirect: 'manual' })
      return [headers.get('location'), headers.get('set-cookie')]
    }
    t.same(await said(ours.url), await said(nginx.url), `${to}, ${cookie}`)
  }
})

const answering = (t: Test, ...fields: string[]): Promise<Server> =>
  server(t, 'a', connection => connection.send(ok('hi', ...fields)))

test('each line separately, in place, and no other line; with 201 as well; off: nothing changes', async t => {
  const fields = [
    'Set-Cookie: a=b; Path=/',
    'Location: /x',
    'Link: </x>',
    'Set-Cookie: c="d; Path=/y"',
    'Content-Location: /z',
  ]
  const a = await server(t, 'a', connection =>
    connection.send(`${head('HTTP/1.1 201 Created', DATED, ...fields, 'Content-Length: 0')}`),
  )
  const both = { rewriteLocation: true, rewriteCookies: true }
  const { connect } = await routed(t, {
    routes: [
      { path: '/on', stripPrefix: '/on', upstream: a.url, ...both },
      { path: '/off', stripPrefix: '/off', upstream: a.url },
    ],
  })
  const client = await connect()
  const through = async (path: string) => (await exchange(client, request('GET', path))).fields.slice(1, 6)
  const received = fields.map(field => [field.slice(0, field.indexOf(':')), field.slice(field.indexOf(':') + 2)])
  t.same(await through('/off/a'), received)
  t.same(await through('/on/a'), [
    ['Set-Cookie', 'a=b; Path=/on'],
    ['Location', '/on/x'],
    ['Link', '</x>'],
    ['Set-Cookie', 'c="d; Path=/on/y"'],
    ['Content-Location', '/on/z'],
  ])
  t.same(await through('http://other.example/on/a?b'), await through('/on/a'), 'an absolute-form target')
})

test('a group: the server that answered is the one that counts, under its own name', async t => {
  const a = await answering(t, 'Location: http://other.internal/x')
  const { connect } = await routed(t, { routes: [{ upstream: a.url, rewriteLocation: true }] })
  t.equal((await exchange(await connect(), request('GET', '/'))).field('Location'), 'http://other.internal/x')
})

test('behind a proxy that terminates TLS: what it says about the request is used', async t => {
  const a = await answering(t, 'Location: https://public.example/x', 'Set-Cookie: a=b; Domain=public.example')
  const routes = [{ stripPrefix: '/api', upstream: a.url, rewriteLocation: true, rewriteCookies: true }]
  const theirs = ['X-Forwarded-Proto: https, http', 'X-Forwarded-Host: public.example']
  const trusting = await routed(t, { routes, trust: ['127.0.0.1'] })
  const led = await exchange(await trusting.connect(), request('GET', '/api/a', ...theirs))
  t.equal(led.field('Location'), '/api/x')
  t.equal(led.field('Set-Cookie'), 'a=b; Domain=public.example')
  const strange = await routed(t, { routes })
  const left = await exchange(await strange.connect(), request('GET', '/api/a', ...theirs))
  t.equal(left.field('Location'), 'https://public.example/x')
})

test('the cookie of a sticky group is ours, and stays', async t => {
  const a = await answering(t, 'Set-Cookie: a=b; Path=/')
  const b = await answering(t, 'Set-Cookie: a=b; Path=/')
  const { connect } = await routed(t, {
    routes: [{ path: '/api', stripPrefix: '/api', upstream: 'app', rewriteCookies: true }],
    upstreams: { app: { servers: [a.url, b.url], sticky: { cookie: 'hw' } } },
  })
  const { fields } = await exchange(await connect(), request('GET', '/api/x'))
  const cookies = fields.filter(([name]) => name === 'Set-Cookie').map(([, value]) => value)
  t.match(cookies, ['a=b; Path=/api', /^hw=\w+; Path=\/;/])
})
