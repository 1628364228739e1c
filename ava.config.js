export default {
  extensions: { ts: 'module' },
  files: ['test/**/*.test.ts'],
  nodeArguments: ['--import=./scripts/typescript/register.js'],
  timeout: '3m',
  environmentVariables: { NODE_NO_WARNINGS: '1' },
}
