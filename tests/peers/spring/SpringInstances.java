import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import net.devh.boot.grpc.server.config.GrpcServerProperties;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.SpringBootVersion;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.cloud.consul.discovery.ConsulDiscoveryProperties;
import org.springframework.context.ConfigurableApplicationContext;

/**
 * Applications of Spring Boot that register themselves as Spring Cloud does, all in one process, until stdin ends: then
 * they deregister and the process exits with status 0.
 *
 * <pre>spring [STARTER REGISTRY HOST:PORT NAME]...</pre>
 *
 * STARTER is grpc-spring (net.devh's), lognet or none (a web server alone), REGISTRY is consul, zookeeper or eureka. Each
 * application that has started is a line of stdout: {"registered":NAME,"http":PORT,"grpc":PORT}. Eureka's clients register
 * a moment later.
 */
@EnableAutoConfiguration
public class SpringInstances {
    private static final String LOGNETS = "org.lognet.springboot.grpc.autoconfigure.";

    public static void main(String[] arguments) throws IOException {
        if (arguments.length == 1 && arguments[0].equals("--version")) {
            System.out.println("Spring Boot " + SpringBootVersion.getVersion()
                    + ", Spring Cloud Consul " + versionOf(ConsulDiscoveryProperties.class)
                    + ", grpc-spring " + versionOf(GrpcServerProperties.class));
            return;
        }
        if (arguments.length == 0 || arguments.length % 4 != 0) {
            System.err.println("spring: needs STARTER REGISTRY HOST:PORT NAME, once or several times");
            System.exit(2);
        }
        List<ConfigurableApplicationContext> started = new ArrayList<>();
        for (int at = 0; at < arguments.length; at += 4) {
            started.add(start(arguments[at], arguments[at + 1], arguments[at + 2], arguments[at + 3]));
        }
        while (System.in.read() >= 0) {
            // Only its end counts.
        }
        started.forEach(ConfigurableApplicationContext::close);
        System.exit(0);
    }

    private static ConfigurableApplicationContext start(String starter, String registry, String address, String name)
            throws IOException {
        int http = freePort();
        int grpc = freePort();
        int colon = address.lastIndexOf(':');
        List<String> settings = new ArrayList<>(List.of(
                "--spring.application.name=" + name,
                "--spring.main.banner-mode=off",
                "--logging.level.root=error",
                "--server.address=127.0.0.1",
                "--server.port=" + http,
                "--spring.cloud.consul.enabled=" + registry.equals("consul"),
                "--spring.cloud.consul.host=" + address.substring(0, colon),
                "--spring.cloud.consul.port=" + address.substring(colon + 1),
                "--spring.cloud.consul.discovery.hostname=127.0.0.1",
                "--spring.cloud.consul.discovery.health-check-interval=1s",
                "--spring.cloud.zookeeper.enabled=" + registry.equals("zookeeper"),
                "--spring.cloud.zookeeper.connect-string=" + address,
                "--spring.cloud.zookeeper.discovery.instance-host=127.0.0.1",
                "--eureka.client.enabled=" + registry.equals("eureka"),
                "--eureka.client.service-url.defaultZone=http://" + address + "/eureka/",
                "--eureka.instance.hostname=127.0.0.1",
                "--eureka.instance.ip-address=127.0.0.1",
                // LogNet's.
                "--grpc.enabled=" + starter.equals("lognet"),
                "--grpc.port=" + grpc,
                // net.devh's, which opens no server at -1.
                "--grpc.server.address=127.0.0.1",
                "--grpc.server.port=" + (starter.equals("grpc-spring") ? grpc : -1)));
        List<Class<?>> classes = new ArrayList<>(List.of(SpringInstances.class));
        if (starter.equals("lognet")) {
            classes.add(Pay.class);
        } else {
            settings.add("--spring.autoconfigure.exclude=" + LOGNETS + "GRpcAutoConfiguration,"
                    + LOGNETS + "metrics.GRpcMetricsAutoConfiguration," + LOGNETS + "consul.ConsulGrpcAutoConfiguration,"
                    + LOGNETS + "security.SecurityAutoConfiguration," + LOGNETS + "actuate.GRpcActuateAutoConfiguration");
        }
        ConfigurableApplicationContext context =
                new SpringApplication(classes.toArray(new Class<?>[0])).run(settings.toArray(new String[0]));
        System.out.printf("{\"registered\":\"%s\",\"http\":%d,\"grpc\":%d}%n", name, http, grpc);
        return context;
    }

    private static int freePort() throws IOException {
        try (ServerSocket held = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return held.getLocalPort();
        }
    }

    private static String versionOf(Class<?> part) {
        String version = part.getPackage().getImplementationVersion();
        return version == null ? "unknown" : version;
    }
}
