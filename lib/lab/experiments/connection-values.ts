import type { Bench, Place, Scene } from '../bench.js'
import { party } from '../bench.js'
import { type LabClient, request } from '../client.js'
import { type Said, said } from '../said.js'

/** The address of every origin of the lab. */
export const ADDRESS = '127.0.0.1'

const THREE_THE_SAME = said(
  'To another origin from the port of the first connection (three values are the same)',
  '첫 번째 커넥션의 포트에서 다른 원 서버로 커넥션을 열면 세 값이 같다',
)

/** What simultaneous connections of one client have in common. */
export interface FourValues {
  /** Two connections to the same origin, with ports that the system chose, have different ports. */
  readonly portsDiffer: boolean
  /**
   * From the port of the first: to another origin, and to the same one. `''`: connected; otherwise the error code of the refusal.
   */
  readonly elsewhere: string
  readonly same: string
  /** Each connection was answered by its own origin. */
  readonly answered: boolean
}

/** Opens connections of one client, from one port as far as the system allows. */
export async function fourValues(bench: Bench): Promise<FourValues> {
  const scene = bench.scene('four-values', said('Four values, one connection', '네 값, 하나의 커넥션'), [
    party('client'),
    party('origin', 'origin', said('origin server A', '원 서버 A')),
    party('origin', 'origin2', said('origin server B', '원 서버 B')),
  ])
  const a = await scene.origin({ answer: () => ({ content: 'A' }) })
  const b = await scene.origin({ party: 'origin2', answer: () => ({ content: 'B' }) })
  const first = await scene.client({ to: a, localAddress: ADDRESS })
  tellValues(scene, 1, said('A first connection', '첫 번째 커넥션'), first)
  const second = await scene.client({ to: a, localAddress: ADDRESS })
  tellValues(scene, 2, said('Another one to the same port', '같은 포트로 향하는 또 하나의 커넥션'), second)
  const port = portOf(first.addresses[0])
  const elsewhere = await attempt(scene, b, port)
  tellElsewhere(scene, elsewhere)
  const same = await attempt(scene, a, port)
  tellSame(scene, same)
  const open = [first, second, ...(typeof elsewhere === 'string' ? [] : [elsewhere])]
  const answers: string[] = []
  for (const each of open) {
    await each.send(request('GET / HTTP/1.1', { Host: 'origin' }))
    answers.push((await each.response()).content.toString('latin1'))
    each.close()
  }
  return {
    portsDiffer: portOf(second.addresses[0]) !== port,
    elsewhere: typeof elsewhere === 'string' ? elsewhere : '',
    same: typeof same === 'string' ? same : '',
    answered: answers.join('') === (typeof elsewhere === 'string' ? 'AA' : 'AAB'),
  }
}

/** @returns the client, or the error code when the system refused */
async function attempt(scene: Scene, to: Place, localPort: number): Promise<LabClient | string> {
  try {
    return await scene.client({ to, localAddress: ADDRESS, localPort })
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? (error as Error).message
  }
}

function tellValues(scene: Scene, n: number, what: Said, { addresses }: LabClient): void {
  const values = addresses.join(', ')
  scene.step(n, said(`${what.en}: ${values}.`, `${what.ko}: ${values}.`), 'client')
}

function tellElsewhere(scene: Scene, elsewhere: LabClient | string): void {
  if (typeof elsewhere === 'string') {
    const text = said(
      `This system gives each connection its own port (${elsewhere}).`,
      `이 운영 체제는 커넥션마다 다른 포트를 쓰게 한다(${elsewhere}).`,
    )
    scene.note(text, 'client')
  } else tellValues(scene, 3, THREE_THE_SAME, elsewhere)
}

function tellSame(scene: Scene, same: LabClient | string): void {
  if (typeof same !== 'string') return
  scene.step(
    4,
    said(
      `From that port to the first origin again: all four values would be the same. The system refuses (${same}).`,
      `같은 포트에서 첫 번째 원 서버로 커넥션을 다시 열면 네 값이 모두 같아진다. 운영 체제가 거부한다(${same}).`,
    ),
    'client',
  )
}

function portOf(address: string): number {
  return Number(address.slice(address.lastIndexOf(':') + 1))
}
