import { type Said, said } from '../said.js'

/** An error answer to a request: thrown where the problem is found, sent as `{ error: { en, ko } }`. */
export class Problem extends Error {
  override readonly name = 'Problem'
  constructor(
    readonly status: number,
    readonly said: Said,
    readonly fields: Readonly<Record<string, string>> = {},
  ) {
    super(said.en)
  }
}

export function notHere(): Problem {
  return new Problem(404, said('There is nothing here.', '여기에는 아무것도 없다.'))
}

export function unknownRun(): Problem {
  return new Problem(
    404,
    said(
      'This run no longer exists: recordings are kept only for some minutes.',
      '그런 실행은 더 이상 없다. 기록은 몇 분 동안만 보관한다.',
    ),
  )
}

export function wrongMethod(allow: string): Problem {
  return new Problem(405, said(`The only methods here are ${allow}.`, `여기서는 ${allow}만 받는다.`), { Allow: allow })
}

/** The server is overloaded at the moment. @param status 503: by all visitors; 429: by this visitor */
export function busy(status: 503 | 429, why: Said, retryS: number): Problem {
  return new Problem(status, why, { 'Retry-After': String(Math.max(1, Math.ceil(retryS))) })
}
