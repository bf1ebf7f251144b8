import { test } from 'tap'
import { Destinations } from '../../lib/net/upstream/destinations.js'
import { exchange } from '../support/conversation.js'
import { readMessage } from '../support/raw-message.js'
import { connect, delivery, forwarder, head, ok, until } from './conversation.js'
import { fleet, server } from './fleet.js'

// With a parent proxy we do not see the addresses: the lists of destinations must be enforced on the text of the target.

const DENIED = [
  '10.6.6.6',
  '169.254.169.254',
  '[::ffff:10.6.6.6]',
  '[::ffff:a06:606]',
  '[64:ff9b::10.6.6.6]',
  '[2002:a06:606::]',
  '[fd00:ec2::254]',
  'bad.example',
  'BAD.Example.',
  'deep.worse.example',
]
/** A parent that decodes these, or strips more than one dot, gets a name that is denied. */
const ODD = [
  'b%61d.example',
  'bad%2eexample',
  'bad.example..',
  '.bad.example',
  'bad..example',
  '10.6.1542',
  '0xa.6.6.6',
]

for (const host of [...DENIED, ...ODD])
  test(`${host} does not get past deny with a parent proxy, with neither GET nor CONNECT`, async t => {
    const parent = await server(t, 'parent')
    const { connect, proxy } = await forwarder(t, {
      parent: parent.url,
      deny: ['10.6.6.0/24', '169.254.0.0/16', 'fd00:ec2::254', 'bad.example', '*.worse.example'],
      connectPorts: [443],
    })
    for (const text of [
      head(`GET http://${host}/ HTTP/1.1`, 'Host: good.example'),
      head(`CONNECT ${host}:443 HTTP/1.1`, 'Host: good.example:443'),
    ]) {
      const client = await connect()
      const { status } = await exchange(client, text)
      t.ok(status === 403 || status === 400, `${status}`)
    }
    t.equal(parent.connections.length, 0, 'the parent has received nothing')
    t.match(proxy.stats().upstream, { dialed: 0 })
  })

test('what is not denied is forwarded, in whatever notation an address is written', async t => {
  const parent = await server(t, 'parent')
  const { connect } = await forwarder(t, { parent: parent.url, deny: ['10.6.6.0/24', 'bad.example'] })
  const client = await connect()
  for (const host of [
    '10.6.7.1',
    '[::ffff:10.6.7.1]',
    'good.example',
    'good.example.',
    'xn--bcher-kva.example',
    'a_b.example',
  ])
    t.equal((await exchange(client, head(`GET http://${host}/ HTTP/1.1`, 'Host: x'))).status, 200, host)
})

test('deny takes precedence over only and allow for a literal, too', async t => {
  const destinations = new Destinations(['10.0.0.0/8'], ['10.0.0.0/8', 'good.example'], ['10.6.6.6'])
  for (const host of ['10.6.6.6', '[::ffff:10.6.6.6]']) t.ok(destinations.refuseName(host), host)
  for (const host of ['10.6.6.7', '[::ffff:10.6.6.7]', 'good.example'])
    t.equal(destinations.refuseName(host), null, host)
  for (const host of ['192.0.2.1', '[64:ff9b::10.6.6.7]', 'other.example']) t.ok(destinations.refuseName(host), host)
})

test('a destination that is denied by an update is denied on connections that are open, too', async t => {
  const [a] = await fleet(t, 'a')
  const { proxy, port } = await forwarder(t, { allow: ['127.0.0.0/8'] })
  const client = await connect(t, port)
  const get = head(`GET ${a!.url}/ HTTP/1.1`, 'Host: x')
  t.equal((await exchange(client, get)).status, 200)
  t.match(proxy.stats().upstream, { idle: 1 })
  proxy.update({ mode: 'forward', name: 'edge', allow: ['127.0.0.0/8'], deny: ['127.0.0.1'] })
  t.equal((await exchange(client, get)).status, 403)
  t.equal(a!.asked.length, 1)
})

test('the answer of the parent to CONNECT adds no bytes to the tunnel, and its head does not reach the client', async t => {
  const parent = await server(t, 'parent', connection =>
    connection.send(
      `${head('HTTP/1.1 100 Continue')}${head('HTTP/1.1 200 OK', 'Content-Length: 5', 'Transfer-Encoding: chunked', 'Set-Cookie: evil=1')}HTTP/1.1 302 Found\r\n`,
    ),
  )
  const { connect } = await forwarder(t, { parent: parent.url, connectPorts: [443] })
  const client = await connect()
  await client.send(`${head('CONNECT a.example:443 HTTP/1.1', 'Host: a.example:443')}early`)
  const answer = await readMessage(client, { toHead: true })
  t.equal(answer.status, 200)
  for (const name of ['Content-Length', 'Transfer-Encoding', 'Set-Cookie']) t.equal(answer.field(name), undefined)
  t.equal(await client.readUntil('\r\n'), 'HTTP/1.1 302 Found\r\n', 'what followed the head, once')
  await until(() => `${parent.connections[0]!.waiting}` === 'early')
})

const ANSWERS: Readonly<Record<string, string>> = {
  silence: '',
  rubbish: 'rubbish\r\n\r\n',
  'half a head': 'HTTP/1.1 200 OK\r\nX: ',
  'a 407': ok('x').replace('200 OK', '407 No').replace('Date', 'Proxy-Authenticate: Basic realm="p"\r\nDate'),
}
for (const [name, text] of Object.entries(ANSWERS))
  test(`credentials for the parent go to the parent only: not into an answer or a record (${name})`, async t => {
    const parent = await server(t, 'parent', connection => connection.send(text))
    const { connect, exchanged, clock } = await forwarder(t, {
      parent: parent.url.replace('//', '//us:s3cr3t@'),
      connectPorts: [443],
    })
    const told: string[] = []
    for (const request of [
      head('GET http://a.example/ HTTP/1.1', 'Host: a.example'),
      head('CONNECT a.example:443 HTTP/1.1', 'Host: a.example:443'),
    ]) {
      const client = await connect()
      await client.send(request)
      await until(() => parent.asked.length === told.length + 1)
      t.match(parent.asked.at(-1)?.field('Proxy-Authorization'), 'Basic dXM6czNjcjN0')
      await delivery()
      clock.advance(120_000)
      const answer = await readMessage(client)
      t.ok(answer.status >= 502, `${answer.status}`)
      told.push(`${answer.head}${answer.content}`)
    }
    t.notMatch(`${told} ${JSON.stringify(await exchanged(2))}`, /s3cr3t|dXM6czNjcjN0/)
  })
