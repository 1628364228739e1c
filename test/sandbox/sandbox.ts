import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BitbucketGit } from './git.ts'
import { BitbucketOAuth } from './oauth.ts'
import { createRepository, createUmbrella } from './repositories.ts'

/** A stand-in for Bitbucket on a free port of the loopback interface: its OAuth and its repositories, both real. */
export class Sandbox {
  readonly origin: string
  readonly oauth: BitbucketOAuth
  readonly git: BitbucketGit
  readonly #server: Server
  readonly #root: string

  private constructor(server: Server, root: string, callback: string) {
    const { port } = server.address() as AddressInfo
    this.origin = `http://127.0.0.1:${port}`
    this.oauth = new BitbucketOAuth(this.origin, callback)
    this.git = new BitbucketGit(root, (accessToken) => this.oauth.scopesOf(accessToken))
    this.#server = server
    this.#root = root
    server.on('request', (request, response) => {
      const isGit = /\.git\//.test(request.url ?? '')
      const part = isGit ? this.git : this.oauth
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
   */
  static async start(callback: string): Promise<Sandbox> {
    const root = await mkdtemp(join(tmpdir(), 'bitbucket-sandbox-'))
    createRepository(root, 'widgets')
    const server = createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new Sandbox(server, root, callback)
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
