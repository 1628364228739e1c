import type { Context } from '../base/context.ts'
import { findRuntimeDirectory } from '../base/paths.ts'
import { answer } from '../helper/answer.ts'

/**
 * The cached path as a native program. It is the same code that the npm form runs: scripts/front.ts bundles it with stand-ins for
 * Node's modules, and src/front/front.c runs it. Whatever it does not answer from the cache, or fails in, is the whole program's,
 * which then takes the place of this process, with what git has sent.
 *
 * @returns the answer
 * @throws Error where the whole program has to take over
 */
async function main(): Promise<string> {
  let text = ''
  let knowsPlaces = true
  const context: Context = {
    now: () => Date.now() / 1000,
    sleep: native.sleep,
    env: native.env,
    findRuntimeDirectory: async () => {
      // Where no variable tells it, Node asks the system.
      knowsPlaces = false
      const directory = await findRuntimeDirectory(native.env)
      knowsPlaces = true
      return directory
    },
    findDataDirectory: handOver,
    keyringProgram: '',
    get streams() {
      return handOver()
    },
    isAttended: handOver,
    read: native.read,
    write: (more) => {
      text += more
    },
    trace: () => {},
    tell: handOver,
  }
  await answer(native.operation, context)
  return knowsPlaces ? text : handOver()
}

function handOver(): never {
  throw new Error('the whole program does that')
}

// Where this fails, the host finds no more to do, and hands over.
void main().then(native.finish)
