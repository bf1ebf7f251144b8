import { readdirSync } from 'node:fs'
import { relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const PURE_FLOORS = ['wire', 'policy', 'link']

/**
 * What a test file covers, for tap: a test of a pure floor covers that floor, and all its lines and branches are required;
 * every other test covers nothing, so a larger test does not count by accident as a test of a small part.
 */
// biome-ignore lint/style/noDefaultExport: tap asks for it
export default function covered(testFile) {
  const [, floor] = relative(ROOT, testFile).split(sep)
  if (!PURE_FLOORS.includes(floor)) return null
  return readdirSync(`${ROOT}lib/${floor}`, { recursive: true })
    .filter(file => file.endsWith('.ts'))
    .map(file => `lib/${floor}/${file}`)
}
