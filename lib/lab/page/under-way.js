/**
 * The messages in flight on the connections of a scene: requests without a response, and messages whose end has not come yet. A
 * head is not a whole message: its content may take long.
 *
 * @typedef {import('./player.js').SceneEvent} SceneEvent
 * @typedef {import('../events.js').SeenHead} SeenHead
 * @typedef {{ from: string, to: string, methods: string[], left: Record<string, number>, chunked: Record<string, boolean> }} Line
 * `methods`: of requests without a response; `left`: remaining bytes of a message, by sender; infinite: until the end of the connection
 */

export class UnderWay {
  /** @type {Map<string, Line>} */
  #lines = new Map()

  /** @param {SceneEvent} event */
  note(event) {
    if (event.kind === 'open') {
      const { from, to } = event
      this.#lines.set(event.connection, { from, to, methods: [], left: {}, chunked: {} })
    } else if (event.kind === 'closed') this.#lines.delete(event.connection)
    else if (event.kind === 'fin') {
      const line = this.#lines.get(event.connection)
      if (line !== undefined) line.left[event.by] = 0
    } else if (event.kind === 'bytes') this.#noteBytes(event)
  }

  /** `on` has already done its part: the message that `who` waits for is on its way. @param {string} who @param {string} on */
  isServed(who, on) {
    return this.#some(({ from, to, methods }) => from === on && to === who && methods.length > 0)
  }

  /** One of these parties has not sent all of a message to another one of them. @param {readonly string[]} parties */
  isUnfinished(parties) {
    return this.#some(({ from, to, left }) => parties.includes(from) && parties.includes(to) && hasRest(left))
  }

  /** `who` has sent a request to `on`, and not received all of the response. @param {string} who @param {string} on */
  isOwed(who, on) {
    return this.#some(({ from, to, methods, left }) => {
      return from === who && to === on && (methods.length > 0 || (left[on] ?? 0) > 0)
    })
  }

  /** Whether it is a connection between two of these parties. @param {string} connection @param {readonly string[]} parties */
  isBetween(connection, parties) {
    const line = this.#lines.get(connection)
    return line !== undefined && parties.includes(line.from) && parties.includes(line.to)
  }

  /** @param {(line: Line) => boolean} is */
  #some(is) {
    return [...this.#lines.values()].some(is)
  }

  /** @param {import('../events.js').BytesSeen} event */
  #noteBytes({ connection, by, size, text, heads = [] }) {
    const line = this.#lines.get(connection)
    if (line === undefined) return
    passed(line, by, heads[0]?.from ?? size)
    for (const [i, head] of heads.entries()) {
      begun(line, by, head)
      passed(line, by, (heads[i + 1]?.from ?? size) - head.to)
    }
    if (line.chunked[by] && text.length === size && text.endsWith('0\r\n\r\n')) line.left[by] = 0
  }
}

/** @param {Record<string, number>} left */
function hasRest(left) {
  return Object.values(left).some(bytes => bytes > 0)
}

/** @param {Line} line @param {string} by @param {number} bytes of content */
function passed({ left }, by, bytes) {
  left[by] = Math.max(0, (left[by] ?? 0) - bytes)
}

/** @param {Line} line @param {string} by @param {SeenHead} head */
function begun(line, by, head) {
  const lengthOf = by === line.from ? requestLength : responseLength
  line.chunked[by] = fieldValue(head, 'transfer-encoding').toLowerCase().endsWith('chunked')
  line.left[by] = lengthOf(line, head)
}

/** @param {Line} line @param {SeenHead} head */
function requestLength({ methods }, head) {
  methods.push(head.startLine.split(' ', 1)[0] ?? '')
  if (fieldValue(head, 'transfer-encoding') !== '') return Number.POSITIVE_INFINITY
  return Number(fieldValue(head, 'content-length')) || 0
}

/** RFC 9112 6.3. @param {Line} line @param {SeenHead} head */
function responseLength({ methods }, head) {
  const [, status = ''] = head.startLine.split(' ')
  if (/^1(?!01)\d\d$/.test(status)) return 0
  const method = methods.shift()
  if (method === 'HEAD' || /^(101|204|304)$/.test(status) || (method === 'CONNECT' && status.startsWith('2'))) return 0
  const length = fieldValue(head, 'content-length')
  if (fieldValue(head, 'transfer-encoding') !== '' || length === '') return Number.POSITIVE_INFINITY
  return Number(length) || 0
}

/** Of its first line. @param {SeenHead} head @param {string} lower the field's name */
function fieldValue({ fields }, lower) {
  return fields.find(({ name }) => name.toLowerCase() === lower)?.value.trim() ?? ''
}
