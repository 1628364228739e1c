import common from './ava.config.js'

/** scripts/testFront.sh builds what these need. */
export default { ...common, files: ['test/front/**/*.test.ts', 'test/end-to-end/**/*.test.ts'] }
