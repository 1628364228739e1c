import { mkdirSync, renameSync, writeFileSync } from 'node:fs'

/** Writes a file that others read as soon as it is there. */
export function writeWhole(url, text) {
  mkdirSync(new URL('.', url), { recursive: true })
  const unfinished = new URL(`${url.href}.${process.pid}.${Math.random()}`)
  writeFileSync(unfinished, text)
  renameSync(unfinished, url)
}
