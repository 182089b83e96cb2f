/** The limit: a WebSocket of the page, which sends ready made packets of a burst in one frame, and cuts what comes. */

globalThis.connectBare = async (url, { qos, size }, { topic, burst }) => {
  const socket = new WebSocket(url, 'mqtt')
  socket.binaryType = 'arraybuffer'
  let heard = () => {}
  socket.onmessage = ({ data }) => heard(new Uint8Array(data))
  await new Promise((done) => (socket.onopen = done))
  const next = () => new Promise((done) => (heard = done))

  // MQTT 3.1.1, Clean Session, no keep-alive, the client identifier `b`.
  socket.send(Uint8Array.of(0x10, 13, 0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 2, 0, 0, 0, 1, 0x62))
  await next()
  const name = new TextEncoder().encode(topic)

  /** A PUBLISH; at QoS 1 with this Packet Identifier. */
  const publish = (ofQos, id) => {
    const rest = 2 + name.length + 2 * ofQos + size
    const length = rest > 127 ? [(rest & 127) | 128, rest >> 7] : [rest]
    const ids = ofQos > 0 ? [id >> 8, id & 255] : []
    return [0x30 | (ofQos << 1), ...length, 0, name.length, ...name, ...ids, ...new Uint8Array(size).fill(0x61)]
  }
  const bytes = Uint8Array.from(
    Array.from({ length: burst }, (_, at) => publish(at === burst - 1 ? 1 : qos, at + 1)).flat(),
  )

  return {
    burst: () =>
      new Promise((done) => {
        let due = qos === 0 ? 4 : 4 * burst
        heard = (chunk) => {
          due -= chunk.length
          if (due === 0) done()
        }
        // What a WebSocket is given it copies.
        socket.send(bytes)
      }),

    async subscribe(ofQos, received) {
      socket.send(Uint8Array.from([0x82, 5 + name.length, 0, 1, 0, name.length, ...name, ofQos]))
      await next()
      const length = publish(ofQos, 1).length
      heard = (chunk) => {
        const acks = new Uint8Array((ofQos * 4 * chunk.length) / length)
        for (let at = 0, ack = 0; at < chunk.length; at += length) {
          if (ofQos > 0) {
            const id = at + length - size - 2
            acks[ack++] = 0x40
            acks[ack++] = 2
            acks[ack++] = chunk[id]
            acks[ack++] = chunk[id + 1]
          }
          received(chunk.subarray(at + length - size, at + length))
        }
        if (ofQos > 0) socket.send(acks)
      }
    },
  }
}
