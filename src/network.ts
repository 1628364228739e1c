import { readSettings } from './git/config.ts'
import type { Network } from './http.ts'

/**
 * How git itself would reach a URL: its `http.proxy` and `http.sslCAInfo`, and the environment's certificates. Where
 * git gets through, so do we.
 *
 * @see https://git-scm.com/docs/git-config#Documentation/git-config.txt-httpproxy
 */
export function readNetwork(url: URL, env: NodeJS.ProcessEnv): Network {
  if (url.protocol !== 'https:') return { certificateFiles: [] }
  const settings = readSettings('http', url.href, env)
  const named = [env['GIT_SSL_CAINFO'] ?? settings.get('sslcainfo'), env['SSL_CERT_FILE']].filter((file) => !!file)
  // Node trusts these already, and reading a whole bundle once more takes longer than the request.
  const extra = env['NODE_EXTRA_CA_CERTS']
  const files = new Set(named.filter((file): file is string => file !== undefined && file !== extra))
  if (files.size > 0 && extra) files.add(extra)
  return { proxy: settings.get('proxy'), certificateFiles: [...files] }
}
