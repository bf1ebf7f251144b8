import * as net from 'node:net'

/**
 * One request on its own connection; resolves with everything received on it, as latin1 text. Rejects with the socket's error.
 */
export async function ask(
  at: number | net.NetConnectOpts,
  target = '/x',
  fields: readonly string[] = ['Connection: close'],
): Promise<string> {
  const socket = net.connect(typeof at === 'number' ? { port: at, host: '127.0.0.1' } : at).setEncoding('latin1')
  socket.write(`${[`GET ${target} HTTP/1.1`, 'Host: app.test', ...fields].join('\r\n')}\r\n\r\n`)
  let text = ''
  for await (const chunk of socket) text += chunk
  return text
}
