// Listens at an address, and answers nobody: its queue is full, and it takes nothing out of it.
// Usage: silent.cjs ADDRESS PORT READY
const { writeFileSync } = require('node:fs')
const { connect, createServer } = require('node:net')

const [, , host = '', port = '', ready = ''] = process.argv
const place = { host, port: Number(port) }

createServer().listen({ ...place, backlog: 1 }, () => {
  for (let count = 0; count < 4; count++) connect(place).on('error', () => {})
  // They connect in the ticks before this one.
  process.nextTick(() => {
    writeFileSync(ready, '')
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000)
    process.exit()
  })
})
