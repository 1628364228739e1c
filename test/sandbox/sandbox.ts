import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createServer as createTlsServer } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generate } from 'selfsigned'
import { BitbucketGit, type ScopesOf } from './git.ts'
import { BitbucketLfs } from './lfs.ts'
import { BitbucketOAuth } from './oauth.ts'
import { createRepository, createUmbrella } from './repositories.ts'

/** A stand-in for Bitbucket on the loopback interface: its OAuth, its repositories, and its large files. */
export class Sandbox {
  readonly origin: string
  readonly oauth: BitbucketOAuth
  readonly git: BitbucketGit
  readonly lfs: BitbucketLfs
  readonly #server: Server
  readonly #root: string

  /** What a client has to trust; undefined where it speaks plain http. */
  readonly certificate: string | undefined

  private constructor(server: Server, root: string, callback: string, origin: string, certificate: string | undefined) {
    this.origin = origin
    this.certificate = certificate
    this.oauth = new BitbucketOAuth(this.origin, callback)
    const scopesOf: ScopesOf = (accessToken) => this.oauth.scopesOf(accessToken)
    this.git = new BitbucketGit(root, scopesOf)
    this.lfs = new BitbucketLfs(this.origin, scopesOf)
    this.#server = server
    this.#root = root
    // A client that keeps its connection must not find it closed because a test kept this process busy.
    server.keepAliveTimeout = 120_000
    server.on('request', (request, response) => {
      const { url = '' } = request
      const part = /\.git\/info\/lfs\//.test(url) ? this.lfs : /\.git\//.test(url) ? this.git : this.oauth
      part.handle(request, response).catch((error: unknown) => {
        process.stderr.write(`sandbox: ${String(error)}\n`)
        response.destroy()
      })
    })
  }

  /**
   * Starts it with one private repository, acme/widgets.
   *
   * @param callback the callback URL that the consumer is registered with
   * @param options.tls https under this name, which has to be one of this machine's; port 0 is a free one
   */
  static async start(callback: string, options: { tls?: { host: string; port: number } } = {}): Promise<Sandbox> {
    const { tls } = options
    const root = await mkdtemp(join(tmpdir(), 'bitbucket-sandbox-'))
    createRepository(root, 'widgets')
    const identity = tls === undefined ? undefined : await makeIdentity(tls.host)
    const server = identity === undefined ? createServer() : createTlsServer(identity)
    server.listen(tls?.port ?? 0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const url = new URL(tls === undefined ? `http://127.0.0.1:${port}` : `https://${tls.host}:${port}`)
    return new Sandbox(server, root, callback, url.origin, identity?.cert)
  }

  /** The URL of a repository of workspace acme. */
  repository(name: string, username?: string): string {
    const url = new URL(`${this.origin}/acme/${name}.git`)
    if (username !== undefined) url.username = username
    return url.href
  }

  /** Adds acme/umbrella, a repository with many submodules. */
  addUmbrella(): void {
    createUmbrella(this.#root)
  }

  async stop(): Promise<void> {
    this.#server.close()
    this.#server.closeAllConnections()
    await rm(this.#root, { recursive: true, force: true })
  }
}

/** A key and a certificate that nobody trusts yet. */
async function makeIdentity(host: string): Promise<{ key: string; cert: string }> {
  const extensions = [
    { name: 'basicConstraints' as const, cA: true },
    { name: 'subjectAltName' as const, altNames: [{ type: 2 as const, value: host }] },
  ]
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'Bitbucket sandbox' }], { extensions })
  return { key, cert }
}
