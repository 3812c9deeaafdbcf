package target;

import org.apache.activemq.artemis.core.config.Configuration;
import org.apache.activemq.artemis.core.config.impl.ConfigurationImpl;
import org.apache.activemq.artemis.core.server.embedded.EmbeddedActiveMQ;

/** ActiveMQ Artemis as its documentation embeds it, with an acceptor for MQTT alone. */
public final class Server {
    private Server() {}

    public static void main(String[] arguments) throws Exception {
        String directory = System.getenv("PUSHSPEC_DIR");
        Configuration configuration = new ConfigurationImpl()
                .setPersistenceEnabled(false)
                .setSecurityEnabled(false)
                .setJournalDirectory(directory + "/journal")
                .setBindingsDirectory(directory + "/bindings")
                .setPagingDirectory(directory + "/paging")
                .setLargeMessagesDirectory(directory + "/large")
                // MQTT and MQTT over WebSocket share the port. A frame may have 64 KiB by default, which no Client is told.
                .addAcceptorConfiguration("mqtt", "tcp://127.0.0.1:" + System.getenv("PORT")
                        + "?protocols=MQTT&webSocketMaxFramePayloadLength=4194304");
        new EmbeddedActiveMQ().setConfiguration(configuration).start();
    }
}
