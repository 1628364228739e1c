import { existsSync } from 'node:fs'
import { Failure } from '../base/failure.ts'
import { isFixed } from '../base/fixedPath.ts'
import type { Trace } from '../base/trace.ts'
import type { Network } from '../http/network.ts'
import { readClientCertificate } from './clientCertificate.ts'
import { readPathSetting, readSettings, type Settings } from './config.ts'
import { isExcluded } from './noProxy.ts'

/**
 * How git would reach a URL: by `http.proxy`, `http.sslCAInfo`, `http.sslCAPath`, `http.sslCert`, and the environment variables that
 * git and curl know.
 * `http.sslVerify=false` is not followed: the secret would go to any machine that answers.
 *
 * @param trace writes each exchange down
 * @throws Failure for a proxy of another kind, and where git's configuration cannot be read
 * @see https://git-scm.com/docs/git-config#Documentation/git-config.txt-httpproxy
 */
export function readNetwork(url: URL, env: NodeJS.ProcessEnv, trace?: Trace): Network {
  const traced = trace === undefined ? {} : { trace }
  if (url.protocol !== 'https:') return { proxy: undefined, certificateFiles: [], ...traced }
  // Every user of the machine can read git's arguments, and a query may be a signature.
  const asked = `${url.origin}${url.pathname}`
  const settings = readSettings('http', asked, env)
  const proxy =
    settings.get('proxy') ?? env['https_proxy'] ?? env['HTTPS_PROXY'] ?? env['all_proxy'] ?? env['ALL_PROXY']
  const find = (key: string): string | undefined => findPath(settings, key, asked, env)
  const proxyCertificateFile = asFixed(env['GIT_PROXY_SSL_CAINFO'] ?? find('proxysslcainfo'))
  const clientCertificate = readClientCertificate(settings, find, env)
  const directory = asFixed(env['GIT_SSL_CAPATH'] ?? find('sslcapath'))
  return {
    proxy: proxy && !isExcluded(url.hostname, env['no_proxy'] ?? env['NO_PROXY'] ?? '') ? parseProxy(proxy) : undefined,
    certificateFiles: listCertificateFiles(env['GIT_SSL_CAINFO'] ?? find('sslcainfo'), env),
    ...(directory === undefined ? {} : { certificateDirectory: directory }),
    ...(proxyCertificateFile === undefined ? {} : { proxyCertificateFile }),
    ...(clientCertificate === undefined ? {} : { clientCertificate }),
    ...traced,
  }
}

/** Curl's protocols, and its ports where the value names none. `socks:` is `socks4:`. */
const PROXY_PORTS: Readonly<Record<string, string>> = {
  'http:': '1080',
  'https:': '443',
  'socks4:': '1080',
  'socks4a:': '1080',
  'socks5:': '1080',
  'socks5h:': '1080',
}

/**
 * A value without a scheme means http, as for curl.
 *
 * @see https://curl.se/libcurl/c/CURLOPT_PROXY.html
 */
function parseProxy(value: string): URL {
  const text = (value.includes('://') ? value : `http://${value}`).replace(/^socks:/i, 'socks4:')
  const url = URL.canParse(text) ? new URL(text) : undefined
  const port = PROXY_PORTS[url?.protocol ?? '']
  if (url === undefined || url.hostname === '' || port === undefined) {
    throw new Failure('the proxy that is configured is no URL of http, https, socks4, socks4a, socks5 or socks5h', {
      code: 'unreachable',
      hints: [
        "git config --show-origin --name-only --get-regexp '^http\\.(.*\\.)?proxy$'",
        'or look at HTTPS_PROXY and ALL_PROXY',
      ],
    })
  }
  // The URL drops the port that its protocol has elsewhere.
  const hasPort = /:\d+\/?$/.test(text)
  if (!hasPort) url.port = port
  return url
}

/**
 * Node trusts NODE_EXTRA_CA_CERTS already. Files that we name replace it, so it is named with them, if it is there: Node
 * only warns where it is not.
 */
function listCertificateFiles(chosen: string | undefined, env: NodeJS.ProcessEnv): string[] {
  const named = env['NODE_EXTRA_CA_CERTS']
  const extra = named && existsSync(named) ? named : undefined
  const files = [chosen, env['SSL_CERT_FILE']]
    .map(asFixed)
    .filter((file) => file !== undefined)
    .filter((file) => file !== extra)
  return [...new Set(files.length > 0 && extra ? [...files, extra] : files)]
}

/**
 * A path of git's configuration, which git is asked for once more where it is no plain one.
 *
 * @returns undefined where it names a place of git's own installation and nothing is there
 */
export function findPath(
  settings: Settings,
  key: string,
  url: string,
  env: NodeJS.ProcessEnv,
  platform = process.platform,
): string | undefined {
  const path = settings.get(key)
  // Git for Windows takes `/mingw64/…` for what lies in its installation: portable ones configure that.
  const isGits =
    path !== undefined && (path.startsWith('%(prefix)/') || (path.startsWith('/') && !isFixed(path, platform)))
  if (!isGits && !path?.startsWith('~')) return path
  const whole = readPathSetting(`http.${key}`, url, env)
  return isGits && (whole === undefined || !existsSync(whole)) ? undefined : whole
}

/** Undefined for a path that depends on where one stands: it may name something in the repository that git works in. */
function asFixed(path: string | undefined): string | undefined {
  return path !== undefined && isFixed(path) ? path : undefined
}
