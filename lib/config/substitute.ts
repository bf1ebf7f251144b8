export type Environment = Readonly<Record<string, string | undefined>>

export interface Substituted {
  text: string
  /** The names of the variables in it, set or not. */
  variables: string[]
  faults: SubstitutionFault[]
}

export interface SubstitutionFault {
  /** The text as written, to find it in the file: `${PORT}`. */
  written: string
  message: string
  hint: string
}

/**
 * Replaces `${NAME}` with the value of the environment variable, and `${NAME:-default}` with the default if it is unset
 * or empty. `$$` becomes one dollar sign; any other dollar sign stays.
 */
export function substitute(text: string, environment: Environment): Substituted {
  const variables: string[] = []
  const faults: SubstitutionFault[] = []
  const replaced = text.replace(/\$\$|\$\{([^}]*)\}?/g, (written, inner: string | undefined) => {
    if (inner === undefined) return '$'
    const [, name, standard] = /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s.exec(inner) ?? []
    if (name === undefined || !written.endsWith('}')) {
      faults.push({
        written,
        message: `${written} is not a variable`,
        hint: `write \${NAME} or \${NAME:-default}, or $$${written.slice(1)} for a dollar sign`,
      })
      return ''
    }
    variables.push(name)
    const value = Object.hasOwn(environment, name) ? environment[name] : undefined
    if (standard !== undefined) return value === undefined || value === '' ? standard : value
    if (value === undefined)
      faults.push({
        written,
        message: `the environment has no ${name}`,
        hint: `set it, or write \${${name}:-default}`,
      })
    return value ?? ''
  })
  return { text: replaced, variables, faults }
}
