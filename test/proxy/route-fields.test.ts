import { test } from 'tap'
import { exchange, request } from '../support/conversation.js'
import { readMessage } from '../support/raw-message.js'
import { DATED, head, ok } from './conversation.js'
import { fleet, routed, server } from './fleet.js'

// What a route sets and removes is on the wire as the operator wrote it, whatever the client and the upstream do.

const SET = { 'X-Team': 'blue', 'X-Forwarded-Proto': 'https', 'X-User': '' }

test('fields are set and removed in the request, after the hop rules', async t => {
  const [a] = await fleet(t, 'a')
  const { connect } = await routed(t, {
    routes: [{ upstream: a!.url, requestFields: { set: SET, remove: ['X-Debug', 'Cookie'] } }],
    xForwarded: true,
  })
  const sent = request(
    'GET',
    '/',
    'x-team: red',
    'X_Team: underscore',
    'X-TEAM: green',
    'X-Debug: 1',
    'x_debug: 2',
    'Cookie: a=b',
    'X-User: root',
    'X-Forwarded-Proto: gopher',
    'X-Keep: yes',
    'Connection: X-Team, X-User, X-Forwarded-Proto, X-Forwarded-For, X-Gone',
    'X-Gone: 1',
  )
  await exchange(await connect(), sent)
  const [asked] = a!.asked
  t.same(
    asked?.fields.filter(([name]) => name !== 'X-Forwarded-For'),
    [
      ['Host', 'example'],
      ['X-Keep', 'yes'],
      ['X-Forwarded-Host', 'example'],
      ['X-Team', 'blue'],
      ['X-Forwarded-Proto', 'https'],
      ['X-User', ''],
    ],
  )
  t.equal(asked?.field('X-Forwarded-For'), '127.0.0.1')
})

test('X-Forwarded-For set or removed by a route applies to a trusted peer too', async t => {
  const [a] = await fleet(t, 'a')
  const { connect } = await routed(t, {
    routes: [
      { path: '/set', upstream: a!.url, requestFields: { set: { 'X-Forwarded-For': '192.0.2.1' } } },
      { path: '/remove', upstream: a!.url, requestFields: { remove: ['X-Forwarded-For', 'X-Forwarded-Host'] } },
    ],
    xForwarded: true,
    trust: ['127.0.0.1'],
  })
  const client = await connect()
  await exchange(client, request('GET', '/set', 'X-Forwarded-For: 198.51.100.7', 'X-Forwarded-For: 198.51.100.8'))
  t.equal(a!.asked[0]?.field('X-Forwarded-For'), '192.0.2.1')
  await exchange(client, request('GET', '/remove', 'X-Forwarded-For: 198.51.100.7'))
  t.equal(a!.asked[1]?.field('X-Forwarded-For'), undefined)
  t.equal(a!.asked[1]?.field('X-Forwarded-Host'), undefined)
  t.equal(a!.asked[1]?.field('X-Forwarded-Proto'), 'http')
})

test('one connection, two routes: what one sets is not in a request of the other', async t => {
  const [a] = await fleet(t, 'a')
  const { connect } = await routed(t, {
    routes: [
      { path: '/one', upstream: a!.url, requestFields: { set: { 'X-Forwarded-Proto': 'one', 'X-One': '1' } } },
      { path: '/two', upstream: a!.url },
    ],
    xForwarded: true,
  })
  const client = await connect()
  for (const path of ['/one', '/two', '/one', '/one', '/two']) await exchange(client, request('GET', path))
  t.same(
    a!.asked.map(asked => `${asked.field('X-Forwarded-Proto')} ${asked.field('X-One')}`),
    ['one 1', 'http undefined', 'one 1', 'one 1', 'http undefined'],
  )
})

test('fields of the response: set, removed, and safe from Connection of the upstream; interim responses lose but get none', async t => {
  const a = await server(t, 'a', async connection => {
    await connection.send(head('HTTP/1.1 103 Early Hints', 'Link: </a.css>', 'Server: secret', 'X-Frame: no'))
    await connection.send(ok('hi', 'Server: secret', 'X-Frame: no', 'Connection: X-Frame, Strict-Transport-Security'))
  })
  const { connect } = await routed(t, {
    routes: [
      {
        upstream: a.url,
        responseFields: { set: { 'Strict-Transport-Security': 'max-age=1', 'X-Frame': 'DENY' }, remove: ['server'] },
      },
    ],
  })
  const client = await connect()
  const interim = await exchange(client, request('GET', '/'))
  t.same(interim.fields, [['Link', '</a.css>']])
  const answer = await readMessage(client)
  t.equal(answer.field('Server'), undefined)
  t.equal(answer.field('X-Frame'), 'DENY')
  t.equal(answer.field('Strict-Transport-Security'), 'max-age=1')
  t.equal(String(answer.content), 'hi')
})

test('fields that a route edits cannot enter through the trailers of either side', async t => {
  const a = await server(t, 'a', connection =>
    connection.send(
      `${head('HTTP/1.1 200 OK', DATED, 'Transfer-Encoding: chunked')}2\r\nhi\r\n0\r\nServer: x\r\nX-Team: red\r\nX-Sum: 1\r\n\r\n`,
    ),
  )
  const { connect } = await routed(t, {
    routes: [
      {
        upstream: a.url,
        requestFields: { set: { 'X-Team': 'blue' }, remove: ['X-Debug'] },
        responseFields: { set: { 'X-Team': 'blue' }, remove: ['Server'] },
      },
    ],
  })
  const client = await connect()
  const text = request('POST', '/', 'Transfer-Encoding: chunked', 'TE: trailers', 'Connection: TE')
  const answer = await exchange(client, `${text}1\r\nx\r\n0\r\nx-team: red\r\nX_Debug: 1\r\nX-Sum: 2\r\n\r\n`)
  t.equal(a.asked[0]?.trailers, 'X-Sum: 2\r\n')
  t.equal(a.asked[0]?.field('X-Team'), 'blue')
  t.equal(answer.trailers, 'X-Sum: 1\r\n')
  t.equal(answer.field('X-Team'), 'blue')
})

test('the route of the request applies to its 101 and its tunnel as well', async t => {
  const a = await server(t, 'a', connection =>
    connection.send(head('HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: upgrade', 'Server: x')),
  )
  const { connect } = await routed(t, {
    routes: [
      {
        path: '/ws',
        stripPrefix: '/ws',
        upstream: a.url,
        requestFields: { set: { 'X-Team': 'blue' } },
        responseFields: { set: { 'X-Frame': 'DENY' }, remove: ['Server'] },
      },
    ],
  })
  const client = await connect()
  const answer = await exchange(client, request('GET', '/ws/x', 'Upgrade: websocket', 'Connection: upgrade'))
  t.match(answer, { status: 101 })
  t.equal(answer.field('X-Frame'), 'DENY')
  t.equal(answer.field('Server'), undefined)
  t.match(a.asked[0]?.head, /^GET \/x HTTP/)
  t.equal(a.asked[0]?.field('X-Team'), 'blue')
})
