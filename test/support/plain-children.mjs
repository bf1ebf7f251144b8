import processOnSpawn from 'process-on-spawn'

// The runner loads its hooks in every process that a test starts, to find out what it covers. That takes 0.55 of the 0.9 s of CPU of a
// `hopwise version`, for something that nobody asks: what is covered is said by coverage-map.mjs. So children start as they do for users.
processOnSpawn.removeAllListeners()
const options = (process.env.NODE_OPTIONS ?? '').replace(/"?--import=[^"\s]*@tapjs[^"\s]*"?/, '').trim()
if (options === '') delete process.env.NODE_OPTIONS
else process.env.NODE_OPTIONS = options
