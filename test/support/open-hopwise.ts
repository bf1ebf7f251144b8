import type { Test } from 'tap'
import { readCommandLine } from '../../lib/cli/command-line.js'
import { checked, forwardSettings, reverseSettings } from '../../lib/cli/proxy-settings.js'
import { settingsOf } from '../../lib/proxy/options/options.js'
import { HopwiseProxy } from '../../lib/proxy/proxy.js'
import { witness } from './ledger-witness.js'

/**
 * What `hopwise reverse …` or `hopwise forward …` would serve, in this process: for external programs that judge what goes
 * over the wire. What only the real command shows (its log, its end, its memory) needs `startHopwise`, which starts a process.
 */
export async function openHopwise(t: Test, words: readonly string[]): Promise<{ port: number; url: string }> {
  const asked = readCommandLine(words, { environment: {}, version: '0', columns: 100 })
  if (asked.kind === 'print') throw new Error('these words serve nothing')
  const { command, given } = asked
  const listen = { host: '127.0.0.1', port: 0 }
  const options = checked(command === 'reverse' ? reverseSettings(given, listen) : forwardSettings(given))
  const proxy = new HopwiseProxy(settingsOf(options, 'command-line'), options.name === undefined)
  t.teardown(() => proxy.destroy())
  witness(t, proxy)
  proxy.on('warning', ({ code, message }) => {
    if (code === 'fault') t.fail(message)
  })
  const { port } = await proxy.listen(listen)
  return { port, url: `http://127.0.0.1:${port}` }
}
