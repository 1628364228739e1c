/** What Node has without an import, as much of it as the cached path uses. */

export const process = {
  env: native.env,
  platform: native.platform,
  getuid: native.getuid,
  pid: native.pid,
  kill: native.probe,
}

export const Buffer = {
  from: (bytes: string) => ({ toString: () => native.decode(bytes) }),
}
