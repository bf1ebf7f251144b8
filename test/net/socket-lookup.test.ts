import * as net from 'node:net'
import { test } from 'tap'
import { Resolver } from '../../lib/net/names/resolver.js'
import { socketLookup } from '../../lib/net/names/socket-lookup.js'
import { names } from '../support/fake-resolver.js'
import { scriptedOrigin } from '../support/scripted-origin.js'

const { lookup } = names({ 'app.test': ['127.0.0.1'], 'two.test': ['127.0.0.2', '127.0.0.1'] })
const by = socketLookup(new Resolver({ lookup }))

for (const [what, options] of Object.entries({
  'one after the other': { host: 'two.test' },
  'the first only': { host: 'app.test', autoSelectFamily: false },
})) {
  test(`a socket of Node's takes addresses from a resolver: ${what}`, async t => {
    const { port } = await scriptedOrigin(t, () => {})
    const socket = net.connect({ port, lookup: by, ...options })
    t.teardown(() => socket.destroy())
    await new Promise((done, failed) => socket.once('connect', done).once('error', failed))
    t.equal(socket.remoteAddress, '127.0.0.1')
  })
}

test('an unknown name is an error of the socket', async t => {
  const socket = net.connect({ port: 9, host: 'none.test', lookup: by })
  const error = await new Promise(done => socket.once('error', done))
  t.match(error, { type: 'destination_not_found', message: 'no address found for none.test' })
})
