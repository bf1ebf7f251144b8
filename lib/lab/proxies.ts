import { createDumb } from '../peers/dumb.js'
import type { ProxyOptions } from '../proxy/options/proxy-options.js'
import { createProxy } from '../proxy/proxy.js'
import type { Place, Scene } from './bench.js'
import { plain, said } from './said.js'
import { openSmart, type SmartOptions } from './smart.js'
import { openStock } from './stock.js'

/** Which proxy, and where it connects to. All proxies are real, and connect to nothing else. */
export type ProxyChoice = {
  /** `proxy` when not given. */
  readonly party?: string
  readonly to: Place
} & (
  | { readonly kind: 'dumb' }
  | {
      readonly kind: 'hopwise'
      /** In forward mode everything still goes to `to`, as a parent proxy, unless `allow` says where a request may go. */
      readonly options?: Partial<ProxyOptions>
    }
  | { readonly kind: 'stock'; readonly upstreamKeepAlive?: boolean; readonly xForwarded?: boolean }
  | { readonly kind: 'smart'; readonly options?: SmartOptions }
)

const SERVER_TO_CLOSE = said('for the server to close', '서버가 커넥션을 닫기를 기다린다')
/** Longer than any scene: the origin must end a hang, not the proxy. Real ms. */
const DUMB_PATIENCE_MS = 120_000

export async function openProxy(scene: Scene, choice: ProxyChoice & { party: string }): Promise<Place> {
  scene.bench.mustGoOn()
  if (choice.kind === 'smart') return openSmart(scene, choice.party, choice.to, choice.options)
  const port = await open(scene, choice)
  return { party: choice.party, port, observes: false, expect() {} }
}

/** Proxies that do not need to know which party is on their client side. */
type Plain = Exclude<ProxyChoice, { kind: 'smart' }> & { party: string }

function open(scene: Scene, choice: Plain): Promise<number> {
  const upstream = `http://127.0.0.1:${choice.to.port}`
  if (choice.kind === 'dumb') return openDumb(scene, choice.party, choice.to.party, upstream)
  if (choice.kind === 'hopwise') return openHopwise(scene, choice.party, upstream, choice.options)
  return openStock(scene, upstream, choice)
}

async function openDumb(scene: Scene, party: string, to: string, upstream: string): Promise<number> {
  const dumb = createDumb({ upstream, patienceMs: DUMB_PATIENCE_MS })
  scene.bench.own(() => dumb.destroy())
  dumb.on('request', () => scene.waits(party, to, SERVER_TO_CLOSE))
  dumb.on('close', ({ unreadBytes }) => {
    scene.goesOn(party)
    if (unreadBytes > 0) scene.note(unread(unreadBytes), party)
  })
  const { port } = await dumb.listen({ host: '127.0.0.1', port: 0 })
  return port
}

function unread(bytes: number) {
  return said(`${bytes} bytes were left here and never read.`, `아무도 읽지 않은 ${bytes}바이트가 여기에 남아 있었다.`)
}

/** Notes why hopwise closed each of its connections: the one thing that cannot be seen from outside. */
async function openHopwise(
  scene: Scene,
  party: string,
  upstream: string,
  options: Partial<ProxyOptions> = {},
): Promise<number> {
  const way: ProxyOptions =
    options.mode !== 'forward'
      ? { mode: 'reverse', upstream }
      : { mode: 'forward', ...(options.allow ? {} : { parent: upstream }) }
  const proxy = createProxy({ ...way, name: 'hopwise', xForwarded: false, clock: scene.bench.clock, ...options })
  scene.bench.own(() => proxy.destroy())
  for (const side of ['client', 'upstream'] as const)
    proxy.on(`${side}-close`, ({ id, reason }) => {
      scene.note(plain(`${id}: ${reason ?? ''}`), party)
    })
  const { port } = await proxy.listen({ host: '127.0.0.1', port: 0 })
  return port
}
