import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

export interface Typed {
  /** The name used in complaints. */
  name: string
  /** As in `import type { Deployment } from 'kubernetes-types/apps/v1.js'`. */
  type: string
  module: string
  value: unknown
}

/**
 * Checks values against the types of a package with the compiler: what is missing, has another type, or is an unknown key.
 * @returns complaints, each with the key where it is
 */
export function complaints(values: readonly Typed[]): string[] {
  const program = join(ROOT, 'deployed.ts')
  const text = values
    .map(({ type, module, value }, i) => {
      const imported = `import type { ${type} as T${i} } from '${module}'`
      return `${imported}\nexport const v${i}: T${i} = ${JSON.stringify(value, null, 1)}\n`
    })
    .join('')
  const options: ts.CompilerOptions = {
    noEmit: true,
    strict: true,
    skipLibCheck: true,
    types: [],
    lib: ['lib.es5.d.ts'],
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
  }
  const host = ts.createCompilerHost(options)
  const { getSourceFile, fileExists } = host
  host.fileExists = path => path === program || fileExists(path)
  host.getSourceFile = (path, version) =>
    path === program ? ts.createSourceFile(path, text, version) : getSourceFile(path, version)
  const made = ts.createProgram([program], options, host)
  const file = made.getSourceFile(program)
  return [...made.getSyntacticDiagnostics(file), ...made.getSemanticDiagnostics(file)].map(
    ({ start = 0, ...fault }) => {
      const before = text.slice(0, start).split('\n')
      const name = values[before.filter(line => line.startsWith('import type')).length - 1]?.name
      const line = text.slice(start).split('\n')[0]?.trim()
      return `${name}: ${line}: ${ts.flattenDiagnosticMessageText(fault.messageText, ' ')}`
    },
  )
}
