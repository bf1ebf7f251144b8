// npm run test:container [-- FOLDER]: builds the Dockerfile of FOLDER (this project) without a container engine, runs the
// result with runc, and then config/systemd on a machine with a real systemd. Not a part of `npm test`: it takes minutes,
// root, and packages. Last line: "N passed, N failed".
import { fileURLToPath } from 'node:url'
import { CHECKS } from './checks.mjs'
import { startMachine } from './container.mjs'
import { buildImage, buildMachine, dropImage } from './image.mjs'
import { FOLDER, must, prepareMachine } from './machine.mjs'
import { journal, SYSTEMD_CHECKS } from './systemd-checks.mjs'

const context = process.argv[2] ?? fileURLToPath(new URL('../..', import.meta.url))
let passed = 0
let failed = 0

prepareMachine()
try {
  say(`building with ${await must('buildah', ['--version'])}`)
  const image = await buildImage(context)
  say(`built in ${image.seconds} s; running with ${(await must('runc', ['--version'])).split('\n')[0]}`)
  for (const [name, check] of CHECKS) await hold(name, () => check(image))
  await underSystemd(image)
} finally {
  await dropImage()
}
say(`the base image is kept in ${FOLDER} for the next run`)
say(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1

async function underSystemd(image) {
  const root = await buildMachine(image, context)
  const machine = await startMachine(root)
  const before = failed
  try {
    for (const [name, check] of SYSTEMD_CHECKS) await hold(name, () => check({ machine, root }))
    if (failed > before) say(await journal(machine))
  } finally {
    await machine.remove()
  }
}

async function hold(name, check) {
  try {
    const news = await check()
    passed++
    say(`ok      ${name}${news ? `\n          ${news}` : ''}`)
  } catch (error) {
    failed++
    say(`FAILED  ${name}\n${String(error.message).replace(/^/gm, '        ')}`)
  }
}

function say(line) {
  process.stdout.write(`${line}\n`)
}
