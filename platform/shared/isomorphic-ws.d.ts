// What we need of isomorphic-ws. Its own types would bring all names of Node into the browser's program.
declare module 'isomorphic-ws' {
  /** In Node the class of `ws`; in a browser the global `WebSocket`, null where there is none. */
  const WebSocket: import('./websocket.js').WebSocketConstructor
  export default WebSocket
}
