// A mochi-mqtt broker as its documentation sets it up: everyone may do everything.
package main

import (
	"log"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/hooks/auth"
	"github.com/mochi-mqtt/server/v2/listeners"
)

func main() {
	ending := make(chan os.Signal, 1)
	signal.Notify(ending, syscall.SIGINT, syscall.SIGTERM)

	server := mqtt.New(nil)
	must(server.AddHook(new(auth.AllowHook), nil))
	must(server.AddListener(listeners.NewTCP(listeners.Config{ID: "tcp", Address: "127.0.0.1:" + os.Getenv("PORT")})))
	must(server.AddListener(listeners.NewWebsocket(listeners.Config{ID: "ws", Address: "127.0.0.1:" + os.Getenv("PORT_WS")})))
	socket := filepath.Join(os.Getenv("PUSHSPEC_DIR"), "mochi.sock")
	must(server.AddListener(listeners.NewUnixSock(listeners.Config{ID: "unix", Address: socket})))
	must(server.Serve())
	<-ending
	must(server.Close())
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
