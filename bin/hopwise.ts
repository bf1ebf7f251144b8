#!/usr/bin/env node
import { main } from '../lib/cli/main.js'

// Ends here and now: a log whose reader stopped would keep the process waiting otherwise.
process.exit(await main(process.argv.slice(2)))
