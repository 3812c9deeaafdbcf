// Event streams with Go's standard library: a channel for each client, and a flush behind each event.
package main

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strings"
	"sync"
)

type broker struct {
	mu      sync.Mutex
	clients map[chan string]struct{}
	id      int
}

func (b *broker) events(w http.ResponseWriter, r *http.Request) {
	flusher, ok := w.(http.Flusher)
	if !ok {
		http.Error(w, "streaming unsupported", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-cache")
	w.Header().Set("Connection", "keep-alive")
	w.Header().Set("Access-Control-Allow-Origin", "*")

	// Before the header fields go out: a client that has those counts on every event from then on.
	messages := make(chan string, 1000)
	b.mu.Lock()
	b.clients[messages] = struct{}{}
	b.mu.Unlock()
	defer func() {
		b.mu.Lock()
		delete(b.clients, messages)
		b.mu.Unlock()
	}()
	w.WriteHeader(http.StatusOK)
	flusher.Flush()

	for {
		select {
		case message := <-messages:
			fmt.Fprint(w, message)
			flusher.Flush()
		case <-r.Context().Done():
			return
		}
	}
}

func (b *broker) publish(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.id++
	// One data field for each line.
	data := strings.ReplaceAll(string(body), "\n", "\ndata: ")
	message := fmt.Sprintf("id: %d\ndata: %s\n\n", b.id, data)
	for messages := range b.clients {
		select {
		case messages <- message:
		default: // A client that does not keep up misses it.
		}
	}
	w.WriteHeader(http.StatusNoContent)
}

func main() {
	b := &broker{clients: make(map[chan string]struct{})}
	mux := http.NewServeMux()
	mux.HandleFunc("/events", b.events)
	mux.HandleFunc("/publish", b.publish)
	mux.HandleFunc("/ready", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), mux))
}
