import type { Native } from '../../src/front/native.ts'

/** For the fuzzer: gives what it sends to each call of src/front/front.c in turn. The first byte chooses. */
const bytes = native.read()
const rest = bytes.slice(1)
const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 }: Native['constants'] = native.constants
const calls: readonly (() => unknown)[] = [
  () => native.decode(rest),
  () => native.stat(rest),
  () => native.exists(rest),
  () => native.list(rest),
  () => readAll(native.open(rest, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)),
  () => readAll(native.open(native.decode(rest), rest.length)),
  () => native.fstat(Number(rest)),
  () => native.readText(Number(rest)),
  () => native.close(Number(rest)),
  () => JSON.parse(native.decode(rest)),
  () => decodeURIComponent(rest) + encodeURIComponent(native.decode(rest)),
  () => native.env[rest],
  () => createAndRemove(`${native.env['HOME']}/${rest.replaceAll('/', '_')}`),
  () => native.probe(Number(rest)),
  () => native.sleep(Number(rest) % 3),
]

function createAndRemove(path: string): void {
  native.create(path, rest)
  native.remove(path)
}

function readAll(file: number): string {
  native.fstat(file)
  const text = native.readText(file)
  native.close(file)
  return text
}

let answer = ''
try {
  answer = JSON.stringify(calls[bytes.charCodeAt(0) % calls.length]?.()) ?? ''
} catch (error) {
  answer = String(error)
}
native.finish(answer)
