export default {
  extensions: { ts: 'module' },
  files: ['test/**/*.test.ts'],
  nodeArguments: ['--import=ts-blank-space/register'],
  timeout: '3m',
  // Nothing of the machine's user must reach a test, nor a certificate bundle that costs every process its time.
  environmentVariables: { NODE_NO_WARNINGS: '1' },
}
