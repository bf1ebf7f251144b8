import type { Said } from '../said.js'

/** The proxy did not behave as it should. */
export class Wrong extends Error {
  override readonly name = 'Wrong'
  /**
   * @param found what happened instead, in one sentence
   * @param evidence what was on the wire, latin1
   */
  constructor(
    readonly found: Said,
    readonly evidence = '',
  ) {
    super(found.en)
  }
}
