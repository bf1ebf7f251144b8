import { test } from 'tap'
import { serveHere } from '../support/serving-here.js'

const file = (more: string, admin = 'admin: { address: 127.0.0.1:0 }') => `
${admin}
listeners: [{ name: web, address: 127.0.0.1:0, routes: [{ upstream: app }] }]
upstreams: { app: { servers: ['http://127.0.0.1:9'] } }
${more}
`

test('settings that take effect after a restart are each named once at a reload', async t => {
  const here = await serveHere(t, file('logs: { format: json }'))
  const next = file('logs: { format: text }\nworkers: 2', "admin: { address: 127.0.0.1:0, hosts: ['hopwise.example'] }")
  t.match(await here.reload(next), { accepted: true })
  const later = (await here.ended()).flatMap(({ level, msg }) =>
    /after a restart/.test(String(msg)) ? `${level} ${msg}` : [],
  )
  t.same(later, [
    'warn logs.format or logs.access has changed: this takes effect after a restart',
    'warn admin.address or admin.hosts has changed: this takes effect after a restart',
    'warn workers has changed from one to several, or back: this takes effect after a restart',
  ])
})

test('there is a warning when a listener that is wrong on purpose is added, and not again', async t => {
  const dumb = (nth: number) => `  - { name: dumb${nth}, address: 127.0.0.1:0, mode: dumb }\n`
  const listeners = (...all: string[]) => `listeners:\n${all.join('')}`
  const here = await serveHere(t, listeners(dumb(1)))
  await here.reload(`${listeners(dumb(1))}logs: { level: debug }`)
  await here.reload(listeners(dumb(1).replace('127.0.0.1:0', '127.0.0.2:0'), dumb(2)))
  const told = (await here.ended()).flatMap(({ listener, msg }) => (/DEMONSTRATION/.test(String(msg)) ? listener : []))
  t.same(told, ['dumb1', 'dumb2'])
})
