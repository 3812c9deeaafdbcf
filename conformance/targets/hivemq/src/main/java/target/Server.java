package target;

import com.hivemq.embedded.EmbeddedHiveMQ;
import java.nio.file.Files;
import java.nio.file.Path;

/** HiveMQ CE as its documentation embeds it. */
public final class Server {
    private Server() {}

    public static void main(String[] arguments) throws Exception {
        Path directory = Path.of(System.getenv("PUSHSPEC_DIR"));
        Path configuration = Files.createDirectories(directory.resolve("conf"));
        Files.writeString(configuration.resolve("config.xml"), """
            <?xml version="1.0"?>
            <hivemq>
                <listeners>
                    <tcp-listener>
                        <port>%s</port>
                        <bind-address>127.0.0.1</bind-address>
                    </tcp-listener>
                    <websocket-listener>
                        <port>%s</port>
                        <bind-address>127.0.0.1</bind-address>
                        <path>/mqtt</path>
                        <subprotocols>
                            <subprotocol>mqtt</subprotocol>
                        </subprotocols>
                    </websocket-listener>
                </listeners>
                <anonymous-usage-statistics>
                    <enabled>false</enabled>
                </anonymous-usage-statistics>
            </hivemq>
            """.formatted(System.getenv("PORT"), System.getenv("PORT_WS")));
        EmbeddedHiveMQ broker = EmbeddedHiveMQ.builder()
                .withConfigurationFolder(configuration)
                .withDataFolder(Files.createDirectories(directory.resolve("data")))
                .withExtensionsFolder(Files.createDirectories(directory.resolve("extensions")))
                .build();
        broker.start().join();
    }
}
