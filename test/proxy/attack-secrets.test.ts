import { test } from 'tap'
import { gateway, head } from './conversation.js'

// What a refusal quotes appears in the answer, in Proxy-Status and in the log.

for (const [name, value] of [
  ['Authorization', 'Basic c2VjcmV0'],
  ['Cookie', 'id=c2VjcmV0'],
] as const) {
  test(`R136, R198: the value of a field that Connection names is not shown when that is refused (${name})`, async t => {
    const { connect, exchanged } = await gateway(t, { nominatedEndToEnd: 'reject' })
    const client = await connect()
    await client.send(head('GET / HTTP/1.1', 'Host: a', `${name}: ${value}`, `Connection: ${name}`))
    const { bytes } = await client.readToEnd()
    client.halfClose()
    const log = JSON.stringify(await exchanged(1))
    t.notMatch(bytes.toString(), /c2VjcmV0/)
    t.notMatch(log, /c2VjcmV0/, 'nor in the log')
    t.match(log, `Connection names an end-to-end field: ${name}`)
  })
}
