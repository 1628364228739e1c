import { BlockList, isIP } from 'node:net'

/**
 * Whether NO_PROXY names a host, as curl reads it: names separated by commas or blanks, each for all names that end in it too;
 * addresses and networks (CIDR) for addresses; a star alone for all. Ports play no part.
 *
 * @see https://curl.se/libcurl/c/CURLOPT_NOPROXY.html
 */
export function isExcluded(hostname: string, noProxy: string): boolean {
  const host = trim(hostname.toLowerCase())
  const names = noProxy.toLowerCase().split(/[\s,]+/)
  return noProxy.trim() === '*' || names.some((name) => name !== '' && isNamed(host, name))
}

function isNamed(host: string, name: string): boolean {
  if (isIP(host) !== 0) return isInNetwork(host, name)
  const domain = trim(name).replace(/^\./, '')
  return domain !== '' && `.${host}`.endsWith(`.${domain}`)
}

function isInNetwork(address: string, name: string): boolean {
  const [written = '', bits] = name.split('/')
  const network = trim(written)
  const family = isIP(network) === 6 ? 'ipv6' : 'ipv4'
  if (isIP(network) === 0 || isIP(network) !== isIP(address)) return false
  const list = new BlockList()
  const length = bits === undefined ? (family === 'ipv6' ? 128 : 32) : Number(bits)
  if (!Number.isInteger(length) || length < 0 || length > (family === 'ipv6' ? 128 : 32)) return false
  list.addSubnet(network, length, family)
  return list.check(address, family)
}

/** Without the brackets of an IPv6 address, and the dot that ends a whole name. */
function trim(name: string): string {
  return name.replace(/^\[|\]$/g, '').replace(/\.$/, '')
}
