/** An option, or a value in a configuration, cannot be used. The message says which one, why, and what to write instead. */
export class OptionError extends TypeError {}

/**
 * A text that cannot be what it was given for. The library reports the whole sentence; the command line and the configuration, which show
 * the text themselves, take the parts.
 */
export class WrongText extends OptionError {
  constructor(
    /** What the text was given for, and the text: `path "a"`. */
    subject: string,
    /** Continues the sentence: `must begin with a slash`. '' where `right` says it. */
    readonly what: string,
    /** What to write instead; ''. */
    readonly right = '',
  ) {
    super(`${subject}${what === '' ? '' : ` ${what}`}${right === '' ? '' : `: ${right}`}`)
  }
}
