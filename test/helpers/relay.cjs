// Makes a port of this machine lead to a socket, and ends with the process that has started it: `relay.cjs PORT SOCKET`. Says by a
// file beside the socket that it listens.
const { writeFileSync } = require('node:fs')
const { connect, createServer } = require('node:net')

const [port, socket] = process.argv.slice(2)
const parent = process.ppid
createServer((incoming) => {
  const outgoing = connect(socket)
  incoming.pipe(outgoing).pipe(incoming)
  for (const stream of [incoming, outgoing]) stream.on('error', () => stream.destroy())
}).listen(Number(port), '127.0.0.1', () => writeFileSync(`${socket}.ready`, ''))
process.on('SIGINT', () => {})
setInterval(() => process.ppid === parent || process.exit(), 200)
