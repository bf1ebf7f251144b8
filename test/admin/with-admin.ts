import * as http from 'node:http'
import type { Test } from 'tap'
import { type Admin, type AdminOptions, createAdmin } from '../../lib/admin/listener.js'
import { WAIT_MS } from '../support/raw-client.js'
import { Scene } from './scene.js'

export interface Answered {
  status: number
  headers: http.IncomingHttpHeaders
  text: string
}

export interface RunningAdmin {
  admin: Admin
  scene: Scene
  port: number
  url: string
  ask(path: string, options?: http.RequestOptions, content?: string): Promise<Answered>
}

/** An admin listener on a free loopback port, closed with the test; its data is simulated unless a source is given. */
export async function withAdmin(t: Test, options: Partial<AdminOptions> = {}): Promise<RunningAdmin> {
  const scene = new Scene()
  const admin = createAdmin({ source: scene, ...options })
  t.teardown(() => admin.close())
  const { port } = await admin.listen({ host: '127.0.0.1', port: 0 })
  const ask = (path: string, more: http.RequestOptions = {}, content = '') => askOf({ port, path, ...more }, content)
  return { admin, scene, port, url: `http://127.0.0.1:${port}`, ask }
}

export function askOf(options: http.RequestOptions, content = ''): Promise<Answered> {
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

export interface StreamedEvent {
  event: string
  data: string
}

export interface OpenStream {
  response: http.IncomingMessage
  /** Resolves when `count` events of this name have arrived. */
  events(name: string, count: number): Promise<StreamedEvent[]>
  /** Everything so far, including comments. */
  text(): string
  closed: Promise<void>
}

/** Opens `/events` as a browser does. */
export function openStream(t: Test, port: number): Promise<OpenStream> {
  return new Promise((resolve, reject) => {
    const request = http.get({ host: '127.0.0.1', port, path: '/events', agent: false }, response => {
      let text = ''
      let wake = () => {}
      response.setEncoding('utf8')
      response.on('data', part => {
        text += part
        wake()
      })
      const closed = new Promise<void>(done => response.on('error', () => {}).on('close', done))
      const events = (name: string, count: number) =>
        new Promise<StreamedEvent[]>((done, failed) => {
          const timer = setTimeout(() => failed(new Error(`not ${count} ${name} in ${text.slice(0, 200)}`)), WAIT_MS)
          wake = () => {
            const found = eventsIn(text).filter(({ event }) => event === name)
            if (found.length < count) return
            clearTimeout(timer)
            done(found)
          }
          wake()
        })
      resolve({ response, events, text: () => text, closed })
    })
    request.on('error', reject)
    t.teardown(() => request.destroy())
  })
}

function eventsIn(text: string): StreamedEvent[] {
  return text
    .split('\n\n')
    .slice(0, -1)
    .map(block => ({
      event: /^event: (.*)$/m.exec(block)?.[1] ?? '',
      data: /^data: (.*)$/m.exec(block)?.[1] ?? '',
    }))
}
