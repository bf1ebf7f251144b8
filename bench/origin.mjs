import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { accepting, listening, startChild } from './children.mjs'
import { cores, findCommand, folder, freePort } from './machine.mjs'
import { nginxArgs } from './nginx.mjs'

/** nginx where it is installed, else Node. Both serve /small, /64k and /10m. */
export async function startOrigin() {
  if (!findCommand('nginx')) {
    console.log('The origin is Node, because nginx is missing: apt-get install nginx-light')
    const child = startChild(cores.others, process.execPath, [
      fileURLToPath(new URL('node-origin.mjs', import.meta.url)),
    ])
    return { name: 'node', port: await listening(child) }
  }
  const home = join(folder, 'origin')
  mkdirSync(home, { recursive: true })
  writeFileSync(join(home, '64k'), Buffer.alloc(65_536, 'x'))
  writeFileSync(join(home, '10m'), Buffer.alloc(10 * 2 ** 20, 'x'))
  const port = await freePort()
  const server = `root ${home}; sendfile on; location = /small { return 200 "hello world\n"; }`
  const child = startChild(cores.others, findCommand('nginx'), nginxArgs(home, port, { server }))
  await accepting(child, port)
  return { name: 'nginx', port }
}
