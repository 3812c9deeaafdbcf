// aedes as its documentation sets it up: TCP, and WebSocket by means of `ws`.
'use strict'

const http = require('node:http')
const net = require('node:net')
const { Aedes } = require('aedes')
const { WebSocketServer, createWebSocketStream } = require('ws')

async function main () {
  const broker = await Aedes.createBroker()
  broker.on('clientError', (client, error) => console.error('client', client?.id, error.message))
  broker.on('connectionError', (client, error) => console.error('connection', client?.id, error.message))

  net.createServer(broker.handle).listen(process.env.PORT, '127.0.0.1')

  const web = http.createServer()
  const sockets = new WebSocketServer({ server: web })
  sockets.on('connection', (socket, request) => broker.handle(createWebSocketStream(socket), request))
  web.listen(process.env.PORT_WS, '127.0.0.1')
}

main()
