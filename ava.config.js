export default {
  extensions: { ts: 'module' },
  files: ['test/**/*.test.ts'],
  nodeArguments: ['--import=ts-blank-space/register'],
  timeout: '3m',
  environmentVariables: { NODE_NO_WARNINGS: '1' },
}
