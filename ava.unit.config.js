import config from './ava.config.js'

/** The tests that take no system parts and no time: a name with `.slow` says of one that it takes either. */
export default {
  ...config,
  files: [...config.files, '!test/end-to-end/**', '!test/sandbox/**', '!**/*.slow.test.ts'],
}
