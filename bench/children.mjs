import { spawn } from 'node:child_process'
import { once } from 'node:events'
import * as net from 'node:net'
import { pinned } from './machine.mjs'

const children = new Set()

/** Starts a process on a core. It is ended with the bench. */
export function startChild(core, command, args) {
  const child = spawn(...pinned(core, command, args), { stdio: ['ignore', 'pipe', 'pipe'] })
  child.output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', text => {
      child.output = (child.output + text).slice(-20_000)
    })
  }
  children.add(child)
  child.once('exit', () => children.delete(child))
  return child
}

/** Runs to its end, which must come within so many seconds. */
export async function runChild(core, command, args, seconds) {
  const child = startChild(core, command, args)
  const limit = setTimeout(() => child.kill('SIGKILL'), seconds * 1000)
  const [code] = await once(child, 'close')
  clearTimeout(limit)
  if (code !== 0) throw new Error(`${command} ended with ${code}: ${child.output}`)
  return child.output
}

/** Resolves when something accepts on the port. @throws when the process ends before, or after 10 s */
export async function accepting(child, port) {
  const until = Date.now() + 10_000
  while (Date.now() < until && child.exitCode === null) {
    const open = await new Promise(done => {
      const socket = net.connect(port, '127.0.0.1', () => done(true)).on('error', () => done(false))
      socket.on('connect', () => socket.destroy())
    })
    if (open) return
    await new Promise(done => setTimeout(done, 30))
  }
  throw new Error(`${child.spawnargs.join(' ')} does not listen: ${child.output}`)
}

/** Resolves with the port of the JSON line `{"msg":"listening","port":…}`. */
export async function listening(child) {
  for (let tries = 0; tries < 500 && child.exitCode === null; tries++) {
    const line = child.output.split('\n').find(it => it.includes('"listening"'))
    if (line) return JSON.parse(line).port
    await new Promise(done => setTimeout(done, 20))
  }
  throw new Error(`${child.spawnargs.join(' ')} does not listen: ${child.output}`)
}

export async function stopChildren() {
  const running = [...children]
  for (const child of running) child.kill('SIGTERM')
  const limit = setTimeout(() => {
    for (const child of running) child.kill('SIGKILL')
  }, 1_000)
  await Promise.all(
    running.filter(child => child.exitCode === null && child.signalCode === null).map(child => once(child, 'exit')),
  )
  clearTimeout(limit)
}
