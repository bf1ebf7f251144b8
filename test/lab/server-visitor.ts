import * as http from 'node:http'
import type { Test } from 'tap'
import type { LabEvent } from '../../lib/lab/events.js'
import { type LabServerOptions, serveLab } from '../../lib/lab/server/lab-server.js'

export const ODD = new URL('./fixture/odd-experiments.ts', import.meta.url).href

export interface Answered {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  readonly text: string
}

export interface Visited {
  readonly port: number
  readonly url: string
  /** The complaints of the server. */
  readonly complaints: string[]
  close(): Promise<void>
  ask(path: string, options?: http.RequestOptions, content?: string | Buffer): Promise<Answered>
  post(path: string, content: unknown, headers?: http.OutgoingHttpHeaders): Promise<Answered>
  /** Starts a run. @returns its id */
  start(experiment: string, more?: object): Promise<string>
  follow(run: string, options?: FollowOptions): Promise<Followed>
  /** Asks until the run is over. @returns its recording */
  recording(run: string): Promise<LabEvent[]>
}

export interface FollowOptions {
  readonly after?: number
  readonly lastEventId?: string
}

export interface Followed {
  readonly status: number
  /** The events so far. */
  readonly events: readonly LabEvent[]
  readonly ids: readonly number[]
  /** Its last event was `end`. */
  ended(): boolean
  closed: Promise<void>
  /** Resolves when so many events have come. @throws if the stream ended before that */
  until(count: number): Promise<void>
  leave(): void
  readonly response: http.IncomingMessage
}

/** For a machine on which a thread needs a minute to start: what these tests are about is something else. */
export const PATIENT = { startMs: 600_000, silenceMs: 600_000 }

/** A lab server on a free port of loopback, ended with the test. */
export async function visited(t: Test, options: Partial<LabServerOptions> = {}): Promise<Visited> {
  const complaints: string[] = []
  const warn = (message: string, cause: unknown) => complaints.push(`${message}: ${cause}`)
  const limits = { ...PATIENT, ...options.limits }
  const server = await serveLab({ port: 0, warn, ...options, limits })
  t.teardown(() => server.close())
  const { port } = server
  const ask: Visited['ask'] = (path, more = {}, content) => askOf({ port, path, ...more }, content)
  const post: Visited['post'] = (path, content, headers = {}) =>
    ask(path, { method: 'POST', headers: { 'Content-Type': 'application/json', ...headers } }, JSON.stringify(content))
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    complaints,
    close: () => server.close(),
    ask,
    post,
    follow: (run, how) => follow(t, port, run, how),
    async start(experiment, more = {}) {
      const { status, text } = await post('/runs', { experiment, ...more })
      if (status !== 201) throw new Error(`${status} ${text}`)
      return JSON.parse(text).run
    },
    async recording(run) {
      for (;;) {
        const { status, text } = await ask(`/runs/${run}`)
        if (status === 200) return linesOf(text)
        if (status !== 409) throw new Error(`${status} ${text}`)
        await new Promise(done => setTimeout(done, 20))
      }
    },
  }
}

export function linesOf(text: string): LabEvent[] {
  return text
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))
}

export function askOf(options: http.RequestOptions, content: string | Buffer = ''): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const request = http.request({ host: '127.0.0.1', agent: false, ...options }, response => {
      const parts: Buffer[] = []
      response.on('data', part => parts.push(part)).on('error', reject)
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text: Buffer.concat(parts).toString() }),
      )
    })
    request.on('error', reject).end(content)
  })
}

function follow(t: Test, port: number, run: string, { after, lastEventId }: FollowOptions = {}): Promise<Followed> {
  const path = `/runs/${run}/events${after === undefined ? '' : `?after=${after}`}`
  const headers = lastEventId === undefined ? {} : { 'Last-Event-ID': lastEventId }
  return new Promise((resolve, reject) => {
    const request = http.get({ host: '127.0.0.1', port, path, headers, agent: false }, response => {
      const told = { text: '', events: [] as LabEvent[], ids: [] as number[], ended: false }
      let wake = () => {}
      response.setEncoding('utf8').on('data', (part: string) => {
        told.text += part
        for (let end = told.text.indexOf('\n\n'); end >= 0; end = told.text.indexOf('\n\n')) {
          take(told, told.text.slice(0, end))
          told.text = told.text.slice(end + 2)
        }
        wake()
      })
      const closed = new Promise<void>(done => response.on('error', () => {}).on('close', done))
      const until = (count: number) =>
        new Promise<void>((done, failed) => {
          wake = () => told.events.length >= count && done()
          wake()
          void closed.then(() => failed(new Error(`the stream ended after ${told.events.length} events of ${count}`)))
        })
      const { events, ids } = told
      const leave = () => request.destroy()
      resolve({
        status: response.statusCode ?? 0,
        events,
        ids,
        ended: () => told.ended,
        closed,
        until,
        leave,
        response,
      })
    })
    t.teardown(() => request.destroy())
    request.on('error', reject)
  })
}

function take(told: { events: LabEvent[]; ids: number[]; ended: boolean }, block: string): void {
  const line = (name: string) =>
    block
      .split('\n')
      .find(each => each.startsWith(`${name}: `))
      ?.slice(name.length + 2)
  if (line('event') === 'end') told.ended = true
  const id = line('id')
  if (id === undefined) return
  told.ids.push(Number(id))
  told.events.push(JSON.parse(line('data')!))
}
