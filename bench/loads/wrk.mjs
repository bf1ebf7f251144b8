import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runChild } from '../children.mjs'
import { cores, findCommand, folder } from '../machine.mjs'

// wrk's own output is rounded; its script can print exact numbers.
const DONE = `
done = function(s, l)
  local e = s.errors
  io.write(string.format('\\nBENCH {"requests":%.0f,"octets":%.0f,"us":%.0f,"failed":%.0f,"p50Us":%.0f,"p99Us":%.0f}\\n',
    s.requests, s.bytes, s.duration, e.connect + e.read + e.write + e.status + e.timeout,
    l:percentile(50), l:percentile(99)))
end
`

/**
 * @param {import('../rows.mjs').Row} row
 * @returns {Promise<{ requests: number, octets: number, seconds: number, failed: number, p50Ms?: number, p99Ms?: number }>}
 */
export async function runWrk(row, port, seconds) {
  const script = join(folder, `${row.name}-${port}.lua`)
  writeFileSync(script, scriptFor(row, port))
  const args = ['-t', '1', '-c', String(row.connections), '-d', `${seconds}s`, '--timeout', '5s', '-s', script]
  const url = `http://127.0.0.1:${port}${row.path}`
  const text = await runChild(cores.others, findCommand('wrk'), [...args, url], seconds + 20)
  const said = /^BENCH (.+)$/m.exec(text)?.[1]
  if (!said) throw new Error(`wrk printed no summary: ${text}`)
  const { requests, octets, us, failed, p50Us, p99Us } = JSON.parse(said)
  // The latency that wrk reports for pipelined requests is not that of any one of them.
  const latency = row.depth ? {} : { p50Ms: p50Us / 1000, p99Ms: p99Us / 1000 }
  return { requests, octets, seconds: us / 1e6, failed, ...latency }
}

function scriptFor(row, port) {
  const host = `127.0.0.1:${port}`
  if (row.depth) return `${constant(`GET ${row.path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`, row.depth)}${DONE}`
  if (row.chunked) {
    const chunk = `1000\r\n${'x'.repeat(4096)}\r\n`
    const head = `POST ${row.path} HTTP/1.1\r\nHost: ${host}\r\nTransfer-Encoding: chunked\r\n\r\n`
    return `${constant(`${head}${chunk.repeat(4)}0\r\n\r\n`, 1)}${DONE}`
  }
  const fields = Object.entries(row.fields ?? {}).map(([name, value]) => `wrk.headers[${lua(name)}] = ${lua(value)}`)
  const body = row.bodyOctets ? `string.rep("x", ${row.bodyOctets})` : lua(row.body ?? '')
  return [`wrk.method = "${row.method ?? 'GET'}"`, ...fields, row.method ? `wrk.body = ${body}` : '', DONE].join('\n')
}

/** The same bytes for each request; several requests in one are sent at once, and wrk counts them all. */
function constant(text, times) {
  return `local text = string.rep(${lua(text)}, ${times})\nrequest = function() return text end\n`
}

/** A Lua string: the JSON escapes that can occur here are valid in Lua too. */
function lua(text) {
  return JSON.stringify(text)
}
