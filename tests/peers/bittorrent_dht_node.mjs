// Several bittorrent-dht nodes on loopback in one process, told what to do by JSON lines.
//
// Started with the number of nodes, and the port of the first (the others follow; default: any).
// The first line out lists their UDP ports: {"ports": [...]}.
// A line in:  {"id": 1, "at": 0, "do": "get", ...arguments}       (at: which node)
// A line out: {"id": 1, "ok": ...}  or  {"id": 1, "error": "text", "code": 301}
// Bytes travel as hex; values as the hex of their bencoding. The end of stdin ends the process.
import { createPublicKey, createPrivateKey, sign, verify } from 'node:crypto'
import { createInterface } from 'node:readline'
import bencode from 'bencode'
import { Client } from 'bittorrent-dht'

const HOST = '127.0.0.1'
const PUBLIC_DER = Buffer.from('302a300506032b6570032100', 'hex') // RFC 8410: what stands before an Ed25519 public key
const SEED_DER = Buffer.from('302e020100300506032b657004220420', 'hex') // and before a private one

function verifies (signature, message, key) {
  const der = Buffer.concat([PUBLIC_DER, key])
  return verify(null, message, createPublicKey({ key: der, format: 'der', type: 'spki' }), signature)
}

function signer (seed) {
  const key = createPrivateKey({ key: Buffer.concat([SEED_DER, seed]), format: 'der', type: 'pkcs8' })
  return message => sign(null, message, key)
}

const bytes = hex => Buffer.from(hex, 'hex')
const hex = buffer => buffer == null ? null : Buffer.from(buffer).toString('hex')
const decode = text => bencode.decode(bytes(text))

const promised = start => new Promise((resolve, reject) => {
  start((error, ...results) => error ? reject(error) : resolve(results))
})

const actions = {
  // One query to one node, as the library sends it inside its lookups.
  async query (dht, { port, method, args }) {
    const a = Object.fromEntries(Object.entries(args).map(([name, value]) => [name, bytes(value)]))
    const [reply] = await promised(done => dht._rpc.query({ host: HOST, port }, { q: method, a }, done))
    return hex(bencode.encode(reply.r))
  },

  async add (dht, { port }) {
    const known = () => dht.nodes.toArray().some(node => node.port === port)
    if (known()) return
    await new Promise(resolve => {
      const check = () => { if (known()) { dht.off('node', check); resolve() } }
      dht.on('node', check)
      dht.addNode({ host: HOST, port })
    })
  },

  async put_immutable (dht, { value }) {
    const [, stored] = await promised(done => dht.put({ v: decode(value) }, done))
    return stored
  },

  async put_mutable (dht, { value, seed, key, salt, seq, cas }) {
    const what = { v: decode(value), k: bytes(key), seq, sign: signer(bytes(seed)) }
    if (salt) what.salt = bytes(salt)
    if (cas !== null) what.cas = cas
    const [, stored] = await promised(done => dht.put(what, done))
    return stored
  },

  async get (dht, { target, salt }) {
    const options = { cache: false }
    if (salt) options.salt = bytes(salt)
    const [found] = await promised(done => dht.get(bytes(target), options, done))
    if (!found) return null
    return { value: hex(bencode.encode(found.v)), seq: found.seq ?? null, key: hex(found.k), sig: hex(found.sig) }
  },

  async announce (dht, { info_hash: infoHash, port }) {
    const [, stored] = await promised(done => dht.announce(bytes(infoHash), port, done))
    return stored
  },

  // Peers that other nodes named; what this node itself keeps (from === null) is left out.
  async get_peers (dht, { info_hash: infoHash }) {
    const found = []
    const onpeer = (peer, hash, from) => {
      if (from !== null && hex(hash) === infoHash) found.push([peer.host, peer.port])
    }
    dht.on('peer', onpeer)
    try {
      await promised(done => dht.lookup(bytes(infoHash), done))
    } finally {
      dht.off('peer', onpeer)
    }
    return found
  }
}

const nodes = []
const firstPort = Number(process.argv[3] ?? 0)
for (let i = 0; i < Number(process.argv[2] ?? 1); i++) {
  const dht = new Client({ bootstrap: false, host: HOST, verify: verifies })
  dht.on('error', error => { throw error })
  await new Promise(resolve => dht.listen(firstPort && firstPort + i, HOST, resolve))
  nodes.push(dht)
}

const say = message => process.stdout.write(JSON.stringify(message) + '\n')
say({ ports: nodes.map(dht => dht.address().port) })

for await (const line of createInterface({ input: process.stdin })) {
  const { id, at, do: action, ...args } = JSON.parse(line)
  actions[action](nodes[at], args).then(
    ok => say({ id, ok: ok ?? null }),
    error => say({ id, error: error.message, code: error.code ?? null })
  )
}
for (const dht of nodes) dht.destroy()
