import type { Log } from '../daemon/logs/log.js'
import { proxyService } from '../daemon/proxy-service.js'
import { runService, writeAddress } from '../daemon/run.js'
import { DEADLINES } from '../link/deadlines.js'
import { createOrigin } from '../peers/origin.js'
import type { ProxyOptions } from '../proxy/options/proxy-options.js'
import type { Given } from './given.js'
import { checked, commonSettings, defined } from './proxy-settings.js'
import type { ListenAddress } from './values.js'

/** Runs hopwise in front of the demonstration origin, as `npm start` does. @returns the exit code */
export async function runDemo(
  given: Given,
  listen: ListenAddress,
  { version, log: openLog }: { version: string; log(): Log },
) {
  const settings = checked({ ...defined(commonSettings(given)), mode: 'reverse', upstream: 'http://127.0.0.1' })
  const log = openLog()
  const origin = createOrigin()
  const { port } = await origin.listen({ host: '127.0.0.1', port: 0 })
  const upstream = `http://127.0.0.1:${port}`
  const options: ProxyOptions = { ...settings, upstream }
  try {
    return await runService({
      create: () => proxyService(options, log),
      listen,
      nextFreePort: true,
      drainMs: options.deadlines?.drainMs ?? DEADLINES.drainMs,
      log,
      facts: { mode: 'reverse', upstream, demonstration: true, version, node: process.version, pid: process.pid },
      ready({ address, port }) {
        const here = `http://${writeAddress(address === '::' || address === '0.0.0.0' ? '127.0.0.1' : address, port)}`
        for (const line of linesToTry(here)) log.announce({}, `try: ${line}`)
      },
    })
  } finally {
    origin.destroy()
  }
}

function linesToTry(here: string): string[] {
  return [
    `curl -v ${here}/ ${here}/headers`,
    `curl -H 'Connection: X-Secret' -H 'X-Secret: for this hop only' -H 'X-Other: for the origin' ${here}/headers`,
    `curl -v --http1.0 -H 'Connection: keep-alive' ${here}/ ${here}/`,
  ]
}
