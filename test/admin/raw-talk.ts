import * as net from 'node:net'

/** Sends these bytes and resolves with everything that arrives until the peer closes. */
export function rawTalk(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = ''
    const socket = net.connect(port, '127.0.0.1', () => socket.write(text))
    socket.setEncoding('latin1').on('data', part => {
      answer += part
    })
    socket.on('error', reject).on('close', () => resolve(answer))
  })
}
