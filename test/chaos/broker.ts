/** The broker of a run, set up so that a run gets on however often it is cut. */

import { startEmbeddedBroker } from '../support/embedded-broker.js'
import { startMosquitto } from '../support/mosquitto.js'
import { type ChaosPlan, WINDOW } from './plan.js'

export interface Broker extends AsyncDisposable {
  readonly port: number
  stop(): Promise<void>
  kill(): Promise<void>
  start(): Promise<void>
  /** How often it ended a connection of this client by itself, as it says. */
  hangUps(clientId: string): number
}

export async function startBroker({ broker, restarts }: ChaosPlan): Promise<Broker> {
  if (broker === 'embedded') {
    const embedded = await startEmbeddedBroker()
    const hungUp: string[] = []
    // Aedes 2.0.0-beta.1 does so where it forgot what it sent to a client that was cut off.
    embedded.aedes.on('clientError', ({ id }, { message }) => {
      if (message === 'no such packet') hungUp.push(id)
    })
    const start = (): never => {
      throw new Error('the embedded broker cannot be started again: expected 0 restarts')
    }
    return {
      ...embedded,
      port: embedded.ports.mqtt,
      kill: embedded.stop,
      start,
      hangUps: (id) => hungUp.filter((each) => each === id).length,
    }
  }
  const mosquitto = await startMosquitto({
    persistence: restarts > 0,
    config: [
      // What it sends again after each cut: with 0, no end to it, nothing new would come through. A Receive Maximum of the
      // reader's would say the same in 5.0, but mosquitto 2.0.11 does not keep to it. Once it was killed, it goes back to
      // exchanges that are complete, and they fill its window up: then it refuses what comes.
      `max_inflight_messages ${restarts > 0 ? 1000 : WINDOW}`,
      ...(restarts > 0 ? ['autosave_on_changes true', 'autosave_interval 1'] : []),
    ],
  })
  return { ...mosquitto, port: mosquitto.ports.mqtt, hangUps: () => 0 }
}
