/** A line of Node's own debugging, with colours or without. */
// oxlint-disable-next-line no-control-regex -- it looks for colours
const LINE = new RegExp(`^[A-Z0-9_]+ (\\u001B\\[\\d+m)?${process.pid}(\\u001B\\[\\d+m)?: `)

let isHidden = process.env['NODE_DEBUG'] === undefined

/**
 * Keeps from stderr what Node writes with NODE_DEBUG: the Authorization header with `http`, git's environment with
 * `child_process`. Node has read the variable by now. To be called before a secret passes through Node.
 */
export function hideNodeDebug(): void {
  if (isHidden) return
  isHidden = true
  const { stderr } = process
  const write = stderr.write.bind(stderr)
  stderr.write = (text: string | Uint8Array) => LINE.test(String(text)) || write(text)
}
