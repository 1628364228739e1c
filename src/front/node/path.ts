/** Node's `path`, as much of it as the cached path uses. */

const isWindows = native.platform === 'win32'

export const sep = isWindows ? '\\' : '/'

export function isAbsolute(path: string): boolean {
  return isWindows ? /^([A-Za-z]:)?[\\/]/.test(path) : path.startsWith('/')
}

function handOver(): never {
  throw new Error('the whole program does that')
}

export { handOver as dirname, handOver as join }
