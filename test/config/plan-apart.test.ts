import { writeFileSync } from 'node:fs'
import * as http from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'tap'
import { PlanReader } from '../../lib/config/plan-apart.js'
import { readPlan } from '../../lib/config/plan-reading.js'
import { FakeClock } from '../support/fake-clock.js'
import { tempFolder } from '../support/temp-folder.js'
import { gateway } from './reading.js'

const ask = (folder: string, text: string, environment = {}) => {
  const file = join(folder, 'hopwise.yaml')
  writeFileSync(file, text)
  return { file, environment, ticketSecret: 'secret' }
}

const readPlanApart = (question: Parameters<PlanReader['read']>[0]) => new PlanReader().read(question)

test('a plan, or findings, as if read in this thread', async t => {
  const folder = tempFolder(t)
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of the file
  const good = ask(folder, gateway({ route: 'path: /${WHERE}' }), { WHERE: 'there' })
  const plan = JSON.parse(JSON.stringify(readPlan(good)))
  t.same(await readPlanApart(good), plan)
  t.match(plan, { configuration: { listeners: [{ options: { routes: [{ path: '/there' }] } }] }, files: [good.file] })
  const bad = ask(folder, gateway({ route: 'paht: /a' }))
  t.same(await readPlanApart(bad), readPlan(bad))
  t.match(readPlan(bad), { findings: [/there is no key paht here \(did you mean path\?\)$/] })
  const none = { ...bad, file: join(folder, 'none.yaml') }
  t.match(await readPlanApart(none), { findings: [/there is no such file/], files: [none.file] })
})

test('one thread for successive questions, which ends after a while', async t => {
  const clock = new FakeClock()
  const reader = new PlanReader(clock)
  const question = ask(tempFolder(t), gateway())
  t.equal(reader.running, false)
  const [one, other] = await Promise.all([reader.read(question), reader.read(question)])
  t.same(one, other)
  t.equal(reader.running, true)
  clock.advance(9_000)
  t.same(await reader.read(question), one)
  clock.advance(10_000)
  t.equal(reader.running, false)
  t.same(await reader.read(question), one, 'in a new thread')
})

test('without a thread the file is read here', async t => {
  const question = ask(tempFolder(t), gateway(), { PATH: () => 'no thread takes a function' })
  t.same(await readPlanApart(question), readPlan(question))
})

test('a request that arrives during the reading is answered before its end', async t => {
  const server = http.createServer((_, response) => response.end('here')).listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await new Promise(resolve => server.once('listening', resolve))
  const routes = Array.from({ length: 5_000 }, (_, i) => `      - {path: /p${i}, upstream: app}`)
  const question = ask(tempFolder(t), gateway().replace('      - upstream: app', routes.join('\n')))
  let isOver = false
  const reading = readPlanApart(question).finally(() => {
    isOver = true
  })
  const { port } = server.address() as AddressInfo
  const wasOver = await new Promise<boolean>((resolve, reject) => {
    http.get({ port, agent: false }, response => response.resume().on('end', () => resolve(isOver))).on('error', reject)
  })
  t.notOk(wasOver)
  t.match(await reading, { configuration: { listeners: [{ address: '127.0.0.1:8080' }] } })
})
