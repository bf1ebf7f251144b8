// Writes config/hopwise.schema.json from the schema in lib/config. `npm run schema` builds first; a test fails if the file
// is stale.
import { writeFileSync } from 'node:fs'
import { jsonSchemaText } from '../dist/lib/config/json-schema.js'

writeFileSync(new URL('../config/hopwise.schema.json', import.meta.url), jsonSchemaText())
