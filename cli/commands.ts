/** What `main` loads once it knows that there is something to do: together, since one file loads faster than three. */

export { connect } from './connect.js'
export { pub } from './pub.js'
export { sub } from './sub.js'
