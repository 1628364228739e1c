import common from './ava.config.js'

/** scripts/testWindows.sh lays what these need. */
export default { ...common, files: ['test/windows/**/*.test.ts'], concurrency: 1 }
