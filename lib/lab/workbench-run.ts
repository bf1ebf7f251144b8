import type { Bench, Place, Scene } from './bench.js'
import { party } from './bench.js'
import { fieldOf, type LabClient, type Received } from './client.js'
import type { LabEvent, Party } from './events.js'
import type { Experiment, Verdict } from './experiment.js'
import type { LabOrigin } from './origin.js'
import { type RunOptions, runExperiment } from './run.js'
import { plain, said } from './said.js'
import { type Hop, requestOctets, type Workbench } from './workbench.js'
import { fieldsThatDied } from './workbench-fields.js'
import { type Answered, HangWatch, ordinal, responsesOf, sentenceFor } from './workbench-verdict.js'

const SCENE = 'workbench'
/**
 * The client waits this much longer than the origin keeps an idle connection, but never longer than the maximum. Ms of the story.
 */
const MARGIN_MS = 2_000
const PATIENCE_MS_MAX = 15_000
/** The shortest wait, whatever the scale: real ms that loopback and a busy machine may need. */
const PATIENCE_MS_MIN = 1_000
/** Time for the proxies to deal with their connections after the client has closed. Ms of the story. */
const AFTERWARDS_MS = 200
/** Time for the response to pass the proxies before the origin ends the connection. Ms of the story. */
const LIFE_MS = 200

/**
 * Runs the setup of the learner and reports what was seen. Like an experiment it always ends with a verdict, which is always
 * `observed`, because nothing was predicted.
 * @returns all events
 * @throws WrongValue for the scale
 */
export function runWorkbench(
  description: Workbench,
  options: Pick<RunOptions, 'scale' | 'onEvent' | 'signal' | 'clock'> = {},
): Promise<LabEvent[]> {
  const seen: LabEvent[] = []
  const onEvent = (event: LabEvent) => {
    seen.push(event)
    options.onEvent?.(event)
  }
  return runExperiment(asExperiment(description, seen), { ...options, onEvent })
}

function asExperiment(description: Workbench, seen: readonly LabEvent[]): Experiment {
  const nothing = plain('')
  return {
    id: SCENE,
    title: said('The workbench', '작업대'),
    question: nothing,
    answers: [],
    watch: nothing,
    lesson: [],
    change: nothing,
    references: [],
    knobs: {},
    timeMaxMs: description.requests * PATIENCE_MS_MAX + MARGIN_MS,
    run: bench => new WorkbenchRun(bench, description, seen).run(),
  }
}

class WorkbenchRun {
  private readonly parties: readonly Party[]
  private readonly scene: Scene
  private readonly watch: HangWatch
  private readonly answered: Answered[] = []

  constructor(
    private readonly bench: Bench,
    private readonly description: Workbench,
    private readonly seen: readonly LabEvent[],
  ) {
    const { method, path, version, chain } = description
    this.parties = [party('client'), ...chain.map(proxyParty), party('origin')]
    this.scene = bench.scene(SCENE, plain(`${method} ${path} HTTP/${version}`), this.parties)
    this.watch = new HangWatch(seen, SCENE, this.parties, bench.scale)
  }

  async run(): Promise<Verdict> {
    const { bench, scene, description } = this
    const origin = await openOrigin(scene, description)
    let to: Place = origin
    for (let i = description.chain.length; i > 0; i--) to = await this.openHop(description.chain[i - 1]!, i, to)
    const client = await scene.client({ to })
    await (description.sending === 'pipelined' ? this.sendAll(client) : this.sendInTurn(client))
    client.close()
    await bench.sleep(AFTERWARDS_MS)
    fieldsThatDied(scene, this.parties, this.seen)
    const { requests } = description
    const text = sentenceFor({
      answered: this.answered,
      requests,
      byOrigin: responsesOf(origin.party, this.seen),
      parties: this.parties,
    })
    return { outcome: 'observed', text }
  }

  private openHop(hop: Hop, nth: number, to: Place): Promise<Place> {
    const id = this.parties[nth]!.id
    const { bench, scene } = this
    switch (hop.kind) {
      case 'dumb':
        return scene.proxy({ kind: 'dumb', party: id, to })
      case 'stock':
        return scene.proxy({ ...hop, party: id, to })
      case 'smart':
        return scene.proxy({ kind: 'smart', party: id, to, options: { idleMs: bench.ms(hop.idleS * 1_000) } })
      case 'hopwise': {
        const { kind, ...options } = hop
        // Each has its own name: a proxy that finds its own name in Via reports a loop.
        return scene.proxy({ kind, party: id, to, options: { ...options, name: `hopwise-${nth}` } })
      }
    }
  }

  private async sendInTurn(client: LabClient): Promise<void> {
    const octets = requestOctets(this.description)
    for (let nth = 1; nth <= this.description.requests; nth++) {
      this.scene.step(
        nth,
        said(`The client sends request ${nth}.`, `클라이언트가 ${ordinal(nth)} 요청을 보낸다.`),
        'client',
      )
      await client.send(octets)
      const { outcome, head } = await this.receive(client, nth)
      if (outcome !== 'whole' || !persists(head)) return
    }
  }

  private async sendAll(client: LabClient): Promise<void> {
    const { requests } = this.description
    const all = said(
      `The client sends ${requests} requests at once.`,
      `클라이언트가 요청 ${requests}개를 한꺼번에 보낸다.`,
    )
    this.scene.step(1, all, 'client')
    await client.send(Buffer.concat(Array<Buffer>(requests).fill(requestOctets(this.description))))
    for (let nth = 1; nth <= requests; nth++) if ((await this.receive(client, nth)).outcome !== 'whole') return
  }

  private async receive(client: LabClient, nth: number): Promise<Received> {
    const { bench, description, scene } = this
    this.watch.begin()
    const forMs = Math.max(bench.ms(patienceMs(description)), PATIENCE_MS_MIN)
    const received = await client.response({ forMs, method: description.method })
    const hang = this.watch.end(received.tookMs)
    this.answered.push({ nth, received, ended: client.ended, hang, closes: !persists(received.head) })
    scene.figure(`response-${nth}`, said(`Response ${nth} after`, `${ordinal(nth)} 응답까지`), received.tookMs, 'ms')
    return received
  }
}

/** Longer than any idle limit that could end a hang. */
function patienceMs({ origin, chain }: Workbench): number {
  const smart = chain.map(hop => (hop.kind === 'smart' ? hop.idleS : 0))
  const longestMs = origin.timeoutS === 0 ? PATIENCE_MS_MAX : Math.max(origin.timeoutS, ...smart) * 1_000
  return Math.min(origin.delayMs + longestMs + MARGIN_MS, PATIENCE_MS_MAX)
}

function openOrigin(scene: Scene, { origin }: Workbench): Promise<LabOrigin> {
  const { bench } = scene
  const { version, timeoutS, max, delayMs, framing, contentBytes, after, stopAfter, announce } = origin
  return scene.origin({
    version,
    timeoutMs: bench.ms(timeoutS * 1_000),
    delayMs: bench.ms(delayMs),
    ...(announce && timeoutS > 0 ? { announceS: timeoutS } : {}),
    ...(max > 0 ? { max } : {}),
    answer: () => ({
      content: contentBytes,
      framing,
      ...(after === 'keep' ? {} : { after, afterMs: bench.ms(LIFE_MS) }),
      ...(stopAfter === null ? {} : { stopAfter }),
    }),
  })
}

/** Proxies of the same kind are distinguished by a number. */
function proxyParty(hop: Hop, i: number, chain: readonly Hop[]): Party {
  const id = i === 0 ? 'proxy' : `proxy${i + 1}`
  const { name, ...rest } = party(hop.kind, id)
  const before = chain.slice(0, i).filter(({ kind }) => kind === hop.kind).length
  const more = chain.some((other, at) => at !== i && other.kind === hop.kind) ? ` ${before + 1}` : ''
  return { ...rest, name: said(`${name.en}${more}`, `${name.ko}${more}`) }
}

/**
 * Whether this response allows another request on its connection. `Proxy-Connection` counts, as it did for the clients that sent
 * it.
 */
function persists(head: string): boolean {
  const options = `${fieldOf(head, 'connection')},${fieldOf(head, 'proxy-connection')}`.toLowerCase().split(',')
  const has = (option: string) => options.some(each => each.trim() === option)
  return head.startsWith('HTTP/1.0') ? has('keep-alive') : !has('close')
}
