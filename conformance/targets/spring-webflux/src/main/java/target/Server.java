package target;

import java.util.concurrent.atomic.AtomicLong;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.codec.ServerSentEvent;
import org.springframework.web.bind.annotation.CrossOrigin;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

import reactor.core.publisher.Flux;
import reactor.core.publisher.Sinks;

/** Event streams with Spring WebFlux: a sink behind a {@code Flux} of {@code ServerSentEvent}. */
@SpringBootApplication
@RestController
public class Server {
    // A client that does not keep up misses events; the others get them.
    private final Sinks.Many<ServerSentEvent<String>> sink = Sinks.many().multicast().directBestEffort();
    private final AtomicLong published = new AtomicLong();

    public static void main(String[] args) {
        SpringApplication.run(Server.class, args);
    }

    @CrossOrigin
    @GetMapping(path = "/events", produces = MediaType.TEXT_EVENT_STREAM_VALUE)
    public Flux<ServerSentEvent<String>> events() {
        return sink.asFlux().onBackpressureBuffer(1000);
    }

    @PostMapping("/publish")
    @ResponseStatus(HttpStatus.NO_CONTENT)
    public synchronized void publish(@RequestBody(required = false) String data) {
        String id = Long.toString(published.incrementAndGet());
        sink.tryEmitNext(ServerSentEvent.builder(data == null ? "" : data).id(id).build());
    }

    @GetMapping("/ready")
    @ResponseStatus(HttpStatus.NO_CONTENT)
    public void ready() {
    }
}
