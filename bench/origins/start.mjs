// The two origins: nginx is fast at serving downloads, the raw one at taking uploads.
import { closeSync, ftruncateSync, openSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { accepting, said, startChild } from '../children.mjs'
import { RESPONSE_FIELDS } from '../fields.mjs'
import { cores, findCommand, freePort, newHome } from '../machine.mjs'
import { nginxArgs } from '../peers/nginx.mjs'

/** @returns {Promise<{ nginx: Origin, raw: Origin }>} if nginx is missing, the raw origin is used for both
 *  @typedef {{ name: string, port: number, url: string }} Origin */
export async function startOrigins() {
  const raw = await startRaw()
  return { raw, nginx: findCommand('nginx') ? await startNginx() : raw }
}

/** Bytes of content that the raw origin has taken so far. */
export async function octetsTaken(raw) {
  return Number(await (await fetch(`${raw.url}/octets`)).text())
}

async function startRaw() {
  const child = startChild(cores.others, process.execPath, [fileURLToPath(new URL('raw-origin.mjs', import.meta.url))])
  return originAt('raw', (await said(child, 'listening')).port)
}

async function startNginx() {
  const home = newHome('origin')
  writeFileSync(join(home, '64k'), Buffer.alloc(65_536, 'x'))
  writeFileSync(join(home, '10m'), Buffer.alloc(10 * 2 ** 20, 'x'))
  const sparse = openSync(join(home, '32m'), 'w')
  ftruncateSync(sparse, 32 * 2 ** 20)
  closeSync(sparse)
  const port = await freePort()
  const fields = RESPONSE_FIELDS.map(([name, value]) => `add_header ${name} '${value.replaceAll("'", "\\'")}';`)
  const server = `root ${home}; sendfile on; tcp_nopush on;
    location = /small { return 200 "hello world\n"; }
    location = /fields { ${fields.join('\n      ')} return 200 "hello world\n"; }`
  const child = startChild(cores.others, findCommand('nginx'), nginxArgs(home, port, { server }))
  await accepting(child, port)
  return originAt('nginx', port)
}

function originAt(name, port) {
  return { name, port, url: `http://127.0.0.1:${port}` }
}
