import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { planOf } from '../../lib/config/plan.js'
import { readConfiguration } from '../../lib/config/read.js'
import { Daemon } from '../../lib/daemon/daemon.js'
import { openLog } from '../../lib/daemon/logs/log.js'
import type { Reloaded } from '../../lib/daemon/reload.js'
import { daemonParts } from '../../lib/daemon/serve-plan.js'
import { askOf } from '../admin/with-admin.js'
import { until } from './conversation.js'
import type { LogLine } from './hopwise.js'
import { WAIT_MS } from './raw-client.js'
import { tempFolder } from './temp-folder.js'

/** What `hopwise serve --config FILE` runs with one worker, in this process: file, checks, plan, gateway, log, admin listener. */
export interface ServingHere {
  /** The port of the listener with this name, or of the only one. */
  port(listener?: string): number
  /** The answer of the admin listener. */
  admin(path: string): Promise<{ status: number; text: string }>
  /** `/status`, parsed. */
  status(): Promise<Status>
  /** Polls, with a pause: for effects of health checks, which take their time. */
  until<A>(asked: () => Promise<A>, isSo: (answer: A) => boolean): Promise<A>
  adminPort: number
  /** All lines of the log; lines logged after that are lost. */
  ended(): Promise<LogLine[]>
  /** Replaces the file and reads it again. */
  reload(yaml: string): Promise<Reloaded>
}

type Status = Awaited<ReturnType<typeof JSON.parse>>

/**
 * Starts it; ends it with the test.
 * @param beside files next to the configuration, by name
 * @throws an Error with what is wrong in the file
 */
export async function serveHere(
  t: Test,
  yaml: string,
  beside: Readonly<Record<string, string>> = {},
): Promise<ServingHere> {
  const folder = tempFolder(t)
  const file = join(folder, 'hopwise.yaml')
  for (const [name, content] of Object.entries(beside)) writeFileSync(join(folder, name), content)
  const read = () => {
    const { configuration, contents, findings } = readConfiguration(file, { environment: {} })
    if (configuration === undefined) throw new Error(findings.map(({ message }) => message).join('; '))
    return { configuration: planOf(configuration, contents, 'secret'), files: [file] }
  }
  writeFileSync(file, yaml)
  const { configuration: plan, files } = read()
  let text = ''
  const log = openLog({
    level: 'info',
    format: 'json',
    accessLog: 'off',
    outlet: (bytes, done) => {
      text += bytes.toString()
      setImmediate(() => done(null, bytes.length))
    },
    terminal: false,
  })
  const parts = daemonParts({ plan, files, read: async () => read(), version: '1.2.3', doubts: [], file }, log)
  const daemon = new Daemon(parts)
  t.teardown(async () => {
    daemon.destroy()
    await parts.closed?.()
    await log.end(WAIT_MS)
  })
  await daemon.open()
  const lines = () =>
    text
      .split('\n')
      .slice(0, -1)
      .map(line => JSON.parse(line) as LogLine)
  const adminLine = () => lines().find(({ admin }) => admin === true)
  if (plan.admin !== null) await until('the admin listener has logged its port', () => adminLine() !== undefined)
  const adminPort = Number(adminLine()?.port)
  return {
    port: name => {
      const found = daemon.bound.find(bound => name === undefined || bound.name === name)
      if (found === undefined) throw new Error(`nothing listens as ${name}`)
      return found.port
    },
    admin: path => askOf({ port: adminPort, path }),
    status: async () => JSON.parse((await askOf({ port: adminPort, path: '/status' })).text),
    async until(asked, isSo) {
      for (;;) {
        const answer = await asked()
        if (isSo(answer)) return answer
        await new Promise(done => setTimeout(done, 25))
      }
    },
    adminPort,
    ended: async () => {
      await log.end(WAIT_MS)
      return lines()
    },
    reload: next => {
      writeFileSync(file, next)
      return daemon.reload('SIGHUP')
    },
  }
}
