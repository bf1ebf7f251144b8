import type { Test } from 'tap'
import type { ExchangeRecord } from '../../lib/proxy/events.js'
import type { ProxyOptions } from '../../lib/proxy/options/proxy-options.js'
import { createProxy } from '../../lib/proxy/proxy.js'
import { witness } from './ledger-witness.js'
import { WAIT_MS } from './raw-client.js'

export interface RunningProxy {
  proxy: ReturnType<typeof createProxy>
  port: number
  /** `http://127.0.0.1:port` */
  url: string
  /** What was reported so far, in order. */
  exchanges: ExchangeRecord[]
  /** Resolves when `count` exchanges have been reported. */
  exchanged(count: number): Promise<ExchangeRecord[]>
}

/** A real proxy on a free loopback port, destroyed with the test. By default a forward proxy may reach any port of loopback. */
export async function withProxy(t: Test, options: ProxyOptions): Promise<RunningProxy> {
  const forward: Partial<ProxyOptions> = options.mode === 'forward' ? { allow: ['127.0.0.0/8'] } : {}
  const proxy = createProxy({ ...forward, ...options })
  t.teardown(() => proxy.destroy())
  witness(t, proxy)
  const exchanges: ExchangeRecord[] = []
  let wake = () => {}
  proxy.on('exchange', record => {
    exchanges.push(record)
    wake()
  })
  const { port } = await proxy.listen({ host: '127.0.0.1', port: 0 })
  return {
    proxy,
    port,
    url: `http://127.0.0.1:${port}`,
    exchanges,
    exchanged: count =>
      new Promise((done, failed) => {
        const timer = setTimeout(
          () => failed(new Error(`${exchanges.length} of ${count} exchanges within ${WAIT_MS} ms`)),
          WAIT_MS,
        )
        wake = () => {
          if (exchanges.length < count) return
          clearTimeout(timer)
          done(exchanges)
        }
        wake()
      }),
  }
}
