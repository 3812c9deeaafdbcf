package target;

import java.net.URI;
import java.util.concurrent.atomic.AtomicLong;

import org.glassfish.jersey.grizzly2.httpserver.GrizzlyHttpServerFactory;
import org.glassfish.jersey.server.ResourceConfig;

import jakarta.inject.Singleton;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.sse.Sse;
import jakarta.ws.rs.sse.SseBroadcaster;
import jakarta.ws.rs.sse.SseEventSink;

/** Event streams with Jersey: the broadcaster of JAX-RS. */
@Singleton
@Path("/")
public class Server {
    private final Sse sse;
    private final SseBroadcaster broadcaster;
    private final AtomicLong published = new AtomicLong();

    public Server(@Context Sse sse) {
        this.sse = sse;
        this.broadcaster = sse.newBroadcaster();
    }

    public static void main(String[] args) throws InterruptedException {
        URI uri = URI.create("http://127.0.0.1:" + System.getenv("PORT") + "/");
        GrizzlyHttpServerFactory.createHttpServer(uri, new ResourceConfig(Server.class));
        Thread.currentThread().join();
    }

    @GET
    @Path("events")
    @Produces(MediaType.SERVER_SENT_EVENTS)
    public void events(@Context SseEventSink sink) {
        broadcaster.register(sink);
    }

    @POST
    @Path("publish")
    public synchronized void publish(String data) {
        String id = Long.toString(published.incrementAndGet());
        broadcaster.broadcast(sse.newEventBuilder().id(id).data(String.class, data).build());
    }

    @GET
    @Path("ready")
    public void ready() {
    }
}
